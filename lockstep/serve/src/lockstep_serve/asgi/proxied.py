"""Tell an ASGI application whom `client_address` believes, before anything else sees a request."""

from collections.abc import Callable
from typing import Any

from lockstep_serve.client_address import SCHEMES, find_client, parse_proxies, take_off
from lockstep_serve.definition import Definition

__all__ = ["Proxied"]


class Proxied:
    """The application, told so; where there is a `root`, it is itself `Below` that."""

    def __init__(self, application: Any, definition: Definition) -> None:
        self.application, self.root = application, definition.root_path
        self.trusted = parse_proxies(definition.trusted_proxies)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            peer, port = scope.get("client") or (find_nobody(scope), 0)
            if peer.startswith("::ffff:"):
                scope["client"] = (peer.removeprefix("::ffff:"), port)
            if self.trusted(peer):
                believe(scope, self.trusted)
            if self.root:
                scope["path"] = take_off(scope["path"], self.root)
                scope["raw_path"] = take_off(scope.get("raw_path") or b"", self.root.encode())
        await self.application(scope, receive, send)


def find_nobody(scope: Any) -> str:
    """What stands for a peer without an address: it came through a socket file, which has no port, or has left already."""
    server = scope.get("server")
    return "left" if server and isinstance(server[1], int) else ""


def believe(scope: Any, trusted: Callable[[str], bool]) -> None:
    """Put the client and the scheme of a proxy's headers into the scope."""
    forwarded, scheme = [], ""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
        elif name == b"x-forwarded-proto":
            scheme = value.decode("latin-1").lower()
    if scheme in SCHEMES:
        scope["scheme"] = scheme if scope["type"] == "http" else scheme.replace("http", "ws")
    if found := find_client(",".join(forwarded), trusted):
        scope["client"] = (found, 0)  # its port is not known
