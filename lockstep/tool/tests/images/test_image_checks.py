"""Every check of an image names the faults that are planted for it, and finds none in a good one."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from archives import (
    CONFIG,
    LABELS,
    LAYERS,
    PREFIX,
    SITE,
    Entry,
    built_image,
    directory,
    entry,
    hard_link,
    link,
    list_of,
    record_of,
    saved_image,
)
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.registry import checks_of
from lockstep_tool.engine import NO_ANSWER
from lockstep_tool.images.base import Base
from lockstep_tool.images.budget import Budget
from lockstep_tool.images.built_image import HEALTH, SECOND, BuiltImage
from lockstep_tool.images.container import ENGINE_FAILED
from lockstep_tool.images.contents import read_contents
from lockstep_tool.service import Service
from small_service import SmallService

PYTHON = "/app/.venv/bin/python"
UNEXPLAINED = frozenset({"image files"})
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEVQIBADAN"  # in two parts, so that no scanner takes this file for one that has a key


@dataclass(frozen=True)
class Planted:
    """Entries of the last layer, members of the configuration and of the run, and what the check then says."""

    name: str
    said: str
    entries: Sequence[Entry] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    also: frozenset[str] = frozenset()


def file(path: str, text: str = "x", mode: int = 0o644, **other: Any) -> Mapping[str, Any]:
    """One more file; where nothing explains it, that is named, too."""
    return {"entries": (entry(path, text, mode, **other),), "also": frozenset() if path.startswith(SITE) else UNEXPLAINED}


def inherited(name: str, value: Any) -> Mapping[str, Any]:
    return {"config": {name: value}}


def environment(*lines: str) -> Mapping[str, Any]:
    return {"config": {"Env": [*CONFIG["Env"], *lines]}}


CLOUD = 'KEY = "AKIA' + 'IOSFODNN7EXAMPLE"'
ACCOUNT = json.dumps({"type": "service_account", "private_key": f"{KEY}\n"})
OWN_RECORD = (entry(f"{SITE}/orders_api-0.1.0.dist-info/RECORD", record_of(entry(f"{SITE}/orders_api/key.pem", KEY))),)
PLANTED: Mapping[str, Sequence[Planted]] = {
    "image user": (
        Planted("a user by name", "nobody, which is not a number", config={"User": "nobody"}),
        Planted("no user", "root, because none is stated", config={"User": ""}),
        Planted("root", "0:0 is root", config={"User": "0:0"}),
        Planted("root's group", "10001:0 is root or in root's group", config={"User": "10001:0"}),
        Planted("another user", "12:12, not 10001:10001", config={"User": "12:12"}),
    ),
    "image command": (
        Planted("a shell in front", f"it starts sh -c {PYTHON}", config={"Entrypoint": ["sh", "-c"]}),
        Planted(
            "a command that nobody can replace",
            "as its entry point",
            config={"Entrypoint": CONFIG["Cmd"], "Cmd": None},
        ),
        Planted("no command", "it starts nothing, not", config={"Cmd": None}),
        Planted("a signal that nobody can hear", "stopped by SIGKILL, not SIGTERM", config={"StopSignal": "SIGKILL"}),
        Planted("no signal", "stopped by no stated signal", config={"StopSignal": None}),
    ),
    "image process 1": (
        Planted(
            "an init", "it is `tini -- python`, not the server", run={"process_1": json.dumps([["tini", "--", "python"], False])}
        ),
        Planted("nothing said", "cannot be looked at from inside", run={"process_1": ""}),
    ),
    "image health": (
        Planted(
            "a check by a shell",
            "the health check is CMD-SHELL curl localhost",
            config={"Healthcheck": {"Test": ["CMD-SHELL", "curl localhost"]}},
        ),
        Planted("no check", "the health check is missing", config={"Healthcheck": None}),
        Planted(
            "one that always passes",
            f"the health check is CMD {PYTHON} -c pass, not CMD {PYTHON} -I -m lockstep_serve health",
            config={"Healthcheck": {**HEALTH, "Test": ["CMD", PYTHON, "-c", "pass"]}},
        ),
        Planted(
            "one that is asked once an hour",
            "of the health check Interval is 3600 s, not 10 s",
            config={"Healthcheck": {**HEALTH, "Interval": 3600 * SECOND}},
        ),
        Planted(
            "one that gives up later",
            "of the health check Retries is 300, not 3; StartInterval is 1 s, not missing",
            config={"Healthcheck": {**HEALTH, "Retries": 300, "StartInterval": SECOND}},
        ),
        Planted("one that fails", "its health check says 1 of a server that is ready", run={"healthy": 1}),
    ),
    "image variables": (
        Planted("one that nobody declared", "DEBUG is set", **environment("DEBUG=1")),
        Planted("one that is set twice", "PORT is set twice", **environment("PORT=8000")),
        Planted(
            "another port", "PORT is 8001, not 8000", config={"Env": [v.replace("PORT=8000", "PORT=8001") for v in CONFIG["Env"]]}
        ),
        Planted(
            "one that is missing", "LANG is missing, not C.UTF-8", config={"Env": [v for v in CONFIG["Env"] if "LANG" not in v]}
        ),
        Planted(
            "one of the base",
            "SSL_CERT_FILE is set by the base",
            severity=Severity.ALLOWED,
            **environment("SSL_CERT_FILE=/etc/c"),
        ),
    ),
    "image labels": (
        Planted(
            "another commit",
            "org.opencontainers.image.revision is 0, not 1234567",
            config={"Labels": {**LABELS, "org.opencontainers.image.revision": "0"}},
        ),
        Planted("none", "lockstep.environment is missing, not 0123456789ab", config={"Labels": None}),
        Planted("one more", "vendor is set", config={"Labels": {**LABELS, "vendor": "Example"}}),
        Planted(
            "one that the engine writes",
            "io.buildah.version is set by the base or the engine",
            config={"Labels": {**LABELS, "io.buildah.version": "1.28"}},
            severity=Severity.ALLOWED,
        ),
        Planted(
            "one that the team names",
            "vendor is set by the base or the engine",
            config={"Labels": {**LABELS, "vendor": "Example"}},
            other={"budget": Budget(labels=("vendor",))},
            severity=Severity.ALLOWED,
        ),
    ),
    "image ports": (
        Planted("one more", "8000/tcp, 9000/tcp, not 8000/tcp", config={"ExposedPorts": {"8000/tcp": {}, "9000/tcp": {}}}),
        Planted("none", "it announces none", config={"ExposedPorts": None}),
    ),
    "image configuration": (
        Planted("a volume", "Volumes is /app/data, and the Dockerfile has none", **inherited("Volumes", {"/app/data": {}})),
        Planted("a trigger", "OnBuild is RUN true, and the Dockerfile has none", **inherited("OnBuild", ["RUN true"])),
        Planted("a shell for builds", "Shell is /bin/sh, -c", **inherited("Shell", ["/bin/sh", "-c"])),
        Planted("another directory", "WorkingDir is /tmp, not /app", **inherited("WorkingDir", "/tmp")),
        Planted("no directory", "WorkingDir is missing, not /app", **inherited("WorkingDir", "")),
        Planted("an end that the image sets", "StopTimeout is 1, and the Dockerfile has none", **inherited("StopTimeout", 1)),
        Planted("what nobody has heard of", "NetworkMode is host, and", **inherited("NetworkMode", "host")),
    ),
    "image base": (
        Planted(
            "another base",
            "layer 1 is sha256:",
            other={"base": Base("localhost/base:1", ("sha256:0123456789abcdef",))},
        ),
        Planted(
            "a base that nobody has",
            "localhost/base:1 cannot be looked at: no such image",
            other={"base": Base("localhost/base:1", reason="no such image")},
            severity=Severity.UNKNOWN,
        ),
    ),
    "image interpreter": (
        Planted(
            "a module more",
            f"/{PREFIX}/lib/python3.13/sitecustomize.py was not installed",
            entries=(entry(f"{PREFIX}/lib/python3.13/sitecustomize.py"),),
        ),
        Planted(
            "byte code without its source",
            f"/{PREFIX}/lib/python3.13/evil.pyc was not installed",
            entries=(entry(f"{PREFIX}/lib/python3.13/evil.pyc"),),
        ),
        Planted(
            "a module edited",
            f"/{PREFIX}/lib/python3.13/json/decoder.py is not what was installed",
            entries=(entry(f"{PREFIX}/lib/python3.13/json/decoder.py", "import os\n"),),
        ),
        Planted(
            "a module deleted",
            f"/{PREFIX}/lib/python3.13/json/decoder.py was installed, and is not there",
            entries=(entry(f"{PREFIX}/lib/python3.13/json/.wh.decoder.py"),),
        ),
        Planted(
            "a program that is another",
            f"/{PREFIX}/bin/python3 is not what was installed",
            entries=(link(f"{PREFIX}/bin/python3", "/tmp/python3"),),
        ),
        Planted(
            "a module that leads elsewhere",
            f"/{PREFIX}/lib/python3.13/json/decoder.py is not what was installed",
            entries=(link(f"{PREFIX}/lib/python3.13/json/decoder.py", "/tmp/decoder.py"),),
        ),
        Planted(
            "another interpreter beside it",
            "/python/cpython-3.14/bin/python3 was not installed",
            entries=(entry("python/cpython-3.14/bin/python3", mode=0o755),),
        ),
        Planted(
            "a directory more",
            f"/{PREFIX}/lib/python3.13/more was not installed",
            entries=(directory(f"{PREFIX}/lib/python3.13/more"),),
        ),
        Planted("no list", "it has no /python/SHA256SUMS", entries=(entry("python/.wh.SHA256SUMS"),)),
        Planted("an empty list", "it has no /python/SHA256SUMS", entries=(entry("python/SHA256SUMS"),)),
    ),
    "image files": (
        Planted("what every program loads first", "nothing explains /etc/ld.so.preload", **file("etc/ld.so.preload")),
        Planted("where libraries are looked for", "/etc/ld.so.conf.d/more.conf", **file("etc/ld.so.conf.d/more.conf")),
        Planted("what the base has, otherwise", "nothing explains /etc/passwd (COPY /service /app)", **file("etc/passwd")),
        Planted("a file beside the service", "nothing explains /app/notes.txt", **file("app/notes.txt")),
        Planted("a link", "nothing explains /app/data", entries=(link("app/data", "/tmp"),)),
        Planted(
            "a link in the place of the lock", "nothing explains /app/uv.lock", entries=(link("app/uv.lock", "/etc/passwd"),)
        ),
        Planted(
            "a file by a path that leads elsewhere",
            "nothing explains /etc/more",
            entries=(entry("app/.venv/../../etc/more"),),
        ),
        Planted(
            "a file below a link",
            "nothing explains /app/.venv/more/ld.so.preload",
            entries=(link("app/.venv/more", "/etc"), entry("app/.venv/more/ld.so.preload")),
        ),
        Planted("a directory", "nothing explains /data", entries=(directory("data"),)),
        Planted("a device", "nothing explains /app/.venv/null", entries=(entry("app/.venv/null", kind=tarfile.CHRTYPE),)),
        Planted(
            "a second name of a file",
            "nothing explains /usr/lib/x.so",
            entries=(hard_link("usr/lib/x.so", "usr/lib/libpq.so.5.17"),),
        ),
        Planted("a library of a package, edited", "nothing explains /usr/lib/libpq.so.5.17", **file("usr/lib/libpq.so.5.17")),
        Planted("what the base has, taken away", "takes away from the base /etc/passwd", entries=(entry("etc/.wh.passwd"),)),
        Planted(
            "all that the base has there, taken away",
            "takes away from the base /usr/lib/libc.so.6",
            entries=(entry("usr/.wh..wh..opq"),),
        ),
    ),
    "image programs": (
        Planted(
            "a shell",
            "the Dockerfile brings a shell (usr/bin/sh)",
            entries=(link("usr/bin/sh", "dash"),),
            also=UNEXPLAINED,
        ),
        Planted(
            "capabilities",
            "the Dockerfile brings capabilities of usr/bin/ping",
            entries=(entry("usr/bin/ping", "x", headers=(("SCHILY.xattr.security.capability", "x"),)),),
            also=UNEXPLAINED,
        ),
        Planted("an installer", "brings an installer (usr/local/bin/pip)", **file("usr/local/bin/pip", mode=0o755)),
        Planted("an installer's package", "brings an installer", **file(f"{SITE}/pip/__init__.py")),
        Planted("a package manager", "brings a package manager (usr/bin/apt-get)", **file("usr/bin/apt-get", mode=0o755)),
        Planted("a compiler", "brings a compiler (usr/bin/gcc)", **file("usr/bin/gcc", mode=0o755)),
        Planted("set-user-ID", "brings set-user-ID usr/bin/ping", **file("usr/bin/ping", mode=0o4755)),
    ),
    "image writable": (
        Planted("what its user owns", "its user write /app/data/file", **file("app/data/file", owner=10001)),
        Planted("what its group owns", "its user write /app/data/file", **file("app/data/file", mode=0o664, group=10001)),
        Planted("what any may write", "its user write /etc/file", **file("etc/file", mode=0o666)),
    ),
    "image secrets": (
        Planted("a file of variables", "/app/.env looks like a secret", **file("app/.env")),
        Planted("a private key", "/app/server.pem holds a private key", **file("app/server.pem", KEY)),
        Planted(
            "a private key in the service's own package",
            f"/{SITE}/orders_api/key.pem holds a private key",
            entries=(*OWN_RECORD, entry(f"{SITE}/orders_api/key.pem", KEY)),
        ),
        Planted(
            "a private key in a file that a wheel has otherwise",
            f"/{SITE}/fastapi/key.pem holds a private key",
            entries=(entry(f"{SITE}/fastapi/key.pem", KEY),),
        ),
        Planted(
            "a service account",
            f"/{SITE}/orders_api/gcp.json holds a private key",
            **file(f"{SITE}/orders_api/gcp.json", ACCOUNT),
        ),
        Planted(
            "a cloud's key in code",
            f"/{SITE}/orders_api/s3.py holds an AWS access key",
            **file(f"{SITE}/orders_api/s3.py", CLOUD),
        ),
        Planted(
            "a private key that a later layer takes away",
            "/app/server.pem holds a private key",
            entries=(entry("app/server.pem", KEY), entry("app/server.pem", "")),
            also=UNEXPLAINED,
        ),
        Planted(
            "a cloud's key in a label",
            "its configuration or history holds an AWS access key",
            config={"Labels": {**LABELS, "vendor": CLOUD}},
            other={"budget": Budget(labels=("vendor",))},
            also=frozenset({"image labels"}),
        ),
        Planted(
            "a password in a variable",
            "its configuration or history holds a password in an address",
            other={"budget": Budget(variables=("DATABASE_URL",))},
            also=frozenset({"image variables"}),
            **environment("DATABASE_URL=postgresql://orders:geheim@db/orders"),
        ),
        Planted(
            "a file that the team calls public",
            f"/{SITE}/orders_api/example.pem holds a private key",
            severity=Severity.ALLOWED,
            other={"budget": Budget(public=("orders_api/example.pem",))},
            **file(f"{SITE}/orders_api/example.pem", KEY),
        ),
        Planted("a secret of the build", "/etc/uv/uv.toml is a build's secret", **file("etc/uv/uv.toml")),
        Planted(
            "a value in a file",
            "value of a secret is in /app/notes",
            other={"secrets": ["s3cr3t-value"]},
            **file("app/notes", "s3cr3t-value"),
        ),
        Planted(
            "a value in the history",
            "value of a secret is in its configuration or history",
            other={"secrets": ["s3cr3t-value"]},
            config={"OnBuild": ["s3cr3t-value"]},
            also=frozenset({"image configuration"}),
        ),
    ),
    "image packages": (
        Planted("a tool of tests", "pytest is not in the production set", **file(f"{SITE}/pytest-9.dist-info/METADATA")),
        Planted(
            "the tool of laptops and CI",
            "lockstep-tool is not in the production set",
            **file(f"{SITE}/lockstep_tool-1.0.dist-info/METADATA"),
        ),
    ),
    "image sources": (
        Planted(
            "a file of the commit that no wheel has",
            "the commit has src/orders_api/.well-known/x, and no wheel",
            other={"left_out": ["src/orders_api/.well-known/x"]},
        ),
        Planted("tests", "tests are in it: /app/tests/test_hello.py", **file("app/tests/test_hello.py")),
        Planted("history", "/app/.git/HEAD is in it", **file("app/.git/HEAD")),
        Planted(
            "a module of the tool",
            f"the tool is in it: /{SITE}/lockstep_tool/engine.py",
            **file(f"{SITE}/lockstep_tool/engine.py"),
        ),
        Planted(
            "a module of the tool that a RECORD names",
            "the tool is in it",
            entries=(
                entry(f"{SITE}/x-1.dist-info/RECORD", "lockstep_tool/engine.py,,"),
                entry(f"{SITE}/lockstep_tool/engine.py"),
            ),
        ),
        Planted(
            "the wheels of the repository",
            "the tool is in it: /app/.lockstep/lockstep_serve-1.0-py3-none-any.whl",
            **file("app/.lockstep/lockstep_serve-1.0-py3-none-any.whl"),
        ),
    ),
    "image size": (
        Planted("more than the budget", "39.1 MB compressed, at most 20; biggest: /", other={"budget": Budget(max_megabytes=20)}),
    ),
    "image layers": (
        Planted(
            "more than the budget",
            "4 above the base, at most 2; in MB: 0.0, 10.0, 20.0, 0.1",
            other={"budget": Budget(max_layers=2)},
        ),
    ),
    "image start": (
        Planted(
            "not ready",
            "not ready without network, home and privileges: OSError",
            run={"ready": False, "lines": ("{}", "OSError")},
        ),
        Planted("silent", "it printed nothing", run={"ready": False, "lines": ()}),
        Planted(
            "refused by the engine", "it does not start: no such file", run={"ready": False, "refused": "docker:\nno such file"}
        ),
    ),
    "image environment": (
        Planted(
            "another environment",
            "it runs ffffffffffff, and the lock declares 0123456789ab",
            run={"lines": ('{"message": "starting", "environment": "ffffffffffff"}',)},
        ),
        Planted("no line", "it runs none", run={"lines": ()}),
    ),
    "image stop": (
        Planted("a request that is lost", "in flight was lost: 0 RemoteDisconnected", run={"answer": (0, "RemoteDisconnected")}),
    ),
    "image exit code": (
        Planted("killed", "it exits 137 when it is stopped, not 0", run={"exit_code": 137}),
        Planted("a wrong start that is fine", "it exits 0 where the server refuses", run={"exit_code_in_vain": 0}),
        Planted(
            "a wrong start that serves on",
            "it runs on for 120 s where the server refuses to start",
            run={"exit_code_in_vain": NO_ANSWER},
        ),
        Planted("another code", "it exits 4 where the server exits 1", run={"exit_code_in_vain": 4}),
    ),
}
# Compares with another image: see below.
TWICE = {"image twice"}
CASES = [pytest.param(name, one, id=f"{name}: {one.name}") for name, several in PLANTED.items() for one in several]


@pytest.fixture
def declared(good: SmallService) -> Service:
    return Service(good.root)


def findings(image: BuiltImage) -> list[Finding]:
    return [finding for check in checks_of("image") for finding in check.find(image)]


def test_every_check_has_a_planted_fault() -> None:
    assert {check.name for check in checks_of("image")} == {*PLANTED, *TWICE}


def test_a_good_image_has_no_finding(declared: Service, tmp_path: Path) -> None:
    assert findings(built_image(tmp_path, declared)) == []


@pytest.mark.parametrize(("name", "planted"), CASES)
def test_a_planted_fault_is_named_and_nothing_else(name: str, planted: Planted, declared: Service, tmp_path: Path) -> None:
    image = built_image(tmp_path, declared, *planted.entries, config=planted.config, run=planted.run, **planted.other)

    found = findings(image)

    of_this = [finding for finding in found if finding.check == name and planted.said in finding.what]
    assert of_this, found
    assert of_this[0].severity is planted.severity
    assert of_this[0].fix
    assert {finding.check for finding in found} == {name, *planted.also}


@pytest.mark.parametrize("layer", [0, 1], ids=["the base", "packages/runtime.txt"])
def test_a_program_that_the_team_chose_is_allowed_and_named(declared: Service, tmp_path: Path, layer: int) -> None:
    good, shell = built_image(tmp_path / "good", declared), entry("usr/bin/sh", mode=0o755)
    layers = [list(entries) for entries in LAYERS]
    layers[layer] = [*layers[layer][:-1], shell, entry("var/lib/dpkg/SHA256SUMS", list_of([*LAYERS[1][:-1], shell]))]
    saved = saved_image(tmp_path / "with a shell", layers)
    base = replace(good.base, layers=(saved.layers[0].digest,))
    [finding] = findings(replace(good, saved=saved, base=base, contents=read_contents(saved, 1)))

    assert (finding.check, finding.severity) == ("image programs", Severity.ALLOWED)
    assert finding.what.startswith("the base" if layer == 0 else "packages/runtime.txt")


def test_a_package_may_have_its_files_below_a_link_of_the_base(declared: Service, tmp_path: Path) -> None:
    good = built_image(tmp_path / "good", declared)
    listed = list_of([*LAYERS[1][:-1], entry("lib/libold.so.1")])
    layers = [list(entries) for entries in LAYERS]
    layers[0] = [*layers[0], link("lib", "usr/lib")]
    layers[1] = [*layers[1][:-1], entry("usr/lib/libold.so.1"), entry("var/lib/dpkg/SHA256SUMS", listed)]
    saved = saved_image(tmp_path / "with an old package", layers)
    base = replace(good.base, layers=(saved.layers[0].digest,))

    assert findings(replace(good, saved=saved, base=base, contents=read_contents(saved, 1))) == []


def test_an_image_with_fewer_layers_than_its_base_is_another_one(declared: Service, tmp_path: Path) -> None:
    good = built_image(tmp_path, declared)
    base = replace(good.base, layers=(*(layer.digest for layer in good.saved.layers), "sha256:0"))
    found = findings(replace(good, base=base))

    assert [(one.check, one.what) for one in found] == [("image base", "it has 5 layers, and localhost/base:1 has 6")]


def test_a_secret_that_the_next_layer_takes_away_is_still_shipped(declared: Service, tmp_path: Path) -> None:
    good = built_image(tmp_path / "good", declared)
    layers = [*LAYERS, (entry("app/server.pem", KEY),), (entry("app/.wh.server.pem"),)]
    saved = saved_image(tmp_path / "with a secret", layers)
    found = findings(replace(good, saved=saved, contents=read_contents(saved, 1)))

    assert [(one.check, one.what) for one in found] == [("image secrets", "/app/server.pem holds a private key")]


def test_a_directory_that_the_team_names_may_be_written(declared: Service, tmp_path: Path) -> None:
    path = f"{SITE}/orders_api/cache"
    image = built_image(tmp_path, declared, entry(path, owner=10001), budget=Budget(writable=(f"/{path}",)))

    assert findings(image) == []


def test_an_engine_that_failed_says_nothing_of_the_image(declared: Service, tmp_path: Path) -> None:
    assert findings(built_image(tmp_path, declared, run={"exit_code_in_vain": ENGINE_FAILED})) == []


def test_the_value_of_a_secret_is_not_said(declared: Service, tmp_path: Path) -> None:
    image = built_image(tmp_path, declared, entry(f"{SITE}/orders_api/notes", "s3cr3t-value"), secrets=["s3cr3t-value"])

    assert not [finding for finding in findings(image) if "s3cr3t-value" in str(finding)]


def test_what_a_later_layer_removes_is_not_there(declared: Service, tmp_path: Path) -> None:
    layers = [[], [entry("app/.env"), entry("app/d/.env")], [entry("app/.wh..env"), entry("app/d/.wh..wh..opq")], []]
    assert [path for path in read_contents(saved_image(tmp_path, layers)).files if ".env" in path] == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (entry("app/built-at", "2"), "layer 5: /app/built-at: bytes "),
        (entry("app/built-at", "1", moment=1), "layer 5: /app/built-at: moment 1980-01-01T00:00:00+00:00 against 1970-"),
        (entry("app/built-at", "1", mode=0o600), "layer 5: /app/built-at: mode 644 against 600"),
        (entry("app/built-at", "1", owner=7), "layer 5: /app/built-at: owner 0:0 against 7:0"),
        (link("app/built-at", "x"), "layer 5: /app/built-at: bytes "),
        (entry("app/more", "1"), "layer 5: /app/built-at is only in the first; and 1 more"),
    ],
    ids=["bytes", "moment", "mode", "owner", "kind", "name"],
)
def test_a_build_that_differs_is_named_by_its_first_file(declared: Service, tmp_path: Path, other: Entry, said: str) -> None:
    image = built_image(tmp_path / "one", declared, entry("app/built-at", "1"))
    again = built_image(tmp_path / "other", declared, other).saved

    [finding] = [one for one in findings(replace(image, other=again)) if one.check == "image twice"]

    assert finding.what.startswith(said)


def test_a_build_with_more_layers_is_named(declared: Service, tmp_path: Path) -> None:
    image = built_image(tmp_path / "one", declared)
    other = saved_image(tmp_path / "other", [[], [], [], [], [], []])

    assert "5 layers against 6" in {finding.what for finding in findings(replace(image, other=other))}


def test_the_same_bits_are_no_finding(declared: Service, tmp_path: Path) -> None:
    image = built_image(tmp_path / "one", declared)

    assert findings(replace(image, other=built_image(tmp_path / "other", declared).saved)) == []


def test_of_two_engines_the_files_are_compared_whatever_their_layers(declared: Service, tmp_path: Path) -> None:
    image = built_image(tmp_path / "one", declared)
    merged = [one for layer in LAYERS for one in layer]
    other = saved_image(tmp_path / "other", [merged], engine="podman")

    assert findings(replace(image, other=other)) == []
