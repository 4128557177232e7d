"""The columns `python` and `tools`: are the versions stated, Python to the patch, and does every file say the same?"""

import re
from collections.abc import Iterator

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.repository import Repository

__all__ = ["python", "tools"]

CI = (".github/workflows/*.y*ml", ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml")
IMAGES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
PYTHON = (
    (r"^\s*(?:cpython-|python-)?(\d[\w.]*)\s*$", (".python-version", "runtime.txt")),
    (r"^python\s+(\d[\w.]*)", (".tool-versions",)),
    (r"^(?:FROM|ARG)\b.*\bpython:(\d[\d.]*)", IMAGES),
    (r"\bpython-version:\s*['\"]?(\d[\d.]*)['\"]?\s*$", CI),
    (r"\bpython:(\d[\d.]*)", (".gitlab-ci.yml", ".circleci/config.yml")),
)
UV = (
    (r"required-version\s*=\s*['\"]\D*(\d+\.\d+\.\d+)", ("uv.toml", "pyproject.toml")),
    (r"/uv:(\w[\w.]*)", (*IMAGES, *CI)),
    (r"\buv(?:==|@)(\w[\w.]*)", (*IMAGES, *CI)),
)
UNPINNED_UV = r"pip3? install\s+(?:-\S+\s+)*uv(?=\s|$)|astral\.sh/uv/install\.sh"
UNPINNED_NOX = r"(?:pip3? install|pipx install|pipx run|uvx|uv tool (?:run|install))\s+(?:-\S+\s+)*['\"]?nox(?=['\"\s]|$)"


def stated_versions(repository: Repository, table: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, str]]:
    """Pairs of `file:line` and the version there."""
    return [
        (found.spot, found.match[1].rstrip("."))
        for expression, files in table
        for found in repository.statements(expression, *files)
    ]


def python(repository: Repository) -> Iterator[Finding]:
    """Python's version: exact in one file at least, and no file against it."""
    rows = stated_versions(repository, PYTHON)
    exact = {version for _, version in rows if re.fullmatch(r"\d+\.\d+\.\d+", version)}
    if not exact:
        fix = "Run `uv python pin X.Y.Z` with the patch that production runs."
        rows = rows or [(".python-version", "missing")]
        yield Finding("python", "Python is not stated to the patch.", tuple(rows[:4]), fix)
    elif len(exact) > 1 or any(version not in exact for _, version in rows):
        yield differing("python", "Python", rows)


def tools(repository: Repository) -> Iterator[Finding]:
    """uv's version where uv is used, and nox's."""
    rows = stated_versions(repository, UV)
    versions = {version for _, version in rows}
    loose = [(one.spot, one.line.strip()) for one in repository.statements(UNPINNED_UV, *IMAGES, *CI, "*.sh")]
    if "uv.lock" in repository.files and not rows:
        fix = 'Write `required-version = "==X.Y.Z"` into uv.toml, and take that version in CI and the image.'
        yield Finding("tools", "uv is not stated.", (("uv.toml", "no required-version"), *loose[:3]), fix)
    elif loose:
        yield Finding("tools", "uv is taken in whatever version there is.", tuple(loose[:4]), "Write `uv==X.Y.Z`.")
    elif any(not re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions) or len(versions) > 1:
        yield differing("tools", "uv", rows)
    nox = [(one.spot, one.line.strip()) for one in repository.statements(UNPINNED_NOX, *IMAGES, *CI)]
    if nox:
        fix = "Give noxfile.py a script header, lock it with `uv lock --script noxfile.py`, run `uv run noxfile.py`."
        yield Finding("tools", "nox is taken in whatever version there is.", tuple(nox[:4]), fix)
    elif "noxfile.py" in repository.files and "noxfile.py.lock" not in repository.files:
        fix = "Give noxfile.py a script header, and lock it with `uv lock --script noxfile.py`."
        yield Finding("tools", "nox is not locked.", (("noxfile.py.lock", "missing"),), fix, Severity.WARNING)


def differing(column: str, tool: str, rows: list[tuple[str, str]]) -> Finding:
    """Every statement, when they do not agree."""
    return Finding(column, f"{tool} is stated {len({version for _, version in rows})} ways.", tuple(rows), "State one.")
