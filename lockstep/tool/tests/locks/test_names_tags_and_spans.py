"""Names, tags and spans of a lock are read as the specifications say, with what authors of packages really write."""

from datetime import timedelta

import pytest

from lockstep_tool.locks.cooldown import span
from lockstep_tool.locks.file_names import belongs
from lockstep_tool.locks.lock_platform import fits

LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.12"}
MAC = {"sys_platform": "darwin", "platform_machine": "arm64", "python_version": "3.12"}


@pytest.mark.parametrize(
    ("file", "name", "version", "same"),
    [
        ("PyYAML-6.0.2-cp312-cp312-manylinux_2_17_x86_64.whl", "pyyaml", "6.0.2", True),
        ("python_json_logger-4.0.0-py3-none-any.whl", "python-json-logger", "4.0.0", True),
        ("zope.interface-7.2.tar.gz", "zope-interface", "7.2", True),
        ("torch-2.5.0+cu121-cp312-cp312-linux_x86_64.whl", "torch", "2.5.0+cu121", True),
        ("sample-2021.06.06.tar.gz", "sample", "2021.6.6", True),
        ("sample-1.0.rc1.tar.gz", "sample", "1.0rc1", True),
        ("sample-1.0-1-py3-none-any.whl", "sample", "1.0", True),
        ("sample-1.0.0.tar.gz", "sample", "1.0", True),
        ("sample-2004d.tar.gz", "sample", "2004d", True),
        ("sample-1.0.1-py3-none-any.whl", "sample", "1.0", False),
        ("sample-1.0.post1.tar.gz", "sample", "1.0", False),
        ("samples-1.0-py3-none-any.whl", "sample", "1.0", False),
        ("sample", "sample", "1.0", False),
        ("", "sample", "1.0", False),
    ],
)
def test_a_file_belongs_to_the_project_and_version_of_its_name(file: str, name: str, version: str, same: bool) -> None:
    assert belongs(file, name, version) is same


@pytest.mark.parametrize(
    ("tags", "where", "runs"),
    [
        ("py3-none-any", LINUX, True),
        ("py2.py3-none-any", MAC, True),
        ("py2-none-any", LINUX, False),
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", LINUX, True),
        ("cp312-cp312-manylinux_2_17_aarch64", LINUX, False),
        ("cp312-cp312t-manylinux_2_17_x86_64", LINUX, False),
        ("cp311-cp311-manylinux_2_17_x86_64", LINUX, False),
        ("cp38-abi3-manylinux_2_17_x86_64", LINUX, True),
        ("cp313-abi3-manylinux_2_17_x86_64", LINUX, False),
        ("py3-none-manylinux_2_17_x86_64", LINUX, True),
        ("cp312-cp312-macosx_11_0_arm64", MAC, True),
        ("cp312-cp312-macosx_10_13_universal2", MAC, True),
        ("cp312-cp312-macosx_10_13_x86_64", MAC, False),
        ("cp312-cp312-win_amd64", LINUX, False),
    ],
)
def test_a_wheel_fits_a_machine_by_its_tags(tags: str, where: dict[str, str], runs: bool) -> None:
    assert fits(f"sample-1.0-{tags}.whl", where) is runs


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("P7D", timedelta(days=7)),
        ("P1W", timedelta(days=7)),
        ("PT36H", timedelta(hours=36)),
        ("P1DT2H", timedelta(hours=26)),
        ("7 days", timedelta(days=7)),
        ("24 hours", timedelta(hours=24)),
        ("2026-01-01T00:00:00Z", None),
    ],
)
def test_a_span_is_read_in_both_forms_and_a_date_is_none(text: str, long: timedelta | None) -> None:
    assert span(text) == long
