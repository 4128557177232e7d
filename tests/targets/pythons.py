"""Each Python that the lock is made for: every model of every framework goes through types, tests and `prove` on it."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import yaml

from containers.bases import BUILD, RUNTIME, Base, bring_bases, image_of
from containers.building import build_settings
from containers.interpreter import Interpreter, interpreter_of
from containers.kept import kept_directory
from containers.offered import offered
from containers.programs import CannotMake, uv_binary
from one_command import FIT
from services import BUILD as BUILD_PRODUCTION
from services import Service, free_port

from .debian_python import make_interpreter
from .fetched import fetch
from .place import Place
from .target import Target

__all__ = ["TARGETS"]

ANSWERS = Path(__file__).parents[1] / "answers"
DEBIAN = ("3.13", "3.14", "3.15")
# Under which an image is built, too: what new services begin with.
DEFAULT = "3.14"
# Start and memory of each are compared with this one's.
MEASURE = "3.13"
SUITE = Base(
    "pythons",
    (
        "base-files", "base-passwd", "libc6", "libc-bin", "dash", "bash", "coreutils", "sed", "grep", "findutils", "git",
        *(f"python{minor}" for minor in DEBIAN), "patchelf", "binutils", "docker-cli", "docker-buildx",
    ),
    suite="sid",
)  # fmt: skip
BASES = {"BUILD_IMAGE": BUILD, "RUNTIME_IMAGE": RUNTIME}
SESSIONS = ("types", "tests", "prove")
# But those of what is left to the collector, which cannot be raised there: gunicorn leaves an object for each socket that it
# inherits, uvloop each connection that outlives the drain.
WARNINGS = "error,ignore::ResourceWarning"
MEASURED = ("fastapi-uvicorn", "flask-gunicorn-gthread", "django-gunicorn-gthread")
ROUNDS = 5
START = (Path(__file__).parent / "start.py").read_text()


@dataclass(frozen=True)
class Machine:
    """A container of that suite on this host's network; each command is told which interpreter uv installs and takes."""

    place: Place
    name: str

    def run(self, service: Service, settings: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a checkout, as root of that machine."""
        told = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        words = [self.place.engine.command, "exec", "--workdir", str(service.path), *told, self.name, *command]
        merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done: subprocess.CompletedProcess[str] = subprocess.run(words, check=False, timeout=3000, **merged)  # type: ignore[call-overload]
        return done

    def nox(self, service: Service, settings: Mapping[str, str], *sessions: str) -> str:
        """What these sessions say, all of which must succeed."""
        done = self.run(service, settings, "uv", "run", "--quiet", "--locked", "noxfile.py", "-s", *sessions)
        assert done.returncode == 0, f"{service.path.name}\n{done.stdout}"
        return done.stdout


@contextmanager
def start_machine(place: Place) -> Iterator[Machine]:
    """A machine of Debian's unstable suite, with the services' folder and uv of this one."""
    if os.getuid():
        raise CannotMake("it takes root to lay out Debian's Pythons")
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    mounts = [f"{path}:{path}" for path in (place.folder, kept_directory())]
    mounts += [f"{cache}:/uv-cache", f"{uv_binary()}:/usr/local/bin/uv:ro"]
    settings = {"HOME": "/root", "UV_CACHE_DIR": "/uv-cache", "NO_COLOR": "1", "UV_NO_SYSTEM_CONFIG": "1"}
    # The folder is the host's, and git trusts nobody else's.
    settings |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    if bundle := os.environ.get("SSL_CERT_FILE"):
        mounts.append(f"{os.path.realpath(bundle)}:{bundle}:ro")
        settings["SSL_CERT_FILE"] = bundle
    if (daemon := os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")).startswith("unix://"):
        mounts.append(f"{daemon.removeprefix('unix://')}:/var/run/docker.sock")
        settings["DOCKER_BUILDKIT"] = "1"
    words = [word for mount in mounts for word in ("--volume", mount)]
    words += [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
    image = image_of(place.engine, fetch(SUITE))
    name = place.engine("run", "--detach", "--init", "--network", "host", *words, image, "sleep", "infinity").strip()
    try:
        yield Machine(place, name)
    finally:
        place.engine("rm", "--force", "--volumes", name)


def find_interpreter(minor: str) -> tuple[Interpreter, str]:
    """A Python of this minor version, and whose it is: Debian's, else one of this machine."""
    if minor in DEBIAN:
        return make_interpreter(SUITE, f"python{minor}"), "Debian's"
    found = subprocess.run(["uv", "python", "find", "--no-project", minor], capture_output=True, text=True, check=False)
    if found.returncode:
        raise CannotMake(f"neither Debian's unstable suite nor this machine has a Python {minor}")
    return interpreter_of(Path(found.stdout.strip())), "this machine's"


def make_service(place: Place, minor: str, combination: str, version: str, beside: str = "") -> Service:
    """A service of a framework and a server model, with this Python; `beside` tells it from others of the same."""
    answers = yaml.safe_load((ANSWERS / f"{combination}.yml").read_text(encoding="utf-8"))
    del answers["project_name"]
    return place.make_service(f"on{minor}-{combination}{beside}".replace(".", ""), python=version, **answers)


def run(minor: str, place: Place) -> Iterator[str]:
    """Every combination, then an image, then start and memory beside those of another Python."""
    interpreter, whose = find_interpreter(minor)
    yield f"{whose} Python {interpreter.version} on Debian sid, in a container of Docker {place.engine.version}"

    folder = place.folder / f"offered-{minor}"
    folder.mkdir()
    with start_machine(place) as machine, offered(interpreter, folder) as offer:
        settings = dict(offer.environment)
        services = {}
        for framework, models in FIT.items():
            for model in models:
                combination = f"{framework}-{model}"
                print(f"    {combination} …", file=sys.stderr, flush=True)
                services[combination] = make_service(place, minor, combination, interpreter.version)
                machine.nox(services[combination], {**settings, "PYTHONWARNINGS": WARNINGS}, *SESSIONS)
            green = "types, tests and `prove` are green, with warnings as errors but those of the collector"
            yield f"{framework} under {', '.join(models)}: {green}"

        if minor == DEFAULT and place.engine.command == "docker":
            settings |= build_settings(bring_suite_bases(place), offer)
            yield from build_image(machine, services["fastapi-uvicorn"], settings)
        if minor != MEASURE:
            measured = {combination: services[combination] for combination in MEASURED}
            yield from compare_starts(machine, measured, interpreter.version)


def bring_suite_bases(place: Place) -> Mapping[str, str]:
    """Base images of the suite that the interpreter is from, whose C library it needs."""
    others = {name: replace(base, name=f"pythons-{base.name}", suite=SUITE.suite) for name, base in BASES.items()}
    return {**bring_bases(place.engine), **{name: image_of(place.engine, fetch(base)) for name, base in others.items()}}


def build_image(machine: Machine, service: Service, settings: Mapping[str, str]) -> Iterator[str]:
    """The image of a service, by its own session, and what `parity` says of it."""
    machine.place.name_image(service)
    said = machine.nox(service, settings, "image", "parity")
    assert "contract     kept" in said, said
    ids = {str(row["environment"]): row["id"] for row in service.report()["environments"]}
    assert ids["image"] == ids["laptop"] == ids["declared"], ids
    yield "the image is built and keeps its contract; `parity` finds one environment id, and nothing differs"


def compare_starts(machine: Machine, services: Mapping[str, Service], version: str) -> Iterator[str]:
    """Start and memory, in turns with services that only have another Python, which are made here."""
    interpreter, _ = find_interpreter(MEASURE)
    folder = machine.place.folder / f"measure-{version}"
    folder.mkdir()
    with offered(interpreter, folder) as offer:
        for combination, service in services.items():
            other = make_service(machine.place, MEASURE, combination, interpreter.version, beside=version)
            machine.nox(other, offer.environment, "lock")
            built = machine.run(other, offer.environment, ".nox/lockstep/bin/python", "-c", BUILD_PRODUCTION)
            assert built.returncode == 0, built.stdout
            pairs = [(start(machine, service), start(machine, other)) for _ in range(ROUNDS + 1)][1:]
            ratios = [statistics.median(one[at] / two[at] for one, two in pairs) for at in (0, 1)]
            yield (
                f"{combination} becomes ready in {ratios[0]:.2f} of the processor time, and with {ratios[1]:.2f} of the memory, "
                f"that it takes with Debian's Python {interpreter.version}"
            )


def start(machine: Machine, service: Service) -> tuple[float, float]:
    """Processor seconds and bytes of one start."""
    secret = f"{service.package().name.upper()}_SECRET_KEY"
    command = [f"python{MEASURE}", "-c", START, str(free_port())]
    done = machine.run(service, {secret: "measured" * 8}, *command)
    assert done.returncode == 0, done.stdout
    seconds, size = json.loads(done.stdout.splitlines()[-1])
    return seconds, size


def make_target(minor: str) -> Target:
    return Target(f"Python {minor}", partial(run, minor))


TARGETS = tuple(make_target(minor) for minor in ("3.12", *DEBIAN))
