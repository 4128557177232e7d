"""What a team says of its image, and what an image is called, weighs and says of itself."""

import json
import re
from pathlib import Path

import pytest

from archives import HISTORY, entry, saved_image
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.images.budget import Budget, read_budget
from lockstep_tool.images.built_image import COMMAND, HEALTH, PORT, SECOND, USER, VARIABLES, credentials, secret_values
from lockstep_tool.images.contents import BASE, OURS, PACKAGES, owners_of_layers
from lockstep_tool.images.image import refuse
from lockstep_tool.images.labels import browser_address, labels_of
from lockstep_tool.images.layer_sizes import measure_layers
from lockstep_tool.images.publish import refuse_other_version
from lockstep_tool.images.tag import image_tag
from lockstep_tool.service import Service
from small_service import TEMPLATE, SmallService

TABLE = "[tool.lockstep]\n"


def stating(service: SmallService, line: str) -> Service:
    service.edit("pyproject.toml", TABLE, f"[tool.lockstep.image]\n{line}\n\n{TABLE}")
    return Service(service.root)


def test_what_is_not_stated_has_a_value(good: SmallService) -> None:
    assert read_budget(Service(good.root)) == Budget()


def test_what_is_stated_counts(service: SmallService) -> None:
    budget = read_budget(stating(service, 'max_megabytes = 90.5\nmax_layers = 9\nvariables = ["A"]'))

    assert (budget.max_megabytes, budget.max_layers, budget.variables) == (90.5, 9, ("A",))


@pytest.mark.parametrize(
    "line",
    [
        'max_layers = "few"',
        "max_layers = 2.5",
        "max_layers = true",
        "max_megabytes = 0",
        "memory = 512",
        "variables = 1",
        "colour = 1",
    ],
)
def test_a_value_that_is_none_is_refused_by_its_name(service: SmallService, line: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_budget(stating(service, line))

    assert f"[tool.lockstep.image] {line.partition(' ')[0]}" in str(refused.value)


def test_an_image_has_the_name_of_the_service(good: SmallService) -> None:
    assert image_tag(Service(good.root)) == "localhost/orders-api:lockstep"


def test_a_checkout_labels_its_image(good: SmallService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    monkeypatch.setenv("CI_PROJECT_URL", "https://git.example.org/team/orders-api")
    labels = labels_of(Service(good.root), "0123456789ab")

    assert labels["org.opencontainers.image.source"] == "https://git.example.org/team/orders-api"
    assert len(labels["org.opencontainers.image.revision"]) == 40
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert labels["lockstep.environment"] == "0123456789ab"


@pytest.mark.parametrize(
    "remote",
    [
        "git@git.example.org:team/orders.git",
        "https://me:token@git.example.org/team/orders.git",
        "ssh://git@git.example.org:22/team/orders",
    ],
)
def test_an_address_is_said_without_credentials(remote: str) -> None:
    assert browser_address(remote) == "https://git.example.org/team/orders"


def test_layers_belong_to_the_base_the_list_or_the_dockerfile(tmp_path: Path) -> None:
    five = saved_image(tmp_path / "five", [[], [], [], [], []])
    unknown = saved_image(tmp_path / "unknown", [[], []], history=HISTORY)

    assert owners_of_layers(five) == [BASE, PACKAGES, OURS, OURS, OURS]
    assert owners_of_layers(five, 2) == [BASE, BASE, PACKAGES, OURS, OURS]
    assert owners_of_layers(unknown) == [OURS, OURS]


def test_the_size_of_a_layer_is_remembered_by_its_digest(tmp_path: Path) -> None:
    saved, file = saved_image(tmp_path, [[entry("etc/hosts", "x" * 10_000)]]), tmp_path / "report" / "layers.json"
    first = measure_layers(saved, file)
    file.write_text(file.read_text().replace(str(first[0]), "7"))

    assert 100 < first[0] < 10_000
    assert measure_layers(saved, file) == [7]


def test_secrets_and_credentials_of_the_build_must_be_nowhere(
    service: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_TOKEN", "SHORT", "UNSET"]')
    (tmp_path / "uv.toml").write_text('index-url = "https://me:index-password@index.example.org"\n')
    monkeypatch.setenv("ORDERS_TOKEN", "s3cr3t-value")
    monkeypatch.setenv("SHORT", "1")
    monkeypatch.setenv("LOCKSTEP_BUILD_UV_TOML", str(tmp_path / "uv.toml"))

    assert secret_values(Service(service.root)) == ["s3cr3t-value", "index-password"]


def test_values_whose_name_says_that_they_are_secret_are_credentials() -> None:
    assert list(credentials('index = "abc"\nname = "me"')) == []
    assert list(credentials("password = \"abc\"\nToken = 'def'")) == ["abc", "def"]


def test_nothing_is_refused_where_nothing_is_wrong() -> None:
    refuse("localhost/orders-api:lockstep", [])


def test_an_image_of_which_a_part_was_not_looked_at_does_not_pass() -> None:
    unseen = Finding("image base", "localhost/base:1 cannot be looked at: no such image", severity=Severity.UNKNOWN)
    with pytest.raises(Refusal, match="not looked at: localhost/orders-api:lockstep as a whole") as refused:
        refuse("localhost/orders-api:lockstep", [unseen])

    assert refused.value.code == COULD_NOT_LOOK


def test_a_tag_of_another_version_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_COMMIT_TAG", "v2.0")
    monkeypatch.delenv("GITHUB_REF_TYPE", raising=False)

    refuse_other_version("2.0")
    with pytest.raises(Refusal, match="The tag is not of this version"):
        refuse_other_version("1.0")


def test_the_dockerfile_states_what_the_checks_expect() -> None:
    text = (TEMPLATE / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2].replace("\\\n", " ")
    stated = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in text.splitlines() if " " in line}
    times, _, test = stated["HEALTHCHECK"].partition(" CMD ")
    options = dict(word.removeprefix("--").split("=") for word in times.split())

    assert stated["USER"] == USER
    assert stated["EXPOSE"] == PORT
    assert json.loads(stated["CMD"]) == COMMAND
    assert ["CMD", *json.loads(test)] == HEALTH["Test"]
    assert options.pop("retries") == str(HEALTH["Retries"])
    assert options == {
        "interval": f"{HEALTH['Interval'] // SECOND}s",
        "timeout": f"{HEALTH['Timeout'] // SECOND}s",
        "start-period": f"{HEALTH['StartPeriod'] // SECOND}s",
    }
    assert {f"{name}={value}" for name, value in VARIABLES.items()} <= set(re.findall(r"\w+=\S+", text))


def test_what_begins_with_a_dot_is_in_no_wheel_and_in_no_build() -> None:
    assert (TEMPLATE / ".dockerignore").read_text(encoding="utf-8").splitlines()[-1] == "src/**/.*"
    assert 'wheel-exclude = [".*"]\n' in (TEMPLATE / "pyproject.toml.jinja").read_text(encoding="utf-8")
