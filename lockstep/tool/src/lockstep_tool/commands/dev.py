"""Serve the checkout, and start again when a source file changes."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.service import Service
from lockstep_tool.sessions import replace_by_dev_server
from lockstep_tool.stand_ins import read_variables


def run(words: Sequence[str], root: Path) -> int:
    replace_by_dev_server(root, words, settings_of_dev(Service(root)))


def settings_of_dev(service: Service) -> dict[str, str]:
    """What is different in `dev`, unless a variable says otherwise: no other machine reaches it, one process is enough to
    reload and to debug, and no balancer is waited for. The rest is the team's: `[tool.lockstep] dev`.
    """
    values = service.definition.values
    ours = {"host": "127.0.0.1", "workers": "1", "drain_lead": "0"}
    return {**{values[name].env: said for name, said in ours.items() if name in values}, **read_variables(service, "dev")}
