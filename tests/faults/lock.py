"""Faults of the lock: the ways of poisoning it, and the ways in which it grows stale."""

import re
from datetime import UTC, datetime, timedelta

from .fault import Fault, Plant
from .planting import append, both, edit, in_lock, remove, write
from .scene import Scene

__all__ = ["FAULTS"]


def unneeded(scene: Scene) -> None:
    path = scene.root / "uv.lock"
    block = re.search(r"\[\[package\]\]\nname = \"idna\"\n.*?(?=\n\[\[package\]\])", path.read_text(), re.DOTALL)
    assert block is not None
    path.write_text(path.read_text() + "\n" + block[0].replace('"idna"', '"idnb"').replace("idna-", "idnb-"))


def young(scene: Scene) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    in_lock(r'(/idna-[^"]+\.whl".*?upload-time = ")[^"]+', rf"\g<1>{now:%Y-%m-%dT%H:%M:%SZ}")(scene)


def grown(name: str) -> Plant:
    """One byte more at the end of a wheel in the repository: it installs as before."""

    def plant(scene: Scene) -> None:
        [path] = scene.root.glob(f".lockstep/{name}-*.whl")
        path.write_bytes(path.read_bytes() + b"\0")

    return plant


def gone(name: str) -> Plant:
    """A wheel in the repository that is not there."""

    def plant(scene: Scene) -> None:
        [path] = scene.root.glob(f".lockstep/{name}-*.whl")
        path.unlink()

    return plant


def wheel(name: str, plant: Plant, said: str) -> Fault:
    return Fault(name, plant, "lock", "repository wheels", said, also=frozenset({"lock fresh"}))


def honest(name: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset()) -> Fault:
    return Fault(name, plant, "lock", "lock honest", said, also=also)


def fresh(name: str, plant: Plant, *, also: frozenset[str] = frozenset()) -> Fault:
    return Fault(name, plant, "lock", "lock fresh", "uv.lock does not answer pyproject.toml.", also=also)


def in_file(name: str, pattern: str, new: str) -> Plant:
    """Change the first part of a file that matches."""
    return lambda scene: scene.service.substitute(name, pattern, new)


def random_bytes(scene: Scene) -> None:
    (scene.root / "uv.lock").write_bytes(bytes(range(256)))


def as_on_windows(scene: Scene) -> None:
    path = scene.root / "uv.lock"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


IN_ANYIO = r'(name = "anyio"\nversion(?:.|\n)*?dependencies = \[\n)'
FOREIGN = (
    r'    { url = "https://files.example.org/ruff-\2-py3-none-win_arm64.whl", '
    f'hash = "sha256:{0:064}", size = 1, upload-time = "2026-01-01T00:00:00Z" }},'
)

FAULTS = (
    honest("a wheel from another host", in_lock(r"https://[^/\"]+(/[^\"]+\.whl)", r"https://files.example.org\1"), "example.org"),
    honest(
        "a wheel from a host that looks alike",
        in_lock(r"https://([^/\"]+)(/[^\"]+\.whl)", r"https://\1.example.org\2"),
        "which no index uses",
    ),
    honest("a wheel over plain http", in_lock(r"https(://[^\"]+\.whl)", r"http\1"), "http://"),
    honest(
        "a changed hash",
        in_lock(r'(/idna-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
        "has another hash than in commit",
    ),
    honest("a removed hash", in_lock(r'(\.whl"), hash = "sha256:[0-9a-f]+"', r"\1"), "has no sha256"),
    honest("a removed upload time", in_lock(r', upload-time = "[^"]+"', ""), "no upload time"),
    honest("a removed size", in_lock(r', size = \d+(, upload-time = "[^"]+" \},\n\]\n)', r"\1"), "has no size"),
    honest(
        "a dependency of a package left out",
        in_lock(r'    \{ name = "annotated-doc" \},\n', ""),
        "annotated-doc is needed by nothing",
    ),
    honest(
        "a dependency of the service left out",
        in_lock(r'    \{ name = "python-json-logger" \},\n', ""),
        "the service does not get python-json-logger",
    ),
    honest(
        "a dependency slipped in with its package",
        both(unneeded, in_lock(IN_ANYIO, r'\1    { name = "idnb" },\n')),
        "anyio needs idnb, otherwise than in commit",
    ),
    honest(
        "a dependency on a package that is there anyway",
        in_lock(r'(name = "fastapi"\nversion(?:.|\n)*?dependencies = \[\n)', r'\1    { name = "h11" },\n'),
        "fastapi needs h11, otherwise than in commit",
    ),
    honest(
        "a dependency of the service that nobody asked for",
        in_lock(r'(source = \{ editable = "\." \}\ndependencies = \[\n)', r'\1    { name = "idna" },\n'),
        "the service gets idna, which pyproject.toml does not ask for",
    ),
    honest("a package that nothing needs", unneeded, "idnb is needed by nothing"),
    honest("a file of another project", in_lock(r"/idna-([0-9.]+)-py3", r"/idnaa-\1-py3"), "is no file of idna"),
    honest(
        "a package from git",
        in_lock(r'(name = "idna"\nversion = "[^"]+"\nsource = )\{[^}]+\}', r'\1{ git = "https://example.org/idna?rev=1#1" }'),
        "idna comes from git",
        also=frozenset({"lock fresh"}),  # uv refuses it, too
    ),
    honest(
        "a package from an index that nobody declared",
        in_lock(r'registry = "[^"]+"', 'registry = "https://index.example.org/simple"'),
        "no setting declares",
    ),
    honest(
        "a package locked twice",
        in_lock(r'(?s)(\[\[package\]\]\nname = "idna"\n.*?\n\n)(?=\[\[package\]\])', r"\1\1"),
        "is locked 2 times",
        also=frozenset({"lock fresh"}),  # uv refuses it, too
    ),
    honest(
        "no wheel left for this machine",
        in_lock(r'(?s)(name = "ruff"\nversion = "([^"]+)".*?wheels = \[\n).*?\n\]', rf"\1{FOREIGN}\n]"),
        "ruff has no wheel for",
    ),
    honest("a foreign file in the lock of a script", edit("noxfile.py.lock", "/nox-", "/noxx-"), "is no file of nox"),
    Fault("a release of an hour ago", young, "lock", "cooldown", "younger than exclude-newer allows", warns=True),
    fresh("a new dependency, and the old lock", edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')),
    fresh("the waiting time for new releases removed", in_lock(r'exclude-newer-span = "P7D"\n', "")),
    fresh("the platforms removed", in_lock(r"(?s)supported-markers = \[.*?\]\n", "")),
    fresh("another range of Pythons", in_lock(r'requires-python = "[^"]+"', 'requires-python = ">=3.12, <3.16"')),
    Fault(
        "a stale lock, and UV_FROZEN in the shell",
        both(edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",'), lambda _: {"UV_FROZEN": "1"}),
        "lock",
        "lock fresh",
        "uv.lock does not answer pyproject.toml.",
    ),
    wheel("another wheel of lockstep-serve under the same name", grown("lockstep_serve"), "is not the one that is locked."),
    wheel("another wheel of the tool under the same name", grown("lockstep_tool"), "is not the one that is locked."),
    wheel("a wheel of lockstep-serve that is missing", gone("lockstep_serve"), "A locked wheel is not in the repository."),
    Fault("a file of the tool that is missing", remove(".lockstep/ruff.toml"), "lock", "lockstep directory", "missing"),
    Fault(
        "strangers' code in what the tool is installed from",
        edit(".lockstep/pyproject.toml", "no-build = true", "no-build = false"),
        "lock",
        "lockstep directory",
        "no-build: false   <- differs",
    ),
    Fault(
        "rules of style that leave files out",
        edit(".lockstep/ruff.toml", "[lint]", 'exclude = ["src"]\n[lint]'),
        "lock",
        "lockstep directory",
        "exclude",
    ),
    Fault(
        "a file beside the tool that no lock names",
        write(".lockstep/evil-1.0.whl", "x"),
        "lock",
        "lockstep directory",
        "that nothing names",
        warns=True,
    ),
    Fault("a conflict left in the lock", append("uv.lock", "<<<<<<< HEAD\n"), "lock", "lock fresh", "uv.lock cannot be read."),
    Fault("a lock of random bytes", random_bytes, "lock", "lock fresh", "uv.lock is no text."),
    honest("a comment in the lock", append("uv.lock", "# Trust me.\n"), "has the comment"),
    honest("lines of the lock that end as on Windows", as_on_windows, "its lines end as on Windows"),
    honest(
        "another hash in the tool's lock",
        in_file(".lockstep/uv.lock", r'(/packaging-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
        "has another hash than in",
    ),
    Fault(
        "a lock of the menu that UV_RESOLUTION wrote",
        edit("noxfile.py.lock", "[options]\n", '[options]\nresolution-mode = "lowest"\n'),
        "lock",
        "lock fresh",
        "noxfile.py.lock does not answer noxfile.py.",
    ),
)
