"""The check `template address`: whether others can reach the template that the service is updated from."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.template_address import find_address, is_only_here
from lockstep_tool.files.tree import ANSWERS, CI
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """A path of one machine, with the jobs of CI that would follow it; and answers that are gone."""
    if not (service.detached or service.files.has(ANSWERS)):
        yield CHECK.finding(
            "The answers that this service was made from are gone.",
            where=((ANSWERS, "missing   <- differs"), ("noxfile.py", "has the session `update`")),
            fix=f"Run `git checkout {ANSWERS}`; to leave the template for good, run `-s detach`.",
            severity=Severity.ERROR,
        )
    for stated in find_address(service.files):
        if is_only_here(stated.match[1]):
            jobs = dict.fromkeys(one.file for one in service.files.statements(r"-s update\b", *CI) if not one.comment)
            rows = ((stated.spot, f"{stated.match[1]}   <- on one machine"), *((job, "updates from there") for job in jobs))
            yield CHECK.finding("The template's address is a directory of one machine.", where=rows)


CHECK = Check(
    name="template address",
    session="pins",
    asks="Whether others can reach the template that the service is updated from.",
    why="Every colleague and the weekly job of CI update from the address in .copier-answers.yml.",
    allowed="A directory of one machine is a warning: a template that is not published yet has no other address.",
    fix="Name where all can reach it: `uv run noxfile.py -s update -- --from ADDRESS`.",
    find=find,
    severity=Severity.WARNING,
)
