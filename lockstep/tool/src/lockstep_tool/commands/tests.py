"""Test the installed wheel; with `--in-image` by the image's interpreter.

Other words are pytest's.
"""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.sessions import run_module


def run(words: Sequence[str], root: Path) -> int:
    if "--in-image" in words:
        from lockstep_tool.images.in_image import run_tests
        from lockstep_tool.service import Service

        return run_tests(Service(root), [word for word in words if word != "--in-image"])
    return run_module("pytest", words, root)
