"""How faults are planted in text."""

from snapshot import git

from .fault import Plant
from .scene import Scene

__all__ = ["append", "both", "committed", "edit", "in_lock", "remove", "variables", "write"]


def in_lock(pattern: str, new: str) -> Plant:
    """Change the first part of uv.lock that matches."""
    return lambda scene: scene.service.substitute("uv.lock", pattern, new)


def edit(name: str, old: str, new: str) -> Plant:
    """Replace text of a file that must be there, or nothing was planted."""
    return lambda scene: scene.edit(name, old, new)


def write(name: str, text: str) -> Plant:
    """A new file in the checkout."""

    def plant(scene: Scene) -> None:
        (scene.root / name).parent.mkdir(parents=True, exist_ok=True)
        (scene.root / name).write_text(text)

    return plant


def committed(name: str, text: str) -> Plant:
    """The same of a file that git was told to leave out, and that somebody adds."""

    def plant(scene: Scene) -> None:
        write(name, text)(scene)
        git(scene.root, "add", "--force", name)

    return plant


def remove(name: str) -> Plant:
    """A file of the checkout less."""
    return lambda scene: (scene.root / name).unlink()


def append(name: str, text: str) -> Plant:
    """More at the end of a file."""

    def plant(scene: Scene) -> None:
        path = scene.root / name
        path.write_text(path.read_text() + text)

    return plant


def both(first: Plant, second: Plant) -> Plant:
    """Two steps of one fault."""

    def plant(scene: Scene) -> dict[str, str]:
        return {**(first(scene) or {}), **(second(scene) or {})}

    return plant


def variables(**settings: str) -> Plant:
    """Nothing but variables."""
    return lambda _: settings
