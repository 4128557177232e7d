"""What looking into an environment costs as its packages grow in number: processor time, and how straight its line is."""

import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.environments.probe import probe_program
from lockstep_tool.environments.verdicts import recall_verdicts
from lockstep_tool.prove.proofs import ANSWERS, PROOFS
from services import BUILD, Service

__all__ = ["Line", "Point", "fit_line", "measure_growth"]

# What services really have beside their framework; the second step comes on top of the first. None is built from source.
STEPS: tuple[tuple[str, ...], ...] = (
    (),
    ("sqlalchemy", "alembic", "psycopg", "redis", "celery", "jinja2", "sentry-sdk", "structlog", "orjson", "tenacity", "pyjwt"),
    (
        "aiohttp", "boto3", "paramiko", "rich", "typer", "marshmallow", "jsonschema", "apispec", "babel", "lxml",
        "markdown", "bleach", "dnspython", "email-validator", "phonenumbers", "python-slugify", "pycountry", "arrow",
        "beautifulsoup4", "cachetools",
        "cattrs", "msgpack", "protobuf", "grpcio", "googleapis-common-protos", "google-auth", "opentelemetry-sdk",
        "opentelemetry-exporter-otlp", "opentelemetry-instrumentation-asgi", "prometheus-client", "statsd", "pika", "aio-pika",
        "kafka-python", "pymongo", "elasticsearch", "stripe", "passlib", "bcrypt", "itsdangerous", "python-multipart", "qrcode",
        "pypdf", "openpyxl", "xmltodict", "deepdiff", "watchdog", "zeep", "oauthlib", "requests-oauthlib", "flask", "geopy",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """Seconds of processor time, user and system, children included; the least of several runs, for a machine is never quiet."""

    packages: int
    fingerprint: float
    parity_first: float
    parity: float


@dataclass(frozen=True)
class Line:
    """Least squares: seconds at the start, seconds for a package, and the largest distance from it as a part of the line."""

    start: float
    each: float
    worst: float

    def at(self, packages: int) -> float:
        return self.start + self.each * packages


def measure_growth(good: Service, folder: Path, runs: int) -> list[Point]:
    """One for each of STEPS; `good` stays as it is."""
    return [
        measure_point(grow_service(good, folder / f"grown-{number}", STEPS[: number + 1]), runs) for number in range(len(STEPS))
    ]


def grow_service(good: Service, folder: Path, steps: Sequence[Sequence[str]]) -> Service:
    """A copy of the service with more packages, built and once looked into, so that the wheels are known."""
    shutil.copytree(good.path, folder, ignore=shutil.ignore_patterns(".nox"))
    service = Service(folder, {**good.settings, "LOCKSTEP_ENGINE": "no-such-engine"})
    names = [name for step in steps for name in step]
    if names:
        require_success(service.run("uv", "add", "--quiet", "--no-sync", *names))
    require_success(service.run(sys.executable, "-B", "-c", BUILD))
    looked = service.lockstep("parity")
    assert "\n0 differences matter" in looked.stdout, looked.stdout
    return service


def measure_point(service: Service, runs: int) -> Point:
    packages = len(list(service.site_packages().glob("*.dist-info"))) - 1  # the service itself
    print(f"  {packages} packages …", file=sys.stderr, flush=True)
    return Point(
        packages,
        count_processor_seconds(runs, lambda: look_into(service)),
        count_processor_seconds(runs, lambda: run_first_parity(service)),
        count_processor_seconds(runs, lambda: service.lockstep("parity")),
    )


def run_first_parity(service: Service) -> None:
    """With nothing remembered of what its servers answer."""
    for file in (PROOFS, ANSWERS):
        (service.path / file).unlink(missing_ok=True)
    service.lockstep("parity")


def look_into(service: Service) -> None:
    """Pipe the probe into the production set's interpreter."""
    python = service.path / ".nox" / "production" / "bin" / "python"
    subprocess.run([python, "-B", "-"], input=probe_program(recall_verdicts()), stdout=subprocess.DEVNULL, check=True)


def count_processor_seconds(runs: int, act: Callable[[], object]) -> float:
    """The least that a run's processes and their children used."""
    used = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        act()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(used)


def fit_line(packages: Sequence[int], seconds: Sequence[float]) -> Line:
    each, start = statistics.linear_regression(packages, seconds)
    worst = max(abs(s - (start + each * n)) / (start + each * n) for n, s in zip(packages, seconds, strict=True))
    return Line(start, each, worst)


def require_success(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        sys.exit(f"{done.args} failed:\n{done.stdout}")
