"""A service whose production set is four small wheels, built on the spot and installed by uv without a network."""

import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import lockstep_serve
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Environment
from lockstep_tool.environments.looking import look_here
from lockstep_tool.environments.parity import compare_all
from lockstep_tool.service import Service
from small_service import REPOSITORY, TEMPLATE

__all__ = ["TinyEnvironment", "digest_of", "install", "make_tiny_environment", "record_hash", "write_wheel"]

SERVE = Path(lockstep_serve.__file__).parent
PRODUCTION = Path(".nox", "production")
BACKEND = re.search(r"(?m)^requires = .*\nbuild-backend = .*$", (TEMPLATE / "pyproject.toml.jinja").read_text())
PROJECT = """\
[project]
name = "orders-api"
version = "0.1.0"
dependencies = ["alpha", "beta", "lockstep-serve"]

[project.entry-points.lockstep_serve]
app = "orders_api.app:create_app"

[build-system]
"""
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "alpha"
version = "1.0"
source = {{ path = "vendor/{alpha}" }}
dependencies = [
    {{ name = "beta" }},
]
wheels = [
    {{ filename = "{alpha}", hash = "sha256:{alpha_hash}" }},
]

[[package]]
name = "beta"
version = "2.0"
source = {{ registry = "{index}" }}
wheels = [
    {{ url = "{index}/{beta}", hash = "sha256:{beta_hash}", size = 1 }},
]

[[package]]
name = "lockstep-serve"
version = "1.0"
source = {{ path = "vendor/{serve}" }}
wheels = [
    {{ filename = "{serve}", hash = "sha256:{serve_hash}" }},
]

[[package]]
name = "orders-api"
version = "0.1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "alpha" }},
    {{ name = "beta" }},
    {{ name = "lockstep-serve" }},
]
"""


@dataclass(frozen=True)
class TinyEnvironment:
    """A service at `root`, with its production set in `.nox/production`."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / PRODUCTION / "bin" / "python"

    @property
    def site(self) -> Path:
        [found] = (self.root / PRODUCTION).glob("lib/python*/site-packages")
        return found

    def look(self) -> Environment:
        return look_here(self.python)

    def find(self) -> list[Finding]:
        """What all checks find in it."""
        return list(compare_all([self.look()], Service(self.root)))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there, or the fault was not planted."""
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new))

    def copy(self, root: Path) -> "TinyEnvironment":
        """The same at another place. Installed anew: programs name the environment that they are of."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(".nox"))
        install(root / PRODUCTION, *(wheel for name in ("index", "dist", "service/vendor") for wheel in self.wheels(name)))
        return TinyEnvironment(root)

    def wheels(self, name: str) -> list[Path]:
        """Those in a directory beside the good service, which no test changes."""
        return sorted((self.root.parent / name).glob("*.whl"))


def make_tiny_environment(root: Path) -> TinyEnvironment:
    """A good one, in which no check finds anything."""
    vendor, index = root / "vendor", root.parent / "index"
    package = root / "src" / "orders_api"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "app.py").write_text("def create_app() -> None: ...\n")
    shutil.copyfile(REPOSITORY / "questions/servers/uvicorn.toml", package / "server.toml")
    for name in ("uv.toml", "noxfile.py.lock"):
        shutil.copyfile(TEMPLATE / name, root / name)
    (root / ".python-version").write_text(f"{platform.python_version()}\n")
    assert BACKEND, "the template states what builds a wheel"
    (root / "pyproject.toml").write_text(f"{PROJECT}{BACKEND[0]}\n")
    # The last two are names of pip's, of which uv makes something of its own.
    programs = "".join(f"{name} = alpha:main\n" for name in ("alpha-run", "pip3", "pip3.10"))
    command = {"alpha-1.0.dist-info/entry_points.txt": f"[console_scripts]\n{programs}"}
    alpha = write_wheel(
        vendor,
        "alpha",
        "1.0",
        {"alpha/__init__.py": "def main() -> None: ...\n", "alpha/inner.py": "ONE = 1\n", **command},
        ["beta"],
    )
    beta = write_wheel(index, "beta", "2.0", {"beta.py": "TWO = 2\n", "beta-2.0.data/scripts/beta-tool": "#!python\n"})
    serve = write_wheel(vendor, "lockstep-serve", "1.0", files_of_serve())
    lock = LOCK.format(
        index=index.as_uri(),
        alpha=alpha.name,
        beta=beta.name,
        serve=serve.name,
        alpha_hash=digest_of(alpha),
        beta_hash=digest_of(beta),
        serve_hash=digest_of(serve),
    )
    (root / "uv.lock").write_text(lock)
    run_uv("build", "--wheel", "--offline", "--out-dir", root.parent / "dist", root)
    install(root / PRODUCTION, alpha, beta, serve, *(root.parent / "dist").glob("*.whl"))
    return TinyEnvironment(root)


def install(directory: Path, *wheels: Path) -> None:
    """Have uv install these wheels into an environment, made for them if there is none; nothing is fetched."""
    if not directory.exists():
        run_uv("venv", "--python", sys.executable, directory)
    options = ("--no-index", "--no-deps", "--reinstall", "--link-mode", "copy", "--python", directory / "bin" / "python")
    run_uv("pip", "install", *options, *wheels)


def run_uv(*words: str | Path) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("UV_") or name == "UV_CACHE_DIR"}
    subprocess.run(["uv", "--quiet", "--no-config", *words], env=settings, check=True, stderr=subprocess.PIPE)


def files_of_serve() -> dict[str, str]:
    return {
        path.relative_to(SERVE.parent).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SERVE.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def write_wheel(
    directory: Path, name: str, version: str, files: Mapping[str, str], needs: list[str] | None = None, tag: str = "py3-none-any"
) -> Path:
    """A wheel with a RECORD that is right; the same arguments give the same bytes."""
    module = name.replace("-", "_")
    about = f"{module}-{version}.dist-info"
    headers = [f"Requires-Dist: {need}\n" for need in needs or ()]
    content = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(headers)}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = [f"{path},sha256={record_hash(text.encode())},{len(text.encode())}\n" for path, text in content.items()]
    path = directory / f"{module}-{version}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in {**content, f"{about}/RECORD": "".join([*rows, f"{about}/RECORD,,\n"])}.items():
            archive.writestr(zipfile.ZipInfo(entry), text)
    return path


def record_hash(content: bytes) -> str:
    """As RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
