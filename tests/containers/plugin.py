"""Fixtures for tests that need a container engine, base images, or an interpreter that host and image share.

Where the engine is missing, such tests are skipped on a laptop, loudly, and fail in CI: nothing is green that was not looked at.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from .bases import PACKAGING, archive_of, bring_bases, image_of
from .building import build_settings
from .engine import Engine, NoEngine, find_engine
from .interpreter import interpreter_of
from .offered import OfferedInterpreter, offered
from .programs import CannotMake

NOT_LOOKED_AT = "not looked at: "


def not_looked_at(reason: Exception) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{NOT_LOOKED_AT}{reason}", pytrace=False)
    pytest.skip(f"{NOT_LOOKED_AT}{reason}")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine that answers here."""
    try:
        return find_engine()
    except NoEngine as reason:
        not_looked_at(reason)


@pytest.fixture(scope="session")
def bases(engine: Engine) -> Mapping[str, str]:
    """Build arguments that name local base images: UV_IMAGE, BUILD_IMAGE, RUNTIME_IMAGE."""
    try:
        return bring_bases(engine)
    except CannotMake as reason:
        not_looked_at(reason)


@pytest.fixture(scope="session")
def packaging_base(engine: Engine) -> str:
    """A BUILD_IMAGE with a working apt, for a service that names system packages."""
    try:
        return image_of(engine, archive_of(PACKAGING))
    except CannotMake as reason:
        not_looked_at(reason)


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfferedInterpreter]:
    """The interpreter that runs the tests, as a managed Python for uv."""
    try:
        made = interpreter_of(Path(sys.executable))
    except CannotMake as reason:
        not_looked_at(reason)
    with offered(made, tmp_path_factory.mktemp("offered")) as offer:
        yield offer


@pytest.fixture(scope="session")
def build_environment(bases: Mapping[str, str], interpreter: OfferedInterpreter) -> Mapping[str, str]:
    """Environment variables with which a service builds its image here, where no registry is in reach."""
    return build_settings(bases, interpreter)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end what was skipped for want of an engine; a dot's worth of `s` is overlooked."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NOT_LOOKED_AT in str(report.longrepr)]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} tests did not look at containers")
        terminalreporter.write_line(str(skipped[0].longrepr[2]))
