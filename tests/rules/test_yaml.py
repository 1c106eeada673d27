"""Scalars, places, anchors and limits of any YAML document."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import guard.rules.yaml
from guard.rules.scalars import Grouped, Number
from guard.rules.tree import Mapping, Sequence
from guard.rules.yaml import UnreadableError, read_yaml


def value_of(scalar: str) -> Any:
    tree = read_yaml(f"key: {scalar}\n")
    assert not tree.problems
    return tree.root["key"]


def complaints(source: str) -> list[tuple[int, int, str]]:
    """Return the line, column and text of each problem."""
    try:
        problems = read_yaml(source).problems
    except UnreadableError as error:
        problems = error.problems
    return [(problem.line, problem.column, problem.what) for problem in problems]


@pytest.mark.parametrize("scalar", ["", "~", "null", "Null", "NULL"])
def test_a_null_is_reported(scalar: str) -> None:
    tree = read_yaml(f"a: [1, {scalar or '~'}]\n")
    assert tree.root == {"a": [1, None]}
    assert [(null.line, null.where) for null in tree.nulls] == [(1, "a[2]")]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a:\nb: 1\n", (1, 3)),
        ("a:\n  b:\n    ? owner\n", (3, 7)),
        ("? a\n? b\n: c\n", (1, 3)),
        ("{a\n}", (1, 2)),
        ("a: [x,\n~]", (2, 1)),
        ("---\n", (1, 1)),
    ],
)
def test_a_null_has_a_place(source: str, place: tuple[int, int]) -> None:
    [null] = read_yaml(source).nulls
    assert (null.line, null.column) == place


@pytest.mark.parametrize("scalar", ["true", "True", "TRUE"])
def test_true_has_three_spellings(scalar: str) -> None:
    assert value_of(scalar) is True


@pytest.mark.parametrize("scalar", ["yes", "no", "on", "off", "Yes", "tRUE", "y", "n", "nULL", "12:30", "1:2:3", "."])
def test_a_word_of_old_yaml_is_text(scalar: str) -> None:
    assert value_of(scalar) == scalar


@pytest.mark.parametrize("scalar", ["0", "5", "-5", "50000", "9007199254740991", "9999999999999999"])
def test_plain_digits_are_a_whole_number(scalar: str) -> None:
    value = value_of(scalar)
    assert type(value) is int
    assert str(value) == scalar


READ_DIFFERENTLY = [
    *("010", "00", "0900", "08", "-0", "+5", "+0"),
    *("0x10", "0xfF", "0o17", "0b11", "017_7"),
    *("1e3", "1E3", "1e+3", "123e4567", "12345678901234567", "9" * 5000),
    *("1.0", "1.", ".5", "-.5", "1_0", "50_00", "1_000.5"),
    *(".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN"),
]


@pytest.mark.parametrize("scalar", READ_DIFFERENTLY)
def test_an_odd_number_keeps_its_text(scalar: str) -> None:
    value = value_of(scalar)
    assert type(value) is Number
    assert value.text == scalar


@pytest.mark.parametrize(
    "number", ["10,000", "1,500,000", "1,5", "12, 000", "-1,000", "12,5%", "2,5k", "1.500,00", "0,6"]
)
def test_a_number_cut_by_a_comma_is_joined(number: str) -> None:
    tree = read_yaml(f"ä: 'ö'\r\na: {{b: x, min: {number}, max: {number} }}\r\n")
    assert not tree.problems
    assert not tree.nulls
    assert list(tree.root["a"]) == ["b", "min", "max"]
    for key in ("min", "max"):
        assert type(tree.root["a"][key]) is Number
        assert tree.root["a"][key].text == number


@pytest.mark.parametrize(
    ("braces", "keys"),
    [
        ("{a: 10, 5: x}", ["a", "5"]),
        ("{a: 10,000: 5}", ["a", "000"]),
        ("{a: '10',000}", ["a", "000"]),
        ("{a: A 10,000}", ["a", "000"]),
        ("{a: 10,'000'}", ["a", "000"]),
        ("{a: [10],000}", ["a", "000"]),
        ("{a: 10,\n  000}", ["a", "000"]),
        ("{a: 5, b: 1,\n          a: 10,000}", ["a", "b", "000"]),
        ("{<<: {a: 10},000}", ["000", "a"]),
        ("{10,000}", ["10", "000"]),
        ("{a: " + "1," * 40 + "000}", ["a", "1", "000"]),
    ],
)
def test_other_digits_stay_a_key(braces: str, keys: list[str]) -> None:
    assert list(read_yaml(f"m: {braces}\n").root["m"]) == keys


def test_at_most_sixty_characters_are_joined() -> None:
    for length, keys in ((60, 1), (61, 2)):
        number = "1," * 25 + "0" * (length - 50)
        assert len(read_yaml(f"a: {{b: {number}}}\n").root["a"]) == keys


@pytest.mark.parametrize("scalar", ["50_000", "1_000", "999_999_999"])
def test_grouped_digits_can_be_a_number(scalar: str) -> None:
    value = value_of(scalar)
    assert type(value) is Grouped
    assert value == scalar
    assert int(value) == int(scalar.replace("_", ""))


@pytest.mark.parametrize("scalar", ['"5"', "'50_000'", "|\n  5", ">-\n  true", '"null"', "'~'", '"<<"'])
def test_a_quoted_value_is_text(scalar: str) -> None:
    assert type(value_of(scalar)) is str


@pytest.mark.parametrize("key", ["2024", "true", "on", "1e3", "010", "'null'", '""', "'<<'"])
def test_a_key_keeps_its_text(key: str) -> None:
    assert list(read_yaml(f"{key}: 1\n").root) == [key.strip("'\"")]


def test_every_value_has_a_place() -> None:
    root = read_yaml("a: 1\nb:\n  - x\n  - {c: y}\n").root
    assert (root.place, root.line("b")) == ((1, 1), 2)
    assert (root.key_place("a"), root.value_place("a")) == ((1, 1), (1, 4))
    assert root["b"].places == [(3, 5), (4, 5)]
    assert root["b"][1].key_place("c") == (4, 6)


def test_columns_are_those_of_editors() -> None:
    root = read_yaml("ä: é\r\n'𝄞': 1\r\n").root
    assert (root.value_place("ä"), root.value_place("𝄞")) == ((1, 4), (2, 6))


def test_an_alias_is_the_same_value() -> None:
    root = read_yaml("a: &x {b: 1}\nc: *x\n").root
    assert root["c"] is root["a"]
    assert root.value_place("c") == (2, 4)
    assert root["c"].key_place("b") == (1, 8)


@pytest.mark.parametrize(
    ("source", "root"),
    [
        pytest.param("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "c": 2, "d": 2}, id="the-last-anchor-counts"),
        pytest.param("a: &x {b: &x 1}\nc: *x\n", {"a": {"b": 1}, "c": 1}, id="an-anchor-inside-of-its-namesake"),
        pytest.param("&x a: 1\nb: {*x : 2}\n", {"a": 1, "b": {"a": 2}}, id="an-anchored-key-as-a-key"),
        pytest.param("&x x: 1\nb: *x\n", {"x": 1, "b": "x"}, id="an-anchored-key-as-a-value"),
        pytest.param("&x '~': 1\nb: *x\n", {"~": 1, "b": "~"}, id="an-anchored-quoted-key-as-a-value"),
        pytest.param("<<: {a: 1}\nb: 2\n", {"a": 1, "b": 2}, id="a-merge-written-in-place"),
    ],
)
def test_aliases_and_merges_are_resolved(source: str, root: dict[str, Any]) -> None:
    assert read_yaml(source).root == root


def test_a_number_can_be_an_alias() -> None:
    assert read_yaml("a: &x 010\n*x : 1\n").root["010"] == 1
    assert read_yaml("&x 010: 1\nb: *x\n").root["b"].text == "010"


@pytest.mark.parametrize("source", ["a: &x [1]\n*x : 1\n", "a: &x ~\n*x : 1\n", "? [1]\n: 2\n", "? {a: b}\n: 2\n"])
def test_a_key_is_one_text(source: str) -> None:
    ((_, _, what),) = complaints(source)
    assert what.startswith("a key must be text")


@pytest.mark.parametrize(
    ("source", "count"), [("*x : 1\na: {*y : 2}\n", 2), ("&x ~: 1\nb: {*x : 2}\n", 2)], ids=["unknown", "null"]
)
def test_a_bad_alias_as_a_key_is_reported_once(source: str, count: int) -> None:
    assert len(complaints(source)) == count


@pytest.mark.parametrize("source", ["c: {<<: *m, a: 2}", "c: {a: 2, <<: *m}"], ids=["after", "before"])
def test_an_own_key_overrides_a_merged_one(source: str) -> None:
    root = read_yaml(f"m: &m {{a: 1, b: 1}}\n{source}\n").root
    assert root["c"] == {"a": 2, "b": 1}
    assert (root["c"].line("a"), root["c"].line("b")) == (2, 1)


def test_the_first_merge_wins_in_order() -> None:
    root = read_yaml("m: &m {z: 1, a: 1}\nn: &n {a: 2, b: 2}\nc: {<<: [*m, *n], q: 3}\n").root
    assert list(root["c"].items()) == [("q", 3), ("z", 1), ("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    "source", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "a: &a {b: [{c: *a}]}", "&a {*a : 1}"]
)
def test_a_value_cannot_contain_itself(source: str) -> None:
    assert any("a value cannot contain itself" in what for _, _, what in complaints(source))


@pytest.mark.parametrize(
    "tagged", ["!!int 5", "! 5", "! '5'", "!x [a]", "! [a]", "! {a: 1}", "&y !z 5", "!z &y 5", "!<tag:x> 5"]
)
def test_every_tag_is_refused_once(tagged: str) -> None:
    assert complaints(f"a: '!'\nb: {tagged}\n") == [(2, 4, 'tags are not allowed here; remove what begins with "!"')]


@pytest.mark.parametrize("text", ["a!", "'! 5'", "|\n  ! 5", "a ! b", "&y 'a !b'"])
def test_an_exclamation_mark_in_a_text_is_not_a_tag(text: str) -> None:
    assert complaints(f"b: {text}\n") == []


def test_a_tag_after_wide_characters_has_its_place() -> None:
    found = complaints("a: 'ä𝄞'\r\nb: |\r\n  ! x\r\nc: ! 5\r\n")
    assert [(line, column) for line, column, _ in found] == [(4, 4)]


TOO_DEEP = "this is nested too deeply; at most 20 levels are allowed"
NINETEEN = "a: &a " + "[" * 18 + "]" * 18 + "\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param("[" * 20 + "]" * 20, [], id="twenty"),
        pytest.param("[" * 21 + "]" * 21, [(1, 21, TOO_DEEP)], id="twenty-one"),
        pytest.param(NINETEEN + "b: [*a]\n", [], id="twenty-by-an-alias"),
        pytest.param(NINETEEN + "b: [[*a]]\n", [(2, 6, TOO_DEEP)], id="twenty-one-by-an-alias"),
        pytest.param(NINETEEN + "b: &b [*a]\nc: [*b]\n", [(3, 5, TOO_DEEP)], id="an-alias-of-an-alias"),
    ],
)
def test_twenty_levels_are_allowed(source: str, told: list[tuple[int, int, str]]) -> None:
    assert complaints(source) == told


def test_repeats_are_counted_before_they_are_made() -> None:
    lines = ["a0: &a0 [" + ", ".join("x" * 10) + "]"]
    lines += [f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]" for level in range(1, 9)]
    assert complaints("\n".join(lines)) == [
        (4, 50, "the aliases up to here make the file more than 30 times as large: use fewer")
    ]


def test_values_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.yaml, "MOST_NODES", 6)
    what = "the file has more than 6 values, with everything that aliases repeat"
    assert complaints("a: &a [1]\nb: *a\n") == [(2, 4, what)]
    monkeypatch.setattr(guard.rules.yaml, "MOST_NODES", 7)
    assert complaints("a: &a [1]\nb: *a\n") == []


def test_a_problem_below_a_refused_key_has_its_place() -> None:
    problems = read_yaml("*y : {a: !x 1}\n").problems
    assert [(problem.where, problem.column) for problem in problems] == [("", 1), ("?.a", 10)]


@pytest.mark.parametrize(("name", "shown"), [("b", "b"), ("k" * 60, "k" * 60), ("k" * 61, "k" * 59 + "…")])
def test_an_unknown_alias_is_named_in_short(name: str, shown: str) -> None:
    told = complaints(f"a: *{name}\nb: &{name} 1\n")
    assert told == [(1, 4, f"*{shown} is unknown: there is no &{shown} above it")]


def test_only_a_mapping_can_be_merged() -> None:
    assert complaints("a: {<<: ~, b: 1}\n") == [(1, 9, "this cannot be merged, only a mapping can; write <<: *name")]


def test_python_can_replace_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read_yaml("a: [1]\n").root == {"a": [1]}


def test_reading_ends_at_a_syntax_error() -> None:
    found = complaints("a: 1\na: 2\nb: !x 1\nc: [\n")
    assert [(line, column) for line, column, _ in found] == [(2, 1), (3, 4), (4, 5)]


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_an_invisible_line_break_is_refused(character: str) -> None:
    ((line, column, what),) = complaints(f"a: 1\n# note{character}b: 2\n")
    assert (line, column) == (2, 7)
    assert "only some tools end a line" in what


def test_the_containers_are_ours() -> None:
    root = read_yaml("a: [1]\n").root
    assert type(root) is Mapping
    assert type(root["a"]) is Sequence
