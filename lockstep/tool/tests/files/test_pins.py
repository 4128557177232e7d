"""`pins` says what it compared, names everything that differs at once, and mends what repeats a source of truth."""

import platform

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.files.pins import check_pins, compare_nox, mend_pins
from lockstep_tool.service import Service
from small_service import COMPOSE, UV_VERSION, WORKFLOW, SmallService


def test_a_good_service_is_said_to_agree_with_where_each_version_stands(good: SmallService) -> None:
    lines = check_pins(Service(good.root))

    assert lines[0] == f"Python {platform.python_version()}: .python-version, repeated in .copier-answers.yml:1"
    assert lines[1].startswith(f"uv {UV_VERSION}: uv.toml, repeated in Dockerfile:")
    assert lines[2].endswith(": noxfile.py.lock, stated nowhere else")
    assert lines[3].startswith("server.toml agrees with Dockerfile, deploy/compose.yaml, deploy/kubernetes/deployment.yaml,")
    assert lines[4] == "one start command in Dockerfile, deploy/systemd/orders-api.service"


def test_everything_is_said_at_once(service: SmallService) -> None:
    service.edit("Dockerfile", f"uv:{UV_VERSION}", "uv:0.12.0")
    service.edit(COMPOSE, ':8080"', ':9000"')
    service.edit(WORKFLOW, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7")

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert all(said in str(refused.value) for said in ("uv is stated", "The port is stated", "An action is not"))


def test_a_port_of_the_image_is_named_on_its_line_with_the_command_that_mends_it(service: SmallService) -> None:
    service.edit("Dockerfile", "PORT=8000", "PORT=80")
    line = next(number for number, text in enumerate(service.read("Dockerfile").splitlines(), 1) if text.strip() == "PORT=80")

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert f"Dockerfile:{line}" in str(refused.value)
    assert "Put 8000 into Dockerfile, or change both; `uv run noxfile.py -s pins -- --fix` does the first." in str(refused.value)


def test_every_repetition_is_mended_back_to_its_source(service: SmallService) -> None:
    good = service.snapshot()
    service.edit("Dockerfile", f"uv:{UV_VERSION}", "uv:latest")
    service.edit("Dockerfile", "uv sync --locked", "uv sync --frozen")
    service.edit("Dockerfile", "EXPOSE 8000", "EXPOSE 80")
    service.edit("Dockerfile", "PORT=8000", "PORT=80")
    service.edit(COMPOSE, "stop_grace_period: 30s", "stop_grace_period: 3s")
    service.edit(WORKFLOW, f"uv=={UV_VERSION}", "uv==0.1")

    mended = mend_pins(service.root)

    assert any(line.startswith("mended Dockerfile:") for line in mended)
    assert service.snapshot() == good


PUBLISHED = """      - "127.0.0.1:${PUBLISHED_PORT:-8000}:8080"\n"""


def test_a_number_before_a_comment_or_the_end_of_a_list_is_mended(service: SmallService) -> None:
    service.edit(COMPOSE, "stop_grace_period: 30s", "stop_grace_period: 3s  # why 3")
    service.edit(COMPOSE, f"ports:\n{PUBLISHED}", 'ports: ["127.0.0.1:${PUBLISHED_PORT:-8000}:9000"]  # ours\n')

    mend_pins(service.root)

    assert "stop_grace_period: 30s  # why 3\n" in service.read(COMPOSE)
    assert 'ports: ["127.0.0.1:${PUBLISHED_PORT:-8000}:8080"]  # ours\n' in service.read(COMPOSE)


def test_what_the_command_does_not_mend_is_not_said_to_be_mended_by_it(service: SmallService) -> None:
    service.edit(COMPOSE, f"ports:\n{PUBLISHED}", 'ports: ["127.0.0.1:8000:9000", "127.0.0.1:8001:8080"]\n')

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert mend_pins(service.root) == []
    assert "Put 8080 into deploy/compose.yaml, or change both." in str(refused.value)
    assert "--fix" not in str(refused.value)


def test_mending_leaves_a_good_service_alone(service: SmallService) -> None:
    good = service.snapshot()

    assert mend_pins(service.root) == []
    assert service.snapshot() == good


def test_a_variable_is_added_to_the_example(service: SmallService) -> None:
    service.edit("src/orders_api/settings.py", "    greeting: str", '    colour: str = "red"\n    greeting: str')

    assert mend_pins(service.root) == ["mended .env.example"]
    assert service.read(".env.example").endswith("\n\nORDERS_API_COLOUR=red\n")


def test_what_is_mended_keeps_every_other_byte(service: SmallService) -> None:
    before = (service.root / "Dockerfile").read_bytes().replace(b"\n", b"\r\n")
    lagging = b"RUN : 'caf\xe9 \xe2\x82' && pip install uv==0.1\r\n"
    (service.root / "Dockerfile").write_bytes(before + lagging)

    mend_pins(service.root)

    assert (service.root / "Dockerfile").read_bytes() == before + lagging.replace(b"0.1", UV_VERSION.encode())


def test_a_variable_is_added_with_the_ends_of_lines_that_are_there(service: SmallService) -> None:
    service.edit("src/orders_api/settings.py", "    greeting: str", '    colour: str = "red"\n    greeting: str')
    before = b"# Caf\xe9.\r\nORDERS_API_GREETING=Hello\r\n"
    (service.root / ".env.example").write_bytes(before)

    mend_pins(service.root)

    assert (service.root / ".env.example").read_bytes() == before + b"\r\nORDERS_API_COLOUR=red\r\n"


def test_a_digest_of_another_version_is_taken_away(service: SmallService) -> None:
    service.edit("Dockerfile", f"uv:{UV_VERSION}", f"uv:0.1.0@sha256:{64 * '0'}")

    mend_pins(service.root)

    assert f"uv:{UV_VERSION}\n" in service.read("Dockerfile")


@pytest.mark.parametrize("name", [".python-version", "uv.toml", "Dockerfile", "noxfile.py", "noxfile.py.lock"])
def test_a_file_that_is_missing_is_named(service: SmallService, name: str) -> None:
    (service.root / name).unlink()

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert f"{name} cannot be read." in str(refused.value)


def test_a_python_that_is_not_exact_is_named(service: SmallService) -> None:
    service.write(".python-version", "3.13\n")

    with pytest.raises(Refusal, match="Python is not stated exactly"):
        check_pins(Service(service.root))


def test_a_definition_that_cannot_be_read_is_named_once(service: SmallService) -> None:
    service.edit("src/orders_api/server.toml", "port = {", "prt = {")

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert str(refused.value).count("The server definition does not fit the server model.") == 1


def test_a_service_of_an_earlier_layout_is_told_what_to_do(service: SmallService) -> None:
    service.edit("pyproject.toml", "[project.entry-points.lockstep_serve]", "[project.entry-points.lockstep]")
    service.write("src/lockstep/__main__.py", "")

    with pytest.raises(Refusal) as refused:
        check_pins(Service(service.root))

    assert "`git rm -r src/lockstep`" in str(refused.value)
    assert "The service announces no application." in str(refused.value)


def test_another_nox_than_the_locked_one_is_named(good: SmallService) -> None:
    with pytest.raises(Refusal, match="not the nox that the service locks"):
        compare_nox(Service(good.root), "2024.1.1")

    compare_nox(Service(good.root), Service(good.root).versions["nox"])


def test_endpoints_that_are_not_to_be_asked_are_a_list_of_paths(service: SmallService) -> None:
    service.edit("pyproject.toml", "secrets = [", "not-requested = 5\nsecrets = [")

    with pytest.raises(Refusal, match=r"not to ask are not a list of paths\.(?:.|\n)*not-requested   5"):
        check_pins(Service(service.root))


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("/hello/Ada Lovelace", "/hello/Ada%20Lovelace"),
        ("/grün?name=a%20b&c", "/gr%C3%BCn?name=a%20b&c"),
    ],
    ids=["a space", "another letter than ASCII's"],
)
def test_a_path_that_cannot_be_sent_is_refused_with_its_quoted_form(service: SmallService, path: str, quoted: str) -> None:
    service.edit("pyproject.toml", "secrets = [", f'requests = ["/", "{path}"]\nsecrets = [')

    with pytest.raises(Refusal) as refused:
        own_requests(Service(service.root))

    assert str(refused.value).endswith(f'Write `requests = ["/", "{quoted}"]`.')
    service.edit("pyproject.toml", path, quoted)
    assert own_requests(Service(service.root)) == ["/", quoted]
