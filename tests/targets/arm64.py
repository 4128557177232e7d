"""linux/arm64, emulated by qemu: the image is built twice, compared with its contract and what is declared here, and answers."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from containers.bases import BUILD, RUNTIME, Base
from containers.bases import bring_bases as bring_native_bases
from containers.building import build_settings
from containers.kept import kept, key_of
from containers.offered import offered
from containers.programs import CannotMake
from containers.served import served
from deploying.clients import ask
from services import PATIENCE, Service, free_port

from .compose import wait_until_answered
from .debian_python import make_interpreter, unpack
from .fetched import fetch, run_all
from .place import Place
from .target import Target

__all__ = ["TARGET"]

UV = "uv==0.13.9"
QEMU = Base("qemu", ("qemu-user-static",))
# What the tests' own writer of interpreters calls, and Debian's Python, which it takes.
PYTHON = Base(
    "arm64-python",
    (
        "base-files", "base-passwd", "libc6", "libc-bin", "dash", "bash", "coreutils", "sed", "grep",
        "python3", "python3.13", "patchelf", "binutils",
    ),
    architecture="arm64",
)  # fmt: skip
VERSION = "3.13.5"
STARTS = 5  # of each image, in turns
ANSWERS: Mapping[str, object] = {"python": VERSION, "ci": "none", "deploy": ["compose"]}
# The first bytes of an ELF file of 64 bits for this machine, and which of their bits count:
# https://www.kernel.org/doc/html/latest/admin-guide/binfmt-misc.html
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
HANDLERS = Path("/proc/sys/fs/binfmt_misc")
HANDLER = "lockstep-aarch64"


@contextmanager
def emulate(qemu: Path) -> Iterator[None]:
    """Let the kernel run programs of arm64 by qemu, also in containers, for as long as the block lasts."""
    if os.getuid():
        raise CannotMake("it takes root to let this kernel run programs of another machine")
    if not (HANDLERS / "register").exists():
        done = subprocess.run(
            ["mount", "-t", "binfmt_misc", "binfmt_misc", HANDLERS], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotMake(f"this kernel runs no programs of other machines: {done.stderr.strip()}")
    if any("qemu-aarch64" in path.read_text() for path in HANDLERS.iterdir() if path.name not in {"register", "status"}):
        yield  # somebody else's
        return
    (HANDLERS / "register").write_text(f":{HANDLER}:M::{MAGIC}:{MASK}:{qemu}:F")
    try:
        yield
    finally:
        (HANDLERS / HANDLER).write_text("-1")


def bring_bases(place: Place) -> Mapping[str, str]:
    """The build arguments that name base images of arm64."""

    def make_uv(directory: Path) -> None:
        target: list[str | Path] = ["--python-platform", "aarch64-unknown-linux-gnu", "--no-config", "--target", directory / "uv"]
        run_all(["uv", "pip", "install", "--quiet", "--python", sys.executable, *target, UV])
        with tarfile.open(directory / "root.tar", "w") as tar:
            tar.add(directory / "uv" / "bin" / "uv", "uv")

    archives = {
        "UV_IMAGE": kept(f"arm64-uv-{key_of(UV)}", make_uv) / "root.tar",
        "BUILD_IMAGE": fetch(replace(BUILD, name="arm64-build", architecture="arm64")),
        "RUNTIME_IMAGE": fetch(replace(RUNTIME, name="arm64-runtime", architecture="arm64")),
    }
    images = {}
    for name, archive in archives.items():
        images[name] = f"localhost/lockstep-arm64-{name.lower().replace('_', '-')}:{archive.parent.name[-12:]}"
        if not place.engine.has(images[name]):
            place.engine("import", "--platform", "linux/arm64", archive, images[name])
    return images


def run(place: Place) -> Iterator[str]:
    """The image by the service's own session, then a container of it, each beside one of this machine's own architecture."""
    qemu = unpack(QEMU, "usr/bin/qemu-aarch64") / "usr" / "bin" / "qemu-aarch64"
    version = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    yield f"qemu {version} on {platform.machine()}, Docker {place.engine.version}, Debian's Python {VERSION} of arm64"

    native, native_seconds = build_native(place)
    with emulate(qemu):
        interpreter = make_interpreter(PYTHON, "python3")
        assert interpreter.version == VERSION, interpreter
        service = place.make_service("arm-api", **ANSWERS)
        folder = place.folder / "arm64"
        folder.mkdir()
        (folder / "python.tar.gz").symlink_to(interpreter.archive)
        with served(folder) as url:
            downloads = interpreter.downloads(f"{url}/python.tar.gz").replace(platform.machine(), "aarch64")
            (folder / "downloads.json").write_text(downloads)
            (folder / "uv.toml").write_text(f'python-downloads-json-url = "{url}/downloads.json"\n')
            arguments = {**bring_bases(place), "UV_PYTHON_CPYTHON_BUILD": interpreter.build}
            settings = {
                "LOCKSTEP_BUILD_ARGS": " ".join(f"{name}={value}" for name, value in arguments.items()),
                "LOCKSTEP_BUILD_UV_TOML": str(folder / "uv.toml"),
                "DOCKER_DEFAULT_PLATFORM": "linux/arm64",
            }
            image, said, seconds = build_twice(place, service, settings)
        assert "contract     kept" in said, said
        ratio = f"{seconds / native_seconds:.1f} times what {platform.machine()} takes"
        yield f"the image is built twice without a cache, with the same layers, in {seconds:.0f} s, {ratio}; its contract is kept"

        declared = declared_id(said)
        compared = run_long(service, settings, "parity", "--only", image)
        assert compared.returncode == 0, compared.stdout
        ids = {str(row["environment"]): row["id"] for row in service.report()["environments"]}
        assert ids["image"] == ids["declared"] == declared, ids
        yield "`parity` looks into it: the environment id is the one that is declared on x86_64, and nothing differs"

        pairs = [(start(place, image, "aarch64"), start(place, native, platform.machine())) for _ in range(STARTS)]
        emulated, ratio = (statistics.median(one) for one in zip(*((a, a / b) for a, b in pairs), strict=True))
        took = f"{emulated:.1f} s, {ratio:.1f} times what {platform.machine()} takes"
        yield f"a container of it answers after {took}, and says that its machine is aarch64"


def build_native(place: Place) -> tuple[str, float]:
    """The image of the same answers for this machine, and the seconds of its two builds."""
    folder = place.folder / "native"
    folder.mkdir()
    interpreter = make_interpreter(replace(PYTHON, name="native-python", architecture=""), "python3")
    service = place.make_service("native-api", **ANSWERS)
    with offered(interpreter, folder) as offer:
        image, _, seconds = build_twice(
            place, service, {**offer.environment, **build_settings(bring_native_bases(place.engine), offer)}
        )
    return image, seconds


def build_twice(place: Place, service: Service, settings: Mapping[str, str]) -> tuple[str, str, float]:
    """The image, what `image --twice` says, which compares the builds, and how many seconds it took."""
    began, image = time.monotonic(), place.name_image(service)
    done = run_long(service, settings, "image", "--twice")
    assert done.returncode == 0, done.stdout
    assert "are the same bits" in done.stdout, done.stdout
    return image, done.stdout, time.monotonic() - began


def start(place: Place, image: str, machine: str) -> float:
    """Seconds until a container of the image answers; it says that its machine is this one."""
    port, began = free_port(), time.monotonic()
    name = place.engine("run", "--detach", "--publish", f"127.0.0.1:{port}:8000", image).strip()
    try:
        wait_until_answered(port)
        seconds = time.monotonic() - began
        assert ask(port, timeout=PATIENCE)[0] == 200
        code = "import json, platform; print(json.dumps(platform.machine()))"
        said = json.loads(place.engine("exec", name, "/app/.venv/bin/python", "-c", code))
    finally:
        place.engine("rm", "--force", name)
    assert said == machine, said
    return seconds


def run_long(service: Service, settings: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the tool, which takes ten times as long where everything is emulated."""
    return subprocess.run(
        [sys.executable, "-m", "lockstep_tool", *words],
        cwd=service.path,
        env={**os.environ, **service.settings, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=3000,
    )


def declared_id(said: str) -> str:
    """The environment id that `image` printed."""
    [line] = [line for line in said.splitlines() if line.strip().startswith("environment")]
    return line.split()[-1]


TARGET = Target("arm64", run)
