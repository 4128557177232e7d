"""Serve the checkout, and start again when a source file changes."""

import os
from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.dev_log import write_for_people
from lockstep_tool.service import Service
from lockstep_tool.sessions import replace_by_server
from lockstep_tool.stand_ins import read_variables


def run(words: Sequence[str], root: Path) -> int:
    for name, value in settings_of_dev(Service(root)).items():
        if not os.environ.get(name):
            os.environ[name] = value
    write_for_people(root)
    replace_by_server(root, words, reload=True)


def settings_of_dev(service: Service) -> dict[str, str]:
    """What is different in `dev`, unless a variable says otherwise: no other machine reaches it, one process is enough to
    reload and to debug, and no balancer is waited for. The rest is the team's: `[tool.lockstep] dev`.
    """
    values = service.definition.values
    ours = {"host": "127.0.0.1", "workers": "1", "drain_lead": "0"}
    return {**{values[name].env: said for name, said in ours.items() if name in values}, **read_variables(service, "dev")}
