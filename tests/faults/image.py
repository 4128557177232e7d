"""Faults of the image: it is made again from the good one with a fault in it."""

import json
import subprocess

from .fault import Fault, Plant
from .scene import Scene

__all__ = ["FAULTS"]

DAMAGED = "localhost/damaged:planted"
SITE = "/app/.venv/lib/python3.*/site-packages"


def damage(command: str, *, settings: str = "") -> Plant:
    """Run a command over the image's files; the shell for that is the build base's, for there is none in the image."""

    def plant(scene: Scene) -> dict[str, str]:
        if not scene.image:
            raise LookupError("no container engine answers")
        said = engine(scene, "inspect", "--format", "{{json .Config.Env}}", scene.image)
        bases = dict(part.split("=", 1) for part in scene.build["LOCKSTEP_BUILD_ARGS"].split())
        lines = [
            f"FROM {scene.image} AS good",
            f"FROM {bases['BUILD_IMAGE']} AS damaged",
            "COPY --from=good /app /app",
            "COPY --from=good /python /python",
            f"RUN set -e; site=$(echo {SITE}); {command}",
            f"FROM {bases['RUNTIME_IMAGE']}",
            *(f'ENV {name}="{value}"' for name, _, value in (setting.partition("=") for setting in json.loads(said))),
            *([f"ENV {settings}"] if settings else []),
            "COPY --from=damaged /python /python",
            "COPY --from=damaged /app /app",
            "USER 10001:10001",
        ]
        folder = scene.kept / "damaged"
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
        engine(scene, "build", "--quiet", "--tag", DAMAGED, str(folder))
        return {"IMAGE": DAMAGED}

    return plant


def engine(scene: Scene, *words: str) -> str:
    done = subprocess.run([scene.engine, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inside(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset()) -> Fault:
    return Fault(name, plant, "parity", check, said, "image", also)


BYTES = frozenset({"bytes", "byte code"})

FAULTS = (
    inside(
        "a package added by hand in the image",
        "packages",
        damage("mkdir $site/evil-1.0.dist-info && echo 'evil-1.0.dist-info/RECORD,,' > $site/evil-1.0.dist-info/RECORD"),
        "evil 1.0 is installed",
    ),
    inside("a stale application in the image", "source", damage("echo '#' >> $site/orders_api/hello.py"), "hello.py", also=BYTES),
    inside(
        "a module edited in the image", "bytes", damage("echo evil >> $site/pydantic/main.py"), "pydantic/main.py", also=BYTES
    ),
    inside(
        "a module of lockstep-serve edited in the image",
        "bytes",
        damage("echo '#' >> $site/lockstep_serve/health.py"),
        "lockstep_serve/health.py",
        also=BYTES,
    ),
    inside(
        "a module deleted in the image",
        "bytes",
        damage("rm $site/pydantic/main.py"),
        "pydantic/main.py",
        also=frozenset({"unowned files"}),
    ),
    inside("a .pth file in the image", "unowned files", damage("echo > $site/evil.pth"), "evil.pth"),
    inside("an image of another commit's lock", "inputs", damage("echo >> /app/uv.lock"), "uv.lock"),
    inside(
        "the standard library edited in the image",
        "byte code",
        damage("for module in /python/*/lib/python3.*/json/decoder.py; do echo evil=1 >> $module; break; done"),
        "json/__pycache__/decoder",
        also=frozenset({"interpreter"}),
    ),
    inside("PYTHONPATH set in the image", "ambient", damage("true", settings="PYTHONPATH=/opt"), "PYTHONPATH=/opt"),
    inside("a server setting in the image only", "server", damage("true", settings="SERVER_DRAIN=5"), "drain = 5"),
    inside("a time zone in the image only", "time", damage("true", settings="TZ=Asia/Tokyo"), "Asia/Tokyo"),
)
