"""Changes in a rules file: every sentence of the contract about them; what else the past needs is beside it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from guard.core.baseline import Source
from guard.core.change import Change, Excluded, PastRules, Step
from guard.core.model import BoundName, Channel
from guard.core.results import Verdict
from guard.rules import hints
from tests.rules.marked import CHANGE, NO_VALUE, NOT_HERE, assert_told, changed
from tests.rules.source import guarded, parsed, problems

MIN, MAX, WARN_MIN, WARN_MAX = (name for name in BoundName if name.is_relative)
NO_CHANGE = "is not a change; write one such as -30% or +50%"
FOR_EXAMPLE = "write for example change: {from: median_of_last_8, min: -30%, max: +50%}"
MEDIAN = "median_of_last_"
THREE = "4 is more than median_of_last_3 takes, which is 3 days"
TWICE = "{} is compared with twice; it is already in line 5"
UNTIL_THEN = "is not allowed here; write unknown, fail, warn or pass"
SOURCES = "is not allowed here; write previous, same_weekday, or median_of_last_N with N from 3 to 52"
TOO_MUCH = "would let everybody go; write more than -100%, such as -30%"
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


def change_in(source: str) -> Change:
    (found,) = parsed(source).segments[0].guards[0].changes
    return found


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


@pytest.mark.parametrize("word", ["unknown", "fail", "warn", "pass"])
def test_until_then_is_a_verdict(word: str) -> None:
    assert change_in(changed(f"{{from: previous, min: -1%, until_then: {word}}}")).until_then is Verdict(word)


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
    own = f"{{from: previous, {key}: {written}}}"
    for source in (own, f"[{own}]"):
        (step,) = change_in(changed(source)).steps
        assert (step.bound, step.part) == (BoundName(f"change.{key}"), Fraction(part))


@pytest.mark.parametrize(
    ("values", "where", "what"),
    [
        ("min: §30%", ".min", "30% would ask for growth; write -30%"),
        ("min: §+0.3", ".min", "+0.3 would ask for growth; write -0.3"),
        *[(f"min: §{bad}", ".min", f"{bad} {TOO_MUCH}") for bad in ("-100%", "-1", "-250.5%")],
        ("max: §-5%", ".max", "-5% would ask for a loss; write +5%"),
        ("max: §+100000.1%", ".max", '"+100000.1%" is too large; the largest change is +100000%'),
        ("max: §50", ".max", "50 would be 5,000%; write 50% if that is what is meant"),
        *[(f"max: §{bad}", ".max", f"{bad} {NO_CHANGE}") for bad in ("1e3", ".5", "true", "1_000")],
        *[(f"max: §{bad}", ".max", f'"{bad}" {NO_CHANGE}') for bad in ("5 %", "05%", "x", "\u0665%")],
        ("max: §[5%]", ".max", f"a list {NO_CHANGE}"),
        ("max: §~", ".max", NO_VALUE),
        *[(f"max: 1, {key}: §~", f".{key}", NO_VALUE) for key in ("warn", "ignore_under", "needs", "until_then")],
        ("", "", "has neither min nor max; give it one such as min: -30%"),
        ("warn: {min: -3%}", "", "has neither min nor max; give it one such as min: -30%"),
        ("min: -9%, warn: §{}", ".warn", "is empty; give it min or max, or leave it out"),
        ("min: -9%, warn: {min: §1%}", ".warn.min", "1% would ask for growth; write -1%"),
        ("min: -9%, warn: {max: §-1%}", ".warn.max", "-1% would ask for a loss; write +1%"),
        ("min: -9%, warn: {min: §-10%}", ".warn.min", "-10% is below change.min, which is -9% (line 5)"),
        ("max: 0.1, warn: {max: §11%}", ".warn.max", "11% is above change.max, which is 0.1 (line 5)"),
        ("min: -9%, needs: §2", ".needs", "2 is more than previous takes, which is 1 day"),
        ("min: -9%, needs: §0", ".needs", "0 is too few; write 1 or more"),
        ("min: -9%, needs: §'1'", ".needs", '"1" is text because of its quotes; write 1'),
        ("min: -9%, ignore_under: §-7", ".ignore_under", "-7 is negative; write 0 or more"),
        ("min: -9%, until_then: §[x]", ".until_then", f"a list {UNTIL_THEN}"),
        ("min: -9%, until_then: §skip", ".until_then", f'"skip" {UNTIL_THEN}'),
        ("min: -9%, until_then: §pas", ".until_then", '"pas" is not allowed here; did you mean "pass"?'),
        *[(f"min: -9%, until_then: §{word}", ".until_then", f"{word} {BESIDE}") for word in ("warn", "pass")],
        ("min: -9%, §until: pass", ".until", 'unknown key; did you mean "until_then"?'),
    ],
)
def test_a_bad_change_is_told_in_both_forms(values: str, where: str, what: str) -> None:
    """Beside it stand neither a min nor both of them."""
    own = f"{{from: previous, {values}}}" if "§" in values else f"§{{from: previous, {values}}}"
    assert_told(changed(own, "max: 8"), f"{CHANGE}{where}", what)
    assert_told(changed(f"[{own}]", "share: {min: 1%}, warn: {min: 2}, min: 1"), f"{CHANGE}[1]{where}", what)


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ("§-30%", "", f'"-30%" {NOT_HERE}'),
        ("§~", "", NO_VALUE),
        ("§[]", "", f"is empty; it needs at least 1 entry; {FOR_EXAMPLE}"),
        ("[§-30%]", "[1]", f'"-30%" {NOT_HERE}'),
        ("[§[]]", "[1]", f"a list {NOT_HERE}"),
        ("[{from: previous, max: 0}, {from: §previous, min: 0}]", "[2].from", TWICE.format("previous")),
        ("[{from: same_weekday, max: 0}, {max: 0, from: §same_weekday}]", "[2].from", TWICE.format("same_weekday")),
        ("{from: same_weekday, max: 0, needs: §5}", ".needs", "5 is more than same_weekday takes, which is 4 days"),
        ("{from: median_of_last_3, max: 0, needs: §4}", ".needs", THREE),
        ("{from: §~, max: 0}", ".from", NO_VALUE),
        *[(f"{{from: §{word}, max: 0}}", ".from", f'"{word}" {SOURCES}') for word in ("weekday", "Previous", "last")],
        *[
            (f"{{from: §{MEDIAN}{bad}, max: 0}}", ".from", f'"{MEDIAN}{bad}" {SOURCES}')
            for bad in ("2", "53", "08", "+8")
        ],
        ("{from: §[previous], max: 0}", ".from", f"a list {SOURCES}"),
    ],
)
def test_a_change_that_is_none(change: str, where: str, what: str) -> None:
    assert_told(changed(change), f"{CHANGE}{where}", what)


@pytest.mark.parametrize("growth", ["100%", "+300%", "1.5"])
def test_what_is_offered_for_growth_is_accepted(growth: str) -> None:
    source = f"{{from: previous, min: {growth}}}"
    assert problems(changed(source.replace(growth, problems(changed(source))[0].rpartition(" ")[2]))) == []


def test_a_change_needs_its_from() -> None:
    what = 'the key "from" is missing; write from: median_of_last_8'
    assert_told(guarded("{email: {§change: {min: -30%}}}"), CHANGE, what)
    assert_told(changed("[§{min: -30%}]"), f"{CHANGE}[1]", what)


@pytest.mark.parametrize(
    ("own", "within", "given"),
    [
        ("from: §median_of_last_8", 2, "median_of_last_8, which needs 3 earlier days,"),
        ("from: §same_weekday", 13, "same_weekday, which needs 2 earlier days,"),
        ("from: median_of_last_52, needs: §52", 51, "52"),
        ("from: same_weekday, needs: §4", 27, "4"),
    ],
)
def test_the_days_that_are_needed_must_be_within_reach(own: str, within: int, given: str) -> None:
    source = changed(f"{{max: 0, {own}}}") + "history: {within: %sd}\n"
    where = f"{CHANGE}.{'needs' if 'needs' in own else 'from'}"
    assert_told(source % within, where, f"{given} cannot be reached within {within} days; raise history.within")
    assert problems((source % (within + 1)).replace("§", "")) == []


def test_an_alias_is_told_where_it_stands() -> None:
    channels = (
        "{email: &g {min: 1, max: 9, change: &c {from: previous, min: §5%}}, sms: *g, push: {min: 1, change: [*c]}}"
    )
    assert_told(guarded(channels), f"{CHANGE}.min", "5% would ask for growth; write -5%")


def test_two_of_one_from_tell_the_line_of_the_first() -> None:
    changes = "\n          - max: 0\n            from: previous\n          - {min: 0, from: §previous}"
    source = guarded(f"\n      email:\n        change:{changes}")
    assert_told(source, f"{CHANGE}[2].from", "previous is compared with twice; it is already in line 9")


SLOWLY = "change but no min: an audience that loses a little each time would pass for ever"


@pytest.mark.parametrize(
    ("own", "hint"),
    [
        ("max: 9, change: {from: previous, min: -5%}", SLOWLY),
        ("min: 0, max: 9, change: [{from: previous, min: -5%}]", SLOWLY),
        ("change: [{from: previous, max: 5%}, {from: same_weekday, min: -5%}]", SLOWLY),
        ("min: 1, max: 9, change: {from: previous, min: -5%}", ""),
        ("min: 1, change: {from: previous, max: 5%}", ""),
        ("min: 1, change: {from: previous, min: -5%}", "no max: an audience of any size would pass"),
        ("max: 9, change: {from: previous, max: 5%}", "no min: an empty audience would pass"),
        pytest.param(*("share: {min: 1%}, max: 9, change: {from: previous, min: -5%}", SLOWLY)),
        pytest.param(
            "max: 9, change: {from: previous, max: 5%, warn: {min: -5%}}", "no min: an empty audience would only warn"
        ),
    ],
)
def test_an_open_side_gets_a_hint(own: str, hint: str) -> None:
    assert hints(parsed(guarded(f"{{email: {{{own}}}}}"))) == (
        [f"rules.yaml:5: vip / email has {hint}"] if hint else []
    )
