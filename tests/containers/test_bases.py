"""The base images have what a service needs, and the one that ships has no way to run anything else."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from .engine import Engine
from .images import image


def test_the_build_base_has_a_shell(engine: Engine, bases: Mapping[str, str]) -> None:
    said = engine("run", "--rm", "--network", "none", bases["BUILD_IMAGE"], "/bin/sh", "-c", "echo ready | sed s/y/y./")

    assert said == "ready.\n"


def test_the_runtime_base_has_libraries_and_no_programs(engine: Engine, bases: Mapping[str, str], tmp_path: Path) -> None:
    files = image(engine, bases["RUNTIME_IMAGE"], tmp_path).files
    programs = [name for name in files if name.startswith(("usr/bin/", "usr/sbin/")) and not name.endswith("/")]

    assert programs == []
    assert {"etc/ssl/certs/ca-certificates.crt", "usr/share/zoneinfo/Europe/Berlin"} <= set(files)
    assert any(name.endswith("/libstdc++.so.6") for name in files)


def test_the_uv_image_is_one_file(engine: Engine, bases: Mapping[str, str], tmp_path: Path) -> None:
    assert list(image(engine, bases["UV_IMAGE"], tmp_path).files) == ["uv"]


@pytest.mark.parametrize("name", ["BUILD_IMAGE", "RUNTIME_IMAGE"])
def test_a_base_says_nothing_about_this_machine(engine: Engine, bases: Mapping[str, str], tmp_path: Path, name: str) -> None:
    files = image(engine, bases[name], tmp_path).files

    assert not {"etc/hostname", "etc/resolv.conf"} & set(files)
    assert {entry.owner for entry in files.values() if entry.kind == "0"} <= {(0, 0), (0, 42)}
