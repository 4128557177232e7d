"""Faults of locks and of the wheels in the repository, by the check that names them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from lockstep_tool.checks.finding import Severity
from planting import Plant, Planted, add_wheel, append, edit, in_lock, pipe, remove, together, write
from small_service import VERSION, SmallService, commit_wheels, locked, make_wheel

__all__ = ["LOCKS"]

SERVE = f".lockstep/lockstep_serve-{VERSION}-py3-none-any.whl"
IDNA = r'(name = "idna"\nversion = "[^"]+"\nsource = )\{[^}]+\}'
IN_ANYIO = r'(name = "anyio"\nversion(?:.|\n)*?dependencies = \[\n)'
IN_FASTAPI = r'(name = "fastapi"\nversion(?:.|\n)*?dependencies = \[\n)'
OF_THE_SERVICE = r'(source = \{ editable = "\." \}\ndependencies = \[\n)'
FOREIGN = (
    '    { url = "https://files.example.org/ruff-0.17.0-py3-none-win_arm64.whl", '
    f'hash = "sha256:{0:064}", size = 1, upload-time = "2026-01-01T00:00:00Z" }},'
)
UNNEEDED = append("uv.lock", "\n" + locked("idnb", "3.11"))


def comes_from(source: str) -> Plant:
    """idna from elsewhere."""
    return in_lock(IDNA, rf"\1{source}")


def of_an_hour_ago(service: SmallService) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    service.substitute("uv.lock", r'(/idna-[^"]+\.whl".*?upload-time = ")[^"]+', rf"\g<1>{moment:%Y-%m-%dT%H:%M:%SZ}")


def with_other_content(service: SmallService) -> None:
    make_wheel(service.root / ".lockstep", "lockstep-serve", VERSION, "CHANGED = True\n")


def of_another_version(service: SmallService) -> None:
    (service.root / SERVE).unlink()
    make_wheel(service.root / ".lockstep", "lockstep-serve", "1.1")


def swapped_release(service: SmallService) -> None:
    """Of a release, not of a version in the making: wheel and locks agree before and after."""
    commit_wheels(service, "9.9.9", "", "Begin with a release")
    commit_wheels(service, "9.9.9", "EVIL = True\n", "Tidy")


def of_the_team_with_other_content(service: SmallService) -> None:
    add_wheel(service)
    make_wheel(service.root / "vendor", "extra", "1.0", "CHANGED = True\n")


def beside_the_repository(service: SmallService) -> None:
    add_wheel(service, "../extra-1.0-py3-none-any.whl")


def cut(service: SmallService) -> None:
    (service.root / SERVE).write_bytes((service.root / SERVE).read_bytes()[:100])


def without_history(service: SmallService) -> None:
    (service.root / ".git").rename(service.root.parent / "git")


def hash_of_packaging(service: SmallService) -> None:
    """As noxfile.py.lock has it, but for its hash."""
    [block] = re.findall(r'(?s)\[\[package\]\]\nname = "packaging"\n.*?\n\]\n', service.read("noxfile.py.lock"))
    service.write(
        "uv.lock", service.read("uv.lock") + "\n" + re.sub(r'(\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000", block)
    )


def honest(name: str, plant: Plant, said: str) -> Planted:
    return Planted(name, plant, said)


LOCKS: Mapping[str, Sequence[Planted]] = {
    "lock fresh": (
        Planted(
            "a new dependency, and the old lock",
            edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",'),
            "uv.lock does not answer pyproject.toml.",
        ),
        Planted("a span removed", in_lock(r'exclude-newer-span = "P7D"\n', ""), "uv.lock does not answer"),
        Planted("the platforms removed", in_lock(r"(?s)supported-markers = \[.*?\]\n", ""), "uv.lock does not answer"),
        Planted(
            "another range of Pythons",
            in_lock(r'requires-python = "[^"]+"', 'requires-python = ">=3.12, <3.16"'),
            "uv.lock does not answer",
        ),
        Planted(
            "a lock of the menu that was written for other settings",
            edit("noxfile.py.lock", 'exclude-newer-span = "P7D"\n', 'resolution-mode = "lowest"\n'),
            "noxfile.py.lock does not answer noxfile.py.",
        ),
        Planted("a conflict in the lock", append("uv.lock", "<<<<<<< HEAD\n"), "Run `uv run noxfile.py -s relock`."),
        Planted("a lock of random bytes", write("uv.lock", bytes(range(256))), "uv.lock is no text."),
        Planted("a pipe in the place of the lock", pipe("uv.lock"), "neither file nor directory"),
        Planted("a lock that is of another shape", write("uv.lock", "package = 5\n"), "uv.lock cannot be read."),
        Planted("a package of another shape", in_lock(r"(?s)wheels = \[.*?\n\]", "wheels = 5"), "than a list of tables"),
        Planted(
            "a lock of the tool that is stale",
            edit(".lockstep/pyproject.toml", '"lockstep-serve", ', '"lockstep-serve", "six", '),
            ".lockstep/uv.lock does not answer .lockstep/pyproject.toml.",
        ),
        Planted(
            "a lock that uv refuses",
            in_lock(r"(?s)(\[\[package\]\]\nname = \"idna\"\n.*?\n\n)(?=\[\[package\]\])", r"\1\1"),
            "uv cannot read pyproject.toml and uv.lock together.",
        ),
        Planted("a wheel that is cut off", cut, "Whether uv.lock answers pyproject.toml cannot be judged.", Severity.UNKNOWN),
    ),
    "lock honest": (
        honest(
            "a wheel from another host", in_lock(r"https://[^/\"]+(/[^\"]+\.whl)", r"https://files.example.org\1"), "example.org"
        ),
        honest(
            "a host that looks alike",
            in_lock(r"https://([^/\"]+)(/[^\"]+\.whl)", r"https://\1.example.org\2"),
            ".example.org, which no index uses",
        ),
        honest("a wheel over plain http", in_lock(r"https(://[^\"]+\.whl)", r"http\1"), "http://"),
        honest("a hash removed", in_lock(r'(\.whl"), hash = "sha256:[0-9a-f]+"', r"\1"), "has no sha256"),
        honest("an upload time removed", in_lock(r', upload-time = "[^"]+"', ""), "no upload time"),
        honest("a size removed", in_lock(r', size = \d+(, upload-time = "[^"]+" \},\n\]\n)', r"\1"), "has no size"),
        honest("a file of another project", in_lock(r"/idna-([0-9.]+)-py3", r"/idnaa-\1-py3"), "is no file of idna"),
        honest(
            "a package from another index",
            in_lock(r'registry = "[^"]+"', 'registry = "https://index.example.org/simple"'),
            "no setting declares",
        ),
        honest("a package that nothing needs", UNNEEDED, "idnb is needed by nothing"),
        honest("an edge removed", in_lock(r'    \{ name = "annotated-doc" \},\n', ""), "annotated-doc is needed by nothing"),
        honest(
            "an edge that leads to what is locked",
            in_lock(IN_FASTAPI, r'\1    { name = "h11" },\n'),
            "fastapi needs h11, otherwise than in commit",
        ),
        honest(
            "an edge and its package",
            together(UNNEEDED, in_lock(IN_ANYIO, r'\1    { name = "idnb" },\n')),
            "anyio needs idnb, otherwise than in commit",
        ),
        honest("an edge into nothing", in_lock(IN_ANYIO, r'\1    { name = "nowhere" },\n'), "nowhere is needed and not locked"),
        honest(
            "an edge of the service that nobody asked for",
            in_lock(OF_THE_SERVICE, r'\1    { name = "idna" },\n'),
            "the service gets idna, which pyproject.toml does not ask for",
        ),
        honest(
            "an edge of the service removed",
            in_lock(r'    \{ name = "python-json-logger" \},\n', ""),
            "the service does not get python-json-logger",
        ),
        honest(
            "an extra that nobody asked for",
            in_lock(r'\{ name = "pytest" \}', '{ name = "pytest", extra = ["dev"] }'),
            "gets pytest[dev], which pyproject.toml does not ask for",
        ),
        honest(
            "a package locked twice",
            in_lock(r'(?s)(\[\[package\]\]\nname = "idna"\n.*?\n\n)(?=\[\[package\]\])', r"\1\1"),
            "is locked 2 times",
        ),
        honest(
            "no wheel for this machine",
            in_lock(r'(?s)(name = "ruff"\nversion = .*?wheels = \[\n).*?\n\]', rf"\1{FOREIGN}\n]"),
            "ruff has no wheel for",
        ),
        honest(
            "another hash under the same address",
            in_lock(r'(/idna-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
            "has another hash than in commit",
        ),
        honest(
            "another hash than a script's lock has",
            together(without_history, hash_of_packaging),
            "has another hash than in noxfile.py.lock",
        ),
        honest("a comment", append("uv.lock", "# Trust me.\n"), "has the comment `# Trust me.`"),
        honest(
            "lines that end as on Windows",
            lambda service: service.write("uv.lock", service.read("uv.lock").replace("\n", "\r\n")),
            "its lines end as on Windows",
        ),
        honest(
            "a workspace without a project",
            in_lock(r'source = \{ editable = "\." \}', 'source = { editable = "service" }'),
            "is a workspace without a project of its own",
        ),
        honest(
            "another hash in the tool's lock",
            together(
                append(".lockstep/uv.lock", "\n" + locked("idna", "3.11").replace("sha256:", "sha256:0", 1)),
                lambda service: service.substitute(
                    ".lockstep/uv.lock", r'(idna[^\n]*hash = "sha256:)0([0-9a-f]{63})[0-9a-f]"', r'\g<1>0\2"'
                ),
            ),
            "has another hash than in uv.lock",
        ),
        honest("a foreign file in a script's lock", edit("noxfile.py.lock", "/nox-", "/noxx-"), "is no file of nox"),
        honest("a package from git", comes_from('{ git = "https://example.org/idna?rev=1#1" }'), "idna comes from git https://"),
        honest("a package from an address", comes_from('{ url = "https://example.org/idna.whl" }'), "from the address https://"),
        honest(
            "a second project",
            append("uv.lock", '\n[[package]]\nname = "another"\nversion = "1"\nsource = { virtual = "../another" }\n'),
            "another is the directory ../another, a second project",
        ),
        honest("a package in a directory", comes_from('{ directory = "libs/idna" }'), "idna is the directory libs/idna"),
        honest("an editable package", comes_from('{ editable = "libs/idna" }'), "idna is the directory libs/idna"),
        honest(
            "a source archive", comes_from('{ path = "vendor/idna-3.11.tar.gz" }'), "from the archive vendor/idna-3.11.tar.gz"
        ),
        honest(
            "a package that the tool's lock got",
            append(".lockstep/uv.lock", "\n" + locked("idna", "3.11")),
            ".lockstep/uv.lock is not what uv would have written.",
        ),
        honest(
            "an edge that the tool's lock got",
            together(
                append(".lockstep/uv.lock", "\n" + locked("idna", "3.11")),
                edit(".lockstep/uv.lock", "dependencies = [\n", 'dependencies = [\n    { name = "idna" },\n'),
            ),
            "the tool gets idna, which pyproject.toml does not ask for",
        ),
    ),
    "repository wheels": (
        Planted("another content under the same name", with_other_content, "is not the one that is locked."),
        Planted("a wheel that is cut off", cut, "is not the one that is locked."),
        Planted("a wheel that is missing", remove(SERVE), "A locked wheel is not in the repository."),
        Planted("another version", of_another_version, "lockstep_serve-1.1-py3-none-any.whl"),
        Planted(
            "another wheel of a release, with its hash in every lock",
            swapped_release,
            "was replaced by another one of the same name",
        ),
        Planted("a team's wheel with other content", of_the_team_with_other_content, "`uv lock --upgrade-package extra`"),
        Planted("a wheel beside the repository", beside_the_repository, "A wheel lies outside the repository."),
        Planted(
            "another version in the lock",
            in_lock(r'(name = "lockstep-serve"\nversion = ")[^"]+', r"\g<1>2.0"),
            "is no file of lockstep-serve 2.0",
        ),
        Planted(
            "a hash of the lock that was changed",
            in_lock(r'(filename = "lockstep_serve[^"]+", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
            "is not the one that is locked.",
        ),
        Planted(
            "a wheel that pyproject.toml does not name",
            edit("pyproject.toml", "lockstep-serve = {", "lockstep-other = {"),
            "lockstep-serve is not in [tool.uv.sources]",
        ),
    ),
    "lockstep directory": (
        Planted("a project that is missing", remove(".lockstep/pyproject.toml"), ".lockstep/pyproject.toml   missing"),
        Planted("a lock that is missing", remove(".lockstep/uv.lock"), ".lockstep/uv.lock   missing"),
        Planted(
            "builds of strangers", edit(".lockstep/pyproject.toml", "no-build = true", "no-build = false"), "no-build: false   <-"
        ),
        Planted("a link into a cache", edit(".lockstep/pyproject.toml", '"copy"', '"hardlink"'), "hardlink   <- differs"),
        Planted("rules of another style", edit(".lockstep/ruff.toml", "[lint]", 'exclude = ["src"]\n[lint]'), "exclude"),
        Planted("a wheel of another name", edit(".lockstep/pyproject.toml", 'path = "lockstep_tool-', 'path = "x-'), "x-"),
        Planted(
            "a file further down", write(".lockstep/more/evil.py", ""), ".lockstep/more/evil.py   in no lock", Severity.WARNING
        ),
        Planted(
            "a wheel that no lock names",
            write(".lockstep/lockstep_tool-0.9-py3-none-any.whl", b"PK"),
            "lockstep_tool-0.9-py3-none-any.whl   in no lock",
            Severity.WARNING,
        ),
    ),
    "cooldown": (Planted("a release of an hour ago", of_an_hour_ago, "upgrade -- -P idna", Severity.WARNING),),
}
