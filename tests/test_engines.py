"""The page of the engines, and what the README says of it."""

from snapshot import REPOSITORY

PAGE = REPOSITORY / "docs" / "explanation" / "image-engines.md"
README = REPOSITORY / "README.md"


def read_rows() -> list[list[str]]:
    """Engine, version, contract, whether two builds have the same layers, and more."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    return [[*name.rpartition(" ")[::2], *seen] for name, *seen in rows]


def short(version: str) -> str:
    """As people say it."""
    return ".".join(version.split(".")[:2])


def test_the_readme_names_the_engines_that_build_twice_the_same() -> None:
    rows = read_rows()
    same = {
        engine: " and ".join(short(version) for kind, version, _, layers, *_ in rows if kind == engine and layers == "the same")
        for engine in ("docker", "podman")
    }
    others = [
        f"{kind.capitalize()} {short(version)}"
        for kind, version, contract, layers, *_ in rows
        if contract == "kept" and layers != "the same"
    ]

    said = f"give the same layers with Docker {same['docker']} and with podman {same['podman']}, [each by itself]"
    assert said in README.read_text()
    assert [name for name in others if f"{name} builds the same service with other times" not in README.read_text()] == []


def test_no_engine_breaks_the_contract() -> None:
    assert [row for row in read_rows() if not row[2].startswith(("kept", "not looked at"))] == []
