"""What an application says of itself when it is asked in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from adopting import ask_paths


@pytest.mark.parametrize("place", ["site-packages/aged", "aged"], ids=["a_package", "the_service"])
def test_a_package_that_cannot_be_imported_is_named(place: str, tmp_path: Path) -> None:
    package = tmp_path / place
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import json\n\njson.loads('{')\n")
    (tmp_path / "app.py").write_text("import aged\n")

    search = f"{tmp_path}:{package.parent}"
    done = subprocess.run(
        [sys.executable, ask_paths.__file__, "app:app"], env={"PYTHONPATH": search}, capture_output=True, text=True, check=True
    )
    error = json.loads(done.stdout)["error"]

    assert error.startswith("JSONDecodeError: ")
    assert error.endswith(", in aged/__init__.py") == (place != "aged")
