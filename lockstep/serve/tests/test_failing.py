"""What cannot start says why in words, and ends with the code that orchestrators know."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep_serve import serving
from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from running import free_port
from services import COMMAND, DEFINITIONS, MODELS, Service, make_service

BOOT_FAILURE = 3
SECOND_SOURCES = {"gunicorn": ("GUNICORN_CMD_ARGS", "--workers 9"), "uvicorn": ("UVICORN_WORKERS", "4")}
FAULTS = {
    "an import": ("import no_such_module\n", "", "The service's `app` cannot be imported.", "No module named 'no_such_module'"),
    "a factory": ("", 'raise KeyError("DATABASE")', "The service's `app` cannot be made.", "KeyError: 'DATABASE'"),
    "a setting": ("import sys\n", 'sys.exit("ORDERS_LEVEL is not a level.")', "ORDERS_LEVEL is not a level.", ""),
}


@pytest.fixture
def one(tmp_path: Path) -> Service:
    """For what is the same in every model."""
    return make_service(tmp_path, "gunicorn-sync")


def fail(service: Service, code: int, **settings: str) -> str:
    """What `serve` prints before it ends with this code."""
    done = service.run("serve", **{"PORT": str(free_port()), **settings})
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_a_broken_application_is_a_message_and_code_3(service: Service) -> None:
    with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
        text = fail(service, BOOT_FAILURE)

    assert "The service's `app` cannot be imported." in text
    assert "No module named 'no_such_module'" in text
    assert "orders/hello.py:" in text


def test_a_worker_part_that_fails_is_a_message_and_code_3(service: Service) -> None:
    text = fail(service, BOOT_FAILURE, FAIL="1")

    assert "The service's `worker` cannot start." in text
    assert "ConnectionError: the pool is out of reach" in text
    assert "orders/worker.py:" in text


WRONG_VARIABLES = {"GUNICORN_FD": "abc", "GUNICORN_PID": "abc"}


def test_a_predecessor_that_is_none_is_a_message(service: Service) -> None:
    text = fail(service, 1, **WRONG_VARIABLES)

    assert text.startswith("No socket of a predecessor is there.")


@pytest.mark.parametrize(
    "variables",
    [{"LISTEN_FDS": "abc", "LISTEN_PID": "1"}, {"GUNICORN_FD": "", "GUNICORN_PID": ""}, {"GUNICORN_PID": "12"}],
    ids=["of systemd", "empty", "without a socket"],
)
def test_a_passed_socket_that_is_another_process_does_not_matter(service: Service, variables: dict[str, str]) -> None:
    with service.serving(**variables) as server:
        assert server.get("/hello/Ada")[0] == 200


@pytest.mark.parametrize("said", ["auto", ""])
def test_the_number_of_workers_may_be_left_to_the_machine(service: Service, said: str) -> None:
    with service.serving(WEB_CONCURRENCY=said) as server:
        assert server.get("/hello/Ada")[0] == 200


MIDDLEWARE = """
class Middleware:
    def __init__(self, application):
        self.application = application
        raise LookupError("no key for the cookies")

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)


async def lazily(scope, receive, send):
    await Middleware(answer)(scope, receive, send)


def create_app() -> Any:
    return lazily
"""


def test_a_framework_that_cannot_build_its_middleware_is_a_message_and_code_3(service: Service) -> None:
    """As starlette does it: at the first call, which is that of the lifespan."""
    if service.model.interface == "WSGI":
        pytest.skip("it is not called before its first request")
    file = service.package / "asgi.py"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + MIDDLEWARE, encoding="utf-8")
    try:
        text = fail(service, BOOT_FAILURE)
        rehearsed = service.run("rehearse")
    finally:
        file.write_text(before, encoding="utf-8")

    assert "The application cannot start." in text
    assert "LookupError: no key for the cookies" in text
    assert "orders/asgi.py:" in text
    assert rehearsed.returncode == BOOT_FAILURE
    assert "The application cannot start." in rehearsed.stdout


def test_a_rehearsal_enters_and_leaves_the_worker(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    good, bad = service.run("rehearse", NOTES=str(notes)), service.run("rehearse", FAIL="1")

    assert (good.returncode, good.stdout) == (0, "")
    assert [line.split()[0] for line in notes.read_text().splitlines()] == ["start", "stop"]
    assert bad.returncode == BOOT_FAILURE
    assert "ConnectionError: the pool is out of reach" in bad.stdout


def test_a_rehearsal_has_the_loop_and_the_patches_of_a_worker(service: Service) -> None:
    asks = {
        "gunicorn-gevent": "from gevent import monkey; assert monkey.is_module_patched('socket')",
        "ASGI": "import asyncio; assert type(asyncio.get_running_loop()).__module__ == 'uvloop'",
        "WSGI": "",
    }
    ask = asks.get(service.model.name, asks[service.model.interface])
    with service.changed("worker.py", 'if os.environ.get("FAIL"):', f'{ask}\n    if os.environ.get("FAIL"):'):
        done = service.run("rehearse")

    assert (done.returncode, "cannot start" in done.stdout) == (0, False), done.stdout


def test_a_log_configuration_that_fails_is_a_message_and_code_3(service: Service) -> None:
    if service.model.name not in {"uvicorn", "uvicorn-workers", "gunicorn-sync"}:
        pytest.skip("every model of gunicorn starts its log in the same way")
    with service.changed("logs.py", "    own = ", "    raise ValueError('LOUD')\n    own = "):
        text = fail(service, BOOT_FAILURE)

    assert "The service's `logs` cannot be made." in text
    assert "ValueError: LOUD" in text


@pytest.mark.parametrize("model", MODELS)
def test_a_second_source_of_truth_is_refused(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = read_definition(DEFINITIONS / f"{model}.toml", {})
    for server in {"gunicorn", "uvicorn"} & set(definition.model.packages):
        name, value = SECOND_SOURCES[server]
        monkeypatch.setenv(name, value)
        with pytest.raises(Refusal) as refused:
            serving.refuse_second_source(definition)
        monkeypatch.setenv(name, "")
        serving.refuse_second_source(definition)

        assert str(refused.value).startswith("The server is defined two ways.")
        assert f"{name}   {value}" in str(refused.value)
        assert str(refused.value).endswith(f"Unset {name}; use the variables that server.toml names.")


def test_so_it_is_where_a_server_is_started(one: Service) -> None:
    assert fail(one, 1, GUNICORN_CMD_ARGS="--workers 9").startswith("The server is defined two ways.")


@pytest.mark.parametrize("model", MODELS)
def test_a_package_that_is_missing_is_named_with_the_command_that_adds_it(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each module that the model imports is hidden in turn."""
    definition = read_definition(DEFINITIONS / f"{model}.toml", {})
    for module, package in definition.model.packages.items():
        with monkeypatch.context() as hidden:
            hidden.setitem(sys.modules, module, None)
            with pytest.raises(Refusal) as refused:
                serving.refuse_missing_package(definition)

        assert str(refused.value).startswith(f"The server model needs {package}, which is not installed.")
        assert f'model = "{model}"' in str(refused.value)
        assert f"No module named '{module}'" in str(refused.value)
        assert str(refused.value).endswith(f"Run `uv add '{package}'`, or name another model.")
    serving.refuse_missing_package(definition)


def test_so_it_is_for_a_server_that_is_started(one: Service) -> None:
    assert fail(one, 1, HIDDEN="gunicorn").startswith("The server model needs gunicorn, which is not installed.")


def test_a_port_in_use_is_refused(one: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = fail(one, 1, PORT=str(port))

    assert text.startswith(f"Port {port} cannot be used.")
    assert f"PORT={port}" in text
    assert "Address already in use" in text


def test_health_fails_without_a_server_and_with_a_wrong_definition(one: Service) -> None:
    absent = one.run("health", PORT=str(free_port()))
    wrong = one.run("health", SERVER_DRAIN="soon")

    assert (absent.returncode, absent.stdout) == (1, "")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("`drain` must be a whole number of seconds from 1 to 3600.")


def test_health_fails_while_the_service_drains_or_answers_nonsense(one: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for answer in (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"SSH-2.0\r\n", b""):
            asking = subprocess.Popen(
                [*COMMAND, "health"], env=one.environment(PORT=str(server.getsockname()[1])), stdout=subprocess.PIPE
            )
            with server.accept()[0] as client:
                assert client.recv(1024).startswith(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1:")
                client.sendall(answer)
            assert asking.communicate()[0] == b""
            assert asking.returncode == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_rehearse_says_what_is_broken_and_serves_nothing(one: Service, fault: str) -> None:
    above, inside, wrong, cause = FAULTS[fault]
    body = f"{inside}\n    return answer" if inside else "return answer"
    with (
        one.changed("wsgi.py", "import json\n", f"import json\n{above}"),
        one.changed("wsgi.py", "return answer", body),
    ):
        done = one.run("rehearse")

    assert done.returncode == BOOT_FAILURE
    assert done.stdout.startswith(wrong)
    assert cause in done.stdout
    assert not cause or "orders/wsgi.py:" in done.stdout


def test_rehearse_of_a_good_service_says_nothing(one: Service) -> None:
    done = one.run("rehearse")

    assert (done.returncode, done.stdout) == (0, "")
