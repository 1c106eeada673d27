"""Whatever stands in a file, it ends as rules or as problems, never as anything else."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import RulesError
from guard.model import Rules
from guard.rules import parse_rules

EXAMPLE = (Path(__file__).parents[2] / "rules.example.yaml").read_bytes()


def outcome(data: bytes) -> Rules | list[str]:
    try:
        return parse_rules(data, "rules.yaml")
    except RulesError as error:
        return error.lines()


def assert_rules_or_problems(data: bytes) -> None:
    result = outcome(data)
    if isinstance(result, Rules):
        assert result.segments
        assert all(guard.bounds for segment in result.segments for guard in segment.guards)
    else:
        assert result
        assert not [line for line in result if "\n" in line]


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_rules_or_problems(data: bytes) -> None:
    assert_rules_or_problems(data)


FRAGMENTS = [
    *(
        "&a ",
        "*a",
        "<<: *a",
        "!x ",
        "~",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "'",
        '"',
        "|",
        "#",
        ",",
        "? ",
    ),
    *(
        "min",
        "max",
        "warn",
        "share",
        "segments",
        "uuid",
        "name",
        "users",
        "true",
        "010",
        "1e3",
        "60%",
        "10m",
        "\u2028",
        "\0",
    ),
]
MUTATIONS = st.lists(
    st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 12), st.sampled_from(FRAGMENTS)), min_size=1, max_size=4
)


@given(MUTATIONS)
@settings(max_examples=300)
def test_a_changed_example_is_rules_or_problems(changes: list[tuple[int, int, str]]) -> None:
    data = EXAMPLE
    for start, length, fragment in changes:
        data = data[:start] + fragment.encode() + data[start + length :]
    assert_rules_or_problems(data)


VALUES = st.recursive(
    st.sampled_from(["5", "'5'", "010", "x", "~", "true", "60%", "10m", "*a", "&a 5", "!x y", "''", "[a]", "{}", "[]"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.lists(
            st.tuples(st.sampled_from(["min", "max", "warn", "share", "email", "x", "<<", "uuid"]), inner), max_size=4
        ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}")
    ),
    max_leaves=8,
)
KEYS = ["version", "blueshift", "refresh", "segments", "campaigns", "<<"]


@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=5), VALUES, VALUES)
@settings(max_examples=300)
def test_any_value_anywhere_is_rules_or_problems(pairs: list[tuple[str, str]], channels: str, campaign: str) -> None:
    lines = [f"{key}: {value}\n" for key, value in pairs]
    lines.append(f"segments: {{s: {{name: S, channels: {{email: {channels}}}, tags: {channels}}}}}\n")
    lines.append(f"campaigns: {{c: {campaign}, d: {{segments: {campaign}, totals: {{sms: {channels}}}}}}}\n")
    assert_rules_or_problems("".join(lines).encode())
