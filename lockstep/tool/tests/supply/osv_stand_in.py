"""A vulnerability service on loopback that speaks OSV's API, well or badly.

https://google.github.io/osv.dev/api/
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loopback import Quiet, serve

__all__ = ["Osv", "stand_in_osv"]

Answer = Callable[[list[Any]], bytes]


@dataclass
class Osv:
    """`advisories` are whole documents by id; `badly` answers the first question in their stead; `asked` are the packages."""

    address: str = ""
    advisories: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    badly: Answer | None = None
    page: int = 100

    def publish(self, name: str, package: str, *fixed: str, **more: object) -> None:
        """An advisory of a package in every version before the `fixed` ones."""
        events = [{"introduced": "0"}, *({"fixed": version} for version in fixed)]
        affected = {
            "package": {"ecosystem": "PyPI", "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        self.advisories[name] = {"id": name, "summary": f"{package} is too kind", "affected": [affected], **more}

    def results(self, queries: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """A page of ids for each question."""
        for query in queries:
            name = query["package"]["name"]
            self.asked[name] = query["version"]
            ids = [one["id"] for one in self.advisories.values() if one["affected"][0]["package"]["name"] == name]
            first = int(query.get("page_token", 0))
            page = {"vulns": [{"id": one} for one in ids[first : first + self.page]]} if ids else {}
            yield {**page, "next_page_token": str(first + self.page)} if ids[first + self.page :] else page


@contextmanager
def stand_in_osv() -> Iterator[Osv]:
    """A service that knows nothing yet, until the end of the block."""
    osv = Osv()

    class Handler(Quiet):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            good = json.dumps({"results": list(osv.results(queries))}).encode()
            self.answer(200, osv.badly(queries) if osv.badly else good)

        def do_GET(self) -> None:
            found = osv.advisories.get(self.path.rpartition("/")[2])
            self.answer(200 if found else 404, json.dumps(found).encode())

    with serve(Handler) as host:
        osv.address = f"http://{host}"
        yield osv
