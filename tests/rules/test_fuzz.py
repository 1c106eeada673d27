"""Any file ends as rules that make sense, or as problems with their places.

``HYPOTHESIS_PROFILE=many`` tries more examples.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from guard.core.errors import RulesError
from guard.core.model import BoundName, Rules
from guard.core.text import printable
from guard.rules import parse_rules
from guard.rules.scalars import Number
from guard.rules.schema import rules_schema
from guard.rules.tree import MOST_PROBLEMS
from guard.rules.yaml import read_yaml
from tests.rules.source import GOOD, HERE

GOOD_FILES = [path.read_bytes() for path in GOOD]
SCHEMA = Draft7Validator(rules_schema())
UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
LONGEST_LINE = 2500

ordinary = settings(deadline=None)
thorough = settings(deadline=None, max_examples=3 * settings().max_examples)


def assert_rules_or_problems(data: bytes) -> None:
    try:
        rules = parse_rules(data, "rules.yaml")
    except RulesError as error:
        assert_every_problem_has_a_place(error, data)
        return
    assert_sense(rules, len(lines_of(data)))
    assert not list(SCHEMA.iter_errors(as_json(read_yaml(data.decode("utf-8-sig")).root)))


def lines_of(data: bytes) -> list[str]:
    return re.split("\r\n|\r|\n", data.decode("utf-8-sig", errors="replace"))


def assert_every_problem_has_a_place(error: RulesError, data: bytes) -> None:
    lines = lines_of(data)
    assert 1 <= len(error.problems) <= MOST_PROBLEMS
    for problem in error.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.what
    for line in error.lines():
        assert line == printable(line)
        assert len(line) < LONGEST_LINE


def assert_sense(rules: Rules, last_line: int) -> None:
    assert rules.segments
    assert rules.pacing.requests_per_second > 0
    assert 1 <= rules.pacing.concurrency <= 24
    assert 0 < rules.refresh.poll_interval <= rules.refresh.max_poll_interval
    keys = [segment.key for segment in rules.segments]
    known_as = [(segment.uuid, segment.name, segment.bypass_global) for segment in rules.segments]
    assert len(set(keys)) == len(keys)
    assert len(set(known_as)) == len(known_as)
    for segment in rules.segments:
        assert (segment.uuid is None) != (segment.name is None)
        assert segment.guards
        for guard in segment.guards:
            assert guard.bounds
            assert all(1 <= line <= last_line for line in (guard.line, *(bound.line for bound in guard.bounds)))
            assert_bounds_agree({bound.name: bound.limit for bound in guard.bounds})
    for campaign in rules.campaigns:
        assert campaign.segments
        assert len(set(campaign.segments)) == len(campaign.segments)
        assert set(campaign.segments) <= set(keys)
        assert all(bound.name is BoundName.MAX for total in campaign.totals for bound in total.bounds)


def assert_bounds_agree(limits: dict[BoundName, Any]) -> None:
    rising = [
        [limits[name] for name in names if name in limits]
        for names in (
            (BoundName.MIN, BoundName.WARN_MIN, BoundName.WARN_MAX, BoundName.MAX),
            (BoundName.SHARE_MIN, BoundName.SHARE_MAX),
        )
    ]
    assert all(each == sorted(each) for each in rising)
    assert all(limit >= 0 for each in rising for limit in each)
    assert all(limit <= 1 for limit in rising[1])


def as_json(value: Any) -> Any:
    """Return what an editor's reader makes of a value that ours has read."""
    match value:
        case dict():
            return {key: as_json(each) for key, each in value.items()}
        case list():
            return [as_json(each) for each in value]
        case Number(text=written):
            return float(written)
        case _:
            return value


# Text


KEYS = sorted({key for part in (rules_schema(), *rules_schema()["definitions"].values()) for key in part["properties"]})
WRITTEN = (HERE / "tokens.txt").read_text(encoding="ascii").splitlines()
TOKENS = [*(each.encode().decode("unicode_escape") for each in WRITTEN), *KEYS, "", "x" * 200, "9" * 5000]
HEAD = "version: 1\nsegments:\n  a: &a {name: A, channels: {users: &b {min: 1}}}\n"
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"]


@given(st.binary(max_size=300))
@ordinary
def test_any_bytes_are_rules_or_problems(data: bytes) -> None:
    assert_rules_or_problems(data)


@given(st.text(max_size=300), st.sampled_from(ENCODINGS))
@ordinary
def test_any_text_is_rules_or_problems(text: str, encoding: str) -> None:
    assert_rules_or_problems(text.encode(encoding, errors="ignore"))


@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.sampled_from(["", HEAD]))
@example(["? ", "*a"], "")  # a null that the parser places after the last line
@thorough
def test_any_tokens_are_rules_or_problems(tokens: list[str], head: str) -> None:
    assert_rules_or_problems((head + "".join(tokens)).encode())


# Changed files


SPOTS = st.integers(0, 10_000)
WORDS = re.compile(rb"(?<=[ \[{,])[^\s:,{}\[\]#]+(?=[\s,}\]])")


def split(data: bytes, spot: int) -> tuple[list[bytes], list[bytes]]:
    """Return the lines before a spot, and the others; these are not empty."""
    lines = data.splitlines(keepends=True) or [b""]
    at = spot % len(lines)
    return lines[:at], lines[at:]


def without_a_line(data: bytes, spot: int, _: str) -> bytes:
    before, after = split(data, spot)
    return b"".join(before + after[1:])


def with_a_line_twice(data: bytes, spot: int, _: str) -> bytes:
    before, after = split(data, spot)
    return b"".join(before + before[-1:] + after)


def with_lines_swapped(data: bytes, spot: int, _: str) -> bytes:
    before, after = split(data, spot)
    return b"".join(before[:-1] + after[:1] + before[-1:] + after[1:])


def with_a_line_more(data: bytes, spot: int, token: str) -> bytes:
    before, after = split(data, spot)
    return b"".join([*before, b" " * (spot % 5 * 2) + token.encode() + b"\n", *after])


def with_a_token(data: bytes, spot: int, token: str) -> bytes:
    at = spot % (len(data) + 1)
    return data[:at] + token.encode() + data[at:]


def without_some_bytes(data: bytes, spot: int, token: str) -> bytes:
    at = spot % (len(data) + 1)
    return data[:at] + data[at + len(token) :]


def with_another_byte(data: bytes, spot: int, token: str) -> bytes:
    at = spot % (len(data) + 1)
    return data[:at] + bytes([spot * 7 % 256]) + data[at + len(token) % 2 :]


def with_another_word(data: bytes, spot: int, token: str) -> bytes:
    found = list(WORDS.finditer(data))
    if not found:
        return data
    word = found[spot % len(found)]
    return data[: word.start()] + token.encode() + data[word.end() :]


CHANGE = st.sampled_from([each for name, each in sorted(globals().items()) if name.startswith(("with_", "without_"))])
CHANGES = st.lists(st.tuples(CHANGE, SPOTS, st.sampled_from(TOKENS)), min_size=1, max_size=4)


@given(st.sampled_from(GOOD_FILES), CHANGES)
@thorough
def test_a_changed_file_is_rules_or_problems(data: bytes, changes: list[Any]) -> None:
    for change, spot, token in changes:
        data = change(data, spot, token)
    assert_rules_or_problems(data)


# Trees of values


ODD = st.sampled_from([None, True, 5, -5, 1.5, float("inf"), "", "no", "010", "5", "\x07", "é", "60%", "10m", 10**30])
TREES = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, "<<", "mim", "chanels"]) | ODD, inner, max_size=4)
    ),
    max_leaves=12,
)


def rarely_odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 60).flatmap(lambda drawn: TREES if drawn == 37 else usual)


def some_of(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return rarely_odd(st.fixed_dictionaries({}, optional=optional).filter(bool))


FLOOR = rarely_odd(st.integers(0, 12))
CEILING = rarely_odd(st.integers(10, 30) | st.just(2**53 - 1))
LOW, HIGH = rarely_odd(st.sampled_from([0, 0.5, "12.5%"])), rarely_odd(st.sampled_from([1, "60%", 1.0, 0.1]))
TEXT = rarely_odd(st.text("aé 5:#'\"\\\n\x07", min_size=1, max_size=8) | st.sampled_from(["50_000", "no", "1e3", UUID]))
DURATION = rarely_odd(st.sampled_from(["250ms", "2s", "10m"]))
WARN = some_of(min=st.integers(10, 14), max=st.integers(14, 20))
SEVERITY = st.sampled_from(["fail", "warn"])
USERS = some_of(min=FLOOR, max=CEILING, severity=SEVERITY)
GUARD = some_of(min=FLOOR, max=CEILING, warn=WARN, share=some_of(min=LOW, max=HIGH), severity=SEVERITY)
CHANNELS = some_of(users=USERS, email=GUARD, in_app=GUARD)
SEGMENT = rarely_odd(
    st.fixed_dictionaries(
        {"channels": CHANNELS},
        optional={"description": TEXT, "tags": st.lists(TEXT, max_size=2), "bypass_global": st.booleans()},
    )
)
SEGMENT_KEYS = st.sampled_from(["a", "b", "vip", "no", "2024", "é"])
CAMPAIGN = some_of(
    segments=st.just(["a"]) | st.lists(SEGMENT_KEYS, max_size=2), totals=some_of(sms=some_of(max=CEILING))
)
PACING = some_of(
    region=st.sampled_from(["us", "eu"]),
    requests_per_second=rarely_odd(st.sampled_from([1, 0.5, 1000, 2.5])),
    concurrency=rarely_odd(st.integers(1, 24)),
)
RULES = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "segments": st.fixed_dictionaries(
            {"a": SEGMENT}, optional={"vip": SEGMENT, "no": SEGMENT, "a b": SEGMENT, "2024": SEGMENT}
        ),
    },
    optional={
        "blueshift": PACING,
        "refresh": some_of(timeout=DURATION, poll_interval=DURATION, max_poll_interval=DURATION),
        "campaigns": some_of(spring=CAMPAIGN),
    },
)
STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, None, None, '"', "'", "|"]),
        "indent": st.sampled_from([2, 4, 9]),
        "width": st.sampled_from([20, 80, 10_000]),
        "line_break": st.sampled_from(["\n", "\r\n", "\r"]),
        "allow_unicode": st.booleans(),
        "explicit_start": st.booleans(),
    }
)


def named(rules: dict[str, Any]) -> dict[str, Any]:
    """Give each segment a name of its own, as those of a file must have."""
    for key, segment in rules["segments"].items():
        if isinstance(segment, dict):
            segment["name"] = key
    return rules


@given(TREES, STYLES, st.sampled_from(ENCODINGS))
@ordinary
def test_any_tree_is_rules_or_problems(tree: Any, style: dict[str, Any], encoding: str) -> None:
    assert_rules_or_problems(yaml.safe_dump(tree, sort_keys=False, **style).encode(encoding, errors="replace"))


@given(RULES, STYLES)
@thorough
def test_rules_and_schema_agree(rules: dict[str, Any], style: dict[str, Any]) -> None:
    assert_rules_or_problems(yaml.safe_dump(named(rules), sort_keys=False, **style).encode())
