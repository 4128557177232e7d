"""Every check of an environment names the faults that are planted for it, and finds none in a good one."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import source_hash
from pathlib import Path

import pytest

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.environments.looking import look_here
from lockstep_tool.environments.parity import compare_all
from lockstep_tool.environments.verdicts import recall_verdicts
from lockstep_tool.service import Service
from lockstep_tool.sync import remove_orphans
from tiny_environment import TinyEnvironment, digest_of, install, record_hash, write_wheel

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


def compile_otherwise(mode: str) -> Plant:
    """A compiled file that fits its source by its header, and holds other code."""

    def plant(tiny: TinyEnvironment) -> None:
        module = tiny.site / "alpha" / "inner.py"
        right, status = module.read_bytes(), module.stat()
        module.write_text("ONE = 9\n")
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
        compiled = compile_file(tiny, module, mode)
        module.write_bytes(right)
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
        if mode != "TIMESTAMP":
            content = compiled.read_bytes()
            compiled.write_bytes(content[:8] + source_hash(right) + content[16:])

    return plant


def compile_file(tiny: TinyEnvironment, module: Path, mode: str = "TIMESTAMP") -> Path:
    """Have the environment's Python compile it, and return what it wrote."""
    program = "import sys, py_compile as p; print(p.compile(sys.argv[1], invalidation_mode=p.PycInvalidationMode[sys.argv[2]]))"
    done = subprocess.run([tiny.python, "-I", "-c", program, module, mode], check=True, env={}, capture_output=True, text=True)
    return Path(done.stdout.strip())


def compile_apart(tiny: TinyEnvironment) -> None:
    """Other code in the tree that PYTHONPYCACHEPREFIX names."""
    compile_otherwise("TIMESTAMP")(tiny)
    [compiled] = (tiny.site / "alpha" / "__pycache__").glob("inner.*.pyc")
    apart = Path(f"{tiny.root}/apart{tiny.site}/alpha/{compiled.name}")
    apart.parent.mkdir(parents=True)
    compiled.rename(apart)


def without_source(name: str) -> Plant:
    """Byte code in the place of a module, which Python imports as one."""

    def plant(tiny: TinyEnvironment) -> None:
        module = tiny.site / "alpha" / "planted.py"
        module.write_text("EVIL = 1\n")
        compile_file(tiny, module).rename(tiny.site / name)
        module.unlink()

    return plant


def link_package(tiny: TinyEnvironment) -> None:
    """A package that is a link to a copy of it with one module more."""
    shutil.move(tiny.site / "alpha", tiny.root / "alpha")
    (tiny.root / "alpha" / "more.py").write_text("")
    (tiny.site / "alpha").symlink_to(tiny.root / "alpha")


def link_file(tiny: TinyEnvironment) -> None:
    shutil.move(tiny.site / "beta.py", tiny.root / "beta.py")
    (tiny.site / "beta.py").symlink_to(tiny.root / "beta.py")


def add_row(tiny: TinyEnvironment) -> None:
    """A module that the service's own RECORD lists."""
    module, [record] = tiny.site / "evil.py", tiny.site.glob("orders_api-*/RECORD")
    module.write_text("")
    record.write_text(f"{record.read_text()}evil.py,sha256={record_hash(b'')},0\n")


def without_hash(tiny: TinyEnvironment) -> None:
    [record] = tiny.site.glob("alpha-*/RECORD")
    record.write_text(re.sub(r"(?m)^alpha/inner.py,.*$", "alpha/inner.py,,", record.read_text()))


def not_utf8(tiny: TinyEnvironment) -> None:
    [record] = tiny.site.glob("alpha-*/RECORD")
    record.write_bytes(record.read_bytes() + b"\xff.py,,\n")


def hijack_with_record(tiny: TinyEnvironment) -> None:
    """A console script with other code, and its row repaired."""
    script, [record] = tiny.python.parent / "alpha-run", tiny.site.glob("alpha-*/RECORD")
    before = f"sha256={record_hash(script.read_bytes())},{script.stat().st_size}"
    script.write_text(script.read_text() + "print('evil')\n")
    assert before in record.read_text()
    record.write_text(record.read_text().replace(before, f"sha256={record_hash(script.read_bytes())},{script.stat().st_size}"))


def replace_interpreter(tiny: TinyEnvironment) -> None:
    """`python` is a script that starts the right one."""
    tiny.python.unlink()
    (tiny.python.parent / "python3").unlink()
    (tiny.python.parent / "python3").symlink_to(sys._base_executable)  # type: ignore[attr-defined]
    tiny.python.write_text(f'#!/bin/sh\nexec {tiny.python}3 "$@"\n')
    tiny.python.chmod(0o755)


def of_another_interpreter(tiny: TinyEnvironment) -> None:
    (tiny.site / "alpha" / "__pycache__").mkdir()
    (tiny.site / "alpha" / "__pycache__" / "inner.cpython-399.pyc").write_bytes(b"")


def share_a_file(tiny: TinyEnvironment) -> None:
    """Another wheel of beta brings alpha's module, too, with other content."""
    other = write_wheel(tiny.root.parent / "other", "beta", "2.0", {"beta.py": "TWO = 2\n", "alpha/inner.py": "ONE = 2\n"})
    locked = f'{{ url = "{other.as_uri()}", hash = "sha256:{digest_of(other)}"'
    text = (tiny.root / "uv.lock").read_text()
    (tiny.root / "uv.lock").write_text(re.sub(r'\{ url = "[^"]*", hash = "[^"]*"', locked, text))
    install(tiny.root / ".nox" / "production", other)


def chmod(name: str, mode: int) -> Plant:
    return lambda tiny: (tiny.site / name).chmod(mode)


def install_one_more(tiny: TinyEnvironment) -> None:
    about = tiny.site / "gamma-1.0.dist-info"
    about.mkdir()
    metadata = "Metadata-Version: 2.1\nName: gamma\nVersion: 1.0\n"
    (about / "METADATA").write_text(metadata)
    row = f"gamma-1.0.dist-info/METADATA,sha256={record_hash(metadata.encode())},{len(metadata)}"
    (about / "RECORD").write_text(f"gamma-1.0.dist-info/RECORD,,\n{row}\n")


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
        Planted("a RECORD without a hash", without_hash, "alpha: its RECORD states no hash or no size of alpha/inner.py"),
        Planted(
            "a RECORD that is not UTF-8", not_utf8, "alpha has a RECORD that is not UTF-8", also=frozenset({"unowned files"})
        ),
        Planted("a row added to the service's RECORD", add_row, "not what the checkout's own wheel installs: evil.py"),
        Planted("a hijacked program, and its RECORD repaired", hijack_with_record, "edited ../../../bin/alpha-run"),
        Planted("a file that is a link", link_file, "beta: a link or the like, where a file is expected: beta.py"),
        Planted(
            "a package that is a link, with one module more", link_package, "missing alpha/", also=frozenset({"unowned files"})
        ),
        Planted(
            "a file that two wheels have",
            share_a_file,
            "alpha/inner.py: in the wheels of alpha and beta, each with other content",
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
        Planted("byte code that every start imports", without_source("sitecustomize.pyc"), "sitecustomize.pyc"),
        Planted("byte code of a person's start", without_source("usercustomize.pyc"), "usercustomize.pyc"),
        Planted("byte code in a package, without a source", without_source("alpha/more.pyc"), "alpha/more.pyc"),
        Planted("a .pth file of a name that is known", in_site("_virtualenv.pth", "import os\n"), "_virtualenv.pth"),
        Planted("a file of an ending that is known", in_site("evil.lock"), "evil.lock"),
        Planted("a library beside the byte code", in_site("alpha/__pycache__/evil.so"), "__pycache__/evil.so"),
        Planted("byte code of another interpreter", of_another_interpreter, "inner.cpython-399.pyc"),
        Planted("a file whose name is not UTF-8", in_site("evil\udcff.py"), "evil\\xff.py"),
        Planted("a directory without a file", lambda t: (t.site / "evil").mkdir(), "site-packages/evil (directory)"),
        Planted("a pipe", lambda t: os.mkfifo(t.site / "evil.py"), "evil.py (neither file nor directory)"),
        Planted(
            "a script for shells that is edited",
            edit(".nox/production/bin/activate", "deactivate () {", "evil; deactivate () {"),
            "bin/activate",
        ),
        Planted(
            "a setting in pyvenv.cfg",
            edit(".nox/production/pyvenv.cfg", "implementation =", "executable = /bin/true\nimplementation ="),
            "pyvenv.cfg",
        ),
        Planted("a script in the place of Python", replace_interpreter, "bin/python"),
        Planted("a program", lambda t: (t.python.parent / "gunicorn").write_text("#!/bin/sh\n"), "bin/gunicorn"),
        Planted("another program as Python", replace_python, "bin/python3"),
        Planted("a module of the tool", in_site("lockstep_tool/__init__.py"), "lockstep_tool/__init__.py"),
    ),
    "modes": (
        Planted("a file that anybody may write", chmod("beta.py", 0o666), "beta.py (0666)"),
        Planted("a directory that anybody may write", chmod("alpha", 0o777), "alpha (0777)"),
        Planted("a program that runs as another user", chmod("beta.py", 0o4755), "beta.py (4755)"),
    ),
    "search path": (
        Planted(
            "a directory that a .pth file adds",
            lambda t: (t.site / "more.pth").write_text(f"{t.root}\n"),
            "which no package owns",
            also=frozenset({"unowned files"}),
        ),
    ),
    "byte code": (
        Planted("byte code of another source", spoil_byte_code, "does not match its source"),
        *(
            Planted(f"other code behind the right header, {mode}", compile_otherwise(mode), "is not what its source compiles to")
            for mode in ("TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH")
        ),
        Planted(
            "other code in a tree apart",
            compile_apart,
            "is not what its source compiles to",
            also=frozenset({"ambient"}),
            variables={"PYTHONPYCACHEPREFIX": "{root}/apart"},
        ),
    ),
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
    "ambient": (
        *(
            Planted(name, nothing, f"{name}=/opt", variables={name: "/opt"})
            for name in ("PYTHONPATH", "LD_LIBRARY_PATH", "GUNICORN_CMD_ARGS", "PYTHONPYCACHEPREFIX", "PYTHONTZPATH")
        ),
        *(
            Planted(name, nothing, f"{name}={value}", variables={name: value})
            for name, value in {
                "PYTHONASYNCIODEBUG": "1",
                "PYTHONMALLOC": "debug",
                "PYTHONHASHSEED": "0",
                "LD_BIND_NOW": "1",
            }.items()
        ),
        Planted("a person's prompt", nothing, "PYTHONSTARTUP=/opt", Severity.ALLOWED, variables={"PYTHONSTARTUP": "/opt"}),
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
            "a variable that leaves something out",
            nothing,
            "UV_NO_INSTALL_PROJECT: uv typed by hand",
            Severity.WARNING,
            variables={"UV_NO_INSTALL_PROJECT": "1"},
        ),
        Planted(
            "links into the cache",
            nothing,
            "UV_LINK_MODE: uv typed by hand",
            Severity.WARNING,
            variables={"UV_LINK_MODE": "symlink"},
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
    name: str, planted: Planted, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny: TinyEnvironment = request.getfixturevalue("good_environment" if planted.plant is nothing else "tiny")
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


@pytest.mark.parametrize("text", ["", '{"files": {', "[]", "{}"])
def test_a_damaged_memory_of_a_wheel_is_made_anew(
    tiny: TinyEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny.find()
    [*remembered] = (tmp_path / "cache" / "lockstep" / "wheels").glob("*.json")
    before = {path: path.read_text() for path in remembered}
    for path in remembered:
        path.write_text(text)

    assert [finding for finding in tiny.find() if finding.check == "bytes"] == []
    assert remembered
    assert {path: path.read_text() for path in remembered} == before


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


@pytest.mark.parametrize("name", ["it's a place", "x" * 150], ids=["spaces and quotes", "long"])
def test_a_good_environment_at_an_odd_place_has_no_finding(good_environment: TinyEnvironment, tmp_path: Path, name: str) -> None:
    tiny = good_environment.copy(tmp_path / name)

    assert [finding for finding in tiny.find() if finding.check != "tools"] == []


def test_a_good_environment_reached_through_a_link_has_no_finding(tiny: TinyEnvironment, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tiny.root)
    linked = TinyEnvironment(tmp_path / "linked")

    assert [finding for finding in linked.find() if finding.check != "tools"] == []


def test_the_value_of_a_declared_secret_is_never_said(tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.edit("pyproject.toml", "[build-system]", '[tool.lockstep]\nsecrets = ["LD_SDK_KEY", "LD_AUDIT"]\n\n[build-system]')
    for name in ("LD_SDK_KEY", "LD_AUDIT"):
        monkeypatch.setenv(name, "sesame")
    found = [finding for finding in tiny.find() if finding.check == "ambient"]

    assert [finding.what for finding in found] == ["LD_AUDIT=(not shown)"]
    assert "sesame" not in str(found)


def test_what_another_uv_writes_is_neither_good_nor_bad(tiny: TinyEnvironment) -> None:
    tiny.edit(".nox/production/bin/activate", "deactivate () {", "changed; deactivate () {")
    settings = tiny.python.parents[1] / "pyvenv.cfg"
    settings.write_text(re.sub(r"(?m)^uv = .*$", "uv = 0.0.1", settings.read_text()))

    [finding] = [finding for finding in tiny.find() if finding.check == "unowned files"]

    assert finding.severity is Severity.UNKNOWN
    assert finding.fix == "uvx uv@0.0.1 run noxfile.py -s parity"


def test_a_whole_environment_that_others_may_write_is_as_its_maker_wanted_it(tiny: TinyEnvironment) -> None:
    for path in [tiny.python.parents[1], *tiny.python.parents[1].rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o022)

    assert blamed(tiny.find()) - {"tools"} == set()


def test_byte_code_is_compiled_once_to_see_that_it_is_right(tiny: TinyEnvironment) -> None:
    compiled = compile_file(tiny, tiny.site / "alpha" / "inner.py")
    before = set(recall_verdicts())
    tiny.look()
    first = set(recall_verdicts()) - before
    seen = tiny.look().fingerprint["byte_code"]

    assert len(first) == 1
    assert set(recall_verdicts()) == before | first
    assert seen["checked"] > 1
    assert "proved" not in seen
    compiled.write_bytes(compiled.read_bytes()[:-1] + b"!")
    assert tiny.look().fingerprint["byte_code"]["other"] == [str(compiled)]


@pytest.mark.parametrize("level", ["1", "2"])
def test_optimized_byte_code_is_right_for_its_level(tiny: TinyEnvironment, level: str) -> None:
    program = "import sys, py_compile; print(py_compile.compile(sys.argv[1], optimize=int(sys.argv[2])))"
    module = tiny.site / "lockstep_serve" / "errors.py"
    subprocess.run([tiny.python, "-I", "-c", program, module, level], check=True, env={}, capture_output=True)

    assert [finding for finding in tiny.find() if finding.check != "tools"] == []


def test_byte_code_that_uv_leaves_of_a_module_is_taken_away(tiny: TinyEnvironment) -> None:
    left = compile_file(tiny, tiny.site / "beta.py").rename(tiny.site / "__pycache__" / "gone.cpython-311.pyc")
    remove_orphans(tiny.python.parents[1])

    assert not left.exists()
