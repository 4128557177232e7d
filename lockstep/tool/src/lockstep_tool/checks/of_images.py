"""What `image` asks of a built image, clause by clause: why each is there, what is allowed, what mends it."""

from collections.abc import Mapping

from lockstep_tool.checks.check import Facet

__all__ = ["IMAGE_FACETS"]

IMAGE_FACETS: Mapping[str, Facet] = {
    "image user": Facet(
        "The user that the image states.",
        "A number that is not 0 lets Kubernetes refuse root without starting anything.",
        "Never.",
        "state `USER 10001:10001`, last in the Dockerfile",
        gate="image",
    ),
    "image command": Facet(
        "The command and the signal that stops it.",
        "Anything in front of `python -m lockstep_serve serve` keeps signals from the server.",
        "Never.",
        "restore the Dockerfile from git; it is Lockstep's",
        gate="image",
    ),
    "image process 1": Facet(
        "Process 1 of a running container, seen from inside.",
        "Only process 1 is told to stop; a shell there does not pass it on.",
        "Never.",
        "restore the Dockerfile from git; it is Lockstep's",
        gate="image",
    ),
    "image health": Facet(
        "The image's own health check, run beside a server that is ready.",
        "There may be no shell and no curl, and a check that always fails takes the service down.",
        "Never.",
        "restore the Dockerfile from git; it is Lockstep's",
        gate="image",
    ),
    "image variables": Facet(
        "The environment variables that the image sets.",
        "One that nobody declared can move the interpreter, the server or the service.",
        "Those that [tool.lockstep.image] variables names, because a base brings them.",
        "take it out of the Dockerfile; where the base brings it, name it in `variables` of [tool.lockstep.image]",
        gate="image",
    ),
    "image labels": Facet(
        "Source, revision, version and environment id on the image.",
        "Who finds it in a registry a year later can go back to the commit.",
        "Never.",
        "build it again from this commit: `uv run noxfile.py -s image`",
        gate="image",
    ),
    "image ports": Facet(
        "The ports that the image announces.",
        "Another one is a server that nobody defined, or a proxy that finds nothing.",
        "Never.",
        "state `EXPOSE 8000` and no other; where it listens is PORT's to say",
        gate="image",
    ),
    "image programs": Facet(
        "Shells, installers, compilers, package managers, and programs with set-user-ID.",
        "What is not there cannot be used by whoever breaks in.",
        "What the base brings, and what packages/runtime.txt names.",
        "take it out of the stage that ships; what only building needs goes to packages/build.txt",
        gate="image",
    ),
    "image writable": Facet(
        "What the image's user, or any, may write without `--read-only`.",
        "A service that can write its own code can be made to run another's.",
        "Directories that [tool.lockstep.image] writable names.",
        "leave the files root's (USER comes last), or name the directory in `writable` of [tool.lockstep.image]",
        gate="image",
    ),
    "image secrets": Facet(
        "Files that look like secrets, private keys, and the values of this service's and its build's secrets.",
        "Whoever can pull the image has them, also when a later layer removes them.",
        "What a locked wheel carries: the index has shown it to everybody.",
        "change the secret: it is known now. Give it to a build as a secret, and to the service as a variable",
        gate="image",
    ),
    "image packages": Facet(
        "Distributions in the image against the lock's production set.",
        "Test tools and type checkers in production are attack surface, and weigh.",
        "Never.",
        "install with `--locked --no-default-groups` only",
        gate="image",
    ),
    "image sources": Facet(
        "Tests of the service and the repository's history.",
        "They tell how the service works, and a history has what was removed.",
        "Never.",
        "let .dockerignore shut out all but what the wheel is made of",
        gate="image",
    ),
    "image size": Facet(
        "All layers, compressed as a registry ships them, against the team's budget.",
        "Size is seconds in each start on a new machine.",
        "Up to max_megabytes of [tool.lockstep.image].",
        "leave out what is named, or raise `max_megabytes` in [tool.lockstep.image] in the same commit",
        gate="image",
    ),
    "image layers": Facet(
        "Layers above the base, against the team's budget.",
        "A layer more is a step more that a release can void.",
        "Up to max_layers of [tool.lockstep.image].",
        "join steps, or raise `max_layers` in [tool.lockstep.image] in the same commit",
        gate="image",
    ),
    "image start": Facet(
        "Ready without network, DNS, home and privileges, as any user, with a read-only root and limits.",
        "Orchestrators take all of these away, one cluster after the other.",
        "Never; the memory that it is started with is `memory` of [tool.lockstep.image].",
        "read its last line above; `uv run noxfile.py -s prove` shows the same start on this machine",
        gate="image",
    ),
    "image environment": Facet(
        "The environment id that the running image prints.",
        "It is how people compare by eye what runs with what was promised.",
        "Never.",
        "build it again from this commit: `uv run noxfile.py -s image`, then look at `parity`",
        gate="image",
    ),
    "image stop": Facet(
        "A request in flight when the container is told to stop.",
        "Each deploy stops containers; whoever was waiting then must not notice.",
        "Never.",
        "run `uv run noxfile.py -s prove`: it shows where the drain breaks",
        gate="image",
    ),
    "image exit code": Facet(
        "The container's exit code, stopped and when the server refuses to start.",
        "An orchestrator restarts, or stops a rollout, by this number alone.",
        "Never.",
        "restore the Dockerfile from git; it is Lockstep's",
        gate="image",
    ),
    "image twice": Facet(
        "Two builds of the same commit without a cache, layer by layer.",
        "Only an image that can be built again can be checked by somebody else.",
        "Never.",
        "take the moment out of the step that makes the file: `touch -hd @315532800`, no dates, no random names",
        gate="image",
    ),
}
