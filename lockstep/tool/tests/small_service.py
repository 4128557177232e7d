"""A small service, written by hand on the spot: every file that the tool reads, and nothing that it does not."""

import hashlib
import io
import platform
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.checks.report import describe
from lockstep_tool.files.template_files import rendered_files
from lockstep_tool.service import Service

__all__ = [
    "COMPOSE", "PROXY", "SITE", "TEMPLATE", "VERSION", "WORKFLOW",
    "SmallService", "commit_wheels", "git", "locked", "make_wheel", "write_service",
]  # fmt: skip

REPOSITORY = Path(__file__).parents[3]
TEMPLATE = REPOSITORY / "template"
WORKFLOW = ".github/workflows/lockstep.yml"
COMPOSE, PROXY, SITE = "deploy/compose.yaml", "deploy/nginx.conf", "deploy/systemd/orders-api.nginx.conf"
# Of both wheels, in the template that services are made from here; a release has another.
VERSION = tomllib.loads((REPOSITORY / "lockstep/tool/pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
UV = tomllib.loads((TEMPLATE / "uv.toml").read_text(encoding="utf-8"))
[INDEX] = [index["url"] for index in UV["index"]]
[HOST] = set(re.findall(r'url = "https://([^/"]+)', (TEMPLATE / "noxfile.py.lock").read_text(encoding="utf-8")))
UV_VERSION = UV["required-version"].removeprefix(">=").partition(",")[0]
LONG_AGO = "2026-01-01T00:00:00Z"

PROJECT = f"""\
[project]
name = "orders-api"
version = "0.1.0"
requires-python = ">=3.11,<3.16"
dependencies = [
    "lockstep-serve",
    "fastapi>=0.1",
    "python-json-logger>=1",
]

[project.entry-points.lockstep_serve]
app = "orders_api.app:create_app"

[build-system]
requires = ["uv_build>={UV_VERSION},<0.14"]
build-backend = "uv_build"

[tool.uv]
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]

[tool.uv.sources]
lockstep-serve = {{ path = ".lockstep/lockstep_serve-{VERSION}-py3-none-any.whl" }}

[tool.lockstep]
secrets = []

[dependency-groups]
dev = ["pytest>=9"]
"""
HEADER = """\
version = 1
revision = 5
requires-python = ">=3.11, <3.16"

[options]
exclude-newer = "0001-01-01T00:00:00Z"
exclude-newer-span = "P7D"
"""
PLATFORMS = """\
resolution-markers = [
    "platform_machine == 'x86_64' and sys_platform == 'linux'",
]
supported-markers = [
    "platform_machine == 'x86_64' and sys_platform == 'linux'",
]
"""
SETTINGS = """\
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=f"{__package__.upper()}_")

    greeting: str = "Hello"
"""
ANSWERS: Mapping[str, object] = {
    "project_name": "orders-api",
    "package_name": "orders_api",
    "ci": "github",
    "deploy": ["compose", "kubernetes", "systemd"],
    "extras": ["scaling"],
    "server": "gunicorn-gthread",
    "gunicorn": True,
    "proxy": True,
    "proxy_network": "10.17.125",
}
FILES: Mapping[str, str] = {
    ".python-version": f"{platform.python_version()}\n",
    ".gitignore": ".nox/\n",
    "README.md": "# orders-api\n\n`uv run noxfile.py -s dev ` serves it.\n",
    ".copier-answers.yml": f"python: {platform.python_version()}\nci: github\ndeploy: [compose, kubernetes, systemd]\n"
    "extras: [scaling]\n"
    "project_name: orders-api\nserver: gunicorn-gthread\n",
    ".env.example": "# How people are greeted.\nORDERS_API_GREETING=Hello\n",
    "src/orders_api/__init__.py": "",
    "src/orders_api/app.py": "def create_app() -> None: ...\n",
    "src/orders_api/hello.py": '__all__ = ["hello"]\n',
    "src/orders_api/settings.py": SETTINGS,
    PROXY: """\
http {
    proxy_request_buffering on;
    client_max_body_size 10485760; # max_body_bytes
    upstream service {
        server orders-api:8000;
        keepalive_timeout 60s; # below keep_alive
    }
    server {
        listen 8080 default_server;
        location / {
            proxy_pass http://service;
            proxy_read_timeout 35s; # above request_timeout
            proxy_next_upstream error;
        }
    }
}
""",
    SITE: """\
upstream orders_api {
    server 127.0.0.1:8000;
    keepalive_timeout 60s;
}
server {
    listen 80;
    proxy_request_buffering on;
    client_max_body_size 10485760;
    location / {
        proxy_pass http://orders_api;
        proxy_read_timeout 35s;
        proxy_next_upstream error;
    }
}
""",
}


@dataclass(frozen=True)
class SmallService:
    """A service at `root` to plant faults in, and to look at."""

    root: Path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there, or the fault was not planted."""
        text = self.read(name)
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new))

    def substitute(self, name: str, pattern: str, new: str) -> None:
        """Change the first part that matches, which must be there."""
        text, count = re.subn(pattern, new, self.read(name), count=1)
        assert count == 1, f"{name} has no {pattern!r}"
        self.write(name, text)

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, message: str = "Change it") -> None:
        git(self.root, "commit", "--quiet", "--all", "--message", message)

    def find(self, check: Check) -> list[Finding]:
        """What a check finds here."""
        return list(check.find(Service(self.root)))

    def describe(self, check: Check) -> str:
        """What a check finds here, as text."""
        return "\n\n".join(map(describe, self.find(check)))

    def snapshot(self) -> dict[str, bytes]:
        """Every file but git's own and the tool's."""
        paths = [path for path in sorted(self.root.rglob("*")) if path.is_file() and not {".git", ".nox"} & {*path.parts}]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}


def write_service(root: Path) -> SmallService:
    """A good service in which no check finds anything, in a repository of one commit."""
    service = SmallService(root)
    root.mkdir(parents=True)
    shutil.copyfile(TEMPLATE / "noxfile.py.lock", root / "noxfile.py.lock")
    for name, text in {**rendered_files(ANSWERS), **FILES}.items():
        service.write(name, text)
    shutil.copyfile(REPOSITORY / "questions/servers/gunicorn-gthread.toml", root / "src/orders_api/server.toml")
    for name in ("lockstep-serve", "lockstep-tool"):
        make_wheel(root / ".lockstep", name, VERSION)
    service.write("pyproject.toml", PROJECT)
    service.write("uv.lock", service_lock(root))
    service.write(".lockstep/uv.lock", tool_lock(root))
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    service.commit("Begin")
    return service


def git(directory: Path, *words: str) -> str:
    """Run git there, as a user who has no settings, and return what it prints."""
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(directory), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout


def make_wheel(directory: Path, name: str, version: str, content: str = "") -> Path:
    """A wheel of one module; the same arguments give the same bytes."""
    module, wheel = name.replace("-", "_"), io.BytesIO()
    about = f"{module}-{version}.dist-info"
    entries = {
        f"{module}.py": content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for entry, text in entries.items():
            archive.writestr(zipfile.ZipInfo(entry), text)
    path = directory / f"{module}-{version}-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wheel.getvalue())
    return path


def commit_wheels(service: SmallService, version: str, content: str, message: str) -> None:
    """Have both wheels another version and content, by which their locks know them."""
    for wheel in service.root.glob(".lockstep/*.whl"):
        wheel.unlink()
    wheels = [make_wheel(service.root / ".lockstep", name, version, content) for name in ("lockstep-serve", "lockstep-tool")]
    for name in ("pyproject.toml", "uv.lock", ".lockstep/pyproject.toml", ".lockstep/uv.lock"):
        text = re.sub(r"(lockstep_(?:serve|tool)-)[^-]+(-py3)", rf"\g<1>{version}\g<2>", service.read(name))
        text = re.sub(r'(name = "lockstep-(?:serve|tool)"\nversion = ")[^"]+', rf"\g<1>{version}", text)
        for wheel in wheels:
            entry = rf'({re.escape(wheel.name)}", hash = "sha256:)[0-9a-f]+'
            text = re.sub(entry, rf"\g<1>{hashlib.sha256(wheel.read_bytes()).hexdigest()}", text)
        service.write(name, text)
    git(service.root, "add", "--all")
    service.commit(message)


def locked(name: str, version: str, needs: Sequence[str] = (), tags: Sequence[str] = ("py3-none-any",)) -> str:
    """A package of the index, as uv.lock has it; its hashes are made up from its files' names."""
    module = name.replace("-", "_")
    lines = ["[[package]]", f'name = "{name}"', f'version = "{version}"', f'source = {{ registry = "{INDEX}" }}']
    if needs:
        lines += ["dependencies = [", *(f'    {{ name = "{need}" }},' for need in needs), "]"]
    files = [f"{module}-{version}.tar.gz", *(f"{module}-{version}-{tag}.whl" for tag in tags)]
    sdist, *wheels = [
        f'{{ url = "https://{HOST}/packages/{file}", hash = "sha256:{hashlib.sha256(file.encode()).hexdigest()}", '
        f'size = {len(file)}, upload-time = "{LONG_AGO}" }}'
        for file in files
    ]
    return "\n".join([*lines, f"sdist = {sdist}", "wheels = [", *(f"    {wheel}," for wheel in wheels), "]", ""])


def locked_wheel(path: Path, directory: Path) -> str:
    """A wheel of the repository, as the lock in `directory` has it."""
    name, version = path.name.split("-")[:2]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        f'[[package]]\nname = "{name.replace("_", "-")}"\nversion = "{version}"\n'
        f'source = {{ path = "{path.relative_to(directory).as_posix()}" }}\n'
        f'wheels = [\n    {{ filename = "{path.name}", hash = "sha256:{digest}" }},\n]\n'
    )


def service_lock(root: Path) -> str:
    """What uv would write for PROJECT."""
    wheel = root / f".lockstep/lockstep_serve-{VERSION}-py3-none-any.whl"
    own = f"""\
[[package]]
name = "orders-api"
version = "0.1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "fastapi" }},
    {{ name = "lockstep-serve" }},
    {{ name = "python-json-logger" }},
]

[package.dev-dependencies]
dev = [
    {{ name = "pytest" }},
]

[package.metadata]
requires-dist = [
    {{ name = "fastapi", specifier = ">=0.1" }},
    {{ name = "lockstep-serve", path = "{wheel.relative_to(root).as_posix()}" }},
    {{ name = "python-json-logger", specifier = ">=1" }},
]

[package.metadata.requires-dev]
dev = [{{ name = "pytest", specifier = ">=9" }}]
"""
    packages = [
        locked("annotated-doc", "0.0.4"),
        locked("anyio", "4.12.0", ["idna"]),
        locked("fastapi", "0.140.0", ["annotated-doc", "anyio"]),
        locked("h11", "0.16.0"),
        locked("idna", "3.11"),
        locked_wheel(wheel, root),
        own,
        locked("pytest", "9.2.0", ["h11", "ruff"]),
        locked("python-json-logger", "4.0.0"),
        locked("ruff", "0.17.0", tags=["py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64", "py3-none-win_arm64"]),
    ]
    return "\n".join([HEADER.replace("\n\n[options]", f"\n{PLATFORMS}\n[options]"), *packages])


def tool_lock(root: Path) -> str:
    """What uv would write for the tool's project, as the template gives it, of wheels without extras."""
    directory = root / ".lockstep"
    wheels = sorted(directory.glob("*.whl"))
    machines = (("x86_64", "linux"), ("aarch64", "linux"), ("arm64", "darwin"))
    markers = "".join(
        f"    \"implementation_name == 'cpython' and platform_machine == '{machine}' and sys_platform == '{system}'\",\n"
        for machine, system in machines
    )
    forks = f"resolution-markers = [\n{markers}]\nsupported-markers = [\n{markers}]\n"
    extra = "\n".join(
        f'    {{ name = "lockstep-tool", extras = ["{name}"], marker = "extra == \'{name}\'", path = "{wheels[1].name}" }},'
        for name in ("bench", "update")
    )
    own = f"""\
[[package]]
name = "lockstep-environment"
version = "0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "lockstep-serve" }},
    {{ name = "lockstep-tool" }},
]

[package.optional-dependencies]
bench = [
    {{ name = "lockstep-tool" }},
]
update = [
    {{ name = "lockstep-tool" }},
]

[package.metadata]
requires-dist = [
    {{ name = "lockstep-serve", path = "{wheels[0].name}" }},
    {{ name = "lockstep-tool", path = "{wheels[1].name}" }},
{extra}
]
provides-extras = ["bench", "update"]
"""
    header = HEADER.replace("\n\n[options]", f"\n{forks}\n[options]")
    return "\n".join([header, own, *(locked_wheel(wheel, directory) for wheel in wheels)])
