"""Faults of a running container of the good image: what it was started with, and what was done to it since."""

from collections.abc import Sequence

from .fault import Fault, Plant
from .image import BYTES, engine
from .scene import Scene

__all__ = ["CONTAINER", "FAULTS", "NAME", "start"]

CONTAINER = "container"
NAME = "lockstep-planted"
PYTHON = "/app/.venv/bin/python"
EDIT = "import pydantic.main; open(pydantic.main.__file__, 'a').write('evil')"


def start(scene: Scene, *options: str) -> str:
    """Start the image as its own command says, until the scene is put back; returns the container's name."""
    if not scene.image:
        raise LookupError("no container engine answers")
    engine(scene, "run", "--detach", "--name", NAME, "--network", "none", *options, scene.image)
    scene.undo.callback(engine, scene, "rm", "--force", NAME)
    return NAME


def started(*options: str, then: Sequence[str] = ()) -> Plant:
    """A container that is started with `options`, in which the command `then` is run by root."""

    def plant(scene: Scene) -> dict[str, str]:
        name = start(scene, *options)
        if then:
            engine(scene, "exec", "--user", "0", name, *then)
        return {"CONTAINER": name}

    return plant


def running(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset(), warns: bool = False) -> Fault:
    return Fault(name, plant, "parity", check, said, CONTAINER, also, warns)


FAULTS = (
    running("a container that runs as root", "process", started("--user", "0"), "runs as root", warns=True),
    running(
        "a container that may open 256 files", "process", started("--ulimit", "nofile=256:256"), "may open 256 files", warns=True
    ),
    running("a server setting in one container", "server", started("--env", "SERVER_DRAIN=5"), "drain = 5"),
    running("a time zone in one container", "time", started("--env", "TZ=Asia/Tokyo"), "Asia/Tokyo"),
    running("PYTHONPATH in one container", "ambient", started("--env", "PYTHONPATH=/opt"), "PYTHONPATH=/opt"),
    running(
        "a module edited in a running container", "bytes", started(then=[PYTHON, "-c", EDIT]), "pydantic/main.py", also=BYTES
    ),
)
