"""Which of its paths a service wants asked, and which not: `requests` and `not-requested` below `[tool.lockstep]`."""

import json
from string import punctuation
from urllib.parse import quote

from lockstep_serve.errors import Refusal
from lockstep_tool.service import Service

__all__ = ["own_requests", "paths_left_out"]


def own_requests(service: Service) -> list[str]:
    """The paths that the service lists; raises Refusal for what are none, and for those that HTTP cannot send."""
    paths = read_paths(service, "requests", "The requests that prove is to send are not a list of paths.")
    quoted = [quote(path, safe=punctuation) for path in paths]
    if unsendable := [path for path, sent in zip(paths, quoted, strict=True) if path != sent]:
        raise Refusal(
            "A request that prove is to send has characters that a path cannot have.",
            [("pyproject.toml, [tool.lockstep] requests", path) for path in unsendable],
            f"Write `requests = {json.dumps(quoted)}`.",
        )
    return paths


def paths_left_out(service: Service) -> list[str]:
    """The endpoints that are not to be asked, as the source writes them; raises Refusal for what are none."""
    return read_paths(service, "not-requested", "The endpoints that prove is not to ask are not a list of paths.")


def read_paths(service: Service, key: str, wrong: str) -> list[str]:
    said = service.settings.get(key, [])
    if not isinstance(said, list) or not all(isinstance(path, str) and path.startswith("/") for path in said):
        raise Refusal(wrong, [(f"pyproject.toml, [tool.lockstep] {key}", str(said))], f'Write `{key} = ["/", "/hello/Ada"]`.')
    return said
