"""Show that laptop, CI and production run one setup: environments are judged from outside, and the server is exercised."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("lockstep-tool")
