"""Whatever stands under the keys about the past, the file is rules that make sense or has problems with places.

The JSON Schema accepts what the parser accepts, a change alone and in a list.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from guard.core.baseline import Source
from guard.core.errors import RulesError
from guard.core.history import zone_of
from guard.core.model import BoundName, Guard
from guard.rules import parse_rules
from guard.rules.schema import rules_schema
from guard.rules.yaml import read_yaml
from tests.rules.marked import changed
from tests.rules.source import SEGMENTS, guarded, problems
from tests.rules.test_fuzz import as_json, assert_every_problem_has_a_place

if TYPE_CHECKING:
    from guard.core.change import PastRules

SCHEMA = Draft7Validator(rules_schema())


def refused_by_the_schema(source: str) -> bool:
    return not SCHEMA.is_valid(as_json(read_yaml(source).root))


# The schema and the parser


def test_the_schema_is_one_of_draft_07() -> None:
    Draft7Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize(
    "change",
    [
        *("{from: previous, min: -30%}", "{from: same_weekday, max: 1.5}", "{max: 0, from: median_of_last_52}"),
        "{from: median_of_last_3, min: -0.3, max: +100000%, warn: {min: -0%, max: 10}, ignore_under: 5_000, needs: 3}",
        *("{from: previous, max: 1, until_then: fail}", "{from: previous, max: 1, until_then: pass}"),
        *("-30%", "~", "5", "{}", "[]", "{from: previous}", "{min: -30%}", "{from: previous, warn: {min: -1%}}"),
        *("{from: median_of_last_2, max: 1}", "{from: median_of_last_53, max: 1}", "{from: last, max: 1}"),
        *("{from: previous, max: '1'}", "{from: previous, max: 1000000%}", "{from: previous, max: 05%}"),
        *("{from: previous, max: 10.5}", "{from: previous, max: true}", "{from: previous, max: 1, warn: {}}"),
        *("{from: previous, max: 1, needs: '1'}", "{from: previous, max: 1, needs: 0.5}"),
        *("{from: previous, max: 1, ignore_under: -1}", "{from: previous, max: 1, until_then: [x]}"),
        *("{from: previous, max: 1, until: fail}", "{from: previous, max: ~}", "{from: ~, max: 1}"),
    ],
)
def test_schema_and_parser_agree_on_both_forms(change: str) -> None:
    refused = {bool(problems(changed(form))) for form in (change, f"[{change}]")}
    assert {refused_by_the_schema(changed(form)) for form in (change, f"[{change}]")} == refused
    assert len(refused) == 1


@pytest.mark.parametrize(
    "rest",
    [
        "timezone: Europe/Berlin, within: 3650d, exclude: [{from: 2026-11-24, to: 2026-11-30, reason: sale}]",
        *("within: 0d", "within: 10000d", "within: 120", "timezone: ''", "timezone: 5", "exclude: {}", "exclude: [x]"),
        *(
            "exclude: [{from: 2026-1-1, to: 2026-11-30, reason: x}]",
            "exclude: [{from: 2026-11-30, reason: x}]",
            "zone: UTC",
        ),
    ],
)
def test_schema_and_parser_agree_on_the_history(rest: str) -> None:
    source = f"{SEGMENTS}history: {{{rest}}}\n"
    assert refused_by_the_schema(source) is bool(problems(source))


@pytest.mark.parametrize(
    "source",
    [
        *(changed(f"{{from: previous, max: 1, {key}}}") for key in ("min: 30%", "min: 0.3", "min: -100%", "min: -1")),
        *(
            changed(f"{{from: previous, min: 0, {key}}}")
            for key in ("max: -5%", "max: -0.5", "max: 100001%", "needs: 0")
        ),
        guarded("{email: {min: 1, since: {day: 2026-01-02, reason: x}}}"),
        f"{SEGMENTS}history: {{within: 3651d}}\n",
    ],
)
def test_the_schema_refuses_what_it_can(source: str) -> None:
    assert problems(source)
    assert refused_by_the_schema(source)


# Any values

ODD = st.sampled_from(
    [None, True, 0, 5, -5, 1.5, float("nan"), "", "no", "-30%", "x", [], {}, [None], {"min": 1}, 10**30, "\x07"]
)


def rarely_odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 40).flatmap(lambda drawn: ODD if drawn == 17 else usual)


def one(*usual: Any) -> st.SearchStrategy[Any]:
    return rarely_odd(st.sampled_from(usual))


def mapping(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a mapping; it always has the keys with a capital, and "from" is a word of Python's."""
    always = {key.lower(): values.pop(key) for key in list(values) if key[0].isupper()}
    return rarely_odd(st.fixed_dictionaries(always, optional=values))


FALL = one("-30%", "-0%", -0.3, "-12.5%", "-99.9%", 0, "-5%")
RISE = one("+50%", "50%", 0.5, 1, 0, 10, "100000%", "5%")
DAY = one("2026-01-02", "2026-01-02", "2025-12-31", "2026-02-30", "9999-12-31")
CHANGE = mapping(
    From=one("previous", "median_of_last_3", "median_of_last_52", "same_weekday", "same_weekday", "median_of_last_2"),
    Min=FALL,
    max=RISE,
    warn=mapping(Min=one("-1%", 0, "-5%"), max=one("1%", 0, 0.2)),
    ignore_under=one(0, 500, 2**53 - 1),
    needs=one(1, 1, 2, 3, 52),
    until_then=one("unknown", "fail", "warn", "pass"),
)
GUARD = mapping(
    min=one(0, 1, 1000),
    max=one(1000, 10**6),
    Change=rarely_odd(CHANGE | st.lists(CHANGE, max_size=2)),
    since=mapping(Day=DAY, Reason=one("x", "sale #4")),
)
HISTORY = mapping(
    timezone=one("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Europe/Berln", "Europe"),
    within=one("1d", "7d", "120d", "3650d", "3651d"),
    exclude=st.lists(mapping(From=DAY, To=DAY, Reason=st.just("sale")), max_size=2),
)
FILES = st.builds(
    lambda guards, history: {
        "version": 1,
        "history": history,
        "segments": {f"s{at}": {"name": f"S{at}", "channels": {"email": each}} for at, each in enumerate(guards)},
    },
    st.lists(GUARD, min_size=1, max_size=2),
    HISTORY | st.just({}),
)


@given(FILES, st.booleans())
@settings(max_examples=3 * settings().max_examples, deadline=None)
def test_any_values_are_rules_or_problems(tree: Any, is_flow: bool) -> None:
    source = yaml.safe_dump(tree, sort_keys=False, default_flow_style=is_flow, allow_unicode=True)
    try:
        rules = parse_rules(source.encode(), "rules.yaml")
    except RulesError as error:
        assert_every_problem_has_a_place(error, source.encode())
        return
    assert not refused_by_the_schema(source)
    zone_of(rules.past.timezone)
    assert all(span.first <= span.last for span in rules.past.excluded)
    for segment in rules.segments:
        assert_sense(segment.guards[0], rules.past, source.count("\n") + 1)


def assert_sense(own: Guard, past: PastRules, last_line: int) -> None:
    assert own.since is None or own.since <= datetime.now(UTC).date() + timedelta(days=1)
    assert len({each.source for each in own.changes}) == len(own.changes) >= 1
    for change in own.changes:
        parts = {step.bound: step.part for step in change.steps}
        assert parts.keys() & {BoundName.CHANGE_MIN, BoundName.CHANGE_MAX}
        assert -1 < parts.get(BoundName.CHANGE_MIN, 0) <= parts.get(BoundName.CHANGE_WARN_MIN, 0) <= 0
        assert 0 <= parts.get(BoundName.CHANGE_WARN_MAX, 0) <= parts.get(BoundName.CHANGE_MAX, 1000) <= 1000
        assert 1 <= change.needs <= Source.named(change.source).last
        assert change.needs * (7 if change.source == "same_weekday" else 1) <= past.within
        assert {BoundName.MIN, BoundName.MAX} <= {bound.name for bound in own.bounds} or change.until_then in {
            "unknown",
            "fail",
        }
        assert all(1 <= line <= last_line for line in (change.line, *(step.line for step in change.steps)))
