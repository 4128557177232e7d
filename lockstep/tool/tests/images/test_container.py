"""A container has a name before it is started, and is gone afterwards, however its start went."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from lockstep_tool.engine import NO_ANSWER
from lockstep_tool.environments import in_container
from lockstep_tool.images import run_image
from lockstep_tool.images.container import Container
from tiny_service import DEFINITIONS

# Writes down what it is asked; what `run` does then is the test's.
ENGINE = '#!/bin/sh\necho "$@" >> "$ASKED"\n[ "$1" = run ] || exit 0\n{run}\n'
INTERRUPTED = "kill -INT $PPID; exit 130"  # as Ctrl-C reaches both


class Engine:
    """A command in the place of docker's."""

    def __init__(self, folder: Path) -> None:
        self.command, self.asked = folder / "docker", folder / "asked"

    def answer(self, run: str) -> None:
        self.command.write_text(ENGINE.format(run=run), encoding="utf-8")
        self.command.chmod(0o755)

    def names(self, subcommand: str) -> list[str]:
        """Of the containers that were started by `run`, or removed by `rm`."""
        asked = [line.split() for line in self.asked.read_text(encoding="utf-8").splitlines()]
        started = [words[words.index("--name") + 1] for words in asked if words[0] == "run"]
        return started if subcommand == "run" else [words[-1] for words in asked if words[:2] == ["rm", "--force"]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = Engine(tmp_path)
    monkeypatch.setenv("ASKED", str(engine.asked))
    monkeypatch.setenv("LOCKSTEP_ENGINE", str(engine.command))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield engine
    signal.signal(signal.SIGINT, before)


def container_of(engine: Engine) -> Container:
    return Container(str(engine.command), "localhost/orders-api:lockstep", "512m", {"LOCKSTEP_PROVE": "token"})


@pytest.mark.parametrize("run", ["exit 127", "exit 125", INTERRUPTED], ids=["no program", "engine failed", "Ctrl-C"])
def test_a_container_that_the_engine_did_not_start_is_removed(engine: Engine, run: str) -> None:
    engine.answer(run)
    with contextlib.suppress(Refusal, KeyboardInterrupt), container_of(engine):
        pass

    [name] = engine.names("run")
    assert engine.names("rm") == [name]


@pytest.mark.parametrize("run", ["exit 127", INTERRUPTED], ids=["no program", "Ctrl-C"])
def test_a_container_that_is_only_asked_is_removed(engine: Engine, run: str) -> None:
    engine.answer(run)
    with pytest.raises((Refusal, KeyboardInterrupt)):
        in_container.ask_image("localhost/orders-api:lockstep", 8000, {}, {}, ["/"])

    [name] = engine.names("run")
    assert engine.names("rm") == [name]


@pytest.mark.parametrize(
    ("run", "code"), [("exec sleep 60", NO_ANSWER), ("exit 1", 1)], ids=["it serves on", "it refuses to start"]
)
def test_a_start_in_vain_has_an_end(engine: Engine, monkeypatch: pytest.MonkeyPatch, run: str, code: int) -> None:
    monkeypatch.setattr(run_image, "SECONDS_IN_VAIN", 0.5 if code == NO_ANSWER else 60)
    engine.answer(run)

    assert run_image.start_in_vain(container_of(engine), read_definition(DEFINITIONS / "uvicorn.toml", {})) == code
    [name] = engine.names("run")
    assert engine.names("rm") == [name]
