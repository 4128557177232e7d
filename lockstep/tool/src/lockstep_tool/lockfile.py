"""Read `uv.lock`: what the production set is on a given platform, and from where each file may come."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lockstep_serve.errors import Refusal
from lockstep_tool.markers import holds
from lockstep_tool.toml_file import expect_file

__all__ = ["Lock", "files_of", "name_of", "read_lock", "spot"]


@dataclass(frozen=True)
class Lock:
    """`packages` are the `[[package]]` tables in the order of the file, `header` is everything else; `text` is the
    file, to find a line again, with the ends of lines that uv writes; `returns` says whether it has others.
    """

    text: str
    packages: tuple[Mapping[str, Any], ...]
    header: Mapping[str, Any] = field(default_factory=dict)
    returns: bool = False

    @property
    def projects(self) -> list[Mapping[str, Any]]:
        """The packages that are directories of the repository: the locked project, and members of a workspace."""
        return [package for package in self.packages if {"editable", "virtual"} & set(package["source"])]

    @property
    def own(self) -> list[Mapping[str, Any]]:
        """The project that is locked, not what it needs: one in uv.lock, none in the lock of a script."""
        return [one for one in self.projects if "." in one["source"].values()]

    @property
    def root(self) -> Mapping[str, Any]:
        """The service itself; raises Refusal when the lock is of nothing, or of several projects."""
        if len(self.own) != 1:
            names = ", ".join(str(package["name"]) for package in self.own) or "none"
            raise Refusal("uv.lock must be the lock of one project.", [("uv.lock", f"locks {names}")], "Run `uv lock`.")
        return self.own[0]

    def named(self, name: str) -> Iterator[Mapping[str, Any]]:
        """All locked versions of a distribution; more than one when platforms differ."""
        return (package for package in self.packages if package["name"] == name)

    def production(self, environment: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
        """Normalised name → package, for everything the service needs where `environment` holds, itself left out."""
        needed: dict[str, Mapping[str, Any]] = {}
        extras: dict[str, set[str]] = {}
        todo = [edge for edge in self.root.get("dependencies", ()) if holds(edge.get("marker"), environment)]
        while todo:
            edge = todo.pop()
            name, wanted = edge["name"], set(edge.get("extra", ()))
            if name in needed and wanted <= extras[name]:
                continue
            package = self.chosen(edge, environment)
            needed[name] = package
            extras[name] = extras.get(name, set()) | wanted
            optional = package.get("optional-dependencies", {})
            edges = [*package.get("dependencies", ()), *(e for x in extras[name] for e in optional.get(x, ()))]
            todo += [e for e in edges if holds(e.get("marker"), environment)]
        return needed

    def chosen(self, edge: Mapping[str, Any], environment: Mapping[str, str]) -> Mapping[str, Any]:
        """The locked package that an edge means; raises Refusal for an edge into nothing."""
        fits = [p for p in self.named(edge["name"]) if "version" not in edge or p["version"] == edge["version"]]
        if len(fits) > 1:  # one version a platform: uv writes on each for which it is
            fits = [p for p in fits if any(holds(m, environment) for m in p.get("resolution-markers", ()))] or fits
        if not fits:
            raise Refusal(
                f"uv.lock needs {edge['name']}, and does not lock it.",
                [("uv.lock", f"no [[package]] named {edge['name']}")],
                "Run `uv lock`, and review what it changes.",
            )
        return fits[0]


def read_lock(path: Path, name: str = "") -> Lock:
    """Parse a lock, which messages call `name`; raises Refusal when it is missing, has conflict markers or is no lock."""
    name, text = name or path.name, ""
    try:
        content = expect_file(path).read_bytes()
        text = content.decode("utf-8").replace("\r\n", "\n")
        header = tomllib.loads(text)
        packages = header.pop("package", []) if path.name != "uv.lock" else header.pop("package")
        for one in packages if isinstance(packages, list) else [packages]:
            refuse_misshapen(one)
    except UnicodeDecodeError as error:
        raise Refusal(
            f"{name} is no text.", [(name, f"byte {error.start} is not UTF-8")], f"Restore it: `git checkout {name}`."
        ) from error
    except (OSError, ValueError, KeyError, AttributeError) as error:
        conflict = "\n<<<<<<<" in f"\n{text}"
        raise Refusal(
            f"{name} cannot be read.",
            [(name, "conflict markers" if conflict else str(error.strerror if isinstance(error, OSError) else error))],
            "Run `uv run noxfile.py -s relock`."
            if conflict and name == "uv.lock"
            else f"Restore it: `git checkout {name}`." + " Or run `uv lock`." * (name == "uv.lock"),
        ) from error
    return Lock(text, tuple(packages), header, b"\r" in content)


def refuse_misshapen(package: Any) -> None:
    """Raise ValueError for a package that no uv would write, so that what reads it need not look twice."""
    if not isinstance(package, dict) or not isinstance(package.get("name"), str) or not isinstance(package.get("source"), dict):
        raise ValueError("a [[package]] without name or source")
    tables = [*package.get("optional-dependencies", {}).values(), *package.get("dev-dependencies", {}).values()]
    for rows in (package.get("wheels", []), package.get("dependencies", []), *tables):
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{package['name']} has something else than a list of tables")
    if not all(isinstance(edge.get("name"), str) for rows in (package.get("dependencies", []), *tables) for edge in rows):
        raise ValueError(f"{package['name']} needs something without a name")
    if not isinstance(package.get("sdist", {}), dict):
        raise ValueError(f"{package['name']} has something else than a table as its sdist")


def files_of(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Wheels and the source archive."""
    return [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]


def name_of(file: Mapping[str, Any]) -> str:
    """The name of a locked file: as its address ends, or as it is stated for one that lies in the repository."""
    return str(file.get("filename") or unquote(urlsplit(str(file.get("url", ""))).path.rpartition("/")[2]))


def spot(name: str, lock: Lock, package: Mapping[str, Any], file: Mapping[str, Any] | None = None) -> str:
    """`name:line` of a package in a lock's file, or of one of its files."""
    version = f'\nversion = "{package["version"]}"' if "version" in package else ""
    at = max(lock.text.find(f'name = "{package["name"]}"{version}'), 0)
    if file is not None:
        at = max(lock.text.find(str(file.get("url") or file.get("filename") or file.get("hash")), at), at)
    return f"{name}:{lock.text.count(chr(10), 0, at) + 1}"
