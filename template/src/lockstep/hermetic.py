# Lockstep's: what must not move a verdict. Change it by `copier update`, not by hand.
"""Keep verdicts from depending on whose machine it is.

Variables that change what uv resolves, installs or reads are taken out of the environment; where uv finds its cache,
its interpreters and its certificates is left alone. User and system configuration cannot move a lock's verdict,
because uv.toml states every setting that resolution depends on; variables could, because they win over files.
"""

import os

__all__ = ["MOVING", "environment"]

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


def environment() -> dict[str, str]:
    """The environment without what could move a verdict."""
    return {name: value for name, value in os.environ.items() if name not in MOVING}
