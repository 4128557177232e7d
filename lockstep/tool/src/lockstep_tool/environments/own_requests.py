"""Which of its paths a service wants asked: `[tool.lockstep] requests` in its pyproject.toml."""

from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.toml_file import read_toml

__all__ = ["own_requests"]


def own_requests() -> list[str]:
    """The paths that the service lists; none where its pyproject.toml is not at hand, as in an image."""
    file = Path("pyproject.toml")
    if not file.exists():
        return []
    said = read_toml(file).get("tool", {}).get("lockstep", {}).get("requests", [])
    if not isinstance(said, list) or not all(isinstance(path, str) and path.startswith("/") for path in said):
        raise Refusal(
            "The requests that prove is to send are not a list of paths.",
            [("pyproject.toml, [tool.lockstep] requests", str(said))],
            'Write `requests = ["/", "/hello/Ada"]`.',
        )
    return said
