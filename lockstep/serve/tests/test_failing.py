"""What cannot start says why in words, and ends with the code that orchestrators know."""

import socket
import sys
from pathlib import Path

import pytest

from lockstep_serve import serving
from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from running import free_port
from services import Service, make_service

BOOT_FAILURE = 3
SECOND_SOURCES = {"gunicorn": ("GUNICORN_CMD_ARGS", "--workers 9"), "uvicorn": ("UVICORN_WORKERS", "4")}
FAULTS = {
    "an import": ("import no_such_module\n", "", "The service's `app` cannot be imported.", "No module named 'no_such_module'"),
    "a factory": ("", 'raise KeyError("DATABASE")', "The service's `app` cannot be made.", "KeyError: 'DATABASE'"),
    "a setting": ("import sys\n", 'sys.exit("ORDERS_LEVEL is not a level.")', "ORDERS_LEVEL is not a level.", ""),
}


@pytest.fixture
def rehearsed(tmp_path: Path) -> Service:
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


def test_a_log_configuration_that_fails_is_a_message_and_code_3(service: Service) -> None:
    with service.changed("logs.py", "    own = ", "    raise ValueError('LOUD')\n    own = "):
        text = fail(service, BOOT_FAILURE)

    assert "The service's `logs` cannot be made." in text
    assert "ValueError: LOUD" in text


def test_a_second_source_of_truth_is_refused(service: Service) -> None:
    for server in {"gunicorn", "uvicorn"} & set(service.model.packages):
        name, value = SECOND_SOURCES[server]
        text = fail(service, 1, **{name: value})

        assert text.startswith("The server is defined two ways.")
        assert value in text
        assert f"Unset {name}" in text


def test_a_package_that_is_missing_is_named_with_the_command_that_adds_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each module that the model imports is hidden in turn; one in a process of its own."""
    definition = read_definition(service.package / "server.toml", {})
    texts = {}
    for module in service.model.packages:
        with monkeypatch.context() as hidden:
            hidden.setitem(sys.modules, module, None)
            with pytest.raises(Refusal) as refused:
                serving.refuse_missing_package(definition)
        texts[module] = str(refused.value)

    for module, package in service.model.packages.items():
        assert texts[module].startswith(f"The server model needs {package}, which is not installed.")
        assert f'model = "{service.model.name}"' in texts[module]
        assert f"No module named '{module}'" in texts[module]
        assert texts[module].endswith(f"Run `uv add '{package}'`, or name another model.")
    assert fail(service, 1, HIDDEN=module).rstrip("\n") == texts[module]


def test_a_port_in_use_is_refused(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = fail(service, 1, PORT=str(port))

    assert text.startswith(f"Port {port} cannot be used.")
    assert f"PORT={port}" in text
    assert "Address already in use" in text


def test_health_fails_without_a_server_and_with_a_wrong_definition(service: Service) -> None:
    absent = service.run("health", PORT=str(free_port()))
    wrong = service.run("health", SERVER_DRAIN="soon")

    assert (absent.returncode, absent.stdout) == (1, "")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("`drain` must be a whole number of seconds from 1 to 3600.")


@pytest.mark.parametrize("fault", FAULTS)
def test_rehearse_says_what_is_broken_and_serves_nothing(rehearsed: Service, fault: str) -> None:
    above, inside, wrong, cause = FAULTS[fault]
    body = f"{inside}\n    return answer" if inside else "return answer"
    with (
        rehearsed.changed("wsgi.py", "import json\n", f"import json\n{above}"),
        rehearsed.changed("wsgi.py", "return answer", body),
    ):
        done = rehearsed.run("rehearse")

    assert done.returncode == BOOT_FAILURE
    assert done.stdout.startswith(wrong)
    assert cause in done.stdout
    assert not cause or "orders/wsgi.py:" in done.stdout


def test_rehearse_of_a_good_service_says_nothing(rehearsed: Service) -> None:
    done = rehearsed.run("rehearse")

    assert (done.returncode, done.stdout) == (0, "")
