"""The environment id is equal where the setup is equal, and the service says which it has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep_serve import Identity, environment, identity
from services import Service, install, make_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return make_service(tmp_path, "uvicorn", "worker")


def ask(service: Service, expression: str, **variables: str) -> str:
    """The value of an expression in a process of its own: what is looked at once stays."""
    program = f"from lockstep_serve import environment, identity\nprint({expression})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=service.environment(**variables), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_service_is_found_by_what_it_announces(service: Service) -> None:
    assert ask(service, "environment.service()") == "orders"
    assert ask(service, "environment.source_root()") == str(service.package)


def test_its_packages_are_the_others(service: Service) -> None:
    install(service.root / "src", "Other_Package", {})

    assert ask(service, "'orders' in environment.packages()") == "False"
    assert ask(service, "environment.packages()['other-package']") == "1.0"
    assert ask(service, "environment.packages()['gunicorn']").startswith("27.")


def test_the_id_follows_the_source_and_nothing_beside_it(service: Service) -> None:
    first = ask(service, "identity().environment")
    (service.package / "__pycache__").mkdir(exist_ok=True)
    (service.package / "__pycache__" / "hello.pyc").write_bytes(b"code")
    (service.package / "__pycache__" / "hello.so").write_bytes(b"code")
    (service.package / ".ruff_cache").mkdir()
    (service.package / ".ruff_cache" / "CACHEDIR.TAG").write_text("of a laptop")
    (service.package / ".DS_Store").write_bytes(b"of a laptop")
    same = ask(service, "identity().environment")
    with service.changed("hello.py", '"Hello"', '"Servus"'):
        other = ask(service, "identity().environment")

    assert len(first) == 12
    assert first == same
    assert other != first


def test_the_id_follows_every_package_of_the_service_and_no_other(service: Service) -> None:
    [metadata] = service.root.glob("**/orders-1.0.dist-info")
    record = metadata / "RECORD"
    (service.package.parent / "basket").mkdir()
    (service.package.parent / "basket" / "views.py").write_text("ONE = 1\n")
    record.write_text("orders/__init__.py,,\n")
    before = ask(service, "identity().environment")
    record.write_text("orders/__init__.py,,\nbasket/views.py,,\n../../bin/orders,,\norders-1.0.dist-info/RECORD,,\n")
    with_basket = ask(service, "identity().environment")
    (service.package.parent / "basket" / "views.py").write_text("ONE = 2\n")
    edited = ask(service, "identity().environment")

    assert len({before, with_basket, edited}) == 3
    assert ask(service, "[root.name for root in environment.source_roots()]") == "['orders', 'basket']"


def test_the_id_follows_each_of_its_parts() -> None:
    ids = {
        environment.environment_id("3.13.9", {"a": "1"}, {"a.py": "00"}),
        environment.environment_id("3.13.8", {"a": "1"}, {"a.py": "00"}),
        environment.environment_id("3.13.9", {"a": "2"}, {"a.py": "00"}),
        environment.environment_id("3.13.9", {"a": "1"}, {"a.py": "01"}),
        environment.environment_id("3.13.9", {"a": "1"}, {"b.py": "00"}),
    }

    assert len(ids) == 5
    assert environment.environment_id("3.13.9", {"b": "1", "a": "2"}, {}) == environment.environment_id(
        "3.13.9", {"a": "2", "b": "1"}, {}
    )


def test_the_commit_is_what_the_image_was_built_from(service: Service) -> None:
    assert ask(service, "identity().commit", LOCKSTEP_REVISION="4f1c") == "4f1c"
    assert ask(service, "identity().commit") == "unknown"


def test_identity_is_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without a service has one, too."""
    identity.cache_clear()
    found = identity()
    identity.cache_clear()

    assert isinstance(found, Identity)
    assert found.lockstep == environment.packages()["lockstep-serve"]
    assert found.lockstep == next(
        line.partition(" ")[2]
        for line in (environment.metadata_directories()["lockstep-serve"] / "METADATA").read_text(encoding="utf-8").splitlines()
        if line.startswith("Version: ")
    )


@pytest.mark.parametrize("size", [0, 10, environment.LARGE + 1])
def test_a_file_is_hashed_whole(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size))
    [expected] = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[:1]

    assert environment.sha256(file) == expected


def test_the_probe_can_begin_with_this_module() -> None:
    """The tool pipes it into interpreters that have nothing installed."""
    source = Path(environment.__file__).read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-"], input=f"{source}\nprint(packages())", capture_output=True, text=True, check=True
    )

    assert done.stdout == "{}\n"
