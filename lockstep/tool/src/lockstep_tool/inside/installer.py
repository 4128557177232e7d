"""Know the files that uv adds to a .dist-info, and what it writes into them."""

import json

__all__ = ["INSTALLER_FILES", "is_by_installer", "is_installer_file"]

# Written by whoever installs, not by whoever made the wheel (PyPA: recording installed projects; uv adds the last two).
INSTALLER_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
# What the two that are not empty and no constant may say: of the wheel's origin, and of what uv compares to build it anew.
ORIGIN = {"url", "archive_info", "dir_info", "vcs_info", "subdirectory"}
CACHE_KEYS = {"timestamp", "commit", "tags", "env", "directories"}


def is_installer_file(name: str, about: str) -> bool:
    """Whether it is one of INSTALLER_FILES in a distribution's own .dist-info, whose name is `about`."""
    parent, _, last = name.rpartition("/")
    return parent == about and last in INSTALLER_FILES


def is_by_installer(name: str, text: str) -> bool:
    """Whether one of INSTALLER_FILES says what uv writes there."""
    if not name.endswith(".json"):
        return text == {"INSTALLER": "uv", "REQUESTED": ""}.get(name)
    try:
        said = json.loads(text)
    except ValueError:
        return False
    known = {"direct_url.json": ORIGIN, "uv_cache.json": CACHE_KEYS}
    return isinstance(said, dict) and (name == "uv_build.json" or said.keys() <= known[name])
