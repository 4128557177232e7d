"""Leave the template: what only updates need goes, everything else stays, works, and is the team's from then on.

Nothing is committed, and one `git reset --hard` takes everything back.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

from lockstep_serve.errors import DIFFERENT, SAME, Refusal

ANSWERS = ".copier-answers.yml"
# What asks the template for something: updates, and the comparison of server models, which renders the others from it.
GONE = (
    ANSWERS,
    "updating",
    "bench",
    "bench.py",
    "bench.py.lock",
    ".github/workflows/lockstep-update.yml",
    ".gitlab/lockstep-update.yml",
)
SESSIONS = ("update", "detach", "bench")
# What of the session `bench` needs no template.
RESTARTS = '''@nox.session(default=False)
def restarts(session: nox.Session) -> None:
    """Restart the server under load, and count what is lost."""
    session.run(production(session), "-m", "lockstep", "restarts", *session.posargs, env=settings(session))


'''
NOTE = "docs/detached.md"
SAID = """# This service stands alone

It was made from the template Lockstep, and takes no updates from it any more.
Every file is yours, also where its first line says "Lockstep's", and so are the blocks under that name in shared files.

What was removed: the answers that updates read ({gone}).
What stays works as before: `uv run noxfile.py` proves everything that it proved.
`uv run noxfile.py -s restarts` counts what restarts lose.
The comparison of server models went, because it rendered the others from the template.

From now on you move versions yourself: `uv run noxfile.py -s upgrade`.
`uv run noxfile.py -s pins` names every place that lags behind.
"""
HEADER = re.compile(r"(Lockstep's: [^\n]*?)\. Change it by `copier update`, not by hand")


def main() -> int:
    """0 when the service stands alone; a mistake of the user is told in three parts."""
    os.chdir(ROOT)
    try:
        refuse()
        detach()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code
    return SAME


def git(*words: str) -> str:
    """What git prints; raises Refusal with its error."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no output"]
        raise Refusal("Git does not answer.", [(f"git {words[0]}", said[0])], "Commit the service to git first.")
    return done.stdout


def refuse() -> None:
    """Nothing is done where it could not be taken back, or twice."""
    if not (ROOT / ANSWERS).exists():
        raise Refusal("This service has left its template already.", [(ANSWERS, "missing")], "Nothing is to be done.")
    git("rev-parse", "--verify", "HEAD")
    if changed := git("status", "--porcelain", "--", ".").splitlines():
        raise Refusal(
            "There are changes that are not committed.",
            [(line[3:], "not committed") for line in changed[:5]],
            "Commit them or put them away (`git stash --include-untracked`), then try again.",
            code=DIFFERENT,
        )


def detach() -> None:
    """Remove, rewrite, explain; stage it all, so that one command takes it back."""
    gone = [name for name in GONE if (ROOT / name).exists()]
    for name in gone:
        path = ROOT / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    menu = ROOT / "noxfile.py"
    menu.write_text(without_sessions(menu.read_text(encoding="utf-8")), encoding="utf-8")
    ci = ROOT / ".gitlab-ci.yml"
    if ci.exists():
        ci.write_text(without_include(ci.read_text(encoding="utf-8")), encoding="utf-8")
    rewritten = list(rewrite())
    note = ROOT / NOTE
    note.parent.mkdir(exist_ok=True)
    note.write_text(SAID.format(gone=", ".join(f"`{name}`" for name in gone)), encoding="utf-8")
    git("add", "--all", "--", ".")
    print("This service stands alone.\n")
    print("\n".join(f"  gone        {name}" for name in gone))
    print(f"  rewritten   {len(rewritten)} files no longer send you to the template\n  new         {NOTE}")
    for line in mentions():
        print(f"  yours       {line}")
    print("\nLook at it with `git diff --cached`, prove it with `uv run noxfile.py`, then commit it.")
    print("This takes it back: git reset --hard")


def without_sessions(text: str) -> str:
    """The menu without the sessions that need the template."""
    for name in SESSIONS:
        kept = RESTARTS if name == "bench" else ""
        pattern = rf"@nox\.session[^\n]*\ndef {name}\(.*?\n\n\n(?=\S)"
        text = re.sub(pattern, lambda _, kept=kept: kept, text, count=1, flags=re.DOTALL)  # type: ignore[misc]
    return text


def without_include(text: str) -> str:
    """GitLab's file without the job that proposes updates; without the list, where it was the only one in it."""
    item = r"^( *)- [^\n]*lockstep-update\.yml[^\n]*\n(?:\1 +[^\n]*\n)*"
    text = re.sub(item, "", text, flags=re.MULTILINE)
    return re.sub(r"^include:[ \t]*\n(?! *-)", "", text, flags=re.MULTILINE)


def rewrite() -> Iterator[str]:
    """Take the words that send people to the template out of its files; the names of those changed."""
    for name in git("ls-files", "-z").split("\0")[:-1]:
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        new = HEADER.sub(r"\1", text)
        if new != text:
            new = new.replace("with `copier update --data python=…`", "with `uv python pin X.Y.Z`")
            new = new.replace("`copier update --data python=…`", "`uv python pin X.Y.Z`")
            new = new.replace(", or run `copier update`", "")
            path.write_bytes(new.encode("utf-8"))
            yield name


def mentions() -> list[str]:
    """Lines of the team's that still speak of what is gone."""
    spoken = re.compile(r"copier update|noxfile\.py -s (?:update|bench)")
    return [
        f"{name}:{number} speaks of what is gone"
        for name in git("ls-files", "-z", "--", "*.md").split("\0")[:-1]
        if (ROOT / name).is_file() and name != NOTE
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if spoken.search(line)
    ]


if __name__ == "__main__":
    sys.exit(main())
