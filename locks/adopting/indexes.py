"""Where an existing service takes its packages from: each index in the order in which it is asked, and who may enter.

An index that is left out lets the public one answer for names that only a company has. So all that state one are read
here, whatever tool they are for, and the last that is asked becomes uv's default: the public one is asked only where
the service asks it today. `migrate-to-uv` reads none of a requirement list, and keeps the public index as the default.
"""

import configparser
import os
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from adopting.checkout import Checkout, read_text

__all__ = ["PUBLIC", "Index", "Indexes", "read_indexes"]

PUBLIC: str = tomllib.loads((Path(__file__).parents[2] / "template" / "uv.toml").read_text(encoding="utf-8"))["index"][0]["url"]
# Its name today, and the one that it had before.
PUBLIC_NAMES = r"https?://{}\.(?:python\.)?{}/simple/?".format(*str(urlsplit(PUBLIC).hostname).split("."))
OPTIONS = {
    "-i": "index",
    "--index-url": "index",
    "--pypi-url": "index",
    "--default-index": "index",
    "--extra-index-url": "extra",
    "--index": "extra",
    "-f": "links",
    "--find-links": "links",
}
VARIABLES = {
    "PIP_INDEX_URL": "index",
    "UV_INDEX_URL": "index",
    "UV_DEFAULT_INDEX": "index",
    "PIP_EXTRA_INDEX_URL": "extra",
    "UV_EXTRA_INDEX_URL": "extra",
    "UV_INDEX": "extra",
    "PIP_FIND_LINKS": "links",
    "UV_FIND_LINKS": "links",
}
CONFIGURED = {"index-url": "index", "extra-index-url": "extra", "find-links": "links"}
PERSONAL = (".config/pip/pip.conf", ".pip/pip.conf")


@dataclass(frozen=True)
class Index:
    """`user` and `password` are as they were stated, such as `${TOKEN}`; `spot` says where.

    `flat` is a page or a folder of files.
    """

    url: str
    spot: str
    name: str = ""
    explicit: bool = False
    flat: bool = False
    user: str = ""
    password: str = ""

    @property
    def variables(self) -> tuple[str, str]:
        """What uv reads the two from. https://docs.astral.sh/uv/concepts/indexes/#providing-credentials-directly"""
        word = re.sub(r"[^A-Za-z0-9]", "_", self.name).upper()
        return f"UV_INDEX_{word}_USERNAME", f"UV_INDEX_{word}_PASSWORD"

    @property
    def credentials(self) -> dict[str, str]:
        """The two variables with what is stated today, where the person who asks has it."""
        stated = zip(self.variables, (self.user, self.password), strict=True)
        values = {name: expand(text) for name, text in stated if text}
        return {name: value for name, value in values.items() if value and not os.environ.get(name)}


@dataclass
class Indexes:
    """`general` are asked for every name, in this order; `explicit` only for what names them."""

    general: list[Index] = field(default_factory=list)
    explicit: list[Index] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)

    @property
    def public(self) -> bool:
        """Whether the public index alone is asked, and nothing was stated."""
        return [index.url.rstrip("/") for index in self.general] == [PUBLIC] and not self.explicit

    def list_all(self) -> list[Index]:
        return [*self.general, *self.explicit]

    @property
    def credentials(self) -> dict[str, str]:
        return {name: value for index in self.list_all() for name, value in index.credentials.items()}

    def write_settings(self, text: str) -> str:
        """uv.toml with these indexes in place of its one."""
        if self.public:
            return text
        head = text.partition("[[index]]")[0]
        last = max((n for n, index in enumerate(self.general) if not index.flat), default=-1)
        blocks = [write_index(index, default=number == last) for number, index in enumerate(self.general)]
        return head + "\n".join(blocks)

    def write_explicit(self) -> str:
        """The tables of pyproject.toml: an index that a source names has to stand there."""
        return "".join(f"\n{write_index(index)}" for index in self.explicit)


def write_index(index: Index, *, default: bool = False) -> str:
    lines = ["[[index]]" if not index.explicit else "[[tool.uv.index]]"]
    lines += [f'name = "{index.name}"'] if index.name else []
    lines += [f'url = "{index.url}"', *(['format = "flat"'] if index.flat else [])]
    lines += ["default = true"] * default + ["explicit = true"] * index.explicit
    return "\n".join(lines) + "\n"


def expand(text: str) -> str:
    """What a variable that stands in an address is for this person; the text itself where there is none in it."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: os.environ.get(found[1], ""), text)


def read_indexes(here: Checkout, project: Mapping[str, Any], lists: Mapping[str, str], given: str = "") -> Indexes:
    """From all that state one; `given` is the address that a person chooses."""
    tool = project.get("tool", {})
    found = Indexes()
    if given:
        found.general = [split(given, "--index")]
    elif sources := tool.get("poetry", {}).get("source"):
        read_poetry(sources, found)
    elif "Pipfile" in here.files:
        read_pipfile(here, found)
    elif sources := tool.get("pdm", {}).get("source"):
        general = [split(str(one.get("url", "")), "pyproject.toml [[tool.pdm.source]]", one) for one in sources]
        found.general = [*general, *([] if any(one.name == "pypi" for one in general) else [split(PUBLIC, "PDM's own")])]
    elif settings := read_uv(here, tool):
        found.general, found.explicit = settings
    if not found.list_all() or found.public:
        stated = [*read_options(here, lists), *read_variables(here), *read_pip_configuration(here)]
        found.general = order_stated(stated)
    number_names(found)
    found.personal = list(find_personal(found))
    return found


def split(url: str, spot: str, about: Mapping[str, Any] | None = None) -> Index:
    """An address without the words that let somebody in."""
    about = about or {}
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":") if at else ("", "", "")
    bare = urlunsplit(parts._replace(netloc=host)) if at else url
    bare = PUBLIC if re.fullmatch(PUBLIC_NAMES, bare) else bare
    return Index(bare, spot, str(about.get("name", "")), user=user, password=password)


def read_poetry(sources: list[dict[str, Any]], found: Indexes) -> None:
    """A primary source takes the place of the public index, unless that is named as well.

    https://python-poetry.org/docs/repositories/#package-sources
    """
    order: dict[str, list[Index]] = {"default": [], "primary": [], "secondary": [], "supplemental": [], "explicit": []}
    for one in sources:
        public = str(one.get("name", "")).lower() == "pypi" and "url" not in one
        stated = str(one.get("priority", "default" if one.get("default") else "secondary" if one.get("secondary") else "primary"))
        index = split(PUBLIC if public else str(one.get("url", "")), "pyproject.toml [[tool.poetry.source]]", one)
        order.setdefault(stated.lower(), []).append(index)
    first = order["default"] + order["primary"]
    found.general = [*(first or [split(PUBLIC, "Poetry's own")]), *order["secondary"], *order["supplemental"]]
    found.explicit = [replace(index, explicit=True) for index in order["explicit"]]


def read_pipfile(here: Checkout, found: Indexes) -> None:
    """The first source is asked for all that names none; the others only for what names them.

    https://pipenv.pypa.io/en/latest/indexes.html
    """
    try:
        sources = tomllib.loads(here.read("Pipfile")).get("source", [])
    except tomllib.TOMLDecodeError:
        return
    split_sources = [split(str(one.get("url", PUBLIC)), "Pipfile [[source]]", one) for one in sources]
    found.general = split_sources[:1]
    found.explicit = [replace(index, explicit=True) for index in split_sources[1:]]


def read_uv(here: Checkout, tool: Mapping[str, Any]) -> tuple[list[Index], list[Index]] | None:
    """uv.toml where there is one, else pyproject.toml; a default index is asked last."""
    settings: Mapping[str, Any] = tool.get("uv", {})
    spot = "pyproject.toml [tool.uv]"
    declared = list(settings.get("index", ()))
    if "uv.toml" in here.files:
        settings, spot = tomllib.loads(here.read("uv.toml")), "uv.toml"
        declared = [*settings.get("index", ()), *(one for one in declared if one.get("explicit"))]
    general, explicit, default = list[Index](), list[Index](), list[Index]()
    for one in declared:
        index = replace(split(str(one.get("url", "")), spot, one), flat=one.get("format") == "flat")
        if one.get("explicit"):
            explicit.append(replace(index, explicit=True))
        else:
            (default if one.get("default") else general).append(index)
    general += [split(url, spot) for url in settings.get("extra-index-url", ())]
    links = [replace(split(url, spot), flat=True) for url in settings.get("find-links", ())]
    default = default or [split(str(settings.get("index-url", PUBLIC)), spot)]
    stated = bool(declared or {"index-url", "extra-index-url", "find-links"} & settings.keys())
    return ([*links, *general, *default], explicit) if stated else None


def read_options(here: Checkout, lists: Mapping[str, str]) -> Iterator[tuple[str, Index]]:
    """Options for pip in requirement lists, and behind a command that installs in a Dockerfile or a script."""
    for file, text in lists.items():
        yield from options_of(re.findall(r"^\s*(-[^\s=]+)[\s=]+(\S+)", text, re.MULTILINE), file)
    for file in here.files:
        if re.search(r"(^|/)(Dockerfile[^/]*|Containerfile|[^/]+\.sh|Procfile|\.gitlab-ci\.yml)$|^\.github/workflows/", file):
            text = here.read(file).replace("\\\n", " ")
            for command in re.findall(r"\b(?:pip3?|uv pip|uv|poetry)\s+(?:install|sync|lock)\b[^;&|\n]*", text):
                yield from options_of(re.findall(r"\s(-[^\s=]+)[\s=]+(\S+)", command), file)


def options_of(pairs: list[tuple[str, str]], spot: str) -> Iterator[tuple[str, Index]]:
    for option, value in pairs:
        if option in OPTIONS:
            yield OPTIONS[option], split(value.strip("'\""), spot)


def read_variables(here: Checkout) -> Iterator[tuple[str, Index]]:
    """Variables for pip and uv that a Dockerfile, a compose file, CI or a file of variables states."""
    for file in here.files:
        if not re.search(
            r"(^|/)(Dockerfile[^/]*|Containerfile|[^/]*compose[^/]*\.ya?ml|\.gitlab-ci\.yml|\.env[^/]*)$|^\.github/", file
        ):
            continue
        for name, value in re.findall(r"\b((?:PIP|UV)_\w+)\s*[=:]\s*(\S.*)$", here.read(file), re.MULTILINE):
            for url in split_words(value) if name in VARIABLES else ():
                if "://" in url and "secrets." not in url:
                    yield VARIABLES[name], split(url, f"{file} {name}")


def split_words(value: str) -> list[str]:
    try:
        return shlex.split(value.rstrip("\\").strip())
    except ValueError:
        return value.split()


def read_pip_configuration(here: Checkout) -> Iterator[tuple[str, Index]]:
    """pip.conf in the repository, which a Dockerfile or CI copies to where pip looks."""
    for file in (name for name in here.files if re.search(r"(^|/)pip\.(conf|ini)$", name)):
        for kind, url in parse_configuration(here.read(file)):
            yield kind, split(url, file)


def parse_configuration(text: str) -> Iterator[tuple[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in ("global", "install"):
        for name, value in parser.items(section) if parser.has_section(section) else ():
            yield from ((CONFIGURED[name], url) for url in value.split() if name in CONFIGURED)


def order_stated(stated: list[tuple[str, Index]]) -> list[Index]:
    """As uv asks: what was extra first, so that a name of the company's is found there, and the default last."""
    kinds: dict[str, list[Index]] = {"links": [], "extra": [], "index": []}
    for kind, index in stated:
        if index.url.rstrip("/") not in {one.url.rstrip("/") for one in kinds[kind]}:
            kinds[kind].append(replace(index, flat=kind == "links"))
    return [*kinds["links"], *kinds["extra"], *(kinds["index"] or [split(PUBLIC, "pip's own")])]


def number_names(found: Indexes) -> None:
    """Each index that wants a name gets one: uv finds its credentials by that."""
    for part in (found.general, found.explicit):
        for number, index in enumerate(part):
            host = urlsplit(index.url).hostname or "files"
            name = re.sub(r"[^A-Za-z0-9-]+", "-", index.name or host).strip("-").lower()
            needed = index.user or index.explicit or index.name
            part[number] = replace(index, name=name if needed else "")


def find_personal(found: Indexes) -> Iterator[str]:
    """What this person's own pip and uv are told, and the repository does not say."""
    known = {index.url.rstrip("/") for index in found.list_all()}
    stated = [(f"${name}", kind, os.environ.get(name, "")) for name, kind in VARIABLES.items()]
    for file in (*(Path.home() / name for name in PERSONAL), Path("/etc/pip.conf")):
        stated += [(str(file), kind, url) for kind, url in parse_configuration(read_text(file))]
    for spot, kind, url in stated:
        if kind == "index" and url and split(url, "").url.rstrip("/") not in {*known, PUBLIC}:
            yield f"{spot} names {split(url, '').url}, and the repository does not: `--index ADDRESS` takes it"
