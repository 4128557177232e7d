"""What `pins` compares with is what stands in the template, for every answer."""

from itertools import product

import pytest

from lockstep_serve.errors import Refusal
from lockstep_serve.models import NAMES
from lockstep_tool.files.given import given_files
from lockstep_tool.files.template_files import asked_for, rendered_files, template
from lockstep_tool.service import Service
from small_service import ANSWERS, TEMPLATE, SmallService


def test_the_tool_carries_the_files_as_they_stand_in_the_template() -> None:
    """`uv run --locked noxfile.py -s wheels -- --write` brings them."""
    assert {path: (TEMPLATE / path).read_text(encoding="utf-8") for path in template()} == template()


@pytest.mark.parametrize(("server", "ci"), list(product(NAMES, ("github", "gitlab", "none"))))
def test_every_answer_gives_its_files(server: str, ci: str) -> None:
    proxy = server in {"gunicorn-sync", "gunicorn-gthread"}
    model = {"server": server, "gunicorn": server.startswith("gunicorn"), "proxy": proxy}
    files = rendered_files({**ANSWERS, **model, "ci": ci})

    assert (".github/workflows/lockstep.yml" in files) is (ci == "github")
    assert (".gitlab-ci.yml" in files) is (ci == "gitlab")
    assert {"deploy/compose.yaml", "deploy/systemd/orders-api.service", "deploy/systemd/orders-api.socket", "Dockerfile"} < set(
        files
    )
    assert ("orders-api-proxy:" in files["deploy/compose.yaml"]) is proxy
    assert not any("{%" in text or "{{ project_name" in text for text in files.values())


def test_no_deployment_has_no_files_of_one() -> None:
    assert not [name for name in rendered_files({**ANSWERS, "deploy": []}) if name.startswith("deploy/")]


def test_an_answer_that_nobody_gave_is_named() -> None:
    with pytest.raises(Refusal, match="cannot be told without its answers"):
        rendered_files({name: value for name, value in ANSWERS.items() if name != "ci"})


@pytest.mark.parametrize("extras", ["scaling", ""])
def test_of_two_variants_the_one_that_was_asked_for_is_compared(service: SmallService, extras: str) -> None:
    service.edit(".copier-answers.yml", "extras: [scaling]", f"extras: [{extras}]")

    text, asked = given_files(Service(service.root))["deploy/kubernetes/kustomization.yaml"]

    assert asked
    assert ("disruption.yaml" in text) is bool(extras)


def test_every_way_and_every_extra_with_files_is_known_from_the_conditions() -> None:
    assert (asked_for("deploy"), asked_for("extras")) == ({"compose", "kubernetes", "systemd"}, {"scaling"})
