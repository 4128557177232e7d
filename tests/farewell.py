"""The end of the demonstration: where the service is, which environment it has, what was not looked at, how to serve it.

python -m farewell FOLDER
"""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["farewell", "main"]


def farewell(folder: Path) -> str:
    """The text; raises OSError, ValueError, KeyError or TypeError when the service's own command left no report of one."""
    report = json.loads((folder / ".nox" / "report" / "report.json").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = report["environments"]
    seen = [row for row in rows if row["environment"] != "declared" and not row["unseen"]]
    unseen = [f"{row['environment']} ({row['unseen'].removeprefix('not looked at: ')})" for row in rows if row["unseen"]]
    [identity, *others] = dict.fromkeys(row["id"] for row in seen)
    if others:
        raise ValueError(f"the environments differ: {', '.join([identity, *others])}")
    lines = [
        "",
        f"The service is in {folder}",
        f"Its environment id is {identity}, seen in {' and '.join(row['environment'] for row in seen)}.",
        *([f"Not looked at: {', '.join(unseen)}."] if unseen else []),
        "",
        "Serve it, as production does:",
        "",
        f"    cd {shlex.quote(str(folder))} && uv run noxfile.py -s serve",
        "",
        "and ask it, in another terminal, what it is:",
        "",
        "    curl http://localhost:8000/version",
        "",
    ]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Print the text for the service in the folder that `words` name."""
    folder = Path(words[0] if words else ".").resolve()
    try:
        print(farewell(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(
            "The service has no good report of its environments.\n\n"
            f"  {folder / '.nox' / 'report' / 'report.json'}   {type(error).__name__}: {error}\n\n"
            f"Run its one command and read what it says: `cd {shlex.quote(str(folder))} && uv run noxfile.py`.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
