"""`parity` compares the environments that it is given, says what it could not look into, and saves what it saw."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments import behaviour
from lockstep_tool.environments import parity as session
from lockstep_tool.environments.looking import look_here, look_into, name_of_command, names_in, short_name
from lockstep_tool.environments.parity import parity, save_fingerprint
from lockstep_tool.environments.report import Row, describe_verdict, print_report
from lockstep_tool.service import Service
from tiny_environment import TinyEnvironment

STARTED = "env PYTHONUTF8=1 PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1"
NAMES = ("inputs", "python", "packages", "bytes", "unowned files", "interpreter", "process", "libraries")
ROWS = [Row("declared", "0123456789ab", "3.13.9", 23), Row("laptop", "0123456789ab", "3.13.9", 23)]


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The production set is there: what makes it has tests of its own. There is no container engine."""
    monkeypatch.setattr(session, "production", lambda root: root / ".nox" / "production" / "bin" / "python")
    monkeypatch.setenv("LOCKSTEP_ENGINE", "no-such-engine")


def saved(tiny: TinyEnvironment, path: Path, **other: Any) -> Path:
    """A fingerprint in a file, with other members."""
    save_fingerprint(Service(tiny.root), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **other}))
    return path


def test_two_environments_that_agree_are_the_same(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = parity(Service(tiny.root), [str(saved(tiny, tmp_path / "release.json"))])

    printed = capsys.readouterr().out
    report = tiny.root / ".nox" / "report"
    document = json.loads((report / "report.json").read_text())
    assert code == 0, printed
    assert "  environment  id            python   packages  verdict\n  declared " in printed
    assert "0 differences matter, " in printed
    assert (report / "report.txt").read_text() == printed
    assert [row["environment"] for row in document["environments"]] == ["declared", "laptop", "release"]
    assert len({row["id"] for row in document["environments"]}) == 1
    assert json.loads((report / "laptop.json").read_text())["kind"] == "laptop"
    assert not (report / "release.json").exists()


def test_a_difference_is_named_with_its_environment_and_its_fix(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = saved(tiny, tmp_path / "release.json")
    (tiny.site / "evil.pth").write_text("")

    code = parity(Service(tiny.root), [str(release)])

    printed = capsys.readouterr().out
    [found] = json.loads((tiny.root / ".nox/report/report.json").read_text())["findings"]
    assert code == 1
    assert f"  ✗ unowned files laptop: no package owns {tiny.site}/evil.pth\n    fix:          rm -rf .nox/production" in printed
    assert "1 difference matters, 0 are allowed." in printed
    assert (found["check"], found["environment"], found["severity"]) == ("unowned files", "laptop", "error")


def test_a_directory_that_computes_its_version_is_refused_in_words(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = saved(tiny, tmp_path / "release.json")
    wheel = 'wheels = [\n    { filename = "alpha-1.0-py3-none-any.whl"'
    tiny.edit(
        "uv.lock", 'version = "1.0"\nsource = { path = "vendor/alpha-1.0-py3-none-any.whl" }', 'source = { directory = "alpha" }'
    )
    tiny.edit("uv.lock", wheel, 'no-wheels = [\n    { filename = "alpha-1.0-py3-none-any.whl"')

    code = parity(Service(tiny.root), [str(release)])

    printed = capsys.readouterr().out
    assert code == 1
    assert "✗ wheels        laptop: alpha is built from a directory (alpha): uv.lock has no wheel to compare it with" in printed
    assert "fix:          name one that has a wheel: of an index, or a .whl that lies in the repository" in printed


def test_github_is_told_of_the_environment_and_the_line(
    tiny: TinyEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release = saved(tiny, tmp_path / "release.json")
    (tiny.root / "src/orders_api/app.py").write_text("")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    parity(Service(tiny.root), [str(release)])

    said = capsys.readouterr().err
    assert "::error file=src/orders_api/app.py,title=lockstep parity, source::laptop: other than in this checkout" in said
    assert "differences matter" in (tmp_path / "summary.md").read_text()


def test_a_command_reaches_an_environment(tiny: TinyEnvironment, capsys: pytest.CaptureFixture[str]) -> None:
    code = parity(Service(tiny.root), [*STARTED.split(), "PYTHONUNBUFFERED=1", str(tiny.python)])

    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "env-PYTHONUTF8=1" in printed


def test_what_cannot_be_reached_is_said_and_not_green(tiny: TinyEnvironment, capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(tiny.root)

    assert parity(service, [f"env {tiny.python}-that-is-not-there"]) == 2
    assert parity(service, ["container:no-such-container"]) == 2
    assert parity(service, ["true"], only=True) == 2
    printed = capsys.readouterr().out
    assert "cannot be looked into" in printed
    assert "not looked at: no container engine" in printed
    assert "not looked at: no-such-container." in printed.replace("container:", "")


def test_an_image_that_could_not_be_looked_at_is_not_green(
    tiny: TinyEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(behaviour, "compare_answers", lambda *_: [])  # it starts servers

    assert parity(Service(tiny.root)) == 2
    assert "0 differences matter, 0 are allowed, not looked at: image." in capsys.readouterr().out


def test_a_saved_fingerprint_says_what_changed_since(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = saved(tiny, tmp_path / "release.json")
    document = json.loads(release.read_text())
    document["declared"]["uv.lock"] = "0" * 64
    document["packages"]["beta"] = "1.0"
    release.write_text(json.dumps(document))
    service = Service(tiny.root)

    code = parity(service, [str(release)])
    printed = capsys.readouterr().out
    only = parity(service, [str(release), str(release)], only=True)

    assert code == 1
    assert "packages      release: beta 1.0 then, 2.0 now" in printed
    assert "inputs        " not in printed
    assert only == 0


def test_a_file_that_is_no_fingerprint_is_refused(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "list.json").write_text("[]")

    for name in ("other.json", "list.json"):
        assert parity(Service(tiny.root), [str(tmp_path / name)]) == 2
        assert "This is no fingerprint." in capsys.readouterr().out


def test_a_fingerprint_that_is_not_there_is_not_called_none(
    tiny: TinyEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity(Service(tiny.root), [str(tmp_path / "release.json")]) == 2

    printed = capsys.readouterr().out
    assert "The fingerprint cannot be read." in printed
    assert "release.json   No such file or directory" in printed


def test_an_environment_of_this_machine_that_cannot_be_looked_into_is_wrong_and_not_skipped(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="cannot be looked into") as missing:
        look_here(tmp_path / "bin" / "python")
    with pytest.raises(Refusal, match="cannot be looked into") as silent:
        look_here(Path("/bin/true"))

    assert (missing.value.code, silent.value.code) == (1, 1)


def test_what_every_start_prints_hides_nothing(tiny: TinyEnvironment) -> None:
    program = 'import atexit\nprint("hello", end="")\natexit.register(print, "{}")\n'
    (tiny.site / "sitecustomize.py").write_text(program)

    found = [finding for finding in tiny.find() if finding.check == "unowned files"]

    assert [finding.what for finding in found] == [f"no package owns {tiny.site}/sitecustomize.py"]


def test_what_ends_every_start_is_named(tiny: TinyEnvironment) -> None:
    (tiny.site / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    with pytest.raises(Refusal) as refused:
        look_here(tiny.python)

    assert refused.value.code == 1
    assert (str(tiny.site / "sitecustomize.py"), "is run by every start of that Python") in refused.value.where


@pytest.mark.parametrize(("status", "code"), [(125, 2), (127, 1), (0, 1)], ids=["not there", "no Python", "no answer"])
def test_an_image_that_is_there_and_does_not_answer_is_wrong(
    status: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "docker"
    engine.write_text(f"#!/bin/sh\n[ $1 = run ] || exit 0\nexit {status}\n")
    engine.chmod(0o755)
    monkeypatch.setenv("LOCKSTEP_ENGINE", str(engine))
    with pytest.raises(Refusal, match="cannot be looked into") as refused:
        look_into("registry.example.org/orders-api:1.0")

    assert refused.value.code == code


def test_two_images_of_one_short_name_are_told_apart_and_both_asked(
    tiny: TinyEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine, asked = tmp_path / "docker", dict[str, str]()
    engine.write_text(f"#!/bin/sh\n[ $1 = run ] || exit 0\nexec {tiny.python} -B -\n")
    engine.chmod(0o755)
    monkeypatch.setenv("LOCKSTEP_ENGINE", str(engine))
    monkeypatch.setattr(behaviour, "compare_answers", lambda _service, _here, images, _found: asked.update(images) or [])
    images = ["reg-a/t/orders:1.4", "reg-b/t/orders:1.4"]
    parity(Service(tiny.root), [*images, "reg-a/t/orders:1.5"])

    printed = capsys.readouterr().out
    assert asked == {**{name: name for name in images}, "orders:1.5": "reg-a/t/orders:1.5"}
    assert all(f"\n  {name} " in printed for name in [*images, "orders:1.5"])
    assert {path.name for path in (tiny.root / ".nox" / "report").glob("*orders*")} == {
        "reg-a_t_orders:1.4.json",
        "reg-b_t_orders:1.4.json",
        "orders:1.5.json",
    }


def test_a_program_that_answers_something_else_is_no_environment() -> None:
    with pytest.raises(Refusal) as refused:
        look_into("/bin/echo hello")

    assert "no fingerprint" in str(refused.value)
    assert refused.value.code == 2


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["env", "A=1", "python"], ["env A=1 python"]),
        (["image:1", "release.json"], ["image:1", "release.json"]),
        (["localhost/orders:lockstep"], ["localhost/orders:lockstep"]),
        (["env A=1 python", "release.json"], ["env A=1 python", "release.json"]),
    ],
)
def test_words_of_a_command_line_name_environments(words: list[str], names: list[str]) -> None:
    assert names_in(words) == names


def test_an_environment_has_a_short_name() -> None:
    assert short_name("localhost/orders-api:lockstep") == "image"
    assert short_name("registry.example.org/team/orders:1.0") == "orders:1.0"
    assert name_of_command(["/usr/bin/kubectl", "exec", "-i", "orders-1", "--", "python"]) == "kubectl-orders-1"


@pytest.mark.parametrize(
    ("severities", "closing"),
    [
        ([], "0 differences matter, 0 are allowed."),
        ([Severity.ERROR], "1 difference matters, 0 are allowed."),
        ([Severity.ERROR, Severity.ERROR, Severity.ALLOWED], "2 differences matter, 1 is allowed."),
        ([Severity.WARNING], "0 differences matter, 0 are allowed, 1 warned of."),
        ([Severity.UNKNOWN], "0 differences matter, 0 are allowed, not looked at: bytes of laptop."),
    ],
)
def test_the_verdict_is_said_in_one_line(severities: list[Severity], closing: str) -> None:
    findings = [Finding("bytes", "edited", fix="build it", severity=severity, environment="laptop") for severity in severities]

    assert describe_verdict(ROWS, findings, NAMES, heading="lockstep").splitlines()[-1] == closing


def test_the_report_fits_a_terminal() -> None:
    text = describe_verdict(ROWS, [], [*NAMES, "search path", "byte code", "uv settings", "behaviour"], heading="lockstep")

    assert max(map(len, text.splitlines())) <= 80
    assert "  12 checks agree in every environment that was looked at: inputs, python," in text


def test_colours_change_no_character_of_the_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("bytes", f"edited {'a' * 200}", fix="build [it]", environment="laptop")
    text = describe_verdict(ROWS, [finding], NAMES, heading="lockstep")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_report(text)

    printed = capsys.readouterr().out
    assert "\x1b[31m" in printed
    assert re.sub(r"\x1b\[[0-9;]*m", "", printed) == f"{text}\n"


def test_checks_that_were_not_run_are_said() -> None:
    text = describe_verdict(ROWS, [], NAMES, heading="lockstep", left_out=("process",))

    assert "  7 checks agree" in text
    assert "  - process: not compared with these environments" in text
