"""The check `interpreter`: whether an environment has the first one's build of Python, with an unedited standard library."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]

MANAGED = "UV_MANAGED_PYTHON=1 uv run noxfile.py   (uv's own build, as in the image)"
REINSTALL = "uv python install --reinstall, where uv installed it, and build the environment again"


def find(comparison: Comparison) -> Iterator[Finding]:
    """Another build of the same version, which is allowed outside CI; an edited file of the same build never is."""
    if comparison.first is None or comparison.first.fingerprint["python"] != comparison.fingerprint["python"]:
        return
    there, here = comparison.fingerprint["interpreter"], comparison.first.fingerprint["interpreter"]
    if here["build"] == there["build"] and here["executable"] == there["executable"]:
        edited = sorted(f for f in {*here["files"], *there["files"]} if here["files"].get(f) != there["files"].get(f))
        if edited:
            what = f"the same build with other files in its standard library: {name_few(edited)}"
            yield comparison.difference(CHECK, what, "as it was built, or the edited one", fix=REINSTALL)
            return
    names = [name for name in here if name not in {"build", "files"} and here[name] != there[name]]
    if names:
        strict = comparison.strict and comparison.first.fingerprint["markers"] == comparison.markers
        yield comparison.difference(
            CHECK,
            f"another build, in {', '.join(name.replace('_', ' ') for name in names)}: {there['build']}",
            str(here["build"]),
            fix=MANAGED,
            severity=Severity.ERROR if strict else Severity.ALLOWED,
        )


CHECK = Check(
    name="interpreter",
    session="parity",
    asks="The build of the interpreter: its executable, its library, each file of its standard library.",
    why="An edited or distribution-patched standard library has the same version number.",
    allowed="Another build, on a laptop. Never an edited file inside the same build.",
    fix="UV_MANAGED_PYTHON=1 uv run noxfile.py",
    find=find,
)
