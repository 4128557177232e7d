"""Read Compose files and manifests of Kubernetes as what they are: containers with their image and command."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockstep_tool.files.node import Mapped, Node, Scalar
from lockstep_tool.repositories.yaml_tree import children, entries, find, scalars_of, text_of

__all__ = ["Container", "read_compose", "read_manifest"]


@dataclass(frozen=True)
class Container:
    """`image` is None where there is none; `built` says that the file builds it. `words` are the command's, or None
    where it is written as one text that the engine splits (`text`). `mounts` are folders of the host that it sees, and
    `context` and `file` are what Compose builds it from, as written.
    """

    image: Scalar | None
    built: bool
    line: int
    words: tuple[str, ...] | None
    text: str
    user: Scalar | None = None
    mounts: tuple[str, ...] = ()
    context: str = ""
    file: str = ""


def read_compose(documents: Sequence[Node]) -> Iterator[Container]:
    for document in documents:
        for service in entries(find(document, "services")).values():
            yield read_container(service, ("entrypoint", "command"), built=find(service, "build") is not None)


def read_manifest(documents: Sequence[Node]) -> Iterator[Container]:
    """The containers wherever a pod is described."""
    for document in documents:
        yield from containers_in(document)


def containers_in(node: Node) -> Iterator[Container]:
    if not isinstance(node, Mapped):
        for item in children(node):
            if isinstance(item, Mapped):
                yield from containers_in(item)
        return
    for key, below in node.entries.items():
        if key == "containers":
            yield from (read_container(one, ("command", "args"), built=False) for one in children(below))
        elif not isinstance(below, Scalar):
            yield from containers_in(below)


def read_container(node: Node, keys: tuple[str, str], *, built: bool) -> Container:
    parts = [find(node, key) for key in keys]
    given = [part for part in parts if part is not None and (not isinstance(part, Scalar) or text_of(part))]
    image, user = find(node, "image"), find(node, "user")
    single = len(given) == 1 and isinstance(given[0], Scalar)
    words = None if single else tuple(scalar.text for part in given for scalar in scalars_of(part))
    return Container(
        image if isinstance(image, Scalar) else None,
        built,
        given[0].line if given else node.line,
        words,
        text_of(given[0]) if single else "",
        user if isinstance(user, Scalar) else None,
        tuple(mounts_of(find(node, "volumes"))),
        text_of(find(node, "build", "context")) or text_of(find(node, "build")) or ".",
        text_of(find(node, "build", "dockerfile")) or "Dockerfile",
    )


def mounts_of(volumes: Node | None) -> Iterator[str]:
    """The folders of the host; a name alone is a volume of the engine's."""
    for one in children(volumes):
        source = text_of(find(one, "source")) if isinstance(one, Mapped) else text_of(one).partition(":")[0]
        if source.startswith((".", "/", "~", "$")):
            yield source
