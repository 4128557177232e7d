"""What comes out of the template parses, and what goes in keeps to the few places where Jinja may stand."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from conftest import Render, read_answers
from snapshot import REPOSITORY, Template, git

TOOLS = Path(sys.executable).parent
# How YAML is laid out beyond what makes it valid is a matter of its readers: GitHub's, Compose's and Copier's files differ.
YAML = {
    "braces": "disable",
    "comments": "disable",
    "document-start": "disable",
    "indentation": {"indent-sequences": "whatever"},
    "line-length": {"max": 140},
    "truthy": "disable",
}
LOCKS = {"uv.lock.jinja", "pyproject.toml.jinja"}
INCLUDES = {"server.toml.jinja"}  # nothing but the text of another file
# Jinja's braces, but not those of a workflow's ${{ expression }}.
BRACES = re.compile(r"(?<!\$)\{\{|\{%|%\}|\{#")


def files(folder: Path) -> Iterator[Path]:
    """Every text file of a service or of the template."""
    left_out = {"__pycache__", ".git", ".nox"}
    found = (path for path in sorted(folder.rglob("*")) if not left_out & set(path.relative_to(folder).parts))
    return (path for path in found if path.is_file() and path.suffix != ".whl")


def tool(name: str, *words: str | Path) -> None:
    """Run one of the validators; what it says is the failure."""
    done = subprocess.run([str(TOOLS / name), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def each_once(paths: Iterable[Path]) -> list[Path]:
    """One file of each content: most are the same in most services."""
    return list({path.read_bytes(): path for path in paths}.values())


def test_a_service_has_few_files_and_only_the_teams_in_src(every_service: Mapping[str, Path]) -> None:
    count = {name: len(git(folder, "ls-files").splitlines()) for name, folder in every_service.items()}

    assert count["fastapi-uvicorn"] <= 50
    assert max(count.values()) <= 62, count  # more with everything there is, see below
    for folder in every_service.values():
        assert len(list((folder / "src").iterdir())) == 1
        assert sorted(path.suffix for path in (folder / ".lockstep").iterdir()) == [".lock", ".toml", ".toml", ".whl", ".whl"]


# Files of a service with everything that can be chosen; the README says the greatest number.
EVERYTHING = {
    ("fastapi", "gunicorn-asgi"): 64,
    ("flask", "gunicorn-gthread"): 67,
    ("django", "gunicorn-asgi"): 77,
    ("django", "gunicorn-sync"): 79,
}


@pytest.mark.parametrize(("framework", "server"), EVERYTHING)
def test_whoever_chooses_everything_has_a_known_number_of_files(render: Render, framework: str, server: str) -> None:
    everything = {
        "deploy": ["compose", "kubernetes", "systemd", "procfile", "prometheus"],
        "extras": ["opentelemetry", "scaling", "devcontainer", "vscode", "renovate"],
    }
    folder = render({**read_answers("fastapi-uvicorn"), "framework": framework, "server": server, "ci": "github", **everything})

    assert len(git(folder, "ls-files").splitlines()) == EVERYTHING[framework, server]
    assert f"up to {max(EVERYTHING.values())} for Django with everything chosen" in (REPOSITORY / "README.md").read_text()


def test_every_file_parses(every_service: Mapping[str, Path]) -> None:
    readers: dict[str, Callable[[str], object]] = {
        ".json": lambda text: json.loads(re.sub(r"(?m)^\s*//.*$", "", text)),  # as editors read theirs
        ".lock": tomllib.loads,
        ".py": ast.parse,
        ".toml": tomllib.loads,
        ".yaml": lambda text: list(yaml.safe_load_all(text)),
        ".yml": lambda text: list(yaml.safe_load_all(text)),
    }
    for path in each_once(path for folder in every_service.values() for path in files(folder) if path.suffix in readers):
        readers[path.suffix](path.read_text(encoding="utf-8"))


def test_no_jinja_is_left_over(every_service: Mapping[str, Path], template: Template) -> None:
    """Looked for where something was substituted; elsewhere braces are the file's own."""
    substituted = {path.name.removesuffix(".jinja") for path in files(template.path / "template") if path.suffix == ".jinja"}
    for folder in every_service.values():
        there = [path for path in files(folder) if path.name in substituted]
        texts = {path: path.read_text(encoding="utf-8").replace("{{ nothing }}", "") for path in there}

        assert not [path for path, text in texts.items() if BRACES.search(text)]
        assert not [path for path in files(folder) if BRACES.search(str(path.relative_to(folder)))]


def test_the_description_arrives_as_it_was_given(every_service: Mapping[str, Path]) -> None:
    for name, folder in every_service.items():
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]

        assert project["description"] == read_answers(name).get("description", "A web service.")


def test_every_file_ends_with_one_line_break(every_service: Mapping[str, Path]) -> None:
    for folder in every_service.values():
        ends = {str(path.relative_to(folder)): path.read_text(encoding="utf-8")[-2:] for path in files(folder)}

        assert not {name: end for name, end in ends.items() if end and (end[-1] != "\n" or end == "\n\n")}


def test_python_project_settings_are_valid(every_service: Mapping[str, Path]) -> None:
    tool("validate-pyproject", *(folder / "pyproject.toml" for folder in every_service.values()))


def test_the_image_recipe_is_valid(every_service: Mapping[str, Path]) -> None:
    tool("hadolint", *each_once(folder / "Dockerfile" for folder in every_service.values()))


def test_ci_is_valid_and_has_no_known_weakness(every_service: Mapping[str, Path]) -> None:
    workflows = each_once(path for folder in every_service.values() for path in folder.glob(".github/workflows/*.yml"))
    pipelines = each_once(path for folder in every_service.values() for path in folder.glob(".gitlab*.yml"))
    pipelines += each_once(path for folder in every_service.values() for path in folder.glob(".gitlab/*.yml"))
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    tool("zizmor", "--offline", "--no-progress", *workflows)
    tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", *pipelines)


def test_deploy_files_are_valid(every_service: Mapping[str, Path]) -> None:
    stacks = each_once(path for folder in every_service.values() for path in folder.glob("deploy/compose.yaml"))
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *stacks)


def test_yaml_reads_well(every_service: Mapping[str, Path]) -> None:
    paths = (path for folder in every_service.values() for path in files(folder) if path.suffix in {".yml", ".yaml"})
    tool("yamllint", "--strict", "--config-data", json.dumps({"extends": "default", "rules": YAML}), *each_once(paths))


def test_python_reads_well(every_service: Mapping[str, Path]) -> None:
    """Sorted imports need each service as a whole; its files differ little, so one of each set of answers is looked at."""
    tool("ruff", "check", "--no-cache", *every_service.values())
    tool("ruff", "format", "--no-cache", "--check", *every_service.values())


def test_each_answer_brings_only_its_own_files(every_service: Mapping[str, Path]) -> None:
    for name, folder in every_service.items():
        answers = read_answers(name)
        deploy = answers["deploy"]
        assert isinstance(deploy, list)
        there = {
            "github": (folder / ".github").exists(),
            "gitlab": (folder / ".gitlab-ci.yml").exists(),
            "compose": (folder / "deploy" / "compose.yaml").exists(),
            "kubernetes": (folder / "deploy" / "kubernetes").exists(),
            "systemd": (folder / "deploy" / "systemd").exists(),
            "procfile": (folder / "Procfile").exists(),
            "scaling": (folder / "deploy" / "kubernetes" / "disruption.yaml").exists(),
            "devcontainer": (folder / ".devcontainer").exists(),
            "vscode": (folder / ".vscode").exists(),
            "renovate": (folder / "renovate.json").exists(),
            "prometheus": bool(list(folder.glob("src/*/metrics.py"))),
            "opentelemetry": bool(list(folder.glob("src/*/telemetry.py"))),
        }

        extras = answers.get("extras", [])
        assert isinstance(extras, list)
        assert {part for part, exists in there.items() if exists} == {answers["ci"], *deploy, *extras} - {"none"}
        assert (folder / "deploy").exists() is bool(set(deploy) - {"prometheus", "procfile"})


def test_git_shows_no_wheel_and_no_lock_in_a_review(every_service: Mapping[str, Path]) -> None:
    folder = every_service["fastapi-uvicorn"]
    [wheel] = folder.glob(".lockstep/lockstep_tool-*.whl")
    names = [f".lockstep/{wheel.name}", ".lockstep/uv.lock", "uv.lock"]
    said = git(folder, "check-attr", "linguist-generated", "diff", "--", *names)

    assert said.count("linguist-generated: set") == 3
    assert said.count("diff: unset") == 2


def test_windows_can_check_out_every_path() -> None:
    names = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]
    illegal = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .](/|$)|(^|/)(con|prn|aux|nul|com\d|lpt\d)(\.|/|$)', re.IGNORECASE)

    assert not [name for name in names if illegal.search(name)]
    assert len({name.casefold() for name in names}) == len(names)


def test_conditions_stand_in_paths_and_values_in_contents(template: Template) -> None:
    for path in files(template.path / "template"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jinja":
            assert path.name in INCLUDES or "{{" in text, f"{path.name} substitutes nothing"
            assert path.name in LOCKS | INCLUDES or "{%" not in text, f"{path.name} decides something"
        elif path.suffix == ".py":
            assert not re.search(r"\{%|\{#|\{\{ \w+ \}\}", text), f"{path.name} has Jinja"


def test_files_that_tools_look_for_are_at_the_top(every_service: Mapping[str, Path]) -> None:
    for folder in every_service.values():
        for name in (".python-version", "uv.lock", "uv.toml", "noxfile.py"):
            assert (folder / name).is_file()
