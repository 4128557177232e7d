"""What a container engine is asked to build, by which options."""

from pathlib import Path

import pytest

from lockstep_tool import engine
from lockstep_tool.engine import MOMENT

# It says what it was asked, into the log of the build.
PROGRAM = '#!/bin/sh\necho words: "$@"\necho moment: ${SOURCE_DATE_EPOCH-none}\n'


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_build_has_one_moment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """podman 5.8 refuses two of them, also one from the environment, as some CI sets it."""
    program = tmp_path / name
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    engine.build(name, tmp_path, "localhost/orders-api:lockstep", {"UV_IMAGE": "uv"})

    said = (tmp_path / engine.BUILD_LOG).read_text()
    assert "moment: none" in said
    assert said.count(MOMENT) == 1
    assert (f"--timestamp {MOMENT}" in said) == (name == "podman")
