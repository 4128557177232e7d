"""Faults of this machine's production set: what is edited, injected or hijacked in it, and what reaches into it."""

import base64
import hashlib
import os
import shutil
from pathlib import Path

from .fault import Fault, Plant
from .network import forget
from .planting import in_lock, variables
from .scene import Scene

__all__ = ["FAULTS", "more", "replaced", "without"]

EVIL = "\nevil = True\n"
UNOWNED = frozenset({"unowned files"})


def more(name: str, text: str = EVIL) -> Plant:
    """Text at the end of an installed file, or a new one."""

    def plant(scene: Scene) -> None:
        path = scene.site(scene.here) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text((path.read_text() if path.is_file() else "") + text)

    return plant


def without(name: str) -> Plant:
    """An installed file or directory less."""

    def plant(scene: Scene) -> None:
        path = scene.site(scene.here) / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return plant


def replaced(scene: Scene) -> None:
    """An edit with RECORD repaired, as a careful attacker leaves it."""
    site = scene.site(scene.here)
    module, [record] = site / "fastapi" / "routing.py", site.glob("fastapi-*.dist-info/RECORD")
    before, size = in_record(module), module.stat().st_size
    module.write_text(module.read_text() + EVIL)
    text = record.read_text()
    assert f"{before},{size}" in text
    record.write_text(text.replace(f"{before},{size}", f"{in_record(module)},{module.stat().st_size}"))


def in_record(path: Path) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def emptied(scene: Scene) -> None:
    """A RECORD that lists nothing: then nothing is edited by it."""
    [record] = scene.site(scene.here).glob("idna-*.dist-info/RECORD")
    record.unlink()


def byte_code(scene: Scene) -> None:
    """The compiled file is another one than its source: Python runs it and shows the source."""
    source = scene.site(scene.here) / "fastapi" / "routing.py"
    command = "import py_compile, sys; print(py_compile.compile(sys.argv[1]))"
    done = scene.service.run(str(scene.here / "bin" / "python"), "-c", command, str(source))
    assert done.returncode == 0, done.stdout
    compiled = Path(done.stdout.strip())
    content = bytearray(compiled.read_bytes())
    content[8] ^= 1
    compiled.write_bytes(content)


def script(scene: Scene) -> None:
    path = scene.here / "bin" / "fastapi"
    path.write_text(path.read_text() + "\nprint('evil')\n")


def poisoned(scene: Scene) -> None:
    """Another project is debugged in its own site-packages, which uv has linked to its cache; then this one is built anew."""
    other, cache = scene.kept / "another-project", scene.kept / "shared-cache"
    linked = {"UV_LINK_MODE": "hardlink", "UV_CACHE_DIR": str(cache)}
    for tree in (other, scene.here):
        shutil.rmtree(tree, ignore_errors=True)
        done = scene.sync(tree, **linked)
        assert done.returncode == 0, done.stdout
        if tree == other:
            with (scene.site(other) / "idna" / "core.py").open("a") as module:
                module.write(EVIL)
    shutil.rmtree(other)


def home(scene: Scene) -> dict[str, str]:
    """A uv.toml in the user's home that would resolve otherwise."""
    folder = scene.kept / "home"
    (folder / "uv").mkdir(parents=True, exist_ok=True)
    (folder / "uv" / "uv.toml").write_text('resolution = "lowest"\n')
    return {"XDG_CONFIG_HOME": str(folder)}


def system(scene: Scene) -> dict[str, str]:
    """A uv.toml of the machine, where the desktop's rules put it."""
    folder = scene.kept / "system"
    (folder / "uv").mkdir(parents=True, exist_ok=True)
    (folder / "uv" / "uv.toml").write_text('index-url = "https://index.example.org/simple"\n')
    return {"XDG_CONFIG_DIRS": str(folder), "UV_NO_SYSTEM_CONFIG": ""}


def slipped_in(scene: Scene) -> None:
    """A need that a locked package does not have, in a checkout without a past; what is needed is locked for developers."""
    in_lock(r'(name = "anyio"\nversion(?:.|\n)*?dependencies = \[\n)', r'\1    { name = "iniconfig" },\n')(scene)
    forget(scene.service)


def another_uv(scene: Scene) -> dict[str, str]:
    """A program that says that it is another version, in front of the right one."""
    uv = scene.kept / "another-uv" / "uv"
    uv.parent.mkdir(exist_ok=True)
    uv.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "uv 0.13.10" && exit\nexec {shutil.which("uv")} "$@"\n')
    uv.chmod(0o755)
    return {"PATH": f"{uv.parent}{os.pathsep}{os.environ['PATH']}"}


def let_in(scene: Scene) -> None:
    """The environment sees what is installed beside its interpreter."""
    path, switch = scene.here / "pyvenv.cfg", "include-system-site-packages = "
    text = path.read_text()
    assert f"{switch}false" in text
    path.write_text(text.replace(f"{switch}false", f"{switch}true"))


def in_the_checkout_only(scene: Scene) -> None:
    """An answer that is made of a file which no wheel has."""
    there = 'docs="/docs" if (pathlib.Path(__file__).parents[2] / "README.md").exists() else "/")'
    scene.edit("src/orders_api/hello.py", "docs=docs)", there)
    scene.edit("src/orders_api/hello.py", "from typing import Annotated\n", "import pathlib\nfrom typing import Annotated\n")


def here(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset(), warns: bool = False) -> Fault:
    return Fault(name, plant, "parity", check, said, "laptop", also, warns)


FAULTS = (
    here("an edited module", "bytes", more("fastapi/routing.py"), "edited fastapi/routing.py"),
    here(
        "an edited module, and its RECORD repaired", "bytes", replaced, "not what the locked wheel installs: fastapi/routing.py"
    ),
    here("an edited module of lockstep-serve", "bytes", more("lockstep_serve/health.py"), "edited lockstep_serve/health.py"),
    here("a module of the tool in production", "unowned files", more("lockstep_tool/__init__.py"), "lockstep_tool/__init__.py"),
    here("a deleted module", "bytes", without("idna/core.py"), "missing idna/core.py"),
    here("a RECORD that is gone", "bytes", emptied, "idna", also=UNOWNED),
    here(
        "a dependency slipped into the lock, where git has no past",
        "packages",
        slipped_in,
        "iniconfig is there because uv.lock says that anyio needs it",
    ),
    here("the interpreter's own packages let in", "packages", let_in, "", also=frozenset({"bytes", "unowned files"})),
    here("an injected module", "unowned files", more("fastapi/evil.py"), "fastapi/evil.py"),
    here("a .pth file", "unowned files", more("evil.pth", "import os\n"), "evil.pth"),
    here("a sitecustomize.py", "unowned files", more("sitecustomize.py"), "sitecustomize.py"),
    here("a directory that a .pth file adds", "search path", more("more.pth", "/usr/share\n"), "/usr/share", also=UNOWNED),
    here("tampered byte code", "byte code", byte_code, "routing"),
    here("a hijacked console script", "bytes", script, "bin/fastapi"),
    here("a cache poisoned by an edit in another project", "bytes", poisoned, "idna/core.py"),
    here("PYTHONPATH in the shell", "ambient", variables(PYTHONPATH="/opt/shared"), "PYTHONPATH=/opt/shared"),
    here("LD_LIBRARY_PATH in the shell", "ambient", variables(LD_LIBRARY_PATH="/opt/shared"), "LD_LIBRARY_PATH=/opt/shared"),
    here("a server setting in the shell that is no number", "server", variables(SERVER_DRAIN="soon"), "`drain` must be"),
    here(
        "a drain that outlives the grace",
        "server",
        variables(SERVER_DRAIN="120"),
        "killed while it drains",
    ),
    here("a uv.toml in the user's home", "uv settings", home, "resolution", warns=True),
    here(
        "an index in the shell",
        "uv settings",
        variables(UV_DEFAULT_INDEX="https://index.example.org"),
        "UV_DEFAULT_INDEX",
        warns=True,
    ),
    here("an index in the system's uv.toml", "uv settings", system, "index-url", warns=True),
    Fault("another uv in CI", another_uv, "parity", "tools", "uv is 0.13.10, uv.toml says", "laptop", ci=True),
    Fault("another time zone in CI", variables(TZ="Asia/Tokyo"), "parity", "time", "Asia/Tokyo", "laptop", ci=True),
    Fault("an answer that only the checkout gives", in_the_checkout_only, "parity", "behaviour", "GET /: body of", "dev"),
)
