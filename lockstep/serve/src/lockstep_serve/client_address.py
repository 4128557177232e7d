"""Name the client where a trusted proxy says who it is, as uvicorn does.

gunicorn takes the scheme from a trusted proxy, and leaves the client's address at the proxy's own.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

__all__ = ["client", "trusting", "wrap"]


def wrap(application: Any, trusted_proxies: str) -> Any:
    """The WSGI application, told the client's address; `trusted_proxies` are addresses and networks, or `*` for any."""
    trusted = trusting(trusted_proxies)

    def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said = environ.get("HTTP_X_FORWARDED_FOR")
        if said and trusted(environ.get("REMOTE_ADDR", "")):
            environ["REMOTE_ADDR"] = client(said, trusted) or environ["REMOTE_ADDR"]
        answer: Iterable[bytes] = application(environ, start_response)
        return answer

    return told


def trusting(trusted_proxies: str) -> Callable[[str], bool]:
    """Whether an address is among them."""
    words = [word.strip() for word in trusted_proxies.split(",") if word.strip()]
    networks = [ip_network(word, strict=False) for word in words if word != "*"]

    @lru_cache(maxsize=1024)
    def trusted(word: str) -> bool:
        address = parsed(word)
        return address is not None and ("*" in words or any(address in network for network in networks))

    return trusted


def client(said: str, trusted: Callable[[str], bool]) -> str | None:
    """The last address in X-Forwarded-For that is no trusted proxy: whoever came before it could say anything."""
    chain = [word.strip() for word in said.split(",")]
    first = next((word for word in reversed(chain) if not trusted(word)), chain[0])
    return first if parsed(first) else None


def parsed(word: str) -> IPv4Address | IPv6Address | None:
    """An address as it is compared: one of IPv4 that came through a socket of IPv6 is one of IPv4."""
    try:
        address = ip_address(word)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
