"""Look at any repositories, read only: which checks hold there."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.command_line import Parser
from lockstep_tool.lockfile import read_lock
from lockstep_tool.locks.indexes import hosts_by_index
from lockstep_tool.repositories.table import show

MENU_LOCK = "noxfile.py.lock"  # it knows which hosts serve the files of the usual index, since nobody edits it


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="directories of repositories, made from the template or not")
    parser.add_argument("--sort", default="service", metavar="COLUMN", help="service; broken or a check: worst first")
    parser.add_argument("--details", action="store_true", help="say what is wrong and how to mend it, for more than one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save what was found, for a program or for --since")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="save it as a page in Markdown")
    parser.add_argument("--html", type=Path, metavar="FILE", help="save it as a page that stands alone and can be sorted")
    parser.add_argument("--since", type=Path, metavar="FILE", help="say what has changed since --json saved this")
    parser.add_argument("--jobs", type=int, help="processes that look; default: one for each processor")
    given = parser.parse_args(words)
    hosts = hosts_by_index(read_lock(root / MENU_LOCK).packages) if (root / MENU_LOCK).is_file() else {}
    save = {"json": given.json, "markdown": given.markdown, "html": given.html}
    return show(given.paths, hosts, sort=given.sort, details=given.details, save=save, since=given.since, jobs=given.jobs)
