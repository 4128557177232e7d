"""What workers noted of their lives (`orders.worker`)."""

from pathlib import Path

__all__ = ["noted"]


def noted(notes: Path, word: str) -> list[int]:
    """The processes that noted `start` or `stop`."""
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return sorted(int(line.split()[1]) for line in lines if line.startswith(f"{word} "))
