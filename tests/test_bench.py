"""`bench` measures the server models side by side, names what it could not measure, and says which model to use."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render, committed
from services import Service
from snapshot import Template, git, rules_of

TINY = ("--quick", "--seconds", "6")


@pytest.fixture(scope="module")
def service(render: Render) -> Service:
    return committed(render({"project_name": "orders-api", "framework": "fastapi", "server": "uvicorn", "deploy": []}))


def bench(service: Service, *words: str) -> tuple[int, str]:
    done = service.run("uv", "run", "--quiet", "noxfile.py", "-s", "bench", "--", *words)
    return done.returncode, done.stdout


def figures(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((service.path / ".lockstep" / "bench.json").read_text())
    return found


def test_two_models_are_measured_side_by_side_and_one_is_recommended(service: Service) -> None:
    code, said = bench(service, *TINY, "--models", "uvicorn,gunicorn-asgi")

    assert code == 0, said
    document = figures(service)
    assert set(document["models"]) == {"uvicorn", "gunicorn-asgi"}, said
    assert document["not_measured"] == {}
    for model in document["models"].values():
        assert {cell["endpoint"] for cell in model["cells"]} == {"own", "plain", "wait", "block", "compute"}
        assert nothing_in(model["cells"]) == []
        assert min(model["ready_s"], model["memory_mb"]["one"], model["memory_mb"]["further"]) > 0
        assert model["restart"]["sent"] > 0
        assert model["restart"]["stall_s"] > 0
    assert document["recommendation"]["model"] in document["models"]
    assert f"recommended: {document['recommendation']['model']}" in said


def nothing_in(cells: list[dict[str, Any]]) -> list[str]:
    """What came to nothing; processor time only where there is much of it, for the system counts it in steps of 10 ms."""
    names = ("rate", "p50_ms", "p99_ms")
    busy = [f"{cell['endpoint']} cpu_ms" for cell in cells if cell["endpoint"] in {"own", "compute"} and not cell["cpu_ms"] > 0]
    return busy + [f"{cell['endpoint']} {name}" for cell in cells for name in names if not cell[name] > 0]


def test_the_page_needs_nothing_but_itself(service: Service) -> None:
    page = (service.path / ".lockstep" / "bench.html").read_text()

    HTMLParser().feed(page)
    assert page.count("<svg") == 3
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", page)
    assert len(page.encode()) < 500_000


def test_a_model_that_cannot_start_is_named_and_spoils_no_other(service: Service, template: Template, tmp_path: Path) -> None:
    broken = Template(tmp_path / "template")
    shutil.copytree(template.path, broken.path)
    [settings] = broken.path.glob("template/src/*gunicorn-asgi*lockstep*/serve/gunicorn_settings.py")
    settings.write_text(settings.read_text() + '\nraise SystemExit("planted: it does not start")\n')
    broken.release("v0.1.1")
    git(broken.path, "tag", "--force", "v0.1.0")  # the version that the service has, and keeps
    code, said = bench(service, *TINY, "--models", "uvicorn,gunicorn-asgi", "--template", str(broken.path))

    assert code == 0, said
    assert "gunicorn-asgi was not measured: ended with exit code" in said
    assert "planted: it does not start" in said
    assert set(figures(service)["models"]) == {"uvicorn"}
    assert "recommended: uvicorn" in said


def test_without_its_template_it_says_so_and_measures_the_own_model(service: Service, tmp_path: Path) -> None:
    code, said = bench(service, *TINY, "--models", "uvicorn,gunicorn-asgi", "--template", str(tmp_path / "nowhere"))

    assert code == 0, said
    assert "The template cannot be reached, so only this service's own server model is measured." in said
    assert re.search(r"--template +\S+nowhere\n", said)
    assert "name a clone of it: `uv run noxfile.py -s bench -- --template PATH`" in said
    assert set(figures(service)["models"]) == {"uvicorn"}
    assert set(figures(service)["not_measured"]) == {"gunicorn-asgi"}


def test_a_model_that_does_not_fit_is_refused(service: Service) -> None:
    code, said = bench(service, "--models", "gunicorn-sync")

    assert code != 0
    assert "gunicorn-sync does not fit fastapi." in said


def test_it_knows_the_models_that_the_questions_offer(template: Template) -> None:
    text = (template.path / "template" / "bench" / "siblings.py").read_text()
    stated: dict[str, Any] = {}
    for name in ("MODELS", "FRAMEWORKS"):
        [found] = re.findall(rf"^{name} = (\{{.*?\}})$", text, re.DOTALL | re.MULTILINE)
        stated[name] = yaml.safe_load(found)
    rules = rules_of(template)

    assert stated["MODELS"] == rules["models"]["default"]
    assert {name: sorted(said) for name, said in stated["FRAMEWORKS"].items()} == {
        name: sorted(said) for name, said in rules["interfaces"]["default"].items()
    }


def test_restarts_are_counted_by_the_same_session(service: Service) -> None:
    code, said = bench(service, "restarts", "stop", "--rounds", "1", "--seconds", "0.2")

    assert code == 0, said
    assert re.search(r"^stop +1 +\d+ +0 ", said, re.MULTILINE)
