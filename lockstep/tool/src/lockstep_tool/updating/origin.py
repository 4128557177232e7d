"""The template: fetched once, its versions, and what each of them says it changed."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.updating.checkout import Checkout, git, git_environment

__all__ = ["Note", "Origin", "fetch_template", "read_answers", "read_answers_file"]

SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}  # as Copier reads addresses
NOTES = "docs/changes"
KINDS = ("new", "changed", "repaired", "removed")
FETCH_SECONDS = 120


@dataclass(frozen=True)
class Note:
    """What a version says that it changed."""

    version: str
    text: str


@dataclass(frozen=True)
class Origin:
    """A clone of the template, the address that is remembered, and the two versions, as Copier names them."""

    folder: Path
    address: str
    before: str
    after: str

    def read_file(self, path: str, version: str) -> str:
        return git(self.folder, "show", f"{version}:{path}")

    def list_passed_versions(self) -> list[str]:
        """The released versions that are passed, oldest first, and the one that is reached."""
        passed = [
            tag
            for tag in list_releases(self.folder)
            if is_contained(self.folder, tag, self.after) and not is_contained(self.folder, tag, self.before)
        ]
        return passed if self.after in passed or self.before == self.after else [*passed, self.after]

    def read_notes(self) -> list[Note]:
        """What each version on the way changed: its assembled text, or the notes that came with it."""
        found, previous = list[Note](), self.before
        for version in self.list_passed_versions():
            files = list_notes(self.folder, version)
            if assembled := [name for name in files if name == f"{NOTES}/{version}.md"]:
                texts = [self.read_file(assembled[0], version)]
            else:
                earlier = list_notes(self.folder, previous)
                new = [name for name, blob in files.items() if kind_of_note(name) in KINDS and earlier.get(name) != blob]
                texts = [self.read_file(name, version) for name in sorted(new)]
            found += [Note(version, text.strip()) for text in texts]
            previous = version
        return found

    def read_helps(self) -> dict[str, str]:
        """What the newer version asks, in its words; empty where they cannot be read."""
        try:
            rules = yaml.safe_load(self.read_file("copier.yml", self.after))
        except (yaml.YAMLError, Refusal):
            return {}
        return {name: str(rule["help"]) for name, rule in rules.items() if isinstance(rule, dict) and "help" in rule}


def fetch_template(here: Checkout, folder: Path, *, source: str | None, wanted: str | None, stay: bool) -> Origin:
    """Clone the template and choose a version: `wanted`, or the one that is there (`stay`), or the newest released.

    `source` is another address than the one remembered. Raises Refusal.
    """
    remembered = read_answers(here)
    address = spell_address(source) if source else str(remembered.get("_src_path", ""))
    clone_template(address, folder, given=source is not None)
    before = str(remembered.get("_commit", ""))
    if not find_commit(folder, before):
        raise Refusal(
            "The template does not have the version that this service comes from.",
            [(f"{ANSWERS} _commit", before or "missing"), ("template", address)],
            "Name an address that has it: `uv run noxfile.py -s update -- --from ADDRESS`.",
        )
    if wanted and not find_commit(folder, wanted):
        known = [("template", ", ".join(list_releases(folder)[-5:]) or "no released version")]
        raise Refusal(f"The template has no {wanted}.", [("--to", wanted), *known], "Name one of those.")
    goal = wanted or (before if stay else next(reversed(list_releases(folder)), "HEAD"))
    after = git(folder, "describe", "--tags", "--always", find_commit(folder, goal)).strip()
    if find_commit(folder, after) != find_commit(folder, before) and is_contained(folder, after, before):
        raise Refusal(
            "That would go back, and an update only goes forward.",
            [(ANSWERS, before), ("--to" if wanted else "newest released", after)],
            "Stay where you are, or take the update's commit back with `git revert`.",
        )
    return Origin(folder, address, before, after)


def read_answers(here: Checkout) -> dict[str, object]:
    """The answers as they are committed; raises Refusal when they cannot be read."""
    return parse_answers(here.read_committed(ANSWERS) or b"")


def read_answers_file(root: Path) -> dict[str, object]:
    """The answers as they stand in the checkout; raises Refusal when they cannot be read."""
    path = root / ANSWERS
    return parse_answers(path.read_bytes() if path.exists() else b"")


def parse_answers(text: bytes) -> dict[str, object]:
    try:
        answers = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        answers = str(error).splitlines()[0]
    if not isinstance(answers, dict):
        raise Refusal(f"{ANSWERS} cannot be read.", [(ANSWERS, str(answers))], "Restore it from git, then try again.")
    return answers


def clone_template(address: str, folder: Path, *, given: bool) -> None:
    """Fetch all of it, with the user's own credentials and without asking for any."""
    command = ["git", "clone", "--quiet", "--", spell_address(address), str(folder)]
    try:
        done = subprocess.run(
            command,
            env=git_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCH_SECONDS,
        )
        failure = (done.stderr.strip() or "failed").splitlines()[-1] if done.returncode else ""
    except subprocess.TimeoutExpired:
        failure = f"no answer within {FETCH_SECONDS} s"
    if failure or not address:
        raise Refusal(
            "The template cannot be reached.",
            [("--from" if given else f"{ANSWERS} _src_path", address or "missing"), ("git clone", failure)],
            "Connect, or name where it is now: `uv run noxfile.py -s update -- --from ADDRESS`.",
            code=COULD_NOT_LOOK,
        )


def spell_address(address: str) -> str:
    """An address that means the same in another folder and to another program than Copier."""
    if Path(address).is_dir():
        return str(Path(address).resolve())
    for short, long in SHORT.items():
        if address.startswith(short):
            return long + address.removeprefix(short).lstrip("/")
    return os.path.expanduser(address)


def find_commit(folder: Path, name: str) -> str:
    """The commit that a tag, a branch or a description names; empty when there is none."""
    for candidate in (name, f"origin/{name}"):
        words = [
            "git",
            "-C",
            str(folder),
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{candidate}^{{commit}}",
        ]
        done = subprocess.run(words, env=git_environment(), capture_output=True, text=True, check=False)
        if name and done.returncode == 0:
            return done.stdout.strip()
    return ""


def list_releases(folder: Path) -> list[str]:
    """Released versions, oldest first, as Copier sorts them; those before a release are left out."""
    found = dict[str, Version]()
    for name in git(folder, "tag", "--list").split():
        try:
            found[name] = Version(name)
        except InvalidVersion:
            continue
    return sorted((name for name, version in found.items() if not version.is_prerelease), key=found.__getitem__)


def is_contained(folder: Path, earlier: str, later: str) -> bool:
    """Whether all of the earlier version is in the later one."""
    words = ["git", "-C", str(folder), "merge-base", "--is-ancestor", find_commit(folder, earlier), find_commit(folder, later)]
    return subprocess.run(words, env=git_environment(), capture_output=True, check=False).returncode == 0


def list_notes(folder: Path, version: str) -> dict[str, str]:
    """The notes of a version with what is in each, as git names it."""
    entries = git(folder, "ls-tree", "-r", version, "--", NOTES).splitlines()
    return {path: about.split()[2] for about, path in (entry.split("\t", 1) for entry in entries)}


def kind_of_note(name: str) -> str:
    found = re.fullmatch(rf"{NOTES}/[^/]+\.([a-z]+)\.md", name)
    return found[1] if found else ""
