"""Show that laptop, CI and production run one setup: environments are judged from outside, and the server is exercised."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is first asked for: that imports more than most commands do."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("lockstep-tool")
