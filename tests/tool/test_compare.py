"""Two places are compared by rule: what may differ between platforms is allowed, what may not is named."""

from copy import deepcopy
from typing import Any, ClassVar

import pytest

from lockstep_tool.environments.compare import compare
from lockstep_tool.environments.finding import Place
from lockstep_tool.environments.since import since
from lockstep_tool.environments.surroundings import surroundings

LINUX: dict[str, Any] = {
    "schema": "lockstep.fingerprint/1",
    "python": "3.13.9",
    "markers": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "interpreter": {"build": "3.13.9 (uv)", "executable": "e1", "standard_library": "s1", "files": {"json/decoder.py": "aa"}},
    "libraries": {"openssl": "OpenSSL 3.5", "libc": "glibc 2.41", "certificates": "c1"},
    "flags": {"utf8_mode": 1, "optimize": 0, "text_encoding": "utf-8", "locale": "C.UTF-8"},
    "time": {"zone": "UTC", "data": "2025b"},
    "server": {"model": "uvicorn", "drain": 20, "port": 8000},
    "packages": {"click": "8.3.0", "idna": "3.11"},
    "distributions": {"click": {"digest": "d1", "files": {"click/core.py": "11"}}},
    "source": {"orders_api/app.py": "77"},
    "process": {"user": 10001, "open_files": 1_000_000},
}


def place(kind: str, **other: Any) -> Place:
    """A place with these facets, the others as on Linux."""
    return Place(kind, {**deepcopy(LINUX), **other}, "rebuild", kind)


def facets(one: Place, other: Place, *, strict: bool) -> tuple[set[str], set[str]]:
    """What matters, and what is allowed."""
    found = compare(one, other, strict=strict)
    return {f.facet for f in found if f.matters}, {f.facet for f in found if f.allowed}


def test_the_same_place_twice_has_no_difference() -> None:
    assert compare(place("ci"), place("image"), strict=True) == []


@pytest.mark.parametrize("strict", [False, True], ids=["laptop", "ci"])
@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_laptop_of_another_platform_differs_by_right(platform: str, strict: bool) -> None:
    laptop = place(
        "laptop",
        markers={"sys_platform": platform, "platform_machine": "arm64"},
        interpreter={"build": "3.13.9 (clang)", "executable": "e2", "standard_library": "s2", "files": {"os.py": "bb"}},
        libraries={"openssl": "OpenSSL 3.0", "libc": platform, "certificates": "none"},
        flags={**LINUX["flags"], "locale": "de_DE.UTF-8"},
    )

    assert facets(laptop, place("image"), strict=strict) == (set(), {"interpreter", "libraries", "flags"})


def test_another_build_on_the_same_platform_is_allowed_on_a_laptop_and_not_in_ci() -> None:
    other = place("image", interpreter={**LINUX["interpreter"], "build": "3.13.9 (Debian)", "executable": "e2"})

    assert facets(place("laptop"), other, strict=False) == (set(), {"interpreter"})
    assert facets(place("ci"), other, strict=True) == ({"interpreter"}, set())


def test_an_edited_file_of_the_standard_library_is_named_wherever_the_build_is_the_same() -> None:
    edited = {**LINUX["interpreter"], "standard_library": "s9", "files": {"json/decoder.py": "99"}}
    [found] = compare(place("laptop"), place("image", interpreter=edited), strict=False)

    assert found.matters
    assert "json/decoder.py" in found.said


def test_an_encoding_matters_and_a_locale_does_not_while_text_is_utf_8() -> None:
    locale = place("image", flags={**LINUX["flags"], "locale": "C"})
    encoding = place("image", flags={**LINUX["flags"], "text_encoding": "ascii"})

    assert facets(place("laptop"), locale, strict=False) == (set(), {"flags"})
    assert facets(place("laptop"), encoding, strict=False) == ({"flags"}, set())


def test_what_changed_since_a_release_is_told_facet_by_facet() -> None:
    kept = place("saved", commit="1234567")
    now = place(
        "laptop",
        python="3.13.10",
        packages={"click": "8.4.0", "anyio": "4.0"},
        source={"orders_api/app.py": "78"},
        server={**LINUX["server"], "drain": 30},
    )
    found = since(kept, now)

    assert [f"{f.facet}: {f.said}" for f in found] == [
        "python: 3.13.9 then, 3.13.10 now",
        "packages: anyio was not there then, 4.0 now",
        "packages: click 8.3.0 then, 8.4.0 now",
        "packages: idna 3.11 then, is not there now",
        "source: 1 files changed: orders_api/app.py",
        "server: drain = 20 then, 30 now",
    ]
    assert all("git diff 1234567" in f.fix for f in found)


def test_a_container_that_runs_as_root_or_with_few_files_is_warned_of() -> None:
    class Nothing:  # of a promise, all that is asked here
        tools: ClassVar[dict[str, str]] = {}

    found = surroundings(place("container", process={"user": 0, "open_files": 256}), Nothing())  # type: ignore[arg-type]

    assert {f.facet for f in found if f.warns} == {"process"}
    assert len(found) == 2
    assert not any(f.matters for f in found)
