"""Whoever runs the tests, they are run by nobody."""

import os
from pathlib import Path

__all__ = ["become_nobody"]


def become_nobody(home: Path) -> None:
    """Give this process a git identity of its own, kept in `home`, and no settings of git, Copier or uv."""
    identity = home / "gitconfig"
    identity.write_text("[user]\n\tname = Nobody\n\temail = nobody@example.org\n[init]\n\tdefaultBranch = main\n")
    settings = home / "settings.yml"
    settings.write_text("{}\n")
    os.environ |= {
        "GIT_CONFIG_GLOBAL": str(identity),
        "GIT_CONFIG_NOSYSTEM": "1",
        "COPIER_SETTINGS_PATH": str(settings),
        "UV_NO_SYSTEM_CONFIG": "1",
        "NO_COLOR": "1",
    }
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    # `uv run` sets these for the tests' own environment.
    for name in ("VIRTUAL_ENV", "UV_PROJECT", "UV_LOCKED", "UV_PROJECT_ENVIRONMENT"):
        os.environ.pop(name, None)
    os.environ.pop("PYTEST_ADDOPTS", None)  # they are for these tests, not for those of a service
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every start of a server would compile everything again
