"""The keys about the past: every sentence of the contract about changes, where they begin, and which days count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import guard.rules.past_checks
from guard.core.baseline import Source
from guard.core.errors import RulesError
from guard.core.history import zone_of
from guard.core.model import BoundName, Change, Channel, Excluded, PastRules, Rules, Step
from guard.core.results import Verdict
from guard.rules import hints, parse_rules
from guard.rules.schema import rules_schema
from guard.rules.yaml import read_yaml
from tests.rules.source import SEGMENTS, guarded, parsed, problems
from tests.rules.test_fuzz import as_json, assert_every_problem_has_a_place

SCHEMA = Draft7Validator(rules_schema())
MIN, MAX, WARN_MIN, WARN_MAX = (name for name in BoundName if name.is_relative)
IS_NO_CHANGE = "is not a change; write one such as -30% or +50%"
FOR_EXAMPLE = "write for example change: {from: median_of_last_8, min: -30%, max: +50%}"
BESIDE = "needs a min and a max beside change, or nothing would hold an audience until then"
SOURCE = """\
version: 1
history:
  timezone: Europe/Berlin
  within: 30d
  exclude:
    - {from: 2026-11-24, to: 2026-11-30, reason: Black Friday week}
    - {from: 2026-12-24, to: 2026-12-24, reason: Christmas}
segments:
  a:
    name: A
    channels:
      users: {change: {from: same_weekday, max: 1.5}}
      email: &email
        min: 10_000
        max: 80_000
        change: &one
          from: median_of_last_8
          min: -30%
          max: +50%
          warn: {min: -15%, max: 0.25}
          ignore_under: 5_000
          needs: 4
          until_then: warn
        since: {day: 2026-11-20, reason: "consent import of 19 November adds 9,000"}
      sms:
        change:
          - from: previous
            min: -0.3
          -
            max: 0
            from: median_of_last_52
      push:
        <<: *email
        change: *one
      in_app:
        change: [{<<: *one, until_then: fail, from: previous, needs: 1},
          {from: median_of_last_3, warn: {min: 0}, min: -1%}]
"""


def changed(change: str, beside: str = "min: 1, max: 9") -> str:
    """Return a valid rules file around a change."""
    return guarded(f"{{email: {{{beside}, change: {change}}}}}")


def change_in(source: str) -> Change:
    (found,) = parsed(source).segments[0].guards[0].changes
    return found


def told(source: str, at: str, where: str, what: str) -> str:
    """Return the line about a problem at the first place where the source has such a text."""
    before = source[: source.index(at)]
    return f"rules.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: {where}: {what}"


def test_every_value_has_its_line() -> None:
    rules = parsed(SOURCE)
    spans = (Excluded(date(2026, 11, 24), date(2026, 11, 30)), Excluded(date(2026, 12, 24), date(2026, 12, 24)))
    assert rules.past == PastRules(timezone="Europe/Berlin", within=30, excluded=spans)
    users, email, sms, push, in_app = rules.segments[0].guards
    steps = (
        Step(bound=MIN, part=Fraction(-3, 10), line=18),
        Step(bound=MAX, part=Fraction(1, 2), line=19),
        Step(bound=WARN_MIN, part=Fraction(-3, 20), line=20),
        Step(bound=WARN_MAX, part=Fraction(1, 4), line=20),
    )
    alone = {"source": "median_of_last_8", "ignore_under": 5000, "needs": 4, "until_then": Verdict.WARN}
    assert email.changes == (Change(**alone, steps=steps, line=16),)  # type: ignore[arg-type]  # one value for each
    assert (email.since, sms.since, len(email.bounds)) == (date(2026, 11, 20), None, 2)
    shown = [[(each.source, each.line, each.steps) for each in channel.changes] for channel in (users, sms)]
    assert shown == [
        [("same_weekday", 12, (Step(bound=MAX, part=Fraction(3, 2), line=12),))],
        [
            ("previous", 27, (Step(bound=MIN, part=Fraction(-3, 10), line=28),)),
            ("median_of_last_52", 30, (Step(bound=MAX, part=Fraction(0), line=30),)),
        ],
    ]
    assert push.channel is Channel.PUSH
    assert [(each.line, each.steps) for each in push.changes] == [(34, steps)]
    assert push.since == email.since
    first, second = in_app.changes
    assert (first.line, first.source, first.needs, first.until_then, first.steps) == (36, "previous", 1, "fail", steps)
    assert (second.line, [step.bound for step in second.steps]) == (37, [MIN, WARN_MIN])


@pytest.mark.parametrize(
    ("source", "needs"),
    [("previous", 1), ("median_of_last_3", 3), ("median_of_last_52", 3), ("same_weekday", 2)],
)
def test_the_defaults(source: str, needs: int) -> None:
    found = change_in(changed(f"{{from: {source}, min: -1%}}"))
    assert (found.needs, found.until_then, found.ignore_under) == (needs, "unknown", None)
    for most in (1, Source.named(source).last):
        assert change_in(changed(f"{{from: {source}, min: -1%, needs: {most}}}")).needs == most


def test_without_a_history_days_are_those_of_utc() -> None:
    rules = parsed(SEGMENTS)
    assert rules.past == PastRules(timezone="UTC", within=120, excluded=())
    assert (rules.needs_history, parsed(changed("{from: previous, max: 0}")).needs_history) == (False, True)
    assert parsed(f"{SEGMENTS}history: {{}}\n").past == rules.past


@pytest.mark.parametrize("until_then", Verdict)
def test_until_then_is_a_verdict(until_then: Verdict) -> None:
    assert change_in(changed(f"{{from: previous, min: -1%, until_then: {until_then}}}")).until_then is until_then


@pytest.mark.parametrize(
    ("key", "written", "part"),
    [
        *[("min", "-30%", "-0.3"), ("min", "'-30%'", "-0.3"), ("min", "-0.3", "-0.3"), ("min", "-12.5%", "-0.125")],
        *[("min", "-99.999999999999999%", "-0.99999999999999999"), ("min", "-0.999999999999999", "-0.999999999999999")],
        *[("min", "0", "0"), ("min", "-0%", "0"), ("min", "+0%", "0"), ("max", "0%", "0"), ("max", "-0", "0")],
        *[("max", "+50%", "0.5"), ("max", "50%", "0.5"), ("max", "0.5", "0.5"), ("max", "+0.5", "0.5")],
        *[("max", "1.5", "1.5"), ("max", "1", "1"), ("max", "+100000%", "1000"), ("max", "99999.9%", "999.999")],
    ],
)
def test_a_change_is_signed_and_exact(key: str, written: str, part: str) -> None:
    for source in (changed(f"{{from: previous, {key}: {written}}}"), changed(f"[{{from: previous, {key}: {written}}}]")):
        (step,) = change_in(source).steps
        assert (step.bound, step.part) == (BoundName(f"change.{key}"), Fraction(part))


@pytest.mark.parametrize(
    ("values", "at", "where", "what"),
    [
        ("min: 30%", "30%", ".min", "30% would ask for growth; write -30%"),
        ("min: +0.3", "+0.3", ".min", "+0.3 would ask for growth; write -0.3"),
        ("min: -100%", "-100%", ".min", "-100% would let everybody go; write more than -100%, such as -30%"),
        ("min: -1", "-1", ".min", "-1 would let everybody go; write more than -100%, such as -30%"),
        ("min: -250.5%", "-250.5%", ".min", "-250.5% would let everybody go; write more than -100%, such as -30%"),
        ("max: -5%", "-5%", ".max", "-5% would ask for a loss; write +5%"),
        ("max: +100000.1%", "+100000.1%", ".max", '"+100000.1%" is too large; the largest change is +100000%'),
        ("max: 50", "50", ".max", "50 would be 5,000%; write 50% if that is what is meant"),
        *[(f"max: {bad}", bad, ".max", f"{bad} {IS_NO_CHANGE}") for bad in ("1e3", ".5", "true", "1_000")],
        *[(f"max: {bad}", bad, ".max", f'"{bad}" {IS_NO_CHANGE}') for bad in ("5 %", "05%", "x", "１%")],
        ("max: [5%]", "[5%]", ".max", f"a list {IS_NO_CHANGE}"),
        ("max: ~", "~", ".max", "has no value: give it one, or leave it out"),
        ("warn: {min: -3%}", "{from", "", "has neither min nor max; give it one such as min: -30%"),
        ("min: -9%, warn: {}", "{}", ".warn", "is empty; give it min or max, or leave it out"),
        ("min: -9%, warn: {min: 1%}", "1%", ".warn.min", "1% would ask for growth; write -1%"),
        ("min: -9%, warn: {min: -10%}", "-10%", ".warn.min", "-10% is below change.min, which is -9% (line 5)"),
        ("max: 0.1, warn: {max: 11%}", "11%", ".warn.max", "11% is above change.max, which is 0.1 (line 5)"),
        ("min: -9%, needs: 2", "2", ".needs", "2 is more than previous takes, which is 1 day"),
        ("min: -9%, needs: 0", "0", ".needs", "0 is too few; write 1 or more"),
        ("min: -9%, ignore_under: -7", "-7", ".ignore_under", "-7 is negative; write 0 or more"),
        ("min: -9%, until_then: [x]", "[x]", ".until_then", "a list is not allowed here; write unknown, fail, warn or pass"),
        ("min: -9%, until_then: pas", "pas", ".until_then", '"pas" is not allowed here; did you mean "pass"?'),
        ("min: -9%, until: pass", "until", ".until", 'unknown key; did you mean "until_then"?'),
    ],
)
def test_a_bad_change_is_told_in_both_forms(values: str, at: str, where: str, what: str) -> None:
    own = f"{{from: previous, {values}}}"
    for source, position in ((changed(own, "max: 8"), ""), (changed(f"[{own}]", "max: 8"), "[1]")):
        assert problems(source) == [told(source, at, f"segments.vip.channels.email.change{position}{where}", what)]
