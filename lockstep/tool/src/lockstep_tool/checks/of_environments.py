"""Everything that is judged, by name: of a place here, of files and of the image in the rooms beside this one."""

from collections.abc import Mapping

from lockstep_tool.checks.check import Facet
from lockstep_tool.checks.of_files import FILE_FACETS
from lockstep_tool.checks.of_images import IMAGE_FACETS

__all__ = ["FACETS", "PLACE_FACETS"]

PLACE_FACETS: Mapping[str, Facet] = {
    "inputs": Facet(
        "uv.lock, pyproject.toml and .python-version as the place has them.",
        "An image of another commit is another promise.",
        "Never.",
        "build the place again from this commit",
    ),
    "python": Facet(
        "The exact version of Python.",
        "Two patches are two interpreters: standard library, OpenSSL and behaviour differ.",
        "Never.",
        "build the place again; `.python-version` says which",
    ),
    "packages": Facet(
        "Names and versions of what is installed, and whether those who are said to need it say so themselves.",
        "What somebody installed by hand is in no lock; what was slipped into the lock is in every place.",
        "Never, in the production set.",
        "build the place again; `uv add NAME` when it is needed",
    ),
    "wheels": Facet(
        "Which of a package's locked wheels is installed.",
        "One version can have several builds; a source built on the spot is none of them.",
        "Another one on another platform.",
        "build the place again with uv sync --locked --no-build",
    ),
    "bytes": Facet(
        "Every installed file against its RECORD and against the wheel that the lock pins by hash.",
        "An edit in site-packages, or in uv's cache through a hard link, changes no version.",
        "Never.",
        'build the place again; when it comes back: uv cache clean NAME, and link-mode = "copy" in your own uv.toml',
    ),
    "strays": Facet(
        "Files on the import path that no package owns, .pth files among them.",
        "A .pth file runs at each start of the interpreter; a stray module hides a real one.",
        "Never.",
        "build the place again",
    ),
    "search path": Facet(
        "Directories on sys.path that belong neither to the interpreter nor to the environment.",
        "What lies there is imported, and no lock knows it.",
        "Never.",
        "take away what adds it: PYTHONPATH, a .pth file, the user's site directory",
    ),
    "byte code": Facet(
        "Compiled files against the source beside them.",
        "Python runs the compiled file and shows the source in tracebacks.",
        "Never.",
        "build the place again, or delete the __pycache__ that is named",
    ),
    "source": Facet(
        "The service's own files, in the checkout and as installed.",
        "uv sync --check does not see that an installed service is older than its source.",
        "Never.",
        "build the place again from this commit",
    ),
    "server": Facet(
        "The server definition in force: model, workers, timeouts, limits.",
        "A variable that is set in one place only is a server that nobody tried elsewhere.",
        "Where it listens, and the number of workers.",
        "set the value in server.toml, or alike in all places",
    ),
    "behaviour": Facet(
        "Status, headers and body of the same requests: development server, production server, container.",
        "It is what all other facets are for.",
        "Date, Server, and the ids of request and connection; what changes from one answer to the next.",
        "the facet that explains it; where none does, a setting of the service differs",
    ),
    "flags": Facet(
        "Interpreter flags, encodings and locale.",
        "They decide what a file's text is and whether assertions run.",
        "Another locale, while UTF-8 mode makes it say nothing.",
        "start it as `python -m lockstep_serve serve`, which sets them",
    ),
    "time": Facet(
        "The time zone, and the version of its data.",
        "A timestamp without a zone means another moment in another place.",
        "On a laptop. Data of another version.",
        "TZ=UTC in the place that is named",
    ),
    "ambient": Facet(
        "PYTHONPATH, LD_PRELOAD and others that reach into the interpreter.",
        "They change what is imported or linked, and are in no file.",
        "Never.",
        "unset the variable that is named",
    ),
    "uv settings": Facet(
        "Variables of uv, and uv.toml of the user and the system, that could change what uv resolves or installs.",
        "Lockstep's commands leave them aside; uv typed by hand does not.",
        "Always: it is named, since verdicts do not depend on it.",
        "unset the variable, or move the setting into the service's uv.toml",
        weight="warning",
    ),
    "tools": Facet(
        "The uv and the nox that run here, against uv.toml and noxfile.py.lock.",
        "Another uv may write another lock.",
        "On a laptop, another uv inside required-version.",
        "uvx uv@VERSION run noxfile.py",
    ),
    "interpreter": Facet(
        "The build of the interpreter: its executable, its library, each file of its standard library.",
        "An edited or distribution-patched standard library has the same version number.",
        "Another build, on a laptop. Never an edited file inside the same build.",
        "UV_MANAGED_PYTHON=1 uv run noxfile.py",
    ),
    "libraries": Facet(
        "OpenSSL, SQLite, zlib, expat, the C library and the certificates.",
        "They come with the interpreter or the base system, and no lock pins them.",
        "Where the base system brings its own; in CI, not those that come with the interpreter.",
        "UV_MANAGED_PYTHON=1 uv run noxfile.py",
    ),
    "process": Facet(
        "User, process 1, and the limits on files, processors and memory.",
        "A container that runs as root, or with 256 open files, is not what was tested.",
        "Between machines: it is named where a container runs as root.",
        "the deploy files that Lockstep writes state a user",
        weight="warning",
    ),
}

FACETS: Mapping[str, Facet] = {**FILE_FACETS, **IMAGE_FACETS, **PLACE_FACETS}
