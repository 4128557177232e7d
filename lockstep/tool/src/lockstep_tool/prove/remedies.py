"""What to do about a step that fails: each sentence fits what its step looks at."""

__all__ = [
    "BY_HAND",
    "END",
    "ENVIRONMENT",
    "ERRORS",
    "FILES",
    "HELD",
    "HOOKS",
    "LAYER",
    "OVERLAP",
    "OWN",
    "ROOM_FOR",
    "ROUTES",
    "SILENT",
    "STOP",
    "SURROUNDINGS",
    "TEXT",
    "WATCH",
]

BY_HAND = "Start it by hand and look: `uv run noxfile.py -s serve`."
ROUTES = f"Look at the routes of /health/live and of unknown paths. {BY_HAND}"
ENVIRONMENT = "Run `uv run noxfile.py -s parity`, which compares what is installed with what is locked."
SURROUNDINGS = (
    "Take out what changes them when the service is imported: packages come from pyproject.toml, and the zone from the "
    "environment. Django sets TIME_ZONE, which is America/Chicago when nobody states it: state UTC, or the one that you want "
    "as `time-zone` of [tool.lockstep] in pyproject.toml."
)
OVERLAP = "Look for a lock, or for a call that blocks, that every request passes: a middleware, a dependency, one connection."
WATCH = "Leave the event loop and the logger `lockstep.loop` as they are: a loop that is held is then named by its line."
OWN = (
    "Ask for that path while `uv run noxfile.py -s serve` runs. A path that never ends, such as a stream of events, does not "
    "belong in `requests` of pyproject.toml."
)
FILES = "Close what a request opens, whatever happens in it: `with open(…) as file:`, `with httpx.Client() as client:`."
HELD = "Look for what waits for a whole request before others get their turn: a lock in a middleware, a limit of connections."
SILENT = "Leave the server's own limits as they are: a connection on which nothing comes must be closed after `keep_alive`."
STOP = "Look for a signal handler or an exit of the service's own: the server stops it, and `worker` cleans up after it."
END = "Look for what outlives the last answer: a thread that is no daemon, a function of `atexit`, a `worker` that waits."
ERRORS = "Mend what it logs; what is no error, log as a warning."
TEXT = "Log what is printed: `logging.getLogger(__name__).info(…)`. Whoever collects the log reads one JSON object a line."
ROOM_FOR = "Leave the gate around the service as it is: `concurrency`, `threads` and `queue` of server.toml bound what runs."
HOOKS = "Look for what the service does when a process of its begins or ends: a fork, a signal handler, an exit, its `worker`."
LAYER = (
    "Leave the layer around the service, and the server's own answers, as they are: `lockstep_serve` refuses and ends requests."
)
