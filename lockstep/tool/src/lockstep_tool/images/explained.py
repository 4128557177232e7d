"""Say what explains a file of an image above its base: a list that the build wrote, a locked wheel, or a commit."""

import base64
import posixpath
import re
from collections.abc import Collection, Iterator

from lockstep_tool.images.contents import LISTS, RECORD, Contents, File

__all__ = ["INTERPRETER", "name_listed", "name_published", "unexplained_files"]

[INTERPRETER, DEBIAN] = LISTS
# Whether these are the commit's, and what is in an environment, `parity` judges.
INPUTS = {"app/uv.lock", "app/pyproject.toml", "app/.python-version"}
ENVIRONMENT = "app/.venv/"
BYTE_CODE = re.compile(r"__pycache__/([^/]+)\.cpython-\d+\.pyc$")


def unexplained_files(contents: Contents) -> Iterator[File]:
    """Every file, link and empty directory above the base that nothing explains; the interpreter's have a check of their own."""
    listed, once = name_listed(contents, DEBIAN), {*INPUTS, DEBIAN}
    links = {file.path for file in contents.added() if file.member.issym()}
    full = {parent for path, file in contents.files.items() if not file.member.isdir() for parent in parents_of(path)}
    for file in contents.added():
        inside = f"{file.path}/".startswith((ENVIRONMENT, f"{LISTS[INTERPRETER]}/")) and links.isdisjoint(parents_of(file.path))
        fits = file.path in full if file.member.isdir() else file.path in once and file.digest
        if file.state == "special" or not (inside or fits or file.path in listed or not file.path):
            yield file


def parents_of(path: str) -> Iterator[str]:
    """The directories that a path is in."""
    while path := posixpath.dirname(path):
        yield path


def name_listed(contents: Contents, name: str) -> set[str]:
    """The paths that a list has, and that are what it says."""
    files = contents.files
    return {path for path, state in contents.listed(name).items() if path in files and files[path].state == state}


def name_published(contents: Contents, packages: Collection[str]) -> set[str]:
    """The paths of what anybody can have: the interpreter, Debian packages, and what the wheels of `packages` carry."""
    found = {path for name in LISTS for path in name_listed(contents, name)}
    for record, text in contents.texts.items():
        site, about = posixpath.split(posixpath.dirname(record))
        name = re.sub(r"[-_.]+", "-", about.removesuffix(".dist-info").rpartition("-")[0]).lower()
        if posixpath.basename(record) == RECORD and name in packages:
            found |= set(name_recorded(contents, site, text))
    code = ((path, BYTE_CODE.sub(r"\1.py", path)) for path in contents.files)
    return found | {path for path, source in code if path != source and source in found}


def name_recorded(contents: Contents, site: str, text: str) -> Iterator[str]:
    """The paths that a RECORD in the directory `site` has, and whose bytes are those that it says."""
    for line in text.splitlines():
        name, _, stated = line.rpartition(",")[0].rpartition(",")
        path = posixpath.normpath(posixpath.join(site, name.strip('"')))
        file = contents.files.get(path)
        if file and file.digest and stated == f"sha256={encode_digest(file.digest)}":
            yield path


def encode_digest(digest: str) -> str:
    """A sha256 in hexadecimal, as RECORD writes it."""
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
