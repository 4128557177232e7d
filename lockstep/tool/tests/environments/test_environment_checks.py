"""Every check of an environment names the faults that are planted for it, and finds none in a good one."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.environments.looking import look_here
from lockstep_tool.environments.parity import compare_all
from lockstep_tool.service import Service
from tiny_environment import TinyEnvironment, digest_of, record_hash, write_wheel

Plant = Callable[[TinyEnvironment], object]


@dataclass(frozen=True)
class Planted:
    """`said` is in what the check says; `also` are checks that must name the same fault; `variables` are set while looking."""

    name: str
    plant: Plant
    said: str
    severity: Severity = Severity.ERROR
    also: frozenset[str] = frozenset()
    variables: Mapping[str, str] | None = None


def nothing(_: TinyEnvironment) -> None:
    """The fault is in the variables."""


def in_site(name: str, text: str = "") -> Plant:
    """Write a file into site-packages."""

    def plant(tiny: TinyEnvironment) -> None:
        (tiny.site / name).parent.mkdir(exist_ok=True)
        (tiny.site / name).write_text(text)

    return plant


def edit(name: str, old: str, new: str) -> Plant:
    return lambda tiny: tiny.edit(name, old, new)


def append_to_serve(tiny: TinyEnvironment) -> None:
    module = tiny.site / "lockstep_serve" / "errors.py"
    module.write_text(f"{module.read_text()}# more\n")


def edit_with_record(tiny: TinyEnvironment) -> None:
    module, [record] = tiny.site / "alpha" / "inner.py", tiny.site.glob("alpha-*.dist-info/RECORD")
    before = record_hash(module.read_bytes())
    module.write_text("ONE = 9\n")
    assert before in record.read_text()
    record.write_text(record.read_text().replace(before, record_hash(module.read_bytes())))


def edit_through_a_link(tiny: TinyEnvironment) -> None:
    (tiny.root / "in the cache").write_text("ONE = 9\n")
    (tiny.site / "alpha" / "inner.py").unlink()
    os.link(tiny.root / "in the cache", tiny.site / "alpha" / "inner.py")


def link_a_directory(tiny: TinyEnvironment) -> None:
    (tiny.root / "elsewhere").mkdir()
    (tiny.site / "elsewhere").symlink_to(tiny.root / "elsewhere")


def replace_python(tiny: TinyEnvironment) -> None:
    other = tiny.python.parent / "python3"
    other.unlink()
    other.write_text("#!/bin/sh\n")


def hijack_a_command(tiny: TinyEnvironment) -> None:
    script = tiny.python.parent / "alpha-run"
    script.write_text(script.read_text() + "print('evil')\n")


def spoil_byte_code(tiny: TinyEnvironment) -> None:
    subprocess.run([tiny.python, "-I", "-c", "import alpha.inner"], check=True, env={})
    [compiled] = (tiny.site / "alpha" / "__pycache__").glob("inner.*.pyc")
    content = bytearray(compiled.read_bytes())
    content[8] ^= 1
    compiled.write_bytes(content)


def install_one_more(tiny: TinyEnvironment) -> None:
    about = tiny.site / "gamma-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gamma\nVersion: 1.0\n")
    (about / "RECORD").write_text("gamma-1.0.dist-info/RECORD,,\ngamma-1.0.dist-info/METADATA,,\n")


def take_one_away(tiny: TinyEnvironment) -> None:
    shutil.rmtree(next(tiny.site.glob("beta-*.dist-info")))
    (tiny.site / "beta.py").unlink()
    (tiny.python.parent / "beta-tool").unlink()


def change_the_wheel(tiny: TinyEnvironment) -> None:
    write_wheel(tiny.root / "vendor", "alpha", "1.0", {"alpha/__init__.py": "evil = True\n"})


def lock_another_build(tiny: TinyEnvironment) -> None:
    other = write_wheel(tiny.root / "vendor", "alpha", "1.0", {"alpha/__init__.py": ""}, tag="py2-none-any")
    text = (tiny.root / "uv.lock").read_text()
    digest = digest_of(tiny.root / "vendor" / "alpha-1.0-py3-none-any.whl")
    (tiny.root / "uv.lock").write_text(text.replace("alpha-1.0-py3-none-any.whl", other.name).replace(digest, digest_of(other)))


def lock_from(source: str) -> Plant:
    """As uv locks what it builds itself: without a wheel."""

    def plant(tiny: TinyEnvironment) -> None:
        text = (tiny.root / "uv.lock").read_text()
        head, _, tail = text.partition('source = { path = "vendor/alpha-1.0-py3-none-any.whl" }')
        body, _, rest = tail.partition("wheels = [")
        after = rest.partition("]\n")[2]
        (tiny.root / "uv.lock").write_text(f"{head}source = {source}{body}{after}")

    return plant


def wrong_uv(tiny: TinyEnvironment) -> None:
    tiny.edit("uv.toml", 'required-version = ">=', 'required-version = ">=9.9.9,!=')


PLANTED: Mapping[str, Sequence[Planted]] = {
    "python": (
        Planted("another Python declared", lambda t: (t.root / ".python-version").write_text("3.11.99\n"), "says 3.11.99"),
    ),
    "packages": (
        Planted("a package that nobody locked", install_one_more, "gamma 1.0 is installed, and the production set has no gamma"),
        Planted("a package that is gone", take_one_away, "beta 2.0 is missing"),
        Planted("another version locked", edit("uv.lock", 'version = "2.0"', 'version = "2.1"'), "beta is 2.0, uv.lock says 2.1"),
        Planted(
            "a need that was slipped into the lock",
            edit(
                "uv.lock",
                'name = "beta"\nversion = "2.0"\n',
                'name = "beta"\nversion = "2.0"\ndependencies = [{ name = "alpha" }]\n',
            ),
            "alpha is there because uv.lock says that beta needs it, and beta does not say so",
        ),
    ),
    "wheels": (
        Planted("a build for another Python", lock_another_build, "alpha is installed from none of its locked wheels: 0 of them"),
        Planted(
            "a git source",
            lock_from('{ git = "https://git.example.org/alpha?rev=v1#123" }'),
            "alpha is built from a git repository (https://git.example.org/alpha?rev=v1#123): uv.lock has no wheel",
        ),
        Planted("a directory", lock_from('{ directory = "packages/alpha" }'), "alpha is built from a directory (packages/alpha)"),
        Planted("a source archive", lock_from('{ path = "vendor/alpha-1.0.tar.gz" }'), "alpha is built from a source archive"),
    ),
    "bytes": (
        Planted("an edited module", in_site("alpha/inner.py", "ONE = 9\n"), "alpha: edited alpha/inner.py"),
        Planted("a module and its RECORD", edit_with_record, "alpha: not what the locked wheel installs: alpha/inner.py"),
        Planted("a deleted module", lambda t: (t.site / "beta.py").unlink(), "beta: missing beta.py"),
        Planted("an edit through a hard link", edit_through_a_link, "alpha: edited alpha/inner.py"),
        Planted("a hijacked command", hijack_a_command, "alpha: edited ../../../bin/alpha-run"),
        Planted("an edited module of lockstep-serve", append_to_serve, "lockstep-serve: edited"),
        Planted(
            "another wheel in the repository",
            change_the_wheel,
            "vendor/alpha-1.0-py3-none-any.whl is not the wheel that uv.lock locks",
        ),
        Planted(
            "a wheel in the repository that is gone",
            lambda t: (t.root / "vendor" / "alpha-1.0-py3-none-any.whl").unlink(),
            "alpha: vendor/alpha-1.0-py3-none-any.whl, which uv.lock locks, cannot be read",
        ),
        Planted(
            "no RECORD",
            lambda t: next(t.site.glob("beta-*/RECORD")).unlink(),
            "beta has no RECORD",
            also=frozenset({"unowned files"}),
        ),
    ),
    "unowned files": (
        Planted("a .pth file", in_site("evil.pth"), "evil.pth"),
        Planted("a module in a package", in_site("alpha/evil.py"), "alpha/evil.py"),
        Planted("a module that every start imports", in_site("sitecustomize.py"), "sitecustomize.py"),
        Planted("a module beside the byte code", in_site("alpha/__pycache__/evil.py"), "__pycache__/evil.py"),
        Planted("byte code without a source", in_site("evil.pyc"), "evil.pyc"),
        Planted("a link to a directory", link_a_directory, "site-packages/elsewhere"),
        Planted("a program", lambda t: (t.python.parent / "gunicorn").write_text("#!/bin/sh\n"), "bin/gunicorn"),
        Planted("another program as Python", replace_python, "bin/python3"),
        Planted("a module of the tool", in_site("lockstep_tool/__init__.py"), "lockstep_tool/__init__.py"),
    ),
    "search path": (
        Planted(
            "a directory that a .pth file adds",
            lambda t: (t.site / "more.pth").write_text(f"{t.root}\n"),
            "which no package owns",
            also=frozenset({"unowned files"}),
        ),
    ),
    "byte code": (Planted("byte code of another source", spoil_byte_code, "does not match its source"),),
    "source": (
        Planted(
            "a checkout that is newer",
            edit("src/orders_api/app.py", "None", "int"),
            "other than in this checkout: orders_api/app.py",
        ),
    ),
    "server": (
        Planted("a value that is none", nothing, "`drain` must be", variables={"SERVER_DRAIN": "soon"}),
        Planted(
            "no server.toml",
            lambda t: (t.site / "orders_api" / "server.toml").unlink(),
            "The server definition cannot be read.",
            also=frozenset({"bytes", "source"}),
        ),
    ),
    "time": (
        Planted("another zone in CI", nothing, "not in UTC", variables={"TZ": "Asia/Tokyo", "CI": "true"}),
        Planted("another zone on a laptop", nothing, "not in UTC", Severity.ALLOWED, variables={"TZ": "Asia/Tokyo"}),
    ),
    "ambient": tuple(
        Planted(name, nothing, f"{name}=/opt", variables={name: "/opt"})
        for name in ("PYTHONPATH", "LD_LIBRARY_PATH", "GUNICORN_CMD_ARGS")
    ),
    "uv settings": (
        Planted(
            "a variable of uv",
            nothing,
            "UV_EXCLUDE_NEWER: uv typed by hand",
            Severity.WARNING,
            variables={"UV_EXCLUDE_NEWER": "2030-01-01"},
        ),
        Planted(
            "a uv.toml of one's own",
            lambda t: write_uv_settings(t.root / "uv-settings" / "uv" / "uv.toml"),
            "resolution in ",
            Severity.WARNING,
            variables={"XDG_CONFIG_HOME": "{root}/uv-settings"},
        ),
        Planted(
            "a uv.toml of the machine",
            lambda t: write_uv_settings(t.root / "uv-settings" / "uv" / "uv.toml"),
            "resolution in ",
            Severity.WARNING,
            variables={"XDG_CONFIG_DIRS": "{root}/uv-settings", "UV_NO_SYSTEM_CONFIG": ""},
        ),
    ),
    "tools": (
        Planted("another uv in CI", wrong_uv, ", uv.toml says 9.9.9", variables={"CI": "true"}),
        Planted("another uv on a laptop", wrong_uv, ", uv.toml says 9.9.9", Severity.ALLOWED),
    ),
}
# Shown by test_comparing.py: they compare with another environment, or are of a container.
ELSEWHERE = {"inputs", "flags", "interpreter", "libraries", "process"}
# Starts servers: shown where those are.
SERVING = {"behaviour"}
CASES = [pytest.param(name, one, id=f"{name}: {one.name}") for name, several in PLANTED.items() for one in several]


def write_uv_settings(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('resolution = "lowest"\nlink-mode = "copy"\n')


def blamed(findings: Sequence[Finding]) -> set[str]:
    return {finding.check for finding in findings if finding.severity is not Severity.ALLOWED}


def test_every_check_has_a_planted_fault() -> None:
    assert {check.name for check in checks_of("parity")} == {*PLANTED, *ELSEWHERE, *SERVING}


def test_a_good_environment_has_no_finding(good_environment: TinyEnvironment) -> None:
    assert [finding for finding in good_environment.find() if finding.check != "tools"] == []


@pytest.mark.parametrize(("name", "planted"), CASES)
def test_a_planted_fault_is_named_and_nothing_else(
    name: str, planted: Planted, tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.plant(tiny)
    for variable, value in (planted.variables or {}).items():
        monkeypatch.setenv(variable, value.format(root=tiny.root))

    found = tiny.find()

    of_this = [finding for finding in found if finding.check == name and planted.said in finding.what]
    assert of_this, found
    assert of_this[0].severity is planted.severity
    assert of_this[0].environment == ("ci" if "CI" in (planted.variables or {}) else "laptop")
    assert of_this[0].fix
    assert blamed(found) - {"tools"} <= {name, *planted.also}


def test_an_edit_through_a_hard_link_names_the_cache_in_its_fix(tiny: TinyEnvironment) -> None:
    edit_through_a_link(tiny)

    [finding] = [finding for finding in tiny.find() if finding.check == "bytes"]

    assert finding.fix == "uv cache clean alpha && rm -rf .nox/production && uv run noxfile.py -s parity"


def test_bytes_that_could_not_be_compared_with_a_wheel_are_neither_good_nor_bad(
    tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    text = (tiny.root / "uv.lock").read_text()
    (tiny.root / "uv.lock").write_text(text.replace("file://", "file:///nowhere"))

    [finding] = [finding for finding in tiny.find() if finding.check == "bytes"]

    assert finding.severity is Severity.UNKNOWN
    assert finding.what.startswith("1 packages could not be compared with their wheels (beta): the wheel cannot be fetched")


def test_what_an_index_serves_instead_of_the_locked_wheel_is_not_taken(
    tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    text = (tiny.root / "uv.lock").read_text()
    name = "beta-2.0-py3-none-any.whl"
    address = text.partition('{ url = "')[2].partition('"')[0]
    other = write_wheel(tmp_path / "other", "beta", "2.0", {"beta.py": "TWO = 3\n"})
    (tiny.root / "uv.lock").write_text(text.replace(address, (other.parent / name).as_uri()))

    [finding] = [finding for finding in tiny.find() if finding.check == "bytes"]

    assert finding.severity is Severity.UNKNOWN
    assert "another hash than the lock" in finding.what


def test_what_is_remembered_of_a_wheel_needs_no_index(tiny: TinyEnvironment) -> None:
    tiny.find()
    text = (tiny.root / "uv.lock").read_text()
    (tiny.root / "uv.lock").write_text(text.replace("file://", "file:///nowhere"))

    assert [finding for finding in tiny.find() if finding.check == "bytes"] == []


def test_a_directory_that_computes_its_version_is_named_for_having_no_wheel(tiny: TinyEnvironment) -> None:
    lock_from('{ directory = "packages/alpha" }')(tiny)
    tiny.edit("uv.lock", 'name = "alpha"\nversion = "1.0"\n', 'name = "alpha"\n')

    found = tiny.find()

    assert blamed(found) - {"tools"} == {"wheels"}


def test_a_uv_toml_that_uv_is_told_of_is_named(tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_uv_settings(tmp_path / "named" / "uv.toml")
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "named" / "uv.toml"))

    assert any("resolution in " in finding.what for finding in tiny.find())


def test_another_nox_than_the_locked_one_is_named(tiny: TinyEnvironment) -> None:
    found = compare_all([look_here(tiny.python, nox="2020.1.1")], Service(tiny.root))

    assert any(finding.check == "tools" and finding.what.startswith("nox is 2020.1.1, noxfile.py.lock says") for finding in found)
