"""Release the template: gather the notes, write the version into its one place, commit and tag. Nothing is pushed.

python -m release v1.2.0 | --notes
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from notes import FOLDER, faults, gathered, waiting
from snapshot import git

__all__ = ["CHECKS", "Refused", "main", "release"]

ROOT = Path(__file__).parents[1]
# The one place of the version; everything else asks the tool.
PLACE = Path("template", "src", "lockstep", "__init__.py")
STATED = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# In a workshop as it is: everything that a pull request runs, then what takes too long for it.
CHECKS: Sequence[Sequence[str]] = (
    ("uv", "run", "noxfile.py"),
    ("uv", "run", "noxfile.py", "-s", "histories"),
)


class Refused(Exception):
    """Why there is no tag: what is wrong, who says so, and what to do."""

    def __init__(self, wrong: str, voices: Sequence[str], remedy: str) -> None:
        super().__init__("\n".join([wrong, "", *(f"  {voice}" for voice in voices), "", remedy]))


def main(words: Sequence[str]) -> int:
    """0 with the next step; 1 with the reason of a refusal."""
    parser = argparse.ArgumentParser(prog="release", description="Make a version of the template: a commit and a tag, here.")
    parser.add_argument("version", nargs="?", default="", help="such as v1.2.0")
    parser.add_argument("--notes", action="store_true", help="only show what the notes would become")
    options = parser.parse_args(words)
    try:
        if options.notes:
            print(text(ROOT, options.version or "The next version"))
        else:
            print(release(ROOT, options.version, CHECKS))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def release(root: Path, version: str, checks: Sequence[Sequence[str]]) -> str:
    """Commit and tag when nothing speaks against it; returns the next step. Raises Refused, and then nothing has changed."""
    new_enough(root, version)
    clean(root, "The working tree is not clean, so what is tested is not what would be tagged.")
    text(root, version)
    stated(root)
    head = git(root, "rev-parse", "HEAD").strip()
    for check in checks:
        print(f"checking: {' '.join(check)}", flush=True)
        if code := subprocess.run(check, cwd=root, check=False).returncode:
            remedy = "Mend what it names, commit, and release again."
            raise Refused("A check fails, so there is no tag.", [f"{' '.join(check)}   ended with {code}"], remedy)
    clean(root, "A check has changed the working tree.")
    if git(root, "rev-parse", "HEAD").strip() != head:
        raise Refused("There is another commit than the one that was checked.", [f"HEAD   was {head[:7]}"], "Release again.")
    return tagged(root, version, head)


def tagged(root: Path, version: str, head: str) -> str:
    """Write, commit and tag; what was written is taken back when git refuses."""
    notes = text(root, version)
    names = waiting(files(root))
    try:
        (root / FOLDER / f"{version}.md").write_text(notes, encoding="utf-8")
        (root / PLACE).write_text(STATED.sub(f'__version__ = "{version[1:]}"', (root / PLACE).read_text(encoding="utf-8")))
        git(root, "rm", "--quiet", *(str(FOLDER / name) for name in names))
        git(root, "add", str(PLACE), str(FOLDER / f"{version}.md"))
        git(root, "commit", "--quiet", "--message", f"Release {version}")
        git(root, "tag", "--annotate", version, "--message", notes, "--cleanup", "verbatim")
    except subprocess.CalledProcessError as error:
        git(root, "reset", "--quiet", "--hard", head)
        raise Refused("git refuses.", error.stderr.strip().splitlines(), "Mend what it names, and release again.") from error
    branch = git(root, "branch", "--show-current").strip() or "HEAD:main"
    return f"""\
{version} is committed and tagged here, with {len(names)} notes in {FOLDER / f"{version}.md"}.

Look at it, then publish it; services see it from then on:

    git show {version}
    git push --atomic origin {branch} {version}

To take it back before that:

    git tag --delete {version} && git reset --hard {head[:12]}"""


def new_enough(root: Path, version: str) -> None:
    """Refuse what is no version, or none after the last one."""
    if not VERSION.fullmatch(version):
        raise Refused("That is no version.", [f"version   {version or '(none)'}"], "Say `-- v1.2.0`: three numbers behind a v.")
    last = git(root, "tag", "--list", "v[0-9]*", "--sort=-version:refname").split()[:1]
    if last and numbers(version) <= numbers(last[0]):
        voices = [f"asked for   {version}", f"last tag    {last[0]}"]
        raise Refused("The version does not come after the last one.", voices, f"Choose one after {last[0]}.")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def clean(root: Path, wrong: str) -> None:
    """Refuse a tree with changes, also with files that git does not know."""
    if changed := git(root, "status", "--porcelain").splitlines():
        raise Refused(wrong, changed[:8], "Commit or remove them, and release again.")


def stated(root: Path) -> None:
    """Refuse when the place of the version is not one."""
    found = list(STATED.finditer((root / PLACE).read_text(encoding="utf-8")))
    if len(found) != 1:
        voice = f'{PLACE}   has {len(found)} lines like `__version__ = "1.2.0"`'
        raise Refused("The version has not one place.", [voice], "Write it there once.")


def text(root: Path, version: str) -> str:
    """What the notes become; raises Refused when one of them is not as docs/changes/README.md says."""
    notes = files(root)
    if wrong := faults(notes):
        raise Refused("The notes are not complete.", wrong, f"Write them as {FOLDER / 'README.md'} says.")
    return gathered(version, notes)


def files(root: Path) -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((root / FOLDER).iterdir())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
