"""Keep verdicts from depending on whose machine it is.

Variables that change what uv resolves, installs or reads are taken out of the environment, with those that nobody here
knows; where uv finds its cache, its interpreters and its certificates is left alone. Of a person's and the machine's own
uv.toml, uv is given a copy with the same rule: an index, a required version or a mistake in one of them would move a verdict.
"""

import atexit
import json
import os
import re
import tempfile
import tomllib
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["KEPT", "configurations", "environment", "name_moving", "remove_copies"]

_copies = ExitStack()
atexit.register(_copies.close)

# Variables of uv that say how it reaches and caches things, which interpreters it has, and what it prints; or that are of
# other commands, of its installer, or of the process itself. Any other, also one that a later uv brings, could move what
# is resolved or installed. https://docs.astral.sh/uv/reference/environment/
STAYING = re.compile(
    r"UV_(?:(?:NO_)?CACHE\w*|OFFLINE|\w*HTTP_\w+|REQUEST_TIMEOUT|LOCK_TIMEOUT|\w*TLS|SYSTEM_CERTS|INSECURE_HOST|CONCURRENT_\w+"
    r"|INDEX_\w+_(?:USERNAME|PASSWORD)|KEYRING_\w+|CREDENTIALS_DIR|API_KEY|AUTH_TOKEN|(?:NO_)?GITHUB_\w+|NO_HF_TOKEN|HF_TOKEN"
    r"|\w+_ENDPOINT_URL|\w+_MIRROR(?:_URL)?|MALWARE_CHECK\w*"
    r"|(?:NO_)?MANAGED_PYTHON|PYTHON_(?:PREFERENCE|DOWNLOADS\w*|INSTALL_\w+|\w*DIR|SEARCH_PATH|NO_REGISTRY|\w+_BUILD)"
    r"|COMPILE_BYTECODE\w*|NO_PROGRESS|NO_WRAP|NO_COLOR|LOG_CONTEXT|HIDE_BUILD_OUTPUT|SHOW_RESOLUTION|STACK_SIZE"
    r"|(?:NO_)?ENV_FILE|RUN_\w+|TOOL_\w+|INIT_\w+|PUBLISH_\w+|INSTALL\w*|UNMANAGED_INSTALL|DOWNLOAD_URL|DISABLE_UPDATE"
    r"|NO_MODIFY_PATH|INTERNAL__\w+|NO_SYSTEM_CONFIG|THREADPOOL_SIZE|USE_IO_URING)"  # the last two are libuv's
)
# How files come out of the cache: but for links into it, the environment is the same.
COPYING = {"clone", "copy", "hardlink"}


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
    moving = name_moving()
    left = {name: value for name, value in os.environ.items() if name not in moving}
    return {**left, "UV_NO_SYSTEM_CONFIG": "1", "XDG_CONFIG_HOME": str(copy_settings(*configurations()))}


def name_moving() -> set[str]:
    """The variables of this environment that could move a verdict."""
    named = {name for name in os.environ if name.startswith("UV_") and not STAYING.fullmatch(name)}
    return named - ({"UV_LINK_MODE"} if os.environ.get("UV_LINK_MODE") in COPYING else set())


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
    made = tempfile.TemporaryDirectory(prefix="lockstep-", ignore_cleanup_errors=True)
    directory = Path(_copies.enter_context(made))
    (directory / "uv").mkdir()
    # A JSON string, number or list of strings is one of TOML, too.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (directory / "uv" / "uv.toml").write_text("".join(lines), encoding="utf-8")
    return directory


def remove_copies() -> None:
    """Before this process becomes another program, which has no exit of ours."""
    _copies.close()
    copy_settings.cache_clear()


def read_settings(file: Path) -> dict[str, Any]:
    """A person's file that is missing or no TOML says nothing here: it is not the service's to mend."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
