# Lockstep's: the clauses of the image's contract. Change it by `copier update`, not by hand.
"""What `image` asks of a built image, clause by clause: why each is there, what is allowed, what mends it."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["IMAGE_FACETS", "Facet"]

DOCKERFILE = "Restore the Dockerfile from git or by `copier update`; it is Lockstep's."


@dataclass(frozen=True)
class Facet:
    """What it asks, why it is there, what is allowed, what mends it, and the session that judges it."""

    asks: str
    why: str
    allowed: str
    fix: str
    gate: str = "image"
    weight: str = "error"


IMAGE_FACETS: Mapping[str, Facet] = {
    "image user": Facet(
        "The user that the image states.",
        "A number that is not 0 lets Kubernetes refuse root without starting anything.",
        "Never.",
        "State `USER 10001:10001`, last in the Dockerfile.",
    ),
    "image command": Facet(
        "The command and the signal that stops it.",
        "Anything in front of `python -m lockstep serve` keeps signals from the server.",
        "Never.",
        DOCKERFILE,
    ),
    "image process 1": Facet(
        "Process 1 of a running container, seen from inside.",
        "Only process 1 is told to stop; a shell there does not pass it on.",
        "Never.",
        DOCKERFILE,
    ),
    "image health": Facet(
        "The image's own health check, run beside a server that is ready.",
        "There may be no shell and no curl, and a check that always fails takes the service down.",
        "Never.",
        DOCKERFILE,
    ),
    "image variables": Facet(
        "The environment variables that the image sets.",
        "One that nobody declared can move the interpreter, the server or the service.",
        "Those that [tool.lockstep.image] variables names, because a base brings them.",
        "Take it out of the Dockerfile; where the base brings it, name it in `variables` of [tool.lockstep.image].",
    ),
    "image labels": Facet(
        "Source, revision, version and environment id on the image.",
        "Who finds it in a registry a year later can go back to the commit.",
        "Never.",
        "Build it again from this commit: `uv run noxfile.py -s image`.",
    ),
    "image ports": Facet(
        "The ports that the image announces.",
        "Another one is a server that nobody defined, or a proxy that finds nothing.",
        "Never.",
        "State `EXPOSE 8000` and no other; where it listens is PORT's to say.",
    ),
    "image programs": Facet(
        "Shells, installers, compilers, package managers, and programs with set-user-ID.",
        "What is not there cannot be used by whoever breaks in.",
        "What the base brings, and what packages/runtime.txt names.",
        "Take it out of the stage that ships; what only building needs goes to packages/build.txt.",
    ),
    "image writable": Facet(
        "What the image's user, or any, may write without `--read-only`.",
        "A service that can write its own code can be made to run another's.",
        "Directories that [tool.lockstep.image] writable names.",
        "Leave the files root's (USER comes last), or name the directory in `writable` of [tool.lockstep.image].",
    ),
    "image secrets": Facet(
        "Files that look like secrets, private keys, and the values of this service's and its build's secrets.",
        "Whoever can pull the image has them, also when a later layer removes them.",
        "What a locked wheel carries: the index has shown it to everybody.",
        "Change the secret: it is known now. Give it to a build as a secret, and to the service as a variable.",
    ),
    "image packages": Facet(
        "Distributions in the image against the lock's production set.",
        "Test tools and type checkers in production are attack surface, and weigh.",
        "Never.",
        "Install with `--locked --no-default-groups` only.",
    ),
    "image sources": Facet(
        "Tests of the service and the repository's history.",
        "They tell how the service works, and a history has what was removed.",
        "Never.",
        "Let .dockerignore shut out all but what the wheel is made of.",
    ),
    "image size": Facet(
        "All layers, compressed as a registry ships them, against the team's budget.",
        "Size is seconds in each start on a new machine.",
        "Up to max_megabytes of [tool.lockstep.image].",
        "Leave out what is named, or raise `max_megabytes` in [tool.lockstep.image] in the same commit.",
    ),
    "image layers": Facet(
        "Layers above the base, against the team's budget.",
        "A layer more is a step more that a release can void.",
        "Up to max_layers of [tool.lockstep.image].",
        "Join steps, or raise `max_layers` in [tool.lockstep.image] in the same commit.",
    ),
    "image start": Facet(
        "Ready without network, DNS, home and privileges, as any user, with a read-only root and limits.",
        "Orchestrators take all of these away, one cluster after the other.",
        "Never; the memory that it is started with is `memory` of [tool.lockstep.image].",
        "Read its last line above; `uv run noxfile.py -s prove` shows the same start on this machine.",
    ),
    "image environment": Facet(
        "The environment id that the running image prints.",
        "It is how people compare by eye what runs with what was promised.",
        "Never.",
        "Build it again from this commit: `uv run noxfile.py -s image`, then look at `parity`.",
    ),
    "image stop": Facet(
        "A request in flight when the container is told to stop.",
        "Each deploy stops containers; whoever was waiting then must not notice.",
        "Never.",
        "Run `uv run noxfile.py -s prove`: it shows where the drain breaks.",
    ),
    "image exit code": Facet(
        "The container's exit code, stopped and when the server refuses to start.",
        "An orchestrator restarts, or stops a rollout, by this number alone.",
        "Never.",
        DOCKERFILE,
    ),
    "image twice": Facet(
        "Two builds of the same commit without a cache, layer by layer.",
        "Only an image that can be built again can be checked by somebody else.",
        "Never.",
        "Take the moment out of the step that makes the file: `touch -hd @315532800`, no dates, no random names.",
    ),
}
