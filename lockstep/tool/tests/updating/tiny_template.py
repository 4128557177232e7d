"""A template of a few files with two versions, made on the spot: it needs no network, and its services no framework."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.updating.checkout import git, git_environment

__all__ = ["REPOSITORY", "TinyTemplate", "commit", "make_template", "make_wheel"]

REPOSITORY = Path(__file__).resolve().parents[4]
SERVERS = {"uvicorn": "uvicorn", "gunicorn-asgi": "gunicorn", "gunicorn-gthread": "gunicorn", "gunicorn-gevent": "gunicorn"}
HEADER = "# Lockstep's: planted by a test. Change it by `-s update`, not by hand.\n"

QUESTIONS = """
_subdirectory: "{{ 'refused' if refusal else 'template' }}"
project_name: { type: str, default: orders-api }
framework: { type: str, default: fastapi }
server: { type: str, default: uvicorn }
package_name: { when: false, default: "{{ project_name | replace('-', '_') }}" }
refusal:
  when: false
  default: >-
    {{ "The server does not fit.\\n\\n  server   " ~ server ~ "\\n\\nChoose another." if server == 'gunicorn-sync' else '' }}
_exclude:
  - |
    {%- if _copier_operation == 'update' %}
    /src/{{ package_name }}
    /README.md
    !/src/{{ package_name }}/server.toml
    {%- endif %}
"""
NEW_QUESTION = "hedgehogs: { type: int, help: 'How many hedgehogs?', default: 7 }\n"
PROJECT = """[project]
name = "{{ project_name }}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
    # Lockstep's: what serves the application.
    "lockstep-serve",
    "{{ {'uvicorn': 'uvicorn'}.get(server, 'gunicorn') }}",

    # Yours: what else it imports.
]

[project.entry-points.lockstep_serve]
app = "{{ package_name }}.app:create_app"

# Lockstep's: where they come from.
[tool.uv]
package = false

[tool.uv.sources]
lockstep-serve = { path = ".lockstep/lockstep_serve-VERSION-py3-none-any.whl" }
gunicorn = { path = "packages/gunicorn-1.0-py3-none-any.whl" }
uvicorn = { path = "packages/uvicorn-1.0-py3-none-any.whl" }

# Yours: everything below this line.
"""
TOOL = """# Lockstep's: the tool. Change it by `-s update`, not by hand.
[project]
name = "lockstep-environment"
version = "0"
requires-python = ">=3.11"
dependencies = ["lockstep-serve", "lockstep-tool"]

[tool.uv]
package = false

[tool.uv.sources]
lockstep-serve = { path = "lockstep_serve-VERSION-py3-none-any.whl" }
lockstep-tool = { path = "lockstep_tool-VERSION-py3-none-any.whl" }
"""


@dataclass(frozen=True)
class TinyTemplate:
    """A git repository with the tags v0.1.0 and v0.2.0; its wheels have the versions 1.0.0 and 1.1.0."""

    path: Path

    def copy(self, folder: Path, *, version: str = "v0.1.0", **answers: str) -> Path:
        """A service of that version, committed."""
        data = [f"--data={name}={value}" for name, value in answers.items()]
        words = ["copy", "--defaults", "--quiet", f"--vcs-ref={version}", *data, str(self.path), str(folder)]
        subprocess.run([sys.executable, "-m", "copier", *words], check=True, env=git_environment())
        git(folder, "init", "--quiet")
        commit(folder)
        return folder


def make_template(path: Path) -> TinyTemplate:
    """Write and tag both versions."""
    files = {
        "copier.yml": QUESTIONS,
        "refused/{% include [refusal] %}": "it is never written\n",
        "template/{{ _copier_conf.answers_file }}.jinja": "# Answers.\n{{ _copier_answers | to_nice_yaml -}}\n",
        "template/pyproject.toml.jinja": PROJECT.replace("VERSION", "1.0.0"),
        "template/uv.lock.jinja": "{% include 'locks/' ~ server ~ '.lock' %}\n",
        "template/.lockstep/pyproject.toml": TOOL.replace("VERSION", "1.0.0"),
        "template/.lockstep/ruff.toml": HEADER,
        "template/.gitattributes": ".lockstep/*.whl binary\n",
        "template/.gitignore": ".env\n",
        "template/README.md": "# A service\n",
        "template/settings.toml": f"{HEADER}link-mode = 'copy'\n\n# Yours: everything below this line.\n",
        "template/old.py": HEADER,
        "template/src/{{ package_name }}/app.py": "def create_app() -> None: ...\n",
        "template/src/{{ package_name }}/server.toml.jinja": "{% include 'questions/servers/' ~ server ~ '.toml' %}",
    }
    for name, text in files.items():
        write(path / name, text)
    for server in SERVERS:
        write(
            path / "questions" / "servers" / f"{server}.toml", (REPOSITORY / "questions/servers" / f"{server}.toml").read_text()
        )
    for name in ("uvicorn", "gunicorn"):
        make_wheel(path / "template" / "packages", name, "1.0")
    git(path, "init", "--quiet")
    make_tool(path, "1.0.0")
    release(path, "v0.1.0")
    for wheel in (path / "template" / ".lockstep").glob("*.whl"):
        wheel.unlink()
    (path / "template" / "old.py").unlink()
    write(path / "template" / "new.py", HEADER)
    write(path / "template" / "pyproject.toml.jinja", PROJECT.replace("VERSION", "1.1.0"))
    write(path / "template" / ".lockstep" / "pyproject.toml", TOOL.replace("VERSION", "1.1.0"))
    write(path / "template" / "settings.toml", files["template/settings.toml"].replace("copy", "clone"))
    write(path / "copier.yml", NEW_QUESTION + QUESTIONS)
    write(path / "docs" / "changes" / "hedgehogs.new.md", "`update` now counts hedgehogs.\n")
    make_tool(path, "1.1.0")
    release(path, "v0.2.0")
    return TinyTemplate(path)


def make_tool(path: Path, version: str) -> None:
    """The two wheels of a version, the tool's lock, and the lock of a service for each server."""
    tool = path / "template" / ".lockstep"
    make_wheel(tool, "lockstep-serve", version)
    make_wheel(tool, "lockstep-tool", version, requires=["lockstep-serve"])
    lock(tool)
    for server, package in SERVERS.items():
        scratch = path.parent / f"{path.name}-{version}-{server}"
        scratch.mkdir()
        for folder in (".lockstep", "packages"):
            (scratch / folder).symlink_to(path / "template" / folder)
        text = PROJECT.replace("VERSION", version).replace("{{ project_name }}", "orders-api")
        text = text.replace("{{ {'uvicorn': 'uvicorn'}.get(server, 'gunicorn') }}", package)
        write(scratch / "pyproject.toml", text.replace("{{ package_name }}", "orders_api"))
        lock(scratch)
        write(path / "locks" / f"{server}.lock", (scratch / "uv.lock").read_text())


def make_wheel(folder: Path, name: str, version: str, body: str = "", requires: list[str] | None = None) -> Path:
    """A wheel with one module; the same arguments give the same bytes."""
    module = name.replace("-", "_")
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires or ())
    about = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": body,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(record(path, text.encode()) for path, text in files.items()) + f"{about}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return wheel


def record(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(content)}\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lock(folder: Path) -> None:
    subprocess.run(["uv", "lock", "--quiet", "--offline", "--no-config", "--project", str(folder)], check=True)


def release(path: Path, version: str) -> None:
    commit(path)
    git(path, "tag", version)


def commit(path: Path) -> None:
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", "As it is")
