"""What each value of the server definition may be."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

__all__ = ["KINDS", "Kind", "SocketFile", "find_socket_file"]


@dataclass(frozen=True)
class Kind:
    """What a value must be; `parse` raises ValueError otherwise."""

    parse: Callable[[Any], Any]
    expected: str


def number(low: int, high: int, unit: str = "") -> Kind:
    """A whole number from low to high."""

    def parse(raw: Any) -> int:
        if isinstance(raw, bool) or not str(raw).lstrip("-").isdecimal() or not low <= int(raw) <= high:
            raise ValueError
        return int(raw)

    return Kind(parse, f"a whole number{' of ' + unit if unit else ''} from {low} to {high}")


def seconds(low: float, high: float) -> Kind:
    """A number of seconds from low to high."""

    def parse(raw: Any) -> float:
        if isinstance(raw, bool) or not low <= (value := float(raw)) <= high:
            raise ValueError
        return value

    return Kind(parse, f"a number of seconds from {low:g} to {high:g}")


def text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError
    return raw.strip()


@dataclass(frozen=True)
class SocketFile:
    """`unix:PATH`, and who may connect: the file's mode, and its group if that is another than the process's."""

    path: str
    mode: int
    group: str


def find_socket_file(host: str) -> SocketFile | None:
    """The file that a host names; None for an address. Raises ValueError for another path or option."""
    if not host.startswith("unix:"):
        return None
    found = re.fullmatch(r"unix:(/[^,\0]+)(?:,mode=0?([0-7]{3}))?(?:,group=([\w.-]+))?", host)
    if found is None:
        raise ValueError
    return SocketFile(found[1], int(found[2] or "660", 8), found[3] or "")


def host(raw: Any) -> str:
    """An address, without brackets, a name or a socket file; no port, and no URL."""
    word = text(raw)
    if find_socket_file(word) is None:
        word = word[1:-1] if word.startswith("[") and word.endswith("]") else word
        if ":" in word or re.fullmatch(r"[\d.]+", word):
            ip_address(word)
        elif not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", word):
            raise ValueError
    return word


def root(raw: Any) -> str:
    """A path without its last slash; the root itself is nothing."""
    if not isinstance(raw, str) or not re.fullmatch(r"(/[\w.~-]+)*/?", raw.strip(), re.ASCII):
        raise ValueError
    return raw.strip().rstrip("/")


def networks(raw: Any) -> str:
    """Addresses and networks, so that a misspelt one does not silently trust nobody."""
    words = [word.strip() for word in text(raw).split(",")]
    for word in words:
        if word != "*":
            ip_network(word, strict=False)
    return ",".join(words)


def auto_or_number(raw: Any) -> Any:
    return raw if raw == "auto" else number(1, 512).parse(raw)


KINDS: Mapping[str, Kind] = {
    "host": Kind(host, "an address without a port, such as 0.0.0.0 or ::, or unix:/PATH[,mode=660][,group=NAME]"),
    "port": number(1, 65535),
    "root_path": Kind(root, "a path such as /orders, or empty"),
    "workers": Kind(auto_or_number, '"auto" or a whole number of processes from 1 to 512'),
    "threads": number(1, 1024, "threads"),
    "request_timeout": number(1, 3600, "seconds"),
    "drain": number(1, 3600, "seconds"),
    "drain_lead": seconds(0, 600),
    "grace": number(1, 7200, "seconds"),
    "keep_alive": number(1, 3600, "seconds"),
    "backlog": number(1, 65535, "connections"),
    "concurrency": number(1, 1_000_000, "requests"),
    "queue": number(0, 65535, "requests"),
    "loop_stall": seconds(0.01, 3600),
    "max_requests": number(0, 100_000_000, "requests"),
    "max_requests_jitter": number(0, 100_000_000, "requests"),
    "max_headers": number(8, 10_000, "header fields"),
    "max_header_bytes": number(256, 65_535, "bytes"),
    "max_body_bytes": number(0, 2**40, "bytes"),
    "trusted_proxies": Kind(networks, "addresses or networks separated by commas, or * for any"),
}
