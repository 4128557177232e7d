"""Parse a command's words; a mistake in them becomes an error in three parts, with the exit code of one."""

import argparse
from typing import NoReturn

from lockstep_serve.errors import Refusal

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """For the command that a module of `commands/` is, described by its docstring."""

    def __init__(self, module: str, docstring: str | None) -> None:
        name = module.rpartition(".")[2].replace("_", "-")
        super().__init__(prog=f"lockstep {name}", description=docstring, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """argparse would exit with 2, which says that something could not be looked at."""
        raise Refusal(
            f"`{self.prog}` does not know these words.",
            [(self.prog, message)],
            self.format_usage().strip(),
        )
