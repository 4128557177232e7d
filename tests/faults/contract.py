"""Faults of the image against its contract: each is a step or two above the good image."""

import base64
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from snapshot import git

from .fault import Fault, Plant
from .image import DAMAGED, engine
from .planting import write
from .scene import Scene

__all__ = ["CONTRACT", "FAULTS", "INIT", "KEY", "LIBRARY", "PYTHON", "SERVE", "SITE", "WRITES", "above"]

CONTRACT = "contract"
TIMES = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod"}
SITE = f"/app/.venv/lib/python{'.'.join(platform.python_version_tuple()[:2])}/site-packages"
PYTHON = "/app/.venv/bin/python"
SERVE = f'CMD ["{PYTHON}", "-m", "lockstep_serve", "serve"]'  # an ENTRYPOINT takes the base's command away
# Passes the signal on, and nothing else.
INIT = "import signal, subprocess, sys; p = subprocess.Popen(sys.argv[1:]); signal.signal(15, lambda *_: p.terminate()); p.wait()"
# Byte code of an edited module would hide the edit: the image's is never checked against its source.
WRITES = "import os\ntry:\n    os.mkdir('/app/cache')\nexcept OSError as error:\n    print(error, flush=True)\n    os._exit(4)\n"
# Whoever waits for part of a second waits until the server gives up.
# The request that is held in flight connects to whoever holds it, and never hears that it is let go.
ENDLESS = """\
import asyncio

connect = asyncio.open_connection


async def never(*where):
    kept = await connect(*where)
    await asyncio.sleep(9999)
    return kept


asyncio.open_connection = never
"""
# Written so that no scanner takes this file for one that has a key in it.
KEY = base64.b64decode(b"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUVWUUlCQURBTkJna3Foa2lHOXcw").decode()
LIBRARY = f"/python/cpython-{platform.python_version()}-linux-{platform.machine()}-gnu/lib/{SITE.split('/')[4]}"
# In two parts, so that no scanner takes this file for one that has a secret.
CLOUD = "AKIA" + "IOSFODNN7EXAMPLE"
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
    """The files of the service keep the time at which they were built."""
    if not scene.image:
        raise LookupError("no container engine answers")
    scene.edit("Dockerfile", "    find /service -exec touch -hd @315532800 {} +", "    true")
    return {}


def removed(path: str, *before: str, files: Mapping[str, str] | None = None) -> Plant:
    """A step of root's that takes a file away, behind others."""
    return above(
        *before, "USER 0:0", f'RUN ["{PYTHON}", "-c", "import os; os.remove(\'{path}\')"]', "USER 10001:10001", files=files
    )


def upon_another_base(scene: Scene) -> dict[str, str]:
    """What the good image says and has above its base, above the build base."""
    if not scene.image:
        raise LookupError("no container engine answers")
    config = json.loads(engine(scene, "inspect", "--format", "{{json .Config}}", scene.image))
    health = config["Healthcheck"]
    times = " ".join(f"--{name}={health[key] // 10**9}s" for name, key in TIMES.items())
    bases = dict(part.split("=", 1) for part in scene.build["LOCKSTEP_BUILD_ARGS"].split())
    steps = [
        f"FROM {bases['BUILD_IMAGE']}",
        f"ENV {' '.join(map(json.dumps, config['Env']))}".replace('"', ""),
        "EXPOSE 8000",
        f"STOPSIGNAL {config['StopSignal']}",
        f"HEALTHCHECK {times} --retries={health['Retries']} CMD {json.dumps(health['Test'][1:])}",
        f"CMD {json.dumps(config['Cmd'])}",
        "COPY --from=1 /python /python",
        "COPY --from=1 /app /app",
        "WORKDIR /app",
        *(f"LABEL {name}={json.dumps(value)}" for name, value in config["Labels"].items()),
        f"USER {config['User']}",
    ]
    return built(scene, context(scene), steps)


def left_out(scene: Scene) -> dict[str, str]:
    """A file that the next commit has, and that works on this laptop only."""
    if not scene.image:
        raise LookupError("no container engine answers")
    write("src/orders_api/.well-known/security.txt", "Contact: mailto:security@example.org\n")(scene)
    git(scene.root, "add", "--all")
    return {"IMAGE": scene.image}


def program(path: str, mode: str = "755") -> Plant:
    return above(f"COPY --chmod={mode} file {path}")


def broken(name: str, check: str, plant: Plant, said: str, *also: str) -> Fault:
    return Fault(name, plant, "image", f"image {check}", said, CONTRACT, frozenset(f"image {other}" for other in also))


def wrapped(code: str) -> Plant:
    return above(f'ENTRYPOINT ["{PYTHON}", "-c", "{code}"]', SERVE)


FAULTS = (
    broken("a user by name", "user", above("USER nobody"), "nobody, which is not a number"),
    broken("root as the image's user", "user", above("USER 0:0"), "0:0 is root"),
    broken("a variable that nobody declared", "variables", above("ENV DEBUG=1"), "DEBUG is set"),
    broken("another port by variable", "variables", above("ENV PORT=8001"), "PORT is 8001, not 8000"),
    broken(
        "a label of another commit",
        "labels",
        above("LABEL org.opencontainers.image.revision=0"),
        "org.opencontainers.image.revision is 0, not ",
    ),
    broken("one port more", "ports", above("EXPOSE 9000"), "it announces 8000/tcp, 9000/tcp, not 8000/tcp"),
    broken(
        "a health check by curl",
        "health",
        above("HEALTHCHECK CMD curl -f localhost:8000"),
        "the health check is CMD-SHELL curl",
    ),
    broken("a health check that never passes", "health", above('HEALTHCHECK CMD ["/nothing"]'), "FileNotFoundError"),
    broken(
        "a health check that always passes",
        "health",
        above(f'HEALTHCHECK CMD ["{PYTHON}", "-c", "pass"]'),
        f"the health check is CMD {PYTHON} -c pass, not",
    ),
    broken(
        "a health check once an hour",
        "health",
        above(f'HEALTHCHECK --interval=1h CMD ["{PYTHON}", "-I", "-m", "lockstep_serve", "health"]'),
        "Interval is 3600 s, not 10 s",
    ),
    broken("another user by number", "user", above("USER 12345:12345"), "12345:12345, not 10001:10001"),
    broken(
        "the server as an entry point",
        "command",
        above(SERVE.replace("CMD", "ENTRYPOINT"), "CMD []"),
        "as its entry point",
        "start",  # no other command can be run in it
    ),
    broken("a label that nobody declared", "labels", above("LABEL vendor=Example"), "vendor is set"),
    broken("a volume", "configuration", above("VOLUME /app/data"), "Volumes is /app/data, and the Dockerfile has none"),
    broken("a trigger", "configuration", above("ONBUILD RUN true"), "OnBuild is RUN true, and"),
    broken("another shell for builds", "configuration", above('SHELL ["/bin/evil", "-c"]'), "Shell is /bin/evil, -c, and"),
    broken("another working directory", "configuration", above("WORKDIR /tmp"), "WorkingDir is /tmp, not /app"),
    broken("another base", "base", upon_another_base, "layer 1 is sha256:"),
    broken("a base that lost a file", "files", removed("/etc/os-release"), "takes away from the base /etc/os-release"),
    broken(
        "a module beside the standard library",
        "interpreter",
        above(f"COPY file {LIBRARY}/more.py"),
        f"{LIBRARY}/more.py was not installed",
    ),
    broken(
        "a module of the standard library edited, whose byte code runs",
        "interpreter",
        above(f"COPY file {LIBRARY}/json/decoder.py"),
        f"{LIBRARY}/json/decoder.py is not what was installed",
    ),
    broken(
        "byte code of the standard library exchanged",
        "interpreter",
        above(f"COPY file {LIBRARY}/__pycache__/this.{sys.implementation.cache_tag}.pyc"),
        ".pyc is not what was installed",
    ),
    broken(
        "byte code without its source in the standard library",
        "interpreter",
        above(f"COPY file {LIBRARY}/more.pyc"),
        f"{LIBRARY}/more.pyc was not installed",
    ),
    broken(
        "a module of the standard library deleted",
        "interpreter",
        removed(f"{LIBRARY}/this.py"),
        f"{LIBRARY}/this.py was installed, and is not there",
    ),
    broken(
        "a library that every program loads first",
        "files",
        above("COPY file /etc/ld.so.preload", files={"file": ""}),
        "nothing explains /etc/ld.so.preload (COPY file /etc/ld.so.preload)",
    ),
    broken(
        "more directories for libraries",
        "files",
        above("COPY file /etc/ld.so.conf.d/more.conf", files={"file": ""}),
        "nothing explains /etc/ld.so.conf.d/more.conf",
    ),
    broken(
        "a file of the base that is another",
        "files",
        above("COPY file /usr/lib/os-release"),
        "nothing explains /usr/lib/os-release",
    ),
    broken("a file beside the service", "files", above("COPY file /app/notes.txt"), "nothing explains /app/notes.txt"),
    broken(
        "a file of the commit that no wheel has", "sources", left_out, "the commit has src/orders_api/.well-known/security.txt"
    ),
    broken(
        "a shell left in the image",
        "programs",
        above("COPY --from=tools /usr/bin/dash /usr/bin/sh"),
        "a shell (usr/bin/sh)",
        "files",
    ),
    broken("an installer left in the image", "programs", program("/usr/local/bin/pip"), "an installer (usr", "files"),
    broken("a package manager left in the image", "programs", program("/usr/bin/apt-get"), "a package manager (", "files"),
    broken("a compiler left in the image", "programs", program("/usr/bin/gcc"), "a compiler (", "files"),
    broken(
        "a program that runs as another user",
        "programs",
        program("/usr/bin/ping", "4755"),
        "set-user-ID usr/bin/ping",
        "files",
    ),
    broken(
        "code that its user may write",
        "writable",
        above(f"COPY --chown=10001:10001 file {SITE}/pydantic/data"),
        "/pydantic/data",
    ),
    broken("a file that anybody may write", "writable", program("/etc/file", "666"), "/etc/file", "files"),
    broken("a .env in the image", "secrets", above("COPY file /app/.env"), "/app/.env looks", "files"),
    broken(
        "a private key in the image",
        "secrets",
        above("COPY key /app/server.pem", files={"key": KEY}),
        "/app/server.pem holds a private key",
        "files",
    ),
    broken(
        "a service account among the service's files",
        "secrets",
        above(f"COPY account {SITE}/orders_api/account.json", files={"account": json.dumps({"private_key": KEY})}),
        "/orders_api/account.json holds a private key",
        "environment",
    ),
    broken(
        "a cloud's key in code",
        "secrets",
        above(f"COPY code {SITE}/orders_api/hello.py", files={"code": f'KEY = "{CLOUD}"'}),
        "/orders_api/hello.py holds an AWS access key",
        "environment",
    ),
    broken(
        "a private key that a later step takes away",
        "secrets",
        removed("/app/server.pem", "COPY key /app/server.pem", files={"key": KEY}),
        "/app/server.pem holds a private key",
    ),
    broken(
        "a cloud's key in a label",
        "secrets",
        above(f"LABEL note={CLOUD}"),
        "its configuration or history holds an AWS access key",
        "labels",
    ),
    broken(
        "a password in a variable",
        "secrets",
        above("ENV DATABASE_URL=postgresql://orders:geheim@db/orders"),
        "its configuration or history holds a password in an address",
        "variables",
    ),
    broken(
        "a package for development in the image",
        "packages",
        above(f"COPY METADATA {SITE}/pytest-9.2.0.dist-info/METADATA", files={"METADATA": "Name: pytest"}),
        "pytest is not in the production set",
        "environment",
    ),
    broken("tests in the image", "sources", above("COPY file /app/tests/test_hello.py"), "tests are in it", "files"),
    broken("the history in the image", "sources", above("COPY file /app/.git/HEAD"), "/app/.git is in it", "files"),
    broken("an image that is too heavy", "size", heavy, "biggest: /app/model.bin", "files"),
    broken(
        "layers beyond the budget",
        "layers",
        above(*(f"COPY file /app/{name}" for name in ("one", "two", "three", "four"))),
        "9 above the base, at most 8",
        "files",
    ),
    broken(
        "a wrapper that becomes the server",
        "command",
        wrapped("import os, sys; os.execv(sys.argv[1], sys.argv[1:])"),
        "it starts /app/.venv/bin/python -c import os",
    ),
    broken("an init of its own", "process 1", wrapped(f"{INIT}; sys.exit(p.returncode)"), "not the server", "command"),
    broken(
        "an init that keeps the exit code to itself",
        "exit code",
        wrapped(INIT),
        "it exits 0 where the server refuses to start",
        "command",
        "process 1",
    ),
    broken(
        "a signal that nobody can hear",
        "command",
        above("STOPSIGNAL SIGKILL"),
        "it is stopped by SIGKILL, not SIGTERM",
        "stop",
        "exit code",
    ),
    broken(
        "a request that outlives the drain",
        "stop",
        above(f"COPY sitecustomize.py {SITE}/sitecustomize.py", files={"sitecustomize.py": ENDLESS}),
        "the request in flight was lost",
        "exit code",
    ),
    broken(
        "a start that writes beside the code",
        "start",
        above(f"COPY sitecustomize.py {SITE}/sitecustomize.py", files={"sitecustomize.py": WRITES}),
        "Read-only file system",
        "exit code",
    ),
    broken(
        "one module more than in the commit",
        "environment",
        above(f"COPY file {SITE}/orders_api/more.py"),
        "and the lock declares",
    ),
    Fault(
        "a build that writes something else each time",
        moment,
        "image",
        "image twice",
        ": moment ",
        CONTRACT,
        frozenset({"dockerfile"}),
    ),
)
