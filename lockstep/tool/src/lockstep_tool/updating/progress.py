"""A bar where somebody looks on, and one plain line for each step elsewhere."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

__all__ = ["Progress"]


class Progress:
    """A context manager; how many steps there will be is told by `expect` once it is known."""

    def __init__(self) -> None:
        console = Console()
        columns = (BarColumn(30), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self.bar = Bar(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task("", total=None)
        self.total = self.begun = 0
        self.last = ""

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away, so that what is printed next stands alone."""
        self.bar.stop()

    def expect(self, steps: int) -> None:
        self.total = self.begun + steps

    def step(self, text: str) -> None:
        """One more step begins."""
        self.say(text)
        self.begun += 1

    def say(self, text: str) -> None:
        self.bar.update(self.task, description=text[:70], completed=self.begun, total=self.total or None)
        if self.bar.disable and text != self.last:
            print(f"{text} …", flush=True)
        self.last = text

    def warn(self, text: str) -> None:
        self.bar.console.file.flush()
        print(text, file=sys.stderr, flush=True)
