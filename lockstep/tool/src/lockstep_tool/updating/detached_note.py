"""Write `docs/detached.md`: what leaving the template means, and how to go on without lockstep_serve, too."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.definition import Definition
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.plain_server import list_losses, plain_command

__all__ = ["NOTE", "write_note"]

NOTE = "docs/detached.md"
TEXT = """# This service stands alone

It was made from the template Lockstep, and takes no updates from it any more.
Every file is yours, also where its first line says "Lockstep's", and so are the blocks under that name in shared files.

What was removed: {gone}.
What stays works as before: `uv run noxfile.py` proves everything that it proved, by the two wheels in `.lockstep/`.
`uv run noxfile.py -s restarts` counts what restarts lose.
The comparison of server models went, because it rendered the others from the template.

From now on you move versions yourself: `uv run noxfile.py -s upgrade`.
`uv run noxfile.py -s pins` names every place that lags behind.

## Another server model

Write its name as `model` into `server.toml`, and add its package with `uv add`.
`uv run noxfile.py -s serve` names each value that the new model needs or does not have.

## Without lockstep_serve

The service can be served by {server} alone.
This command has the numbers that `server.toml` had when the service left:

```console
{command}
```

1. Put it where `python -m lockstep_serve serve` stands, and a request for `/health/ready` where its `health` stands: {starts}.
2. Replace what your code imports: {imports}.
   `draining()` becomes False, `identity()` what your build tells you.
3. Take what tests `draining` and the members `environment` and `lockstep` of `/version` out of `tests/test_health.py`.
4. Run `uv remove lockstep-serve`. The entry points of that name in `pyproject.toml` may stay; your tests read them.

From then on `prove`, `restarts`, `image` and `parity` cannot pass: take them out of the menu in `noxfile.py`.
The other sessions go on.

What that gives up:

{losses}
"""


def write_note(root: Path, gone: Sequence[str], definition: Definition, application: str) -> None:
    """Write the note for this service's server model and files."""
    note = root / NOTE
    note.parent.mkdir(exist_ok=True)
    command = plain_command(definition, application)
    text = TEXT.format(
        gone=list_names(gone),
        server=command.partition(" ")[0],
        command=command,
        starts=list_names(find_files(root, "lockstep_serve", "Dockerfile", "deploy")),
        imports=list_names(find_files(root, "lockstep_serve import", "*.py")),
        losses="\n".join(f"- {loss}" for loss in list_losses(definition)),
    )
    note.write_text(text, encoding="utf-8")


def find_files(root: Path, text: str, *paths: str) -> list[str]:
    """The committed files at these paths that have this text."""
    names = git(root, "ls-files", "-z", "--", *paths).split("\0")[:-1]
    return [name for name in names if (root / name).is_file() and text.encode() in (root / name).read_bytes()]


def list_names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"
