"""Say whose a file is, by its name.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
"""

import re
from functools import cache

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

__all__ = ["belongs"]


def belongs(name: str, project: str, version: str) -> bool:
    """Whether a file's name is one of this project and version; files keep the spelling that their authors chose."""
    if name.endswith(".whl"):
        its_project, its_version = [*name.split("-"), ""][:2]
    else:
        its_project, _, its_version = re.sub(r"\.(tar\.gz|zip|tar\.bz2|tgz)$", "", name).rpartition("-")
    return canonicalize_name(its_project) == project and parse_version(its_version) == parse_version(version)


@cache
def parse_version(text: str) -> Version | str:
    """The text itself where it is no version, as in the names of some old archives."""
    try:
        return Version(text)
    except InvalidVersion:
        return text
