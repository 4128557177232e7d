"""What was proved is not proved twice of the same bytes, and is proved again of any other."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import lockstep_tool
from lockstep_serve.definition import read_definition
from lockstep_tool.prove import prove, subject
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.proofs import MOST, PROOFS, explain_change, recall, remember
from lockstep_tool.prove.subject import Subject, describe_subject
from tiny_service import TinyService

SITE = Path(".nox", "production", "lib", "python3.11", "site-packages")
READS = 'import os\n\nGREETING = os.environ.get("TINY_GREETING", "Hello")'


@pytest.fixture
def service(tiny: Callable[[str], TinyService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyService:
    """A service with the files of an environment: two packages, one of them compiled, and an interpreter."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TINY_GREETING", raising=False)
    service = tiny("uvicorn")
    service.plant("tiny/settings.py", READS)
    files = {
        SITE / "library" / "__init__.py": "one",
        SITE / "library" / "__pycache__" / "__init__.cpython-311.pyc": "compiled",
        SITE / "library-1.dist-info" / "RECORD": "one",
        SITE / "library-1.dist-info" / "uv_cache.json": "yesterday",
        SITE / "other.py": "two",
        "uv.lock": "version = 1\n",
        ".python-version": "3.11.7\n",
        tmp_path / "base" / "bin" / "python3.11": "executable",
        tmp_path / "base" / "lib" / "python3.11" / "os.py": "standard library",
        tmp_path / "tool" / "lockstep_tool" / "__init__.py": "the tool",
    }
    for name, text in files.items():
        (service.root / name).parent.mkdir(parents=True, exist_ok=True)
        (service.root / name).write_text(text, encoding="utf-8")
    (service.root / ".nox/production/bin").mkdir()
    (service.root / ".nox/production/bin/python").symlink_to(tmp_path / "base/bin/python3.11")
    monkeypatch.setattr(lockstep_tool, "__file__", str(tmp_path / "tool/lockstep_tool/__init__.py"))
    return service


def production_of(service: TinyService) -> Production:
    """Read anew, as every session does."""
    definition = read_definition(service.root / "src/tiny/server.toml", os.environ)
    return replace(service.production, python=service.root / ".nox/production/bin/python", definition=definition)


def installed(service: TinyService) -> Production:
    """As the production set has it: nothing runs from the checkout."""
    return replace(production_of(service), package=service.root / SITE / "tiny")


def describe(service: TinyService) -> Subject:
    return describe_subject(installed(service))


CHANGES: dict[str, tuple[str, str]] = {
    "an edit in site-packages": (str(SITE / "other.py"), "installed packages"),
    "a file that nobody installed": (str(SITE / "evil.pth"), "installed packages"),
    "the lock": ("uv.lock", "uv.lock"),
    "the project": ("pyproject.toml", "pyproject.toml"),
    "the version of Python": (".python-version", ".python-version"),
    "the source": ("src/tiny/answers.py", "source"),
    "the standard library": ("../base/lib/python3.11/os.py", "interpreter"),
    "a module in the standard library": ("../base/lib/python3.11/new.py", "interpreter"),
    "the executable": ("../base/bin/python3.11", "interpreter"),
    "the tool": ("../tool/lockstep_tool/__init__.py", "tool"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_bytes_are_another_subject(service: TinyService, change: str) -> None:
    file, part = CHANGES[change]
    before = describe(service)
    with (service.root / file).open("a", encoding="utf-8") as opened:
        opened.write("# changed\n")
    after = describe(service)

    assert {name for name, value in after.parts.items() if before.parts[name] != value} == {part}
    assert after.key != before.key


def test_what_runs_from_the_checkout_is_another_subject_with_any_file_of_it(service: TinyService) -> None:
    production, dev = installed(service), production_of(service)
    before = describe_subject(production), describe_subject(dev)
    (service.root / "README.md").write_text("# tiny", encoding="utf-8")
    after = describe_subject(production), describe_subject(dev)

    assert after[0].key == before[0].key
    assert {name for name, value in after[1].parts.items() if before[1].parts[name] != value} == {"checkout"}


def test_a_link_to_a_directory_is_never_the_same(service: TinyService, tmp_path: Path) -> None:
    (service.root / SITE / "elsewhere").symlink_to(tmp_path)

    assert describe(service).key != describe(service).key


def test_a_file_that_is_gone_is_another_subject(service: TinyService) -> None:
    before = describe(service)
    (service.root / SITE / "other.py").unlink()

    assert describe(service).key != before.key


@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param("PORT", "server definition", id="in the server definition"),
        pytest.param("TINY_GREETING", "settings", id="that the source reads"),
        pytest.param("PYTHONHASHSEED", "settings", id="that the interpreter reads"),
        pytest.param("HTTPS_PROXY", "settings", id="that libraries read"),
        pytest.param("SHLVL", None, id="that nobody reads"),
    ],
)
def test_a_variable_is_another_subject_where_somebody_reads_it(
    service: TinyService, monkeypatch: pytest.MonkeyPatch, name: str, part: str | None
) -> None:
    before = describe(service)
    monkeypatch.setenv(name, "8123")
    after = describe(service)

    assert {name for name, value in after.parts.items() if before.parts[name] != value} == ({part} if part else set())


def test_another_machine_and_another_secret_that_is_made_up_are_another_subject(
    service: TinyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made_up = describe(service), replace(installed(service), made_up={"A_KEY": "random"})
    other = describe_subject(replace(made_up, made_up={"A_KEY": "of another checkout"}))

    assert describe_subject(made_up).key == other.key != before.key
    monkeypatch.setattr(subject, "describe_machine", lambda: ["another"])
    assert describe(service).key != before.key


def test_what_an_installer_notes_and_when_files_were_written_is_no_part(service: TinyService) -> None:
    before = describe(service)
    (service.root / SITE / "library-1.dist-info/uv_cache.json").write_text("today", encoding="utf-8")
    os.utime(service.root / SITE / "other.py", (0, 0))

    assert describe(service).key == before.key


def test_what_is_remembered_is_recalled_with_its_time(service: TinyService) -> None:
    remember(service.root, PROOFS, describe(service), {"steps": ["serves"]})
    memory = recall(service.root, PROOFS, describe(service))

    assert memory is not None
    assert memory["steps"] == ["serves"]
    assert len(memory["at"]) == len("2026-11-28 19:40")


def test_byte_code_that_came_later_is_nobody_s_and_what_is_gone_is_compiled_anew(service: TinyService) -> None:
    remember(service.root, PROOFS, describe(service), {})
    compiled = service.root / SITE / "library/__pycache__/__init__.cpython-311.pyc"
    compiled.write_text("other byte code", encoding="utf-8")

    assert recall(service.root, PROOFS, describe(service)) is None
    assert explain_change(service.root, PROOFS, describe(service)).startswith("byte code changed since 20")
    shutil.rmtree(compiled.parent)
    assert recall(service.root, PROOFS, describe(service)) is not None


def test_ci_neither_remembers_nor_recalls(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(service.root, PROOFS, describe(service), {})
    before = (service.root / PROOFS).read_bytes()
    monkeypatch.setenv("CI", "true")

    assert recall(service.root, PROOFS, describe(service)) is None
    remember(service.root, PROOFS, replace(describe(service), parts={"a": "b"}), {})
    assert (service.root / PROOFS).read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"key": {"at": "yesterday"}}', '{"key": 1}'])
def test_a_file_that_is_none_of_ours_remembers_nothing(service: TinyService, text: str) -> None:
    (service.root / PROOFS).write_text(text, encoding="utf-8")

    assert recall(service.root, PROOFS, describe(service)) is None
    assert explain_change(service.root, PROOFS, describe(service)) == ""
    remember(service.root, PROOFS, describe(service), {})
    assert recall(service.root, PROOFS, describe(service)) is not None


def test_the_oldest_go(service: TinyService) -> None:
    for number in range(MOST + 1):
        remember(service.root, PROOFS, Subject({"number": str(number)}, frozenset()), {})

    known = [number for number in range(MOST + 1) if recall(service.root, PROOFS, Subject({"number": str(number)}, frozenset()))]
    assert known == list(range(1, MOST + 1))


@pytest.fixture
def proved(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the server was put through its steps, which is not done here."""
    times: list[str] = []

    def prove_steps(_: Production) -> tuple[list[str], dict[str, object]]:
        times.append("proved")
        return ["becomes ready", "drains"], {"/": {}}

    monkeypatch.setattr(prove, "read_production", lambda _: installed(service))
    monkeypatch.setattr(prove, "prove_steps", prove_steps)
    return times


def test_a_warm_run_says_what_was_proved_and_when(
    service: TinyService, proved: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    prove.prove(service.root)
    prove.prove(service.root)
    said = " ".join(capsys.readouterr().out.split())

    assert proved == ["proved"]
    assert "✓ proved at 20" in said
    assert "nothing has changed since: becomes ready, drains" in said
    assert "uv run noxfile.py -s prove -- --again repeats it" in said


def test_it_is_proved_again_when_asked_to_in_ci_and_of_other_bytes(
    service: TinyService, proved: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prove.prove(service.root)
    prove.prove(service.root, again=True)
    assert len(proved) == 2
    (service.root / SITE / "other.py").write_text("tampered", encoding="utf-8")
    prove.prove(service.root)
    assert len(proved) == 3
    assert "- installed packages changed since 20" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    prove.prove(service.root)
    assert len(proved) == 4


def test_what_changes_while_it_is_proved_is_not_remembered(
    service: TinyService, proved: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = prove.prove_steps

    def edit_meanwhile(production: Production) -> tuple[list[str], dict[str, object]]:
        (service.root / SITE / "other.py").write_text("edited", encoding="utf-8")
        return steps(production)

    monkeypatch.setattr(prove, "prove_steps", edit_meanwhile)
    prove.prove(service.root)

    assert not (service.root / PROOFS).exists()


def test_a_second_look_reads_what_the_file_system_says_was_changed(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SETTLED_NANOSECONDS", 0)
    file = service.root / SITE / "other.py"
    before, times, read = describe(service), file.stat(), list[str]()
    hash_file = subject.hash_file
    monkeypatch.setattr(subject, "hash_file", lambda path, size: (read.append(path), hash_file(path, size))[1])
    again = describe(service)
    while file.stat().st_ctime_ns == times.st_ctime_ns:  # a clock that ticks slowly
        file.write_text("TWO", encoding="utf-8")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = describe(service)

    assert again == before
    assert read == [str(file)]
    assert after.parts["installed packages"] != before.parts["installed packages"]


def test_a_file_that_was_just_written_is_read_at_every_look(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SETTLED_NANOSECONDS", 10**18)
    read: list[str] = []
    hash_file = subject.hash_file
    monkeypatch.setattr(subject, "hash_file", lambda path, size: (read.append(path), hash_file(path, size))[1])
    describe(service)
    first = len(read)
    describe(service)

    assert len(read) == 2 * first > 0
