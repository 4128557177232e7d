"""Who the client is, by which scheme it came, and below which path: one rule for every server model.

Believed are X-Forwarded-For and X-Forwarded-Proto of a peer that is one of `trusted_proxies`, and of whoever may connect to
a socket file. The servers do not decide: each has a rule of its own, which holds for some addresses only.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import AnyStr

__all__ = ["SCHEMES", "find_client", "parse_proxies", "take_off"]

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
    if not forwarded:  # parsing what cannot be parsed costs more than all else here
        return None
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


def take_off(path: AnyStr, root: AnyStr) -> AnyStr:
    """The path as the service itself states it; its metrics are not for those who come through the proxy."""
    rest, slash = path.removeprefix(root), path[:1]
    if rest in ("/metrics", b"/metrics"):
        return path
    return rest if rest[:1] == slash else slash if path == root else path
