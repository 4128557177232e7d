"""Faults of the image against its contract: each is a step or two above the good image."""

import base64
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from .fault import Fault, Plant
from .image import DAMAGED, engine
from .scene import Scene

__all__ = ["CONTRACT", "FAULTS", "INIT", "KEY", "PYTHON", "SERVE", "SITE", "WRITES", "above"]

CONTRACT = "contract"
SITE = f"/app/.venv/lib/python{'.'.join(platform.python_version_tuple()[:2])}/site-packages"
PYTHON = "/app/.venv/bin/python"
SERVE = f'CMD ["{PYTHON}", "-m", "lockstep_serve", "serve"]'  # an ENTRYPOINT takes the base's command away
# Passes the signal on, and nothing else.
INIT = "import signal, subprocess, sys; p = subprocess.Popen(sys.argv[1:]); signal.signal(15, lambda *_: p.terminate()); p.wait()"
# Byte code of an edited module would hide the edit: the image's is never checked against its source.
WRITES = "import os\ntry:\n    os.mkdir('/app/cache')\nexcept OSError as error:\n    print(error, flush=True)\n    os._exit(4)\n"
# Written so that no scanner takes this file for one that has a key in it.
KEY = base64.b64decode(b"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUVWUUlCQURBTkJna3Foa2lHOXcw").decode()
HEAVY = 90 << 20  # bytes that no compression makes fewer: the budget is 80 MB


def above(*steps: str, files: Mapping[str, str] | None = None) -> Plant:
    """Instructions behind `FROM` the good image, and files of the build's context; `tools` is a stage with programs."""

    def plant(scene: Scene) -> dict[str, str]:
        folder = context(scene)
        for name, text in {"file": "x", **(files or {})}.items():
            (folder / name).write_text(text)
        return built(scene, folder, steps)

    return plant


def heavy(scene: Scene) -> dict[str, str]:
    folder = context(scene)
    (folder / "model.bin").write_bytes(os.urandom(HEAVY))
    made = built(scene, folder, ["COPY model.bin /app/model.bin"])
    (folder / "model.bin").unlink()
    return made


def context(scene: Scene) -> Path:
    if not scene.image:
        raise LookupError("no container engine answers")
    folder = scene.kept / "above"
    folder.mkdir(exist_ok=True)
    return folder


def built(scene: Scene, folder: Path, steps: Sequence[str]) -> dict[str, str]:
    bases = dict(part.split("=", 1) for part in scene.build["LOCKSTEP_BUILD_ARGS"].split())
    lines = [f"FROM {bases['BUILD_IMAGE']} AS tools", f"FROM {scene.image}", *steps]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    engine(scene, "build", "--quiet", "--tag", DAMAGED, str(folder))
    return {"IMAGE": DAMAGED}


def moment(scene: Scene) -> dict[str, str]:
    """A step of the build writes what is another one each time; the good image gets its name back."""
    if not scene.image:
        raise LookupError("no container engine answers")
    good = engine(scene, "inspect", "--format", "{{.Id}}", scene.image).strip()
    scene.undo.callback(engine, scene, "tag", good, scene.image)
    line = "    find /service -exec touch"
    scene.edit("Dockerfile", line, f"    head -c 9 /dev/urandom > /service/built-at; \\\n{line}")
    return {}


def program(path: str, mode: str = "755") -> Plant:
    return above(f"COPY --chmod={mode} file {path}")


def clause(name: str, check: str, plant: Plant, said: str, *also: str) -> Fault:
    return Fault(name, plant, "image", f"image {check}", said, CONTRACT, frozenset(f"image {other}" for other in also))


def wrapped(code: str) -> Plant:
    return above(f'ENTRYPOINT ["{PYTHON}", "-c", "{code}"]', SERVE)


FAULTS = (
    clause("a user by name", "user", above("USER nobody"), "nobody, which is not a number"),
    clause("root as the image's user", "user", above("USER 0:0"), "0:0 is root"),
    clause("a variable that nobody declared", "variables", above("ENV DEBUG=1"), "DEBUG is set"),
    clause("another port by variable", "variables", above("ENV PORT=8001"), "PORT is 8001, not 8000"),
    clause(
        "a label of another commit",
        "labels",
        above("LABEL org.opencontainers.image.revision=0"),
        "org.opencontainers.image.revision is 0, not ",
    ),
    clause("one port more", "ports", above("EXPOSE 9000"), "it announces 8000/tcp, 9000/tcp, not 8000/tcp"),
    clause(
        "a health check by curl",
        "health",
        above("HEALTHCHECK CMD curl -f localhost:8000"),
        "the health check is CMD-SHELL curl",
    ),
    clause("a health check that never passes", "health", above('HEALTHCHECK CMD ["/nothing"]'), "FileNotFoundError"),
    clause("a shell left in the image", "programs", above("COPY --from=tools /usr/bin/dash /usr/bin/sh"), "a shell (usr/bin/sh)"),
    clause("an installer left in the image", "programs", program("/usr/local/bin/pip"), "an installer (usr"),
    clause("a package manager left in the image", "programs", program("/usr/bin/apt-get"), "a package manager ("),
    clause("a compiler left in the image", "programs", program("/usr/bin/gcc"), "a compiler ("),
    clause("a program that runs as another user", "programs", program("/usr/bin/ping", "4755"), "set-user-ID usr/bin/ping"),
    clause("code that its user may write", "writable", above("COPY --chown=10001:10001 file /app/data/file"), "/app/data/file"),
    clause("a file that anybody may write", "writable", program("/etc/file", "666"), "/etc/file"),
    clause("a .env in the image", "secrets", above("COPY file /app/.env"), "/app/.env looks"),
    clause(
        "a private key in the image",
        "secrets",
        above("COPY key /app/server.pem", files={"key": KEY}),
        "/app/server.pem looks",
    ),
    clause(
        "a package for development in the image",
        "packages",
        above(f"COPY METADATA {SITE}/pytest-9.2.0.dist-info/METADATA", files={"METADATA": "Name: pytest"}),
        "pytest is not in the production set",
        "environment",
    ),
    clause("tests in the image", "sources", above("COPY file /app/tests/test_hello.py"), "tests are in it"),
    clause("the history in the image", "sources", above("COPY file /app/.git/HEAD"), "/app/.git is in it"),
    clause("an image that is too heavy", "size", heavy, "biggest: /app/model.bin"),
    clause(
        "layers beyond the budget",
        "layers",
        above(*(f"COPY file /app/{name}" for name in ("one", "two", "three"))),
        "9 above the base, at most 8",
    ),
    clause(
        "a wrapper that becomes the server",
        "command",
        wrapped("import os, sys; os.execv(sys.argv[1], sys.argv[1:])"),
        "it starts /app/.venv/bin/python -c import os",
    ),
    clause("an init of its own", "process 1", wrapped(f"{INIT}; sys.exit(p.returncode)"), "not the server", "command"),
    clause(
        "an init that keeps the exit code to itself",
        "exit code",
        wrapped(INIT),
        "it exits 0 where the server refuses to start",
        "command",
        "process 1",
    ),
    clause(
        "a signal that nobody can hear",
        "stop",
        above("STOPSIGNAL SIGKILL"),
        "the request in flight was lost",
        "command",
        "exit code",
    ),
    clause(
        "a start that writes beside the code",
        "start",
        above(f"COPY sitecustomize.py {SITE}/sitecustomize.py", files={"sitecustomize.py": WRITES}),
        "Read-only file system",
        "exit code",
    ),
    clause(
        "one module more than in the commit",
        "environment",
        above(f"COPY file {SITE}/orders_api/more.py"),
        "and the lock declares",
    ),
    clause("a build that writes something else each time", "twice", moment, "/app/built-at: bytes "),
)
