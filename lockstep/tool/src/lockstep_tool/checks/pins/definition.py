"""The check `definition`: whether server.toml is a server definition, of the model that the answers name."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """Another server model than in the answers; raises Refusal for a definition that no server would start with."""
    model = service.definition.model.name
    stated = service.stated_answers.get("server", model)
    file = service.stated_in("port").partition(":")[0]
    if stated != model:
        yield CHECK.finding(
            "The server model is stated two ways.",
            where=(
                (file, f"model = {model}"),
                (ANSWERS, f"server: {stated}   <- differs"),
            ),
            fix=f"Run `uv run noxfile.py -s update -- --server {model}`: it brings what the model needs.",
        )


CHECK = Check(
    name="definition",
    session="pins",
    asks="Whether server.toml states what its model takes, with a grace that is above the drain, and the model of the answers.",
    why="The server refuses to start otherwise, and that shows only where it starts.",
    allowed="Never.",
    fix="Change the line of server.toml that is named.",
    find=find,
)
