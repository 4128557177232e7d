"""What cannot start says why in words, and ends with the code that orchestrators know."""

import socket

import pytest

from running import free_port
from services import Service

BOOT_FAILURE = 3
SECOND_SOURCES = {"gunicorn": ("GUNICORN_CMD_ARGS", "--workers 9"), "uvicorn": ("UVICORN_WORKERS", "4")}
FAULTS = {
    "an import": ("import no_such_module\n", "", "The service's `app` cannot be imported.", "No module named 'no_such_module'"),
    "a factory": ("", 'raise KeyError("DATABASE")', "The service's `app` cannot be made.", "KeyError: 'DATABASE'"),
    "a setting": ("import sys\n", 'sys.exit("ORDERS_LEVEL is not a level.")', "ORDERS_LEVEL is not a level.", ""),
}


def fail(service: Service, code: int, **settings: str) -> str:
    """What `serve` prints before it ends with this code."""
    done = service.run("serve", **{"PORT": str(free_port()), **settings})
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_application_is_a_message_and_code_3(service: Service, fault: str) -> None:
    above, inside, wrong, cause = FAULTS[fault]
    body = f"{inside}\n    return answer" if inside else "return answer"
    module = f"{service.model.interface.lower()}.py"
    with service.changed(module, "import json\n", f"import json\n{above}"), service.changed(module, "return answer", body):
        text = fail(service, BOOT_FAILURE)

    assert wrong in text
    assert cause in text
    assert not cause or f"orders/{module}:" in text


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


def test_a_package_that_is_missing_is_named_with_the_command_that_adds_it(service: Service) -> None:
    """Each module that the model imports is hidden in turn."""
    for module, package in service.model.packages.items():
        text = fail(service, 1, HIDDEN=module)

        assert text.startswith(f"The server model needs {package}, which is not installed.")
        assert f'model = "{service.model.name}"' in text
        assert f"No module named '{module}'" in text
        assert f"Run `uv add '{package}'`" in text


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


def test_rehearse_says_the_same_and_serves_nothing(service: Service) -> None:
    assert service.run("rehearse").returncode == 0
    with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
        done = service.run("rehearse")

    assert done.returncode == BOOT_FAILURE
    assert done.stdout.startswith("The service's `app` cannot be imported.")
