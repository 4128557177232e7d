"""The service: what the team writes. What it is called, only pyproject.toml states."""

from importlib.metadata import metadata

__all__ = ["NAME", "VERSION"]

# The distribution's name has hyphens for underscores; the lookup takes either spelling.
NAME = metadata(__package__)["Name"]
VERSION = metadata(__package__)["Version"]
