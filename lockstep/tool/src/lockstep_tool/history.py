"""What git knows of one file of a repository; nothing where there is no git, no commit or no repository."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

__all__ = ["History"]


class History:
    """The commits of the repository that `root` is in. Names are those of files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def earlier(self, name: str, commits: int) -> Iterator[tuple[str, str]]:
        """Pairs of an abbreviated commit and the file's text in it, the oldest first, of the last that changed it."""
        for commit in reversed(self.ask("log", f"-{commits}", "--format=%h", "--", name).split()):
            yield commit, self.ask("show", f"{commit}:./{name}")

    def changed(self, name: str) -> str:
        """Where the content of a file changed under the same name: in what is not committed, or in which commit; or empty."""
        if "M" in self.ask("status", "--porcelain", "--no-renames", "--", name)[:2]:
            return "what is not committed"
        commit = self.ask("log", "-1", "--no-renames", "--diff-filter=M", "--format=%h", "--", name).strip()
        return f"commit {commit}" if commit else ""

    def committed(self, name: str) -> datetime | None:
        """When the file got the content that it has; None while that is not committed."""
        if self.ask("status", "--porcelain", "--", name).strip():
            return None
        said = self.ask("log", "-1", "--format=%cI", "--", name).strip()
        return datetime.fromisoformat(said) if said else None

    def ask(self, *words: str) -> str:
        """What git prints, or nothing where it has nothing to say."""
        try:
            done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, errors="replace", check=False)
        except FileNotFoundError:
            return ""
        return "" if done.returncode else done.stdout
