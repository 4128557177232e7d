"""The verdict on a lock says everything at once, and depends on nobody's settings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool import hermetic
from lockstep_tool.checks.registry import find_check
from lockstep_tool.lockfile import Lock, files_of, name_of, read_lock, spot
from lockstep_tool.locks.lock import check_lock, influences
from lockstep_tool.locks.lock_registry import yanked
from lockstep_tool.service import Service
from small_service import VERSION, SmallService, commit_wheels, locked

FRESH, HONEST, COOLDOWN = (find_check(name) for name in ("lock fresh", "lock honest", "cooldown"))


def test_a_good_lock_is_fresh_and_honest(good: SmallService) -> None:
    [line] = check_lock(Service(good.root))

    assert line.startswith("uv.lock is fresh and honest: 9 packages,")


def test_everything_is_said_at_once(service: SmallService) -> None:
    service.substitute("uv.lock", r"https(://[^\"]+\.whl)", r"http\1")
    service.substitute("uv.lock", r', upload-time = "[^"]+"', "")
    service.substitute("uv.lock", r'exclude-newer-span = "P7D"\n', "")

    with pytest.raises(Refusal) as refused:
        check_lock(Service(service.root))

    assert all(said in str(refused.value) for said in ("http://", "no upload time", "does not answer"))


def test_a_lock_that_lost_its_span_is_stale_and_not_young(service: SmallService) -> None:
    service.substitute("uv.lock", r'exclude-newer-span = "P7D"\n', "")

    assert service.find(COOLDOWN) == []


def test_an_exception_from_the_waiting_time_is_obeyed(service: SmallService) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    service.substitute("uv.lock", r'(/idna-[^"]+\.whl".*?upload-time = ")[^"]+', rf"\g<1>{moment:%Y-%m-%dT%H:%M:%SZ}")
    service.edit("uv.lock", 'span = "P7D"\n', 'span = "P7D"\n\n[options.exclude-newer-package]\nidna = false\n')

    assert service.find(COOLDOWN) == []


def test_what_was_old_enough_when_it_was_committed_stays_old_enough(service: SmallService) -> None:
    service.substitute("uv.lock", r'(/idna-[^"]+\.whl".*?upload-time = ")[^"]+', r"\g<1>2026-01-05T00:00:00Z")
    service.commit()

    assert service.find(COOLDOWN) == []


def test_a_poison_that_was_committed_is_named_while_the_commit_before_it_is_there(service: SmallService) -> None:
    service.substitute("uv.lock", r'(/idna-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000")
    service.commit("Tidy")

    assert "has another hash than in commit" in service.describe(HONEST)


def test_a_repair_is_no_fault(service: SmallService) -> None:
    good = service.read("uv.lock")
    service.substitute("uv.lock", r'(/idna-[^"]+\.whl", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000")
    service.commit("Tidy")
    service.write("uv.lock", good)

    assert service.find(HONEST) == []


def test_a_wheel_of_the_tool_may_be_replaced_by_an_update(service: SmallService) -> None:
    """Another wheel of a version in the making has other needs; only a release may not change."""
    commit_wheels(service, "9.9.9.dev0", "", "Begin")
    commit_wheels(service, "9.9.9.dev0", "NEW = True\n", "Update")

    assert service.find(HONEST) == []


def test_conflict_markers_are_named_with_what_mends_them(service: SmallService) -> None:
    service.edit("uv.lock", '[[package]]\nname = "anyio"', '<<<<<<< ours\n[[package]]\nname = "anyio"')

    with pytest.raises(Refusal) as refused:
        check_lock(Service(service.root))

    assert "conflict markers" in str(refused.value)
    assert "-s relock" in str(refused.value)


def test_a_conflict_in_pyproject_is_named_as_what_it_is(service: SmallService) -> None:
    service.write("pyproject.toml", "<<<<<<< before updating\n" + service.read("pyproject.toml"))

    with pytest.raises(Refusal) as refused:
        check_lock(Service(service.root))

    assert "pyproject.toml cannot be read.\n\n  pyproject.toml   conflict markers" in str(refused.value)


@pytest.mark.parametrize("name", ["uv.lock", "uv.toml", "noxfile.py.lock", "pyproject.toml", ".python-version"])
def test_a_file_that_is_missing_is_named(service: SmallService, name: str) -> None:
    (service.root / name).unlink()

    with pytest.raises(Refusal) as refused:
        check_lock(Service(service.root))

    assert f"{name} cannot be read." in str(refused.value)


def test_what_has_uv_choose_otherwise_is_said_and_is_no_fault(service: SmallService) -> None:
    stated = (
        '[manifest]\nconstraints = [{ name = "h11", specifier = "<1" }]\noverrides = [{ name = "idna", specifier = "<4" }]\n\n'
    )
    service.edit("uv.lock", '[[package]]\nname = "annotated-doc"', f'{stated}[[package]]\nname = "annotated-doc"')

    assert service.find(HONEST) == []
    assert list(influences(Service(service.root).lock)) == ["constraints: h11<1", "overrides: idna<4"]


def test_a_group_of_a_workspace_is_what_needs_its_packages(service: SmallService) -> None:
    service.write("uv.lock", service.read("uv.lock") + "\n" + locked("six", "1.17.0"))
    group = '[manifest.dependency-groups]\ndev = [{ name = "six" }]\n\n'
    service.edit("uv.lock", '[[package]]\nname = "annotated-doc"', f'{group}[[package]]\nname = "annotated-doc"')

    assert service.find(HONEST) == []


def test_a_release_that_was_taken_back_is_said_to_be_yanked(service: SmallService) -> None:
    said = 'warning: `idna==3.11` is yanked (reason: "It breaks \\"x\\".")\nwarning: `gone==1.0` is yanked\n'

    found = list(yanked(Service(service.root).lock, said))

    assert [one.said for one in found] == ['idna 3.11: It breaks \\"x\\".', "gone 1.0: no reason is given"]
    assert found[0].spot.startswith("uv.lock:")


def test_a_table_that_only_newer_toml_has_is_said_to_be_one(service: SmallService) -> None:
    service.edit("pyproject.toml", "[tool.uv.sources]\n", '[tool.uv.sources]\nother = {\n  path = "other.whl",\n}\n')

    with pytest.raises(Refusal, match=r"pyproject\.toml is TOML 1\.1"):
        check_lock(Service(service.root))


def test_the_lock_of_the_tool_that_cannot_be_read_is_named_by_its_path(service: SmallService) -> None:
    service.write(".lockstep/uv.lock", "\0")

    with pytest.raises(Refusal, match=r"\.lockstep/uv\.lock cannot be read\.") as refused:
        check_lock(Service(service.root))

    assert "git checkout .lockstep/uv.lock" in str(refused.value)


def test_a_package_without_an_address_has_a_name_and_a_line(good: SmallService) -> None:
    lock = Service(good.root).lock
    [wheel] = lock.named("lockstep-serve")
    [file] = files_of(wheel)

    assert name_of(file) == f"lockstep_serve-{VERSION}-py3-none-any.whl"
    name, _, line = spot("uv.lock", lock, wheel, file).partition(":")
    assert file["filename"] in (good.root / name).read_text().splitlines()[int(line) - 1]


def test_the_production_set_has_wheels_of_the_repository(good: SmallService) -> None:
    linux = {"sys_platform": "linux", "platform_machine": "x86_64"}

    assert sorted(Service(good.root).packages(linux)) == [
        "annotated-doc",
        "anyio",
        "fastapi",
        "idna",
        "lockstep-serve",
        "python-json-logger",
    ]


def test_an_editable_dependency_does_not_make_two_projects(tmp_path: Path) -> None:
    text = 'version = 1\n\n[[package]]\nname = "a"\nsource = { editable = "." }\n\n'
    (tmp_path / "uv.lock").write_text(text + '[[package]]\nname = "b"\nsource = { editable = "libs/b" }\n')

    lock: Lock = read_lock(tmp_path / "uv.lock")

    assert lock.root["name"] == "a"
    assert [one["name"] for one in lock.projects] == ["a", "b"]


@pytest.fixture
def uncached() -> None:
    hermetic.copy_settings.cache_clear()


@pytest.mark.parametrize(
    "variable",
    [
        "UV_INDEX=https://index.example.org/simple",
        "UV_CONSTRAINT=/nowhere",
        "UV_DEFAULT_INDEX=https://index.example.org/simple",
        "UV_EXCLUDE_NEWER=2020-01-01",
        "UV_FROZEN=1",
        "UV_RESOLUTION=lowest",
        "UV_NO_CONFIG=1",
        "UV_NO_SOURCES=1",
        "UV_NO_SOURCES_PACKAGE=lockstep-serve",
    ],
)
def test_no_variable_moves_the_verdict(good: SmallService, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(*variable.split("="))

    assert good.find(FRESH) == []


@pytest.mark.parametrize(
    "variable",
    [
        "UV_CACHE_DIR=/cache",
        "UV_HTTP_TIMEOUT=60",
        "UV_INDEX_OURS_PASSWORD=s3cr3t",
        "UV_LINK_MODE=copy",
        "UV_MANAGED_PYTHON=1",
        "UV_OFFLINE=1",
        "UV_PYTHON_INSTALL_DIR=/python",
        "UV_PYTHON_INSTALL_MIRROR=https://mirror.example.org",
        "UV_RUN_RECURSION_DEPTH=1",
        "UV_SYSTEM_CERTS=1",
    ],
)
def test_how_uv_reaches_things_is_left_alone(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    name, _, value = variable.partition("=")
    monkeypatch.setenv(name, value)

    assert hermetic.environment()[name] == value
    assert name not in hermetic.name_moving()


def test_a_variable_that_a_later_uv_brings_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_NO_MOON", "1")

    assert "UV_NO_MOON" not in hermetic.environment()


def test_uv_frozen_does_not_hide_a_stale_lock(service: SmallService, monkeypatch: pytest.MonkeyPatch) -> None:
    service.edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')
    monkeypatch.setenv("UV_FROZEN", "1")

    assert "does not answer" in service.describe(FRESH)


CONFIGURATIONS = {
    "resolution": 'exclude-newer = "2020-01-01"\nresolution = "lowest"\n',
    "another index": '[[index]]\nurl = "https://index.example.org/simple"\ndefault = true\n',
    "another uv": 'required-version = "==0.1.0"\n',
    "no TOML": "resolution = \n",
}


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "UV_CONFIG_FILE"])
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_no_configuration_of_a_person_or_a_machine_moves_the_verdict(
    good: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, configuration: str
) -> None:
    file = tmp_path / "uv" / "uv.toml"
    file.parent.mkdir()
    file.write_text(CONFIGURATIONS[configuration])
    monkeypatch.setenv("UV_NO_SYSTEM_CONFIG", "0")
    monkeypatch.setenv(variable, str(tmp_path if "XDG" in variable else file))

    assert good.find(FRESH) == []


@pytest.mark.usefixtures("uncached")
def test_the_copy_of_a_person_s_settings_can_be_taken_away_before_the_end() -> None:
    """Who becomes another program comes to no end of its own."""
    directory = Path(hermetic.environment()["XDG_CONFIG_HOME"])
    assert directory.is_dir()

    hermetic.remove_copies()

    assert not directory.exists()
    assert Path(hermetic.environment()["XDG_CONFIG_HOME"]).is_dir()
