"""What the pages have in common: their first lines and their tables."""

from collections.abc import Iterable, Sequence

__all__ = ["opening", "table"]


def opening(title: str, source: str) -> str:
    """The title, and where the page comes from, so that nobody mends it by hand."""
    return f"# {title}\n\n<!-- Made from {source} by `uv run noxfile.py -s docs -- --write`. Change it there. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped, a line break becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
    )
