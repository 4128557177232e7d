"""The service's `worker` surrounds the lifespan of an ASGI application, whether it knows one or not."""

import asyncio
from typing import Any

import pytest

from lockstep_serve.asgi import lifespan


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens, in order."""
    found: list[str] = []
    monkeypatch.setattr(lifespan, "enter_worker", lambda: found.append("enter"))
    monkeypatch.setattr(lifespan, "leave_worker", lambda *, stopped: found.append("leave"))
    return found


def run(application: Any, events: list[str]) -> None:
    """One lifespan, as a server drives it."""
    messages = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> Any:
        return {"type": messages.pop(0)}

    async def send(message: Any) -> None:
        events.append(message["type"].removeprefix("lifespan."))

    async def finish() -> bool:
        events.append("finish")
        return False

    asyncio.run(lifespan.run(application, {"type": "lifespan"}, receive, send, finish))


def test_an_application_with_a_lifespan_has_its_own_inside(events: list[str]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        for word in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{word}"
            events.append(f"own {word}")
            await send({"type": f"lifespan.{word}.complete"})

    run(application, events)

    assert events == ["enter", "own startup", "startup.complete", "finish", "own shutdown", "leave", "shutdown.complete", "leave"]


@pytest.mark.parametrize("reads_first", [True, False])
def test_one_that_refuses_a_lifespan_is_answered_for(events: list[str], reads_first: bool) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if reads_first:
            await receive()
        raise RuntimeError("only HTTP")

    run(application, events)

    assert events == ["enter", "startup.complete", "finish", "leave", "shutdown.complete"]


def test_one_that_ignores_it_is_answered_for(events: list[str]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        """Nothing."""

    run(application, events)

    assert events == ["enter", "startup.complete", "finish", "leave", "shutdown.complete"]


def test_a_startup_that_fails_leaves_the_worker(events: list[str]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    run(application, events)

    assert events[:3] == ["enter", "leave", "startup.failed"]


def test_a_failure_after_the_start_is_not_hidden(events: list[str]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        raise LookupError("in shutdown")

    with pytest.raises(LookupError):
        run(application, events)

    assert events == ["enter", "startup.complete", "leave"]
