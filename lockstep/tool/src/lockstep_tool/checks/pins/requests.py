"""The check `requests`: whether `prove` asks for every endpoint that the service's source has."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.environments.own_requests import own_requests, paths_left_out
from lockstep_tool.files.routes import routes
from lockstep_tool.service import Service

__all__ = ["CHECK"]

REQUESTS = "pyproject.toml [tool.lockstep] requests"
OURS = re.compile(r"/(health/.*|version|metrics)")  # `prove` asks for them by itself


def find(service: Service) -> Iterator[Finding]:
    """Endpoints of which no path is asked for."""
    asked, left_out = own_requests(service), paths_left_out(service)
    known = [route for route in routes(service) if not OURS.fullmatch(route.path) and route.path not in left_out]
    unasked = [route for route in known if not any(route.answers(request) for request in asked)]
    if unasked:
        yield CHECK.finding(
            f"`prove` asks for no path of {name_few([route.path for route in unasked])}.",
            where=(*((route.spot, f"{route.path}   <- not asked for") for route in unasked), (REQUESTS, str(asked))),
        )


CHECK = Check(
    name="requests",
    session="pins",
    asks="The endpoints that the service's source answers by GET, against the paths that `prove` and `bench` ask for.",
    why="An endpoint that nobody asks for fails for the first time in production.",
    allowed="What stands in `[tool.lockstep] not-requested`, as the source writes it: what must not be asked without need.",
    fix="Add a path of it to `requests` in pyproject.toml, or, where asking does harm, the endpoint to `not-requested`.",
    find=find,
    severity=Severity.WARNING,
)
