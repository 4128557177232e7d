"""Who the client is, by which scheme it came, and below which path: one rule for every server model.

Believed are X-Forwarded-For and X-Forwarded-Proto of a peer that is one of `trusted_proxies`, and of whoever may connect to
a socket file. The servers do not decide: each has a rule of its own, which holds for some addresses only.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, AnyStr

from lockstep_serve.definition import Definition

__all__ = ["ASGI", "WSGI", "Below", "find_client", "parse_proxies"]

SCHEMES = frozenset({"http", "https"})
WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")  # as some proxies write it


def parse_proxies(trusted_proxies: str) -> Callable[[str], bool]:
    """Whether an address is among them; an empty one is that of a socket file."""
    words = [word.strip() for word in trusted_proxies.split(",") if word.strip()]
    networks = [ip_network(word, strict=False) for word in words if word != "*"]

    @lru_cache(maxsize=1024)
    def trusted(word: str) -> bool:
        address = parse_address(word)
        return not word or (address is not None and ("*" in words or any(address in network for network in networks)))

    return trusted


def find_client(forwarded: str, trusted: Callable[[str], bool]) -> str | None:
    """The last address in X-Forwarded-For that is no trusted proxy: a client can write anything before it."""
    chain = [word.strip() for word in forwarded.split(",")]
    first = parse_address(next((word for word in reversed(chain) if not trusted(word)), chain[0]))
    return str(first) if first else None


def parse_address(word: str) -> IPv4Address | IPv6Address | None:
    """An address as it is compared: one of IPv4 that came through a socket of IPv6 is one of IPv4."""
    if found := WITH_PORT.fullmatch(word):
        word = found[1] or found[2]
    try:
        address = ip_address(word)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class WSGI:
    """The application, told so; `root` is the path below which clients see it, whether the proxy passes that on or not."""

    def __init__(self, application: Any, definition: Definition) -> None:
        self.application, self.root = application, definition.root_path
        self.trusted = parse_proxies(definition.trusted_proxies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        peer = environ.get("REMOTE_ADDR", "")
        if self.trusted(peer):
            if (scheme := environ.get("HTTP_X_FORWARDED_PROTO", "").lower()) in SCHEMES:
                environ["wsgi.url_scheme"] = scheme
            peer = find_client(environ.get("HTTP_X_FORWARDED_FOR", ""), self.trusted) or peer
        environ["REMOTE_ADDR"] = peer.removeprefix("::ffff:")
        if self.root:
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = self.root, take_off(environ["PATH_INFO"], self.root)
        return self.application(environ, start_response)


class ASGI:
    """The same; the application itself is to be `Below` the path."""

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


class Below:
    """An ASGI application that sees the whole path, and which part of it is not its own, as ASGI has it."""

    def __init__(self, application: Any, root: str) -> None:
        self.application, self.root = application, root

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            raw_path = self.root.encode() + scope["raw_path"]
            scope = {**scope, "root_path": self.root, "path": self.root + scope["path"], "raw_path": raw_path}
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


def take_off(path: AnyStr, root: AnyStr) -> AnyStr:
    """The path as the service itself states it."""
    rest, slash = path.removeprefix(root), path[:1]
    return rest if rest[:1] == slash else slash if path == root else path
