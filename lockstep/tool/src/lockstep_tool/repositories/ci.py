"""Read the files of CI as what they are: jobs with their steps, images, variables and matrices.

GitHub's workflows and actions, GitLab's file, CircleCI's and Azure's. https://docs.github.com/en/actions/reference,
https://docs.gitlab.com/ci/yaml/, https://circleci.com/docs/reference/configuration-reference/
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lockstep_tool.files.node import Mapped, Node, Scalar
from lockstep_tool.repositories.shell import Command, read_script
from lockstep_tool.repositories.stated import Image, Step, Version
from lockstep_tool.repositories.yaml_tree import children, entries, find, scalars_of, script_of, settings_of, text_of

__all__ = ["Ci", "read_ci"]

EXPRESSION = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
# Keywords of GitLab that are no jobs.
GLOBAL = frozenset({"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "pages"})
SCRIPTS = ("before_script", "script", "after_script")


@dataclass
class Ci:
    """What one file of CI states."""

    name: str
    lines: Sequence[str]
    commands: list[Command] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    pythons: list[Version] = field(default_factory=list)

    def spot(self, node: Node) -> str:
        return f"{self.name}:{node.line}"

    def run(self, script: Node | None, settings: Mapping[str, str]) -> None:
        """Each scalar is a script of its own."""
        for scalar in scalars_of(script):
            line, text = script_of(list(self.lines), scalar)
            self.commands += read_script(self.name, line, text, settings)

    def use_image(self, node: Node | None) -> None:
        """An image, as a name or with a name in it."""
        for key in ("image", "name"):
            node = find(node, key) or node
        if isinstance(node, Scalar) and text_of(node) and "${{" not in node.text:
            self.images.append(Image(self.spot(node), node.text))


def read_ci(name: str, text: str, documents: Sequence[Node]) -> Ci:
    """What a file of CI states, by where it lies."""
    ci = Ci(name, text.split("\n"))
    for document in documents:
        if name.startswith(".github/workflows/"):
            read_workflow(ci, document)
        elif name.startswith(".github/"):
            read_steps(ci, find(document, "runs", "steps"), {}, {})
        elif ".gitlab" in name:
            read_gitlab(ci, document)
        elif ".circleci" in name:
            read_circle(ci, document)
        else:
            read_azure(ci, document)
    return ci


def read_workflow(ci: Ci, document: Node) -> None:
    outside = settings_of(find(document, "env"))
    for job in entries(find(document, "jobs")).values():
        settings = {**outside, **settings_of(find(job, "env"))}
        matrix = entries(find(job, "strategy", "matrix"))
        ci.use_image(find(job, "container"))
        for service in entries(find(job, "services")).values():
            ci.use_image(service)
        if isinstance(called := find(job, "uses"), Scalar):
            use_step(ci, called, None)
        add_variable(ci, find(job, "env"))
        read_steps(ci, find(job, "steps"), settings, matrix)
    add_variable(ci, find(document, "env"))


def read_steps(ci: Ci, steps: Node | None, settings: Mapping[str, str], matrix: Mapping[str, Node]) -> None:
    for step in children(steps):
        own = {**settings, **settings_of(find(step, "env"))}
        ci.run(find(step, "run"), own)
        add_variable(ci, find(step, "env"))
        if isinstance(uses := find(step, "uses"), Scalar):
            use_step(ci, uses, find(step, "with"))
            if re.match(r"actions/setup-python@|astral-sh/setup-uv@|prefix-dev/|conda-incubator/", uses.text):
                ci.pythons += versions(ci, find(step, "with", "python-version"), matrix)


def use_step(ci: Ci, uses: Scalar, given: Node | None) -> None:
    """A step of the repository's own is none of others; one that is an image is that image."""
    if uses.text.startswith("docker://"):
        ci.images.append(Image(ci.spot(uses), uses.text.removeprefix("docker://")))
    elif not uses.text.startswith("."):
        action, _, reference = uses.text.partition("@")
        inputs = {name: (ci.spot(node), text_of(node)) for name, node in entries(given).items()}
        ci.steps.append(Step(ci.spot(uses), action, reference, inputs))


def versions(ci: Ci, node: Node | None, matrix: Mapping[str, Node]) -> Iterator[Version]:
    """A version, several, or each of a matrix."""
    for scalar in scalars_of(node):
        for line in scalar.text.split():  # setup-python takes several lines
            found = EXPRESSION.fullmatch(scalar.text)
            listed = [*scalars_of(matrix.get(found[1])), *included(matrix, found[1])] if found else []
            if listed:
                yield from (stated(ci, one) for one in listed)
                break
            if "${{" in scalar.text:
                yield Version(ci.spot(scalar), "", scalar.text)
                break
            yield stated(ci, Scalar(scalar.line, line, scalar.kind))


def included(matrix: Mapping[str, Node], name: str) -> Iterator[Scalar]:
    for one in children(matrix.get("include")):
        yield from scalars_of(find(one, name))


def stated(ci: Ci, scalar: Scalar) -> Version:
    """YAML reads 3.10 without quotes as the number 3.1."""
    if scalar.kind == "float" and scalar.text.endswith("0"):
        return Version(ci.spot(scalar), scalar.text.rstrip("0"), f"{scalar.text.rstrip('0')}, from {scalar.text} without quotes")
    return Version(ci.spot(scalar), "" if "$" in scalar.text else scalar.text, scalar.text)


def add_variable(ci: Ci, settings: Node | None) -> None:
    """uv's variable for the Python that it takes."""
    if isinstance(given := find(settings, "UV_PYTHON"), Scalar):
        ci.pythons.append(stated(ci, given))


def read_gitlab(ci: Ci, document: Node) -> None:
    outside = settings_of(find(document, "variables"))
    for name, job in {"": document, **entries(document)}.items():
        if not isinstance(job, Mapped) or (name in GLOBAL - {"default", "pages"}):
            continue
        settings = {**outside, **settings_of(find(job, "variables"))}
        for image in (find(job, "image"), *children(find(job, "services"))):
            ci.use_image(image)
        for key in SCRIPTS:
            ci.run(find(job, key), settings)
        add_variable(ci, find(job, "variables"))


def read_circle(ci: Ci, document: Node) -> None:
    for where in ("jobs", "commands", "executors"):
        for job in entries(find(document, where)).values():
            settings = settings_of(find(job, "environment"))
            for image in children(find(job, "docker")):
                ci.use_image(image)
            for step in children(find(job, "steps")):
                run = find(step, "run")
                ci.run(find(run, "command") or run, {**settings, **settings_of(find(run, "environment"))})


def read_azure(ci: Ci, document: Node) -> None:
    """Steps stand in the file, in jobs, or in jobs of stages."""
    inside = [*children(find(document, "stages")), *children(find(document, "jobs"))]
    for part in (document, *inside):
        for job in children(find(part, "jobs")) if part is not document else ():
            read_azure(ci, job)
        for step in children(find(part, "steps")):
            for key in ("script", "bash"):
                ci.run(find(step, key), {})
            if text_of(find(step, "task")).startswith("UsePythonVersion@"):
                ci.pythons += versions(ci, find(step, "inputs", "versionSpec"), {})
