"""Parse a Dockerfile into its instructions, each with its line, as the engines read it.

https://docs.docker.com/reference/dockerfile/. Not by a library: dockerfile-parse knows neither here-documents nor the
directives that change how a file is read. What stands in a here-document is taken for instructions, so it differs.
"""

import re

from lockstep_tool.files.node import Node, Scalar, Sequenced, Unreadable

__all__ = ["parse_dockerfile"]

DIRECTIVE = re.compile(r"#\s*(?:syntax|escape|check)\s*=", re.IGNORECASE)
INSTRUCTION = re.compile(
    r"(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME"
    r"|WORKDIR)\s",
    re.IGNORECASE,
)


def parse_dockerfile(text: str) -> Node:
    """The instructions in order, continued lines joined as Docker joins them; raises Unreadable when there is none.

    A directive is an item, too: `# escape=` and `# syntax=` change what the rest means.
    """
    found: list[Scalar] = []
    begun, first = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.lstrip().startswith("#"):
            if DIRECTIVE.match(line.lstrip()):
                found.append(Scalar(number, line.strip()))
            continue
        if not line.strip():
            continue
        first = first or number
        if ends := re.search(r"\\[ \t]*$", line):
            begun += line[: ends.start()]
            continue
        found.append(Scalar(first, (begun + line).rstrip()))
        begun, first = "", 0
    if begun:
        found.append(Scalar(first, begun.rstrip()))
    if not any(INSTRUCTION.match(one.text) for one in found):
        raise Unreadable(1, "has no instruction of a Dockerfile")
    return Sequenced(1, tuple(found))
