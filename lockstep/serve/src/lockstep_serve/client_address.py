"""Take the client's address from a trusted proxy, as uvicorn does.

gunicorn takes the scheme from a trusted proxy, and leaves the proxy's own address as the client's.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

__all__ = ["find_client", "parse_proxies"]


def parse_proxies(trusted_proxies: str) -> Callable[[str], bool]:
    """Whether an address is among them."""
    words = [word.strip() for word in trusted_proxies.split(",") if word.strip()]
    networks = [ip_network(word, strict=False) for word in words if word != "*"]

    @lru_cache(maxsize=1024)
    def trusted(word: str) -> bool:
        address = parse_address(word)
        return address is not None and ("*" in words or any(address in network for network in networks))

    return trusted


def find_client(forwarded: str, trusted: Callable[[str], bool]) -> str | None:
    """The last address in X-Forwarded-For that is no trusted proxy: a client can write anything before it."""
    chain = [word.strip() for word in forwarded.split(",")]
    first = next((word for word in reversed(chain) if not trusted(word)), chain[0])
    return first if parse_address(first) else None


def parse_address(word: str) -> IPv4Address | IPv6Address | None:
    """An address as it is compared: one of IPv4 that came through a socket of IPv6 is one of IPv4."""
    try:
        address = ip_address(word)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
