"""Send traces and metrics by OTLP, and name the trace in the log; without an endpoint nothing of it is imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import urlsplit

from . import worker as own

__all__ = ["prepare", "worker"]

SIGNALS = ("TRACES", "METRICS")
TWICE = "FASTAPI_OTEL_AUTO_CONFIGURE"


@contextmanager
def worker() -> Iterator[None]:
    """Around the service's own `worker`, so that what it does is seen, too; raises SystemExit for a bad variable."""
    with exporting() if is_on() else nullcontext(), own.worker():
        yield


def is_on() -> bool:
    """Whether somebody is to be told."""
    return bool(sent_signals()) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def sent_signals() -> list[str]:
    """Those that have an endpoint, and whose exporter is not `none`."""
    wanted = [signal for signal in SIGNALS if os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() != "none"]
    return [signal for signal in wanted if os.environ.get(find_variable(signal, "ENDPOINT"))]


def find_variable(signal: str, value: str) -> str:
    """The name of the variable that says it: a signal's own, where it is set, or the one for all."""
    special = f"OTEL_EXPORTER_OTLP_{signal}_{value}"
    return special if os.environ.get(special) else f"OTEL_EXPORTER_OTLP_{value}"


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

    with exporters.exporting(sent_signals()):
        yield


def refuse_bad_variables() -> None:
    """Those that would otherwise lose everything, or send it twice, without a word."""
    for signal in sent_signals():
        endpoint = os.environ[name := find_variable(signal, "ENDPOINT")]
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
            path = f"/v1/{signal.lower()}" if signal in name else ""  # a signal's own is the whole address
            refuse(name, endpoint, f"Set an address such as http://collector:4318{path}, or unset it to send nothing.")
        protocol = os.environ.get(name := find_variable(signal, "PROTOCOL")) or "http/protobuf"
        if protocol != "http/protobuf":
            refuse(name, protocol, "Unset it, and name the collector's port for HTTP, usually 4318.")
    if (twice := os.environ.get(TWICE, "")).lower() == "true":
        refuse(TWICE, twice, "Unset it: with an endpoint each request would be sent twice.")


def refuse(variable: str, value: str, remedy: str) -> None:
    raise SystemExit(f"Telemetry cannot be sent.\n\n  {variable}   {value}\n\n{remedy}")
