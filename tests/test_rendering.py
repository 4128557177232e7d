"""What comes out of the template parses, and what goes in keeps to the few places where Jinja may stand."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from snapshot import WORKSHOP, Template, git

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
# Jinja's braces, but not those of a workflow's ${{ expression }}.
BRACES = re.compile(r"(?<!\$)\{\{|\{%|%\}|\{#")


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def tool(name: str, *words: str | Path) -> None:
    """Run one of the workshop's validators; what it says is the failure."""
    done = subprocess.run([str(TOOLS / name), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_parses(rendered: Path) -> None:
    readers: dict[str, Callable[[str], object]] = {
        ".json": json.loads,
        ".lock": tomllib.loads,
        ".py": ast.parse,
        ".toml": tomllib.loads,
        ".yaml": lambda text: list(yaml.safe_load_all(text)),
        ".yml": lambda text: list(yaml.safe_load_all(text)),
    }
    for path in files(rendered):
        if reader := readers.get(path.suffix):
            reader(path.read_text(encoding="utf-8"))


def test_no_jinja_is_left_over(rendered: Path, template: Template) -> None:
    """Looked for where something was substituted; elsewhere braces are the file's own."""
    substituted = {path.name.removesuffix(".jinja") for path in files(template.path / "template") if path.suffix == ".jinja"}
    texts = {path: path.read_text(encoding="utf-8").replace("{{ nothing }}", "") for path in files(rendered)}
    found = [path for path, text in texts.items() if path.name in substituted and BRACES.search(text)]

    assert not found
    assert not [path for path in rendered.rglob("*") if BRACES.search(str(path.relative_to(rendered)))]


def test_the_description_arrives_as_it_was_given(rendered: Path, answers: dict[str, object]) -> None:
    project = tomllib.loads((rendered / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["description"] == answers.get("description", "A web service.")


def test_every_file_ends_with_one_line_break(rendered: Path) -> None:
    ends = {str(path.relative_to(rendered)): path.read_text(encoding="utf-8")[-2:] for path in files(rendered)}

    assert not {name: end for name, end in ends.items() if end and (end[-1] != "\n" or end == "\n\n")}


def test_python_project_settings_are_valid(rendered: Path) -> None:
    tool("validate-pyproject", rendered / "pyproject.toml")


def test_the_image_recipe_is_valid(rendered: Path) -> None:
    tool("hadolint", rendered / "Dockerfile")


def test_ci_is_valid_and_has_no_known_weakness(rendered: Path) -> None:
    for workflow in (rendered / ".github" / "workflows").glob("*.yml"):
        tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
        tool("zizmor", "--offline", "--no-progress", workflow)
    for pipeline in [*rendered.glob(".gitlab-ci.yml"), *rendered.glob(".gitlab/*.yml")]:
        tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", pipeline)


def test_deploy_files_are_valid(rendered: Path) -> None:
    if (compose := rendered / "deploy" / "compose.yaml").exists():
        tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose)


def test_yaml_reads_well(rendered: Path) -> None:
    paths = [path for path in files(rendered) if path.suffix in {".yml", ".yaml"}]
    tool("yamllint", "--strict", "--config-data", json.dumps({"extends": "default", "rules": YAML}), *paths)


def test_python_reads_well(rendered: Path) -> None:
    tool("ruff", "check", "--no-cache", rendered)
    tool("ruff", "format", "--no-cache", "--check", rendered)


def test_each_answer_brings_only_its_own_files(rendered: Path, answers: dict[str, object]) -> None:
    deploy = answers["deploy"]
    assert isinstance(deploy, list)
    there = {
        "github": (rendered / ".github").exists(),
        "gitlab": (rendered / ".gitlab-ci.yml").exists(),
        "compose": (rendered / "deploy" / "compose.yaml").exists(),
        "kubernetes": (rendered / "deploy" / "kubernetes").exists(),
        "systemd": (rendered / "deploy" / "systemd").exists(),
        "prometheus": bool(list(rendered.glob("src/*/metrics.py"))),
    }

    assert {name for name, exists in there.items() if exists} == {answers["ci"], *deploy} - {"none"}
    assert (rendered / "deploy").exists() is bool(set(deploy) - {"prometheus"})


def test_windows_can_check_out_every_path() -> None:
    names = git(WORKSHOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]
    illegal = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .](/|$)|(^|/)(con|prn|aux|nul|com\d|lpt\d)(\.|/|$)', re.IGNORECASE)

    assert not [name for name in names if illegal.search(name)]
    assert len({name.casefold() for name in names}) == len(names)


def test_conditions_stand_in_paths_and_values_in_contents(template: Template) -> None:
    for path in files(template.path / "template"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jinja":
            assert "{{" in text, f"{path.name} substitutes nothing"
            assert path.name in LOCKS or "{%" not in text, f"{path.name} decides something"
        elif path.suffix == ".py":
            assert not re.search(r"\{%|\{#|\{\{ \w+ \}\}", text), f"{path.name} has Jinja"


@pytest.mark.parametrize("name", [".python-version", "uv.lock", "uv.toml", "noxfile.py"])
def test_files_that_tools_look_for_are_at_the_top(rendered: Path, name: str) -> None:
    assert (rendered / name).is_file()
