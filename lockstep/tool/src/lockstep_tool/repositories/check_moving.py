"""Base images, actions of CI and commands that install: what comes from elsewhere, and whether it can change unseen."""

import re
from collections.abc import Iterator, Mapping

from lockstep_tool.repositories.check_look import BROKEN, NONE, WARNING, Look
from lockstep_tool.repositories.check_versions import CI, IMAGES
from lockstep_tool.repositories.repository import Repository

__all__ = ["COMPOSE", "actions", "bases", "context", "installs", "user"]

COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml")
NO_IMAGE = "No Dockerfile."
FLOATING = ("latest", "stable", "edge", "main", "master", "nightly")


def bases(repository: Repository) -> Iterator[Look]:
    """Images that are built on, run in CI or run beside the service: by digest, by tag, or by nothing."""
    images = [one for one in taken(repository) if not one[1].startswith("localhost/")]
    if not images:
        yield Look("bases", NONE, "No image is named.")
    tag = [(place, name) for place, name in images if "@sha256:" not in name]
    loose = [one for one in tag if floats(one[1])]
    kept = [one for one in tag if one not in loose]
    fix = "Write NAME:TAG@sha256:…, which `docker buildx imagetools inspect NAME:TAG` shows."
    if loose:
        yield Look("bases", BROKEN, f"{len(loose)} images are whatever is newest.", tuple(loose[:4]), fix)
    if kept:
        yield Look("bases", WARNING, f"{len(kept)} images are pinned by a tag, which can move.", tuple(kept[:4]), fix)


def taken(repository: Repository) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and an image's name; arguments of a Dockerfile have their defaults."""
    for name in repository.named(*IMAGES):
        stages, values = {"scratch"}, dict[str, str]()
        for number, line in repository.lines(name):
            if found := re.match(r"\s*ARG\s+(\w+)=[\"']?([^\s\"']+)", line):
                values[found[1]] = found[2]
            elif found := re.match(r"(?i)\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", line):
                image = filled(found[1], values)
                if image not in stages:
                    yield f"{name}:{number}", image
                stages.add(found[2] or image)
            elif (found := re.match(r"(?i)\s*COPY\s+.*--from=(\S+)", line)) and re.search(r"[/:]", found[1]):
                yield f"{name}:{number}", found[1]
    for named in repository.statements(r"^\s*image:\s*['\"]?([^\s'\"$]+)", *COMPOSE, ".gitlab-ci.yml"):
        yield named.place, named.match[1]


def filled(image: str, values: Mapping[str, str]) -> str:
    """An image's name with the arguments that a Dockerfile gives a value."""
    return re.sub(r"\$\{?(\w+)(?::-([^}]*))?\}?", lambda match: values.get(match[1], match[2] or match[0]), image)


def floats(image: str) -> bool:
    """Whether the name states no version at all: `cc-debian13` does, without a tag."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    return tag in FLOATING if tag else not re.search(r"\d", name)


def actions(repository: Repository) -> Iterator[Look]:
    """A tag of an action can be moved by whoever owns it; a commit cannot."""
    if not repository.named(".github/workflows/*.y*ml"):
        yield Look("actions", NONE, "No workflow.")
    expression = r"uses:\s*['\"]?[^./\s'\"][^@\s]*@(?![0-9a-f]{40}\b)"
    loose = [(one.place, one.line.strip()) for one in repository.statements(expression, ".github/workflows/*.y*ml")]
    if loose:
        fix = "Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`."
        yield Look("actions", BROKEN, f"{len(loose)} actions are not pinned to a commit.", tuple(loose[:4]), fix)


def installs(repository: Repository) -> Iterator[Look]:
    """Commands of CI and the image that install: `--locked` fails for a stale lock, `--frozen` takes it."""
    places = (*IMAGES, *CI)
    if not repository.named(*places):
        yield Look("installs", NONE, "Neither CI nor a Dockerfile.")
    frozen, loose = [], []
    for found in repository.statements(r"\buv\s+(?:sync|run)\b[^&|;]*", *places):
        words = found.match[0]
        if "--frozen" in words:
            frozen.append((found.place, words.strip()))
        elif "--locked" not in words and not re.match(r"uv\s+run\s+(?:-\S+\s+)*\S+\.py\b", words):
            loose.append((found.place, words.strip()))
    unhashed = [
        (found.place, found.match[0].strip())
        for found in repository.statements(r"\bpip3?\s+install\b[^&|;]*|\bpoetry\s+update\b", *places)
        if not re.search(r"--require-hashes|--no-deps|\buv==", found.match[0])
    ]
    if frozen:
        said = "`--frozen` installs from a lock that does not answer pyproject.toml."
        yield Look("installs", BROKEN, said, tuple(frozen[:4]), "Write `--locked`.")
    if loose:
        said = "uv may move the lock where it only ought to install it."
        yield Look("installs", BROKEN, said, tuple(loose[:4]), "Write `uv sync --locked`, `uv run --locked`.")
    if unhashed:
        said = "pip installs whatever is newest that day."
        yield Look("installs", BROKEN, said, tuple(unhashed[:4]), "Install from a lock: `uv sync --locked`.")


def user(repository: Repository) -> Iterator[Look]:
    """The last USER of a Dockerfile's last stage."""
    files = repository.named(*IMAGES)
    if not files:
        yield Look("user", NONE, NO_IMAGE)
    for name in files:
        last = ("", "no USER, so root")
        for number, line in repository.lines(name):
            if re.match(r"(?i)\s*FROM\s", line):
                last = ("", "no USER, so root")
            elif found := re.match(r"(?i)\s*USER\s+(\S+)", line):
                last = (f":{number}", f"USER {found[1]}")
        if last[1].removeprefix("USER ").split(":")[0] in {"root", "0", "no USER, so root"}:
            fix = "End it with `USER 10001:10001`: a number, so that Kubernetes sees that it is not root."
            yield Look("user", BROKEN, "The image runs as root.", ((f"{name}{last[0]}", last[1]),), fix)


def context(repository: Repository) -> Iterator[Look]:
    """Without `.dockerignore`, `COPY . .` takes secrets, .git and the laptop's environment along."""
    if not repository.named(*IMAGES):
        yield Look("context", NONE, NO_IMAGE)
    elif not repository.named(".dockerignore", "*.dockerignore"):
        fix = "Write .dockerignore: `*`, then a line `!NAME` for each ingredient of the image."
        said = "An image build sees everything, .git and .env too."
        yield Look("context", BROKEN, said, ((".dockerignore", "missing"),), fix)
