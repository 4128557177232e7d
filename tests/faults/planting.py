"""How faults are planted in text."""

from .fault import Plant
from .scene import Scene

__all__ = ["append", "both", "edit", "in_lock", "variables", "write"]


def in_lock(pattern: str, new: str) -> Plant:
    """Change the first place of uv.lock that matches."""
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


def append(name: str, text: str) -> Plant:
    """More at the end of a file."""

    def plant(scene: Scene) -> None:
        path = scene.root / name
        path.write_text(path.read_text() + text)

    return plant


def both(first: Plant, second: Plant) -> Plant:
    """One fault in two places."""

    def plant(scene: Scene) -> dict[str, str]:
        return {**(first(scene) or {}), **(second(scene) or {})}

    return plant


def variables(**settings: str) -> Plant:
    """Nothing but what the place's environment says."""
    return lambda _: settings
