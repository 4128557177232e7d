"""What the page says of updates in which nothing was wrong."""

from written import UPDATE_FIGURES, describe_run, write_part

from .drawn import LONGEST

__all__ = ["write_losses"]


def write_losses(table: str, drawn: tuple[int, int, int], proved: int, *, minutes: int) -> None:
    """Keep it; `drawn` is how many histories of which seed in how many processes, and every `proved`-th one was proved."""
    count, seed, processes = drawn
    text = f"""\
`uv run noxfile.py -s histories -- --write` updates a service of every earlier version of the template to today,
with every set of its answers: once untouched, and once after two years of a team's edits.
Lines are the team's; wrong is whatever must not be, such as an untouched service that is not as a new one.
Before the first release the one earlier version is a commit whose services have the tool as wheels and pass their one command.

```text
{table}
```

Then come histories that are drawn at random: edits, releases and changed answers in any order.
One in seventeen changes of a release builds other wheels, and one history in {proved} ends with a server that is proved.
Of {count} of up to {LONGEST} steps (seed {seed}) none was wrong:
nothing lost, no markers, the lock fresh, an untouched file as a new service has it.
All of it took {minutes} minutes {describe_run()}, with {processes} processes.
"""
    write_part(UPDATE_FIGURES, "What is lost", text)
