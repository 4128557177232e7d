"""The columns `installs`, `bases`, `actions`, `user` and `context`: what comes from elsewhere, and what an image is."""

import re
from collections.abc import Iterator, Mapping

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.repositories.versions import CI, IMAGES

__all__ = ["COMPOSE", "WORKFLOWS", "actions", "bases", "context", "installs", "taken_images", "user"]

COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml")
WORKFLOWS = (".github/workflows/*.y*ml",)
FLOATING = ("latest", "stable", "edge", "main", "master", "nightly")


def bases(repository: Repository) -> Iterator[Finding]:
    """Images that are built on, run in CI or run beside the service: by digest, by tag, or by nothing."""
    tagged = [(spot, name) for spot, name in taken_images(repository) if "@sha256:" not in name]
    loose = [one for one in tagged if floats(one[1])]
    named = [one for one in tagged if one not in loose]
    fix = "Write NAME:TAG@sha256:…, which `docker buildx imagetools inspect NAME:TAG` shows."
    if loose:
        yield Finding("bases", f"{len(loose)} images are whatever is newest.", tuple(loose[:4]), fix)
    if named:
        what = f"{len(named)} images are pinned by a tag, which can move."
        yield Finding("bases", what, tuple(named[:4]), fix, Severity.WARNING)


def taken_images(repository: Repository) -> list[tuple[str, str]]:
    """Pairs of `file:line` and the name of an image that is not built here."""
    return [one for one in named_images(repository) if not one[1].startswith("localhost/")]


def named_images(repository: Repository) -> Iterator[tuple[str, str]]:
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
        yield named.spot, named.match[1]


def filled(image: str, values: Mapping[str, str]) -> str:
    """An image's name with the arguments that a Dockerfile gives a value."""
    return re.sub(r"\$\{?(\w+)(?::-([^}]*))?\}?", lambda match: values.get(match[1], match[2] or match[0]), image)


def floats(image: str) -> bool:
    """Whether the name states no version at all: `cc-debian13` does, without a tag."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    return tag in FLOATING if tag else not re.search(r"\d", name)


def actions(repository: Repository) -> Iterator[Finding]:
    """A tag of an action can be moved by whoever owns it; a commit cannot."""
    expression = r"uses:\s*['\"]?[^./\s'\"][^@\s]*@(?![0-9a-f]{40}\b)"
    loose = [(one.spot, one.line.strip()) for one in repository.statements(expression, *WORKFLOWS)]
    if loose:
        fix = "Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`."
        yield Finding("actions", f"{len(loose)} actions are not pinned to a commit.", tuple(loose[:4]), fix)


def installs(repository: Repository) -> Iterator[Finding]:
    """Commands of CI and the image that install: `--locked` fails for a stale lock, `--frozen` takes it."""
    files = (*IMAGES, *CI)
    frozen, loose = [], []
    for found in repository.statements(r"\buv\s+(?:sync|run)\b[^&|;]*", *files):
        words = found.match[0]
        if "--frozen" in words:
            frozen.append((found.spot, words.strip()))
        elif "--locked" not in words and not re.match(r"uv\s+run\s+(?:-\S+\s+)*\S+\.py\b", words):
            loose.append((found.spot, words.strip()))
    unhashed = [
        (found.spot, found.match[0].strip())
        for found in repository.statements(r"\bpip3?\s+install\b[^&|;]*|\bpoetry\s+update\b", *files)
        if not re.search(r"--require-hashes|--no-deps|\buv==", found.match[0])
    ]
    if frozen:
        said = "`--frozen` installs from a lock that does not answer pyproject.toml."
        yield Finding("installs", said, tuple(frozen[:4]), "Write `--locked`.")
    if loose:
        said = "uv may move the lock where it only ought to install it."
        yield Finding("installs", said, tuple(loose[:4]), "Write `uv sync --locked`, `uv run --locked`.")
    if unhashed:
        said = "pip installs whatever is newest that day."
        yield Finding("installs", said, tuple(unhashed[:4]), "Install from a lock: `uv sync --locked`.")


def user(repository: Repository) -> Iterator[Finding]:
    """The last USER of a Dockerfile's last stage."""
    for name in repository.named(*IMAGES):
        last = ("", "no USER, so root")
        for number, line in repository.lines(name):
            if re.match(r"(?i)\s*FROM\s", line):
                last = ("", "no USER, so root")
            elif found := re.match(r"(?i)\s*USER\s+(\S+)", line):
                last = (f":{number}", f"USER {found[1]}")
        if last[1].removeprefix("USER ").split(":")[0] in {"root", "0", "no USER, so root"}:
            fix = "End it with `USER 10001:10001`: a number, so that Kubernetes sees that it is not root."
            yield Finding("user", "The image runs as root.", ((f"{name}{last[0]}", last[1]),), fix)


def context(repository: Repository) -> Iterator[Finding]:
    """Without `.dockerignore`, `COPY . .` takes secrets, .git and the laptop's environment along."""
    if not repository.named(".dockerignore", "*.dockerignore"):
        fix = "Write .dockerignore: `*`, then a line `!NAME` for each ingredient of the image."
        said = "An image build sees everything, .git and .env too."
        yield Finding("context", said, ((".dockerignore", "missing"),), fix)
