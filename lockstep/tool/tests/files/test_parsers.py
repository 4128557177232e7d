"""Each kind of file is parsed as its readers do, and what they do not agree on is refused."""

import pytest

from lockstep_tool.files.comparing import Place, compare_nodes
from lockstep_tool.files.dockerfile import parse_dockerfile
from lockstep_tool.files.node import Mapped, Node, Sequenced, Unreadable, show
from lockstep_tool.files.toml_nodes import parse_toml
from lockstep_tool.files.unit_file import parse_unit
from lockstep_tool.files.yaml_file import parse_yaml


def differences(given: str, found: str, *places: Place) -> list[str]:
    return [one.said for one in compare_nodes(parse_yaml(given), parse_yaml(found), places)]


def items(node: Node) -> list[tuple[int, str]]:
    assert isinstance(node, Sequenced)
    return [(item.line, show(item)) for item in node.items]


def test_yaml_is_that_of_today() -> None:
    node = parse_yaml("on: [push]\nyes: 010\n")

    assert show(node) == "{on: [push], yes: 010}"
    assert isinstance(node, Mapped)
    assert node.lines == {"on": 1, "yes": 2}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n---\nb: 2\n",
        "",
        "a: [\n",
        "a: 1\na: 2\n",
        "# x\u2028a: 1\n",
        "a: 1\x85\n",
        "\ufeffa: 1\n",
        "a: &x [*x]\n",
        "a: *x\n",
    ],
    ids=[
        "two documents",
        "none",
        "broken",
        "a key twice",
        "U+2028",
        "U+0085",
        "a byte order mark",
        "a loop",
        "an alias of nothing",
    ],
)
def test_yaml_that_readers_take_in_different_ways_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_yaml(text)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(Unreadable, match="repeats itself"):
        parse_yaml("\n".join(lines))


def test_an_alias_stands_for_what_it_names() -> None:
    assert differences("a: 1\nb: 1\n", "a: &x 1\nb: *x\n") == []


def test_a_number_is_no_text() -> None:
    assert differences("a: '1'\n", "a: 1\n") == ["a: 1   <- differs from 1"]


def test_items_are_matched_in_order() -> None:
    assert differences("[a, b, c]", "[a, x, b, c]") == ["x   <- not Lockstep's"]
    assert differences("[a, b, c]", "[a, c]") == ["b   <- missing"]
    assert differences("[a, b, c]", "[a, x, c]") == ["x   <- differs from b"]
    assert differences("[a, b]", "[b, a]") != []


def test_a_place_allows_what_it_says() -> None:
    version = Place("run", "a version", r"uv==\d+")

    assert differences("run: uv==1", "run: uv==2", version) == []
    assert differences("run: make", "run: uv==2", version) == ["run: uv==2   <- differs from make"]
    assert differences("{}", "env: {A: 1}", Place("env/*", "variables", key="A", more=True)) == []
    assert differences("{}", "env: {B: 1}", Place("env/*", "variables", key="A", more=True)) == ["env.B: 1   <- not Lockstep's"]


def test_instructions_of_a_dockerfile_are_joined_as_docker_joins_them() -> None:
    text = "# syntax=x\nFROM a\nRUN one \\\n# a comment\n\n  && two\nUSER 1\n"

    assert items(parse_dockerfile(text)) == [(1, "# syntax=x"), (2, "FROM a"), (3, "RUN one   && two"), (7, "USER 1")]


def test_a_unit_has_every_value_of_a_key() -> None:
    node = parse_unit("[Service]\nExecStart=a \\\n; a comment\n  b\nExecStart=\n[Service]\nExecStart=c\n")

    assert show(node) == "{Service: {ExecStart: [a  b, , c]}}"


@pytest.mark.parametrize("text", ["ExecStart=a\n", "[Service]\nExecStart\n", "[Service\n"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_unit(text)


def test_toml_has_lines() -> None:
    node = parse_toml('a = 1\n[b]\nc = "x"\n')

    assert isinstance(node, Mapped)
    assert node.lines == {"a": 1, "b": 2}
