"""What files of a repository state: commands, images, steps of others and versions, each with its `file:line`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Image", "Step", "Version"]


@dataclass(frozen=True)
class Image:
    """`name` is as it is written, with the variables that have a value."""

    spot: str
    name: str

    @property
    def unknown(self) -> bool:
        """Whether only whoever runs it knows the name."""
        return "$" in self.name.partition("@")[0]

    @property
    def short(self) -> str:
        """The last part of the name, without tag and digest."""
        return self.name.partition("@")[0].rpartition("/")[2].partition(":")[0]

    @property
    def tag(self) -> str:
        return self.name.partition("@")[0].rpartition("/")[2].partition(":")[2]


@dataclass(frozen=True)
class Step:
    """A step of CI that somebody else wrote: `action` at `reference`, with the lines and values of its inputs."""

    spot: str
    action: str
    reference: str
    inputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """A version of a tool; `text` is empty where it cannot be known from the file."""

    spot: str
    text: str
    said: str = ""

    @property
    def row(self) -> tuple[str, str]:
        return self.spot, self.said or self.text
