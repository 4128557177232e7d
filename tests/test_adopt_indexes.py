"""An adopted service takes its packages from where it took them: a name of the company's is never asked of the public index."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from adopting.indexes import Index, Indexes, read_indexes
from adopting.locking import run_uv_lock
from adopting.merging import write_uv_tables
from adopting.requirements import read_requirements
from existing_services import read, read_files
from snapshot import REPOSITORY
from stand_in_index import Index as StandIn
from stand_in_index import stand_in_index

SETTINGS = (REPOSITORY / "template" / "uv.toml").read_text(encoding="utf-8")
PROJECT = '[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11,<3.12"\n'
PROJECT += "dependencies = [{}]\n\n[tool.uv]\n\n[tool.uv.sources]\n"


@pytest.fixture
def company() -> Iterator[StandIn]:
    with stand_in_index() as index:
        index.publish("tiny", "1.0")
        yield index


@pytest.fixture
def public() -> Iterator[StandIn]:
    """Where somebody put a newer release of the same name."""
    with stand_in_index() as index:
        index.publish("tiny", "9.0")
        index.publish("wide", "1.0")
        yield index


def poetry(*sources: str) -> str:
    head = '[tool.poetry]\nname = "orders"\nversion = "1"\ndescription = ""\nauthors = []\n\n'
    head += '[tool.poetry.dependencies]\npython = "^3.11"\n'
    return head + 'tiny = "*"\n\n' + "\n".join(f"[[tool.poetry.source]]\n{source}" for source in sources)


OWN_UV = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["tiny"]\n\n'
# How services state the index of their company, each in the words of its tool.
STATED = {
    "an option of a list": {"requirements.txt": "--index-url COMPANY\ntiny\n"},
    "a short option": {"requirements.txt": "-i COMPANY\ntiny\n"},
    "one more index": {"requirements.txt": "--extra-index-url COMPANY\ntiny\n"},
    "an included list": {"requirements.txt": "-r base.txt\n", "base.txt": "--index-url COMPANY\ntiny\n"},
    "pip.conf": {"requirements.txt": "tiny\n", "pip.conf": "[global]\nindex-url = COMPANY\n"},
    "a variable of the image": {"requirements.txt": "tiny\n", "Dockerfile": "FROM python:3.11\nENV PIP_INDEX_URL=COMPANY\n"},
    "a command of the image": {"requirements.txt": "tiny\n", "Dockerfile": "RUN pip install -i COMPANY -r requirements.txt\n"},
    "poetry, primary": {"pyproject.toml": poetry('name = "ours"\nurl = "COMPANY"\npriority = "primary"\n')},
    "poetry, default": {"pyproject.toml": poetry('name = "ours"\nurl = "COMPANY"\ndefault = true\n')},
    "pipenv": {"Pipfile": '[[source]]\nname = "ours"\nurl = "COMPANY"\nverify_ssl = true\n\n[packages]\ntiny = "*"\n'},
    "pipenv, a second one": {
        "Pipfile": '[[source]]\nname = "ours"\nurl = "COMPANY"\nverify_ssl = true\n\n'
        '[[source]]\nname = "theirs"\nurl = "PUBLIC"\nverify_ssl = true\n\n[packages]\ntiny = "*"\n'
    },
    "pdm": {"pyproject.toml": OWN_UV + '[[tool.pdm.source]]\nname = "pypi"\nurl = "COMPANY"\n'},
    "uv, default": {"pyproject.toml": OWN_UV + '[[tool.uv.index]]\nurl = "COMPANY"\ndefault = true\n'},
    "uv, first": {"pyproject.toml": OWN_UV + '[[tool.uv.index]]\nname = "ours"\nurl = "COMPANY"\n'},
    "uv, the older way": {"pyproject.toml": OWN_UV + '[tool.uv]\nindex-url = "COMPANY"\n'},
    "uv.toml": {"pyproject.toml": OWN_UV, "uv.toml": '[[index]]\nurl = "COMPANY"\ndefault = true\n'},
    "explicit": {
        "pyproject.toml": OWN_UV
        + '[tool.uv.sources]\ntiny = { index = "ours" }\n\n[[tool.uv.index]]\nname = "ours"\nurl = "COMPANY"\nexplicit = true\n'
    },
    "poetry, explicit": {
        "pyproject.toml": poetry('name = "ours"\nurl = "COMPANY"\npriority = "explicit"\n').replace(
            'tiny = "*"', 'tiny = { version = "*", source = "ours" }'
        )
    },
}


def lock(folder: Path, files: dict[str, str], company: StandIn, public: StandIn) -> dict[str, object]:
    """The package `tiny` as uv locks it in a service that is adopted; the public index is the stand-in."""
    stated = {
        name: text.replace("COMPANY", f"{company.address}/simple").replace("PUBLIC", f"{public.address}/simple")
        for name, text in files.items()
    }
    found = read(folder / "service", stated)
    for index in found.indexes.general:  # what a tool adds by itself is the public index
        if "127.0.0.1" not in index.url:
            found.indexes.general[found.indexes.general.index(index)] = Index(f"{public.address}/simple", index.spot)
    settings = re.sub(r'url = "[^"]+"', f'url = "{public.address}/simple"', SETTINGS)
    tree = folder / "tree"
    tree.mkdir()
    (tree / "uv.toml").write_text(found.indexes.write_settings(settings).replace('exclude-newer = "7 days"\n', ""))
    asked = ", ".join(f'"{one}"' for one in found.requirements.all)
    text = write_uv_tables(PROJECT.format(asked), found, []) + found.indexes.write_explicit()
    (tree / "pyproject.toml").write_text(text)
    done = run_uv_lock(tree, found)
    assert done.returncode == 0, done.stderr + text
    [tiny] = [one for one in tomllib.loads((tree / "uv.lock").read_text())["package"] if one["name"] == "tiny"]
    return dict(tiny)


@pytest.mark.parametrize("how", STATED)
def test_a_name_of_the_company_is_never_taken_from_the_public_index(
    how: str, company: StandIn, public: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    tiny = lock(tmp_path, STATED[how], company, public)

    assert tiny["version"] == "1.0"
    assert tiny["source"] == {"registry": f"{company.address}/simple"}
    assert "tiny" not in public.asked


def test_a_service_that_states_none_keeps_the_settings_that_are_rendered(tmp_path: Path) -> None:
    found = read(tmp_path, {"requirements.txt": "tiny\n"})

    assert found.indexes.public
    assert found.indexes.write_settings(SETTINGS) == SETTINGS


@pytest.mark.parametrize(
    ("stated", "user", "password"),
    [("${USER}:${TOKEN}@", "${USER}", "${TOKEN}"), ("${TOKEN}@", "${TOKEN}", ""), ("__token__:$TOKEN@", "__token__", "$TOKEN")],
)
def test_what_opens_an_index_becomes_variables_of_uv(
    stated: str, user: str, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("TOKEN", "for-tests")
    found = read(tmp_path, {"requirements.txt": f"--index-url https://{stated}packages.example.org/simple\ntiny\n"})
    [index] = found.indexes.general
    written = found.indexes.write_settings(SETTINGS)

    assert (index.user, index.password) == (user, password)
    assert index.variables == ("UV_INDEX_PACKAGES_EXAMPLE_ORG_USERNAME", "UV_INDEX_PACKAGES_EXAMPLE_ORG_PASSWORD")
    assert "for-tests" in index.credentials.values()
    assert "TOKEN" not in written
    assert 'name = "packages-example-org"\nurl = "https://packages.example.org/simple"\ndefault = true' in written


def test_a_folder_of_wheels_stays_one(tmp_path: Path) -> None:
    here = read_files(tmp_path, {"requirements.txt": "--find-links packages\ntiny\n"})
    found = read_indexes(here, {}, read_requirements(here, {}).lists)

    first = found.general[0]

    assert (first.url, first.flat) == ("packages", True)
    assert 'url = "packages"\nformat = "flat"' in found.write_settings(SETTINGS)


def test_a_persons_own_index_is_said_and_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mine.example.org/simple")
    found = read(tmp_path / "one", {"requirements.txt": "tiny\n"})
    chosen = read(tmp_path / "two", {"requirements.txt": "tiny\n"}, index="https://mine.example.org/simple")

    assert found.indexes.public
    assert any("$PIP_INDEX_URL names https://mine.example.org/simple" in one for one in found.indexes.personal)
    assert [index.url for index in chosen.indexes.general] == ["https://mine.example.org/simple"]


def test_supplemental_sources_are_asked_last(tmp_path: Path) -> None:
    sources = [
        f'name = "{name}"\nurl = "https://{name}.example.org/simple"\npriority = "{name}"\n'
        for name in ("supplemental", "primary")
    ]
    found = read(tmp_path, {"pyproject.toml": poetry(*sources)})
    written = tomllib.loads(found.indexes.write_settings(SETTINGS))["index"]

    assert [(one["name"], one.get("default", False)) for one in written] == [("primary", False), ("supplemental", True)]


def test_uv_reads_what_is_written(tmp_path: Path) -> None:
    indexes = Indexes([Index("https://one.example.org/simple", "", "one"), Index("https://two.example.org/simple", "", "two")])
    (tmp_path / "uv.toml").write_text(indexes.write_settings(SETTINGS))
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(""))
    done = subprocess.run(["uv", "lock", "--offline"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
