"""What a wheel installs is said by its RECORD, and which wheel was installed by its tags."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lockstep_tool.environments.wheels import NoLockedWheel, find_wheel, read_contents, recorded_files
from tiny_environment import digest_of, record_hash, write_wheel

ROOT = Path("/service")
INDEX = "https://index.example.org"


def wheel(*names: str, tag: str = "py3-none-any") -> io.BytesIO:
    """A wheel with these files, each with its own name as content."""
    own = "bleach-6.2.dist-info"
    content = {f"{own}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n", **{name: name for name in names}}
    rows = [f"{name},sha256={record_hash(text.encode())},{len(text)}" for name, text in content.items()]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {**content, f"{own}/RECORD": "\n".join([*rows, f"{own}/RECORD,,"])}.items():
            archive.writestr(name, text)
    return file


def test_the_installer_s_files_of_a_vendored_package_are_files_like_any() -> None:
    vendored = "bleach/_vendor/html5lib-1.1.dist-info/INSTALLER"
    found = recorded_files(wheel("bleach/__init__.py", vendored, "bleach-6.2.dist-info/INSTALLER"))

    assert sorted(found.files) == ["bleach-6.2.dist-info/WHEEL", "bleach/__init__.py", vendored]


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("bleach-6.2.data/purelib/one.py", "one.py"),
        ("bleach-6.2.data/data/share/one.txt", "../../../share/one.txt"),
        ("bleach-6.2.data/headers/one.h", "../../../include/site/python3.13/bleach/one.h"),
        ("bleach-6.2.data/scripts/one", "../../../bin/one"),
        ("one.pyc", "one.pyc"),
    ],
)
def test_a_file_is_where_installation_puts_it(name: str, placed: str) -> None:
    assert placed in recorded_files(wheel(name, tag="cp313-cp313-linux_x86_64")).files


def test_byte_code_of_a_wheel_is_left_out() -> None:
    assert sorted(recorded_files(wheel("one/__pycache__/one.cpython-311.pyc")).files) == ["bleach-6.2.dist-info/WHEEL"]


def test_a_program_of_an_entry_point_is_made_anew_where_it_is_installed(tmp_path: Path) -> None:
    points = {
        "a-1.dist-info/entry_points.txt": "[gui_scripts]\nrun = a:main\n",
        "a-1.data/scripts/run": "",
        "a-1.data/scripts/go": "",
    }
    with write_wheel(tmp_path, "a", "1", points).open("rb") as file:
        found = recorded_files(file).files

    assert [name for name in found if "bin" in name] == ["../../../bin/go"]


def test_a_script_is_compared_as_its_wheel_has_it(tmp_path: Path) -> None:
    names = ("a-1.data/scripts/one", "a-1.data/scripts/two")
    with write_wheel(tmp_path, "a", "1", dict(zip(names, ("#!python\n", "#!pythonw\n"), strict=True))).open("rb") as file:
        found = recorded_files(file).files

    assert found["../../../bin/one"] == found["../../../bin/two"]


def test_a_record_is_not_believed_and_a_sloppy_one_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {
            "a.py": "1",
            "empty/": "",
            "a-1.dist-info/WHEEL": "Wheel-Version: 1.0\n",
            "a-1.dist-info/RECORD": "a.py,,\n",
        }.items():
            archive.writestr(name, text)
    with path.open("rb") as file:
        found = recorded_files(file)

    assert (found.bare, found.directories) == (["a.py"], ["empty"])
    assert found.files["a.py"] == hashlib.sha256(b"1").hexdigest()


def locked(*tags: str, source: Mapping[str, str] | None = None) -> dict[str, Any]:
    wheels = [{"url": f"{INDEX}/a-1-{tag}.whl", "hash": "sha256:1"} for tag in tags]
    return {"name": "a", "version": "1", "source": source or {"registry": INDEX}, "wheels": wheels}


def test_the_wheel_that_was_installed_is_found_by_its_tags() -> None:
    package = locked("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp311-cp311-musllinux_1_2_x86_64", "py3-none-any")

    found = find_wheel(ROOT, package, ["cp311-cp311-manylinux2014_x86_64", "cp311-cp311-manylinux_2_17_x86_64"])

    assert found.address == f"{INDEX}/a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


@pytest.mark.parametrize("tags", [[], ["cp399-none-any"]], ids=["none", "others"])
def test_tags_that_no_locked_wheel_has_are_named(tags: list[str]) -> None:
    with pytest.raises(NoLockedWheel, match=f"0 of them have the tags {', '.join(tags) or 'none'}"):
        find_wheel(ROOT, locked("py3-none-any"), tags)


def test_a_wheel_without_a_hash_is_no_proof() -> None:
    package = {**locked(), "wheels": [{"url": f"{INDEX}/a-1-py3-none-any.whl"}]}

    with pytest.raises(NoLockedWheel, match="locked without a hash"):
        find_wheel(ROOT, package, ["py3-none-any"])


def test_a_wheel_of_an_index_that_is_a_directory_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = write_wheel(tmp_path / "vendor", "a", "1", {"a.py": ""})
    package = {
        "name": "a",
        "version": "1",
        "source": {"registry": "vendor"},
        "wheels": [{"path": file.name, "hash": f"sha256:{digest_of(file)}"}],
    }

    found = find_wheel(tmp_path, package, ["py3-none-any"])

    assert found.file == f"vendor/{file.name}"
    assert "a.py" in read_contents(found).files
