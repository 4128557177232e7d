"""Parse a file that is a list of lines, such as .dockerignore, into nodes."""

from lockstep_tool.files.node import Node, Scalar, Sequenced

__all__ = ["parse_every_line", "parse_patterns"]


def parse_every_line(text: str) -> Node:
    """Each line counts, comments included."""
    return Sequenced(1, tuple(Scalar(number, line) for number, line in enumerate(text.split("\n"), 1)))


def parse_patterns(text: str) -> Node:
    """Comments and empty lines say nothing."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
    return Sequenced(1, tuple(Scalar(number, line) for number, line in lines if line and not line.startswith("#")))
