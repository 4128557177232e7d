"""What a repository states, each kind of file read once as what it is; what cannot be read is kept with the reason."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.node import Unreadable
from lockstep_tool.repositories.ci import Ci, read_ci
from lockstep_tool.repositories.containers import Container, read_compose, read_manifest
from lockstep_tool.repositories.dockerfile import Stage, fill, read_dockerfile
from lockstep_tool.repositories.platforms import PLATFORMS, Ordered, read_platform
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.repositories.shell import Command, read_script
from lockstep_tool.repositories.stated import Image, Step
from lockstep_tool.repositories.yaml_tree import read_documents

__all__ = ["CI", "COMPOSE", "IMAGES", "MANIFESTS", "WORKFLOWS", "Facts"]

WORKFLOWS = (".github/workflows/*.y*ml", ".github/actions/*/action.y*ml")
CI = (*WORKFLOWS, ".gitlab-ci.yml", ".gitlab/*.y*ml", ".circleci/config.yml", "azure-pipelines.yml")
IMAGES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "Containerfile.*")
COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml")
MANIFESTS = ("deployment*.y*ml", "*kubernetes/*.y*ml", "*k8s/*.y*ml")

Read = TypeVar("Read")


@dataclass(frozen=True)
class Built:
    """A Dockerfile with its stages."""

    name: str
    stages: Sequence[Stage]


class Facts:
    """Of one repository; each part is read when it is first asked for."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.unread: dict[str, tuple[str, str]] = {}  # name → where in it, and why

    def read(self, parse: Callable[[str, str], Read], *patterns: str) -> Iterator[tuple[str, Read]]:
        """Each file that fits, parsed; one that cannot be is remembered."""
        for name in self.repository.named(*patterns):
            try:
                yield name, parse(name, self.repository.text(name))
            except Unreadable as error:
                self.unread[name] = (f"{name}:{error.line}", str(error))
            except Refusal as refusal:
                self.unread[name] = refusal.where[0] if refusal.where else (name, refusal.wrong)

    @cached_property
    def ci(self) -> list[Ci]:
        return [ci for _, ci in self.read(lambda name, text: read_ci(name, text, read_documents(text)), *CI)]

    @cached_property
    def built(self) -> list[Built]:
        """The Dockerfiles that have a stage."""
        found = (Built(name, stages) for name, stages in self.read(lambda _, text: read_dockerfile(text), *self.dockerfiles))
        return [one for one in found if one.stages]

    @cached_property
    def dockerfiles(self) -> list[str]:
        return [name for name in self.repository.named(*IMAGES) if not name.endswith(".dockerignore")]

    @cached_property
    def composed(self) -> list[tuple[str, list[Container]]]:
        return list(self.read(lambda _, text: list(read_compose(read_documents(text))), *COMPOSE))

    @cached_property
    def manifests(self) -> list[tuple[str, list[Container]]]:
        """A file that never says `containers` is not parsed: it has none."""
        return list(
            self.read(lambda _, text: list(read_manifest(read_documents(text))) if "containers" in text else [], *MANIFESTS)
        )

    @cached_property
    def steps(self) -> list[Step]:
        """Steps of CI that others own."""
        return [step for ci in self.ci for step in ci.steps]

    @cached_property
    def commands(self) -> list[Command]:
        """What CI, image builds and the builds of platforms run."""
        ordered = ((name, one) for name, found in self.platforms for one in found if one.builds)
        on_platforms = (command for name, one in ordered for command in read_script(name, one.line, one.text, {}))
        return [*(command for ci in self.ci for command in ci.commands), *self.run_in_builds(), *on_platforms]

    @cached_property
    def platforms(self) -> list[tuple[str, list[Ordered]]]:
        return list(self.read(lambda _, text: list(read_platform(read_documents(text))), *PLATFORMS))

    def run_in_builds(self) -> Iterator[Command]:
        for one in self.built:
            for stage in one.stages:
                for run in stage.of("RUN"):
                    rest = re.sub(r"^(?:--\S+\s+)+", "", run.rest)
                    yield from read_script(one.name, run.line, fill(rest, stage.values), stage.values)
                    if run.body:
                        yield from read_script(one.name, run.body_line, fill(run.body, stage.values), stage.values)

    @cached_property
    def images(self) -> list[Image]:
        """Images that are built on, run in CI or run beside the service, and are not built here."""
        found = [*(image for ci in self.ci for image in ci.images), *self.images_of_builds(), *self.images_of_containers()]
        return [one for one in found if not one.name.startswith("localhost/") and one.name != "scratch"]

    def images_of_builds(self) -> Iterator[Image]:
        for one in self.built:
            names = {stage.name for stage in one.stages} | {str(number) for number in range(len(one.stages))}
            for stage in one.stages:
                if stage.below is None:
                    yield Image(f"{one.name}:{stage.line}", stage.image)
                for instruction in stage.of("COPY", "RUN"):
                    for found in re.finditer(r"(?:--|,)from=([^\s,]+)", instruction.rest.partition("<<")[0]):
                        if (name := fill(found[1], stage.values)).lower() not in names:
                            yield Image(f"{one.name}:{instruction.line}", name)

    def images_of_containers(self) -> Iterator[Image]:
        """Those of Compose; an image that one of its services builds is none of others."""
        containers = [(name, one) for name, found in self.composed for one in found if one.image is not None]
        ours = {one.image.text for _, one in containers if one.built and one.image}
        for name, one in containers:
            if one.image and not one.built and one.image.text not in ours:
                yield Image(f"{name}:{one.image.line}", fill(one.image.text, {}))

    def has_unread(self, *patterns: str) -> bool:
        """Whether a file that fits could not be read; ask for what it states first."""
        return any(name in self.unread for name in self.repository.named(*patterns))

    def describe_unread(self, column: str, *patterns: str) -> Iterator[Finding]:
        """What one column could not look at, after it has asked for it."""
        for name in self.repository.named(*patterns):
            if name in self.unread:
                what = f"{name} cannot be read, so what it states is not known."
                yield Finding(column, what, (self.unread[name],), "Mend it.", Severity.UNKNOWN)
