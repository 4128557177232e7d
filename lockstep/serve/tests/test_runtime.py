"""The interpreter has the settings of every environment, however the command was started."""

from pathlib import Path

from lockstep_serve.runtime import SETTINGS
from services import make_service


def test_a_server_that_is_started_without_them_starts_again_with_them(tmp_path: Path) -> None:
    """The process stays the same, which a container's first process must."""
    service = make_service(tmp_path, "gunicorn-sync")
    with service.serving(**dict.fromkeys(SETTINGS, "")) as server:
        variables = Path(f"/proc/{server.process.pid}/environ").read_text(encoding="utf-8").split("\0")

        assert {f"{name}={value}" for name, value in SETTINGS.items()} <= set(variables)
        assert server.lines()[0]["message"] == "starting"
        assert sum(line["message"] == "starting" for line in server.lines()) == 1
