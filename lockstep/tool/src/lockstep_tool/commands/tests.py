"""Test the installed wheel; with `--in-image` by the image's interpreter.

Other words are pytest's; without any, it says as little as it can.
"""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import DIFFERENT, SAME
from lockstep_tool.sessions import run_module


def run(words: Sequence[str], root: Path) -> int:
    if "--in-image" in words:
        from lockstep_tool.images.in_image import run_tests
        from lockstep_tool.service import Service

        failed = run_tests(Service(root), [word for word in words if word != "--in-image"])
        return DIFFERENT if failed else SAME  # pytest's own 2 would say that something could not be looked at
    return run_module("pytest", words or ("--quiet", "--no-header"), root)
