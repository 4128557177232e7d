"""A range of versions holds what its specification says, in every form that people write."""

import pytest

from lockstep_tool.files.ranges import holds


@pytest.mark.parametrize(
    ("stated", "version", "inside"),
    [
        (">=3.11,<3.16", "3.13.9", True),
        (">=3.11,<3.16", "3.16.0", False),
        (">=0.13.9,<0.14", "0.13.10", True),
        ("~=0.13.9", "0.13.12", True),
        ("~=0.13.9", "0.14.0", False),
        ("~=3.11", "3.14.2", True),
        ("==3.13.*", "3.13.9", True),
        ("==3.13.*", "3.12.1", False),
        ("!=3.13.1", "3.13.1", False),
        ("===3.13.9", "3.13.9", True),
        (">3.13", "3.13.0", False),
        ("0.13.9", "0.13.9", False),
    ],
)
def test_a_range_holds_a_version(stated: str, version: str, inside: bool) -> None:
    assert holds(stated, version) is inside
