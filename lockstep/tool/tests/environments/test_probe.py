"""The probe is one program of the standard library that any Python from 3.11 on runs, and it hashes what it says."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lockstep_tool.commands.fingerprint import run
from lockstep_tool.environments.probe import MODULES, probe_program
from lockstep_tool.environments.verdicts import recall_verdicts
from lockstep_tool.inside import files
from lockstep_tool.inside.variables import INTERPRETER
from tiny_environment import TinyEnvironment

BARE = Path(sys._base_executable)  # type: ignore[attr-defined]  # outside of any environment


def probe(*command: str | Path, **variables: str) -> Any:
    """The fingerprint that a Python prints which is given the program."""
    settings = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run([*command, "-"], input=probe_program(recall_verdicts()), env=settings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_it_runs_in_a_python_that_has_nothing_installed() -> None:
    seen = probe(BARE, "-I", "-S")

    assert seen["schema"] == "lockstep.fingerprint/2"
    assert seen["packages"] == {}
    assert seen["service"] is None
    assert seen["server"] is None
    assert len(seen["interpreter"]["standard_library"]) == 64


def test_it_imports_the_standard_library_only_but_for_the_server_definition_that_it_looks_for() -> None:
    tops = set(imported(ast.parse(probe_program())))

    assert tops - sys.stdlib_module_names == {"lockstep_serve"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_it_is_python_3_11() -> None:
    ast.parse(probe_program(), feature_version=(3, 11))


def test_the_files_that_it_is_made_of_share_no_name() -> None:
    """One follows the other: a name of the second would be taken by functions of the first."""
    parts = (ast.parse(Path(str(module.__file__)).read_text()).body for module in MODULES)
    names = [node.name for part in parts for node in part if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    constants = [
        target.id
        for module in MODULES
        for node in ast.parse(Path(str(module.__file__)).read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id != "__all__"
    ]

    assert sorted(set(names)) == sorted(names)
    assert sorted(set(constants)) == sorted(constants)


def test_it_says_of_an_environment_what_is_installed_there(good_environment: TinyEnvironment) -> None:
    seen = probe(good_environment.python, "-B", "-P", TZ="UTC")

    module = good_environment.site / "alpha" / "inner.py"
    assert seen["packages"] == {"alpha": "1.0", "beta": "2.0", "lockstep-serve": "1.0"}
    assert seen["service"] == "orders-api"
    assert seen["server"]["model"] == "uvicorn"
    assert seen["server"]["drain"] == 20
    assert seen["distributions"]["alpha"]["files"]["alpha/inner.py"] == hashlib.sha256(module.read_bytes()).hexdigest()[:16]
    assert seen["distributions"]["alpha"]["needs"] == {"always": ["beta"], "extra": []}
    assert seen["distributions"]["alpha"]["tags"] == ["py3-none-any"]
    assert {Path(path).parent.name for path in seen["unowned"]} <= {"bin", "production"}  # what uv writes: uv is asked


def test_it_reads_every_byte_of_a_large_file(tiny: TinyEnvironment) -> None:
    module = tiny.site / "alpha" / "inner.py"
    content = b"#" * (files.PIECE * 3 + 5)
    module.write_bytes(content)

    seen = probe(tiny.python, "-B", "-P")
    module.write_bytes(content[:-1] + b"!")
    again = probe(tiny.python, "-B", "-P")

    assert seen["distributions"]["alpha"]["files"]["alpha/inner.py"] == hashlib.sha256(content).hexdigest()[:16]
    assert seen["distributions"]["alpha"]["digest"] != again["distributions"]["alpha"]["digest"]


def test_what_the_installer_writes_belongs_to_no_wheel(good_environment: TinyEnvironment) -> None:
    [about] = good_environment.site.glob("alpha-*.dist-info")
    seen = probe(good_environment.python, "-B", "-P")["distributions"]["alpha"]

    assert (about / "direct_url.json").is_file()
    assert (about / "uv_cache.json").is_file()
    assert not [name for name in seen["files"] if name.endswith((".json", "RECORD", "INSTALLER"))]
    assert (seen["edited"], seen["missing"]) == ([], [])


def test_it_carries_on_where_it_may_not_read(tiny: TinyEnvironment) -> None:
    (tiny.site / "alpha" / "inner.py").unlink()
    (tiny.site / "alpha" / "inner.py").symlink_to("nowhere.py")

    assert probe(tiny.python, "-B", "-P")["distributions"]["alpha"]["no_files"] == ["alpha/inner.py"]


def test_a_person_can_have_the_program(good_environment: TinyEnvironment, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--program"], good_environment.root) == 0

    assert capsys.readouterr().out.encode() == probe_program()


def test_a_variable_counts_when_this_interpreter_reads_it(good_environment: TinyEnvironment) -> None:
    """Images of other people have PYTHON_VERSION; the first of the others is in no help text, the second in a module only."""
    seen = probe(
        good_environment.python, "-B", "-P", PYTHON_VERSION="3", PYTHONDUMPREFS="", PYTHONTRACEMALLOC="0", PYTHONTZPATH="/x"
    )

    assert sorted(seen["ambient"]) == ["PYTHONTRACEMALLOC", "PYTHONTZPATH"]


def test_a_variable_that_only_looks_like_the_linkers_is_the_services(good_environment: TinyEnvironment) -> None:
    """LD_SDK_KEY is the key of LaunchDarkly."""
    seen = probe(good_environment.python, "-B", "-P", LD_SDK_KEY="sesame", LD_BIND_NOW="1")

    assert seen["ambient"] == {"LD_BIND_NOW": "1"}
    assert "sesame" not in str(seen)


def test_every_variable_of_this_interpreter_is_known_by_its_form() -> None:
    command = [sys.executable, "-I", "-S", "--help-env"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={}).stdout

    names = set(re.findall(r"\bPYTHON\w+", said))
    assert "PYTHONPATH" in names
    assert [name for name in names if not re.fullmatch(INTERPRETER, name)] == []
