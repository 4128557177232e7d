"""Keep verdicts from depending on whose machine it is.

Variables that change what uv resolves, installs or reads are taken out of the environment; where uv finds its cache,
its interpreters and its certificates is left alone. Of a person's and the machine's own uv.toml, uv is given a copy
with the same rule: an index, a required version or a mistake in one of them would move a verdict.
"""

import atexit
import json
import os
import shutil
import tempfile
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["KEPT", "MOVING", "configurations", "environment"]

MOVING = frozenset(
    {
        "UV_BUILD_CONSTRAINT",
        "UV_CONFIG_FILE",
        "UV_CONSTRAINT",
        "UV_DEFAULT_INDEX",
        "UV_EXCLUDE",
        "UV_EXCLUDE_NEWER",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_FORK_STRATEGY",
        "UV_FROZEN",
        "UV_INDEX",
        "UV_INDEX_STRATEGY",
        "UV_INDEX_URL",
        "UV_ISOLATED",
        "UV_LOCKED",
        "UV_NO_BINARY",
        "UV_NO_BUILD_ISOLATION",
        "UV_NO_CONFIG",
        "UV_NO_DEFAULT_GROUPS",
        "UV_NO_DEV",
        "UV_NO_EDITABLE",
        "UV_NO_GROUP",
        "UV_NO_SOURCES",
        "UV_NO_SYNC",
        "UV_OVERRIDE",
        "UV_PRERELEASE",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_RESOLUTION",
        "UV_WORKING_DIRECTORY",
    }
)


# Settings of uv.toml that say how uv reaches things, and nothing of what it chooses.
KEPT = frozenset(
    {
        "allow-insecure-host",
        "cache-dir",
        "concurrent-builds",
        "concurrent-downloads",
        "concurrent-installs",
        "http-proxy",
        "https-proxy",
        "keyring-provider",
        "native-tls",
        "no-proxy",
        "offline",
        "python-downloads",
        "python-downloads-json-url",
        "python-install-mirror",
        "python-preference",
        "system-certs",
    }
)


def environment() -> dict[str, str]:
    """The environment without what could move a verdict."""
    left = {name: value for name, value in os.environ.items() if name not in MOVING}
    return {**left, "UV_NO_SYSTEM_CONFIG": "1", "XDG_CONFIG_HOME": str(copy_settings(*configurations()))}


def configurations() -> list[Path]:
    """The files that uv would read besides the service's own: the person's, then the machine's.

    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    if named := os.environ.get("UV_CONFIG_FILE"):
        return [Path(named)]
    homes = [Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")]
    if os.environ.get("UV_NO_SYSTEM_CONFIG", "").lower() not in {"1", "true", "yes", "on"}:
        homes += [*map(Path, (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")), Path("/etc")]
    return [home / "uv" / "uv.toml" for home in homes]


@cache
def copy_settings(*files: Path) -> Path:
    """A directory for XDG_CONFIG_HOME, removed at exit, with what these files have of KEPT; the first of them wins."""
    settings: dict[str, Any] = {}
    for file in files:
        settings = {**{name: value for name, value in read_settings(file).items() if name in KEPT}, **settings}
    directory = Path(tempfile.mkdtemp(prefix="lockstep-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    (directory / "uv").mkdir()
    # A JSON string, number or list of strings is one of TOML, too.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (directory / "uv" / "uv.toml").write_text("".join(lines), encoding="utf-8")
    return directory


def read_settings(file: Path) -> dict[str, Any]:
    """A person's file that is missing or no TOML says nothing here: it is not the service's to mend."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
