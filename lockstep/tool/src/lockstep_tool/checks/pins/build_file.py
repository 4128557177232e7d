"""The check `dockerfile`: whether the production image is built as the template does it."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.dockerfile import parse_dockerfile
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.line_file import parse_patterns
from lockstep_tool.service import Service

__all__ = ["CHECK", "PLACES"]

# What builders read in the place of the Dockerfile and of .dockerignore.
INSTEAD = ("Containerfile", ".containerignore", "Dockerfile.containerignore", "Dockerfile.dockerignore")
PLACES = (
    Place("[]", "the three base images, with their digests", r"ARG (?P<same>UV_IMAGE|BUILD_IMAGE|RUNTIME_IMAGE)=\S+"),
    Place("[]", "the port of server.toml", r"EXPOSE \d+"),
    Place("[]", "the port of server.toml", r"(?P<same>ENV .*\bPORT=)\d+"),
)


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give, in the Dockerfile, in what its build may see, and in what is read instead."""
    yield from compare_given(service, CHECK, Given(("Dockerfile",), parse_dockerfile, PLACES))
    yield from compare_given(service, CHECK, Given((".dockerignore",), parse_patterns))
    if not service.detached and (instead := service.files.named(*INSTEAD)):
        yield CHECK.finding(
            "Builders read another file in the place of Lockstep's.",
            where=tuple((name, "read instead   <- not Lockstep's") for name in instead),
            fix=f"Take it out: `git rm {' '.join(instead)}`; an image of yours has a file of another name.",
        )


CHECK = Check(
    name="dockerfile",
    session="pins",
    asks="The Dockerfile, instruction by instruction, and .dockerignore, compared with what the template gives; and that no file "
    "is there that builders read in their place, such as Containerfile.",
    why="One step more puts into the image what no lock knows.",
    allowed="The three base images, and the port of server.toml.",
    fix="Put back what differs; Debian packages go to packages/*.txt, wheels to packages/, and an image on top of this one has "
    "a Dockerfile of its own.",
    find=find,
)
