"""Run the service's tests by the image's own interpreter with the image's own packages.

The test tools go into a container of the image, which is thrown away; they come last on its search path, so that what
the image has is what is tested.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_tool import engine, hermetic
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.images.built_image import needed_variables
from lockstep_tool.images.image import build_image
from lockstep_tool.service import Service

__all__ = ["run_tests"]

TOOLS, CHECKOUT = "/tools", "/checkout"
CODE = (
    f"import sys; sys.path.append('{TOOLS}'); import pytest; "
    "print('Python', sys.version.split()[0], 'at', sys.executable, 'of the image', sys.argv[1], flush=True); "
    "sys.exit(pytest.main(['-p', 'no:cacheprovider', *sys.argv[2:]]))"
)


def run_tests(service: Service, words: Sequence[str]) -> int:
    """Build the image, and run pytest with `words` in it; 0 when all pass. Raises Refusal where it cannot be run."""
    chosen = engine.find()
    tag = build_image(service, chosen)
    tools = fetch_tests(service)
    settings = needed_variables(service)
    variables = [part for name in settings for part in ("--env", name)]
    create = [chosen, "create", "--network", "none", "--workdir", CHECKOUT, *variables, tag]
    create += [PYTHON_IN_IMAGE, "-B", "-c", CODE]
    made = engine.run([*create, engine.identity(chosen, tag)[7:19], *words], settings=settings)
    name = made.stdout.strip()
    try:
        for source, target in (
            (tools, TOOLS),
            (service.root / "tests", f"{CHECKOUT}/tests"),
            (service.root / "pyproject.toml", CHECKOUT),
        ):
            done = engine.run([chosen, "cp", str(source), f"{name}:{target}"])
            if made.returncode or done.returncode:
                raise not_looked_at(f"{chosen} cp", made.stderr + done.stderr)
        sys.stdout.flush()
        return SAME if subprocess.run([chosen, "start", "--attach", name], check=False).returncode == 0 else DIFFERENT
    finally:
        engine.run([chosen, "rm", "--force", "--volumes", name])


def fetch_tests(service: Service) -> Path:
    """The locked group `tests` as the image's platform installs it, in a directory of its own."""
    machine = engine.markers_of_image(service.python)["platform_machine"].replace("arm64", "aarch64")
    directory = service.root / ".nox" / "in-image"
    shutil.rmtree(directory, ignore_errors=True)
    export = ["uv", "export", "--quiet", "--locked", "--only-group", "tests", "--no-emit-project", "--no-header"]
    listed = run_uv(service.root, export)
    install = ["uv", "pip", "install", "--quiet", "--target", str(directory), "--no-deps", "--require-hashes"]
    install += ["--python-version", service.python, "--python-platform", f"{machine}-unknown-linux-gnu"]
    install += ["--only-binary", ":all:", "--python", sys.executable, "--requirement", "-"]
    run_uv(service.root, install, listed)
    return directory


def run_uv(root: Path, command: list[str], given: str = "") -> str:
    """What uv prints; raises Refusal with its last line."""
    done = subprocess.run(command, cwd=root, input=given, capture_output=True, text=True, env=hermetic.environment(), check=False)
    if done.returncode:
        raise not_looked_at(" ".join(command[:3]), done.stderr)
    return done.stdout


def not_looked_at(command: str, said: str) -> Refusal:
    return Refusal(
        "not looked at: the tests cannot be brought into the image",
        [(command, (said.strip().splitlines() or ["no output"])[-1])],
        "Mend what it says, then run this again; `uv run noxfile.py -s tests` tests on this machine.",
        code=COULD_NOT_LOOK,
    )
