"""Send traces and metrics by OTLP, and name the trace in the log; without an endpoint nothing of it is imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import urlsplit

from . import worker as own

__all__ = ["prepare", "worker"]

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
TWICE = "FASTAPI_OTEL_AUTO_CONFIGURE"


@contextmanager
def worker() -> Iterator[None]:
    """Around the service's own `worker`, so that what it does is seen, too; raises SystemExit for a bad variable."""
    with exporting() if is_on() else nullcontext(), own.worker():
        yield


def is_on() -> bool:
    """Whether somebody is to be told."""
    return bool(os.environ.get(ENDPOINT)) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def prepare() -> bool:
    """Import what sends, and say whether somebody is to be told; later it would hold up the event loop."""
    if is_on():
        from . import exporters  # noqa: F401  # not for who has no endpoint

    return is_on()


@contextmanager
def exporting() -> Iterator[None]:
    """In this process, after the fork: it starts threads."""
    refuse_bad_variables()
    from . import exporters

    with exporters.exporting():
        yield


def refuse_bad_variables() -> None:
    """Those that would otherwise lose everything, or send it twice, without a word."""
    endpoint = os.environ[ENDPOINT]
    if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
        refuse(ENDPOINT, endpoint, "Set an address such as http://collector:4318, or unset it to send nothing.")
    if (protocol := os.environ.get(PROTOCOL) or "http/protobuf") != "http/protobuf":
        refuse(PROTOCOL, protocol, "Unset it, and name the collector's port for HTTP, usually 4318.")
    if (twice := os.environ.get(TWICE, "")).lower() == "true":
        refuse(TWICE, twice, f"Unset it: with {ENDPOINT} each request would be sent twice.")


def refuse(variable: str, value: str, remedy: str) -> None:
    raise SystemExit(f"Telemetry cannot be sent.\n\n  {variable}   {value}\n\n{remedy}")
