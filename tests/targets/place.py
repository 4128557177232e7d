"""What every target gets: services made from the working tree, an engine that builds them, and a folder of its own."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import built_here
from containers.engine import Engine
from containers.programs import CannotMake
from nobody import become_nobody
from services import Service
from snapshot import Template, git, snapshot

__all__ = ["Place", "commit_all", "open_place"]


@dataclass(frozen=True)
class Place:
    """`settings` let a service build its image here, with this machine's bases and interpreter."""

    folder: Path
    template: Template
    engine: Engine
    settings: Mapping[str, str]
    built: set[str] = field(default_factory=set)

    def make_service(self, name: str, **answers: object) -> Service:
        """A service of these answers, committed on `main` as its team would."""
        path = self.folder / name
        made = self.template.copy(path, {"project_name": name, **answers})
        assert made.returncode == 0, made.stderr
        git(path, "init", "--quiet")
        commit_all(path, "Born from Lockstep")
        return Service(path, self.settings)

    def name_image(self, service: Service) -> str:
        """What the image of a service is called, by its own session; it is gone with the place."""
        self.built.add(image := f"localhost/{service.name}:lockstep")
        return image

    def build_image(self, service: Service) -> str:
        """The production image of a service, by its own session; its name."""
        done = service.lockstep("image")
        assert done.returncode == 0, done.stdout
        return self.name_image(service)


def commit_all(path: Path, message: str) -> None:
    """Commit what is there."""
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", message)


@contextmanager
def open_place() -> Iterator[Place]:
    """A place with the template of the working tree, gone with the context. Raises `CannotMake` where no engine answers."""
    with tempfile.TemporaryDirectory(prefix="targets-") as name, built_here() as (engine, settings):
        if engine is None:
            raise CannotMake("no container engine answers")
        folder = Path(name)
        (folder / "nobody").mkdir()
        become_nobody(folder / "nobody")
        print(f"  in {folder}", file=sys.stderr, flush=True)
        place = Place(folder, make_template(folder / "template"), engine, settings)
        try:
            yield place
        finally:
            for image in place.built:
                engine("image", "rm", "--force", image)


def make_template(folder: Path) -> Template:
    """The working tree as a template of one version."""
    folder.mkdir()
    return snapshot(folder, "v0.1.0", ("docs/", "findings/", "tests/", "lockstep/serve/tests/", "lockstep/tool/tests/"))
