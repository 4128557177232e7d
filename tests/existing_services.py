"""Services as people have them, none made by the template: small, each with one thing that real ones have."""

from collections.abc import Mapping
from pathlib import Path

from adopting.checkout import Checkout, read_checkout
from adopting.existing import Choices, Existing, read_existing
from conftest import committed
from services import Service

__all__ = ["existing", "read", "read_files"]


def existing(folder: Path, files: Mapping[str, str | bytes]) -> Service:
    """A repository of one commit."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return committed(folder)


def read_files(folder: Path, files: Mapping[str, str | bytes]) -> Checkout:
    """What git tracks of such a repository."""
    return read_checkout(existing(folder, files).path)


def read(folder: Path, files: Mapping[str, str | bytes], **chosen: str) -> Existing:
    """What `adopt` reads of such a repository."""
    return read_existing(existing(folder, files).path, Choices(**{"python": "3.11.7", **chosen}))  # type: ignore[arg-type]
