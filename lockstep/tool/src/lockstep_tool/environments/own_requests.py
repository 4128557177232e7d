"""Which of its paths a service wants asked: `[tool.lockstep] requests` in its pyproject.toml."""

from lockstep_serve.errors import Refusal
from lockstep_tool.service import Service

__all__ = ["own_requests"]


def own_requests(service: Service) -> list[str]:
    """The paths that the service lists; raises Refusal for what are none."""
    said = service.settings.get("requests", [])
    if not isinstance(said, list) or not all(isinstance(path, str) and path.startswith("/") for path in said):
        raise Refusal(
            "The requests that prove is to send are not a list of paths.",
            [("pyproject.toml, [tool.lockstep] requests", str(said))],
            'Write `requests = ["/", "/hello/Ada"]`.',
        )
    return said
