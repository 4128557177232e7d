"""Show that laptop, CI and production run one setup: environments are judged from outside, and the server is exercised."""

import os

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is first asked for: by the directory that an installer names after it, or, where
    the sources are elsewhere, by `importlib.metadata`, which imports more than most commands do.
    """
    if name != "__version__":
        raise AttributeError(name)
    beside = os.listdir(os.path.dirname(os.path.dirname(__file__)))
    for entry in beside:
        if entry.startswith("lockstep_tool-") and entry.endswith(".dist-info"):
            return entry.removesuffix(".dist-info").partition("-")[2]
    from importlib.metadata import version

    return version("lockstep-tool")
