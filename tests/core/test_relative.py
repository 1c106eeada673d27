"""Bounds relative to the past, held to an oracle, to the contract's own sentences, and to the days of the server."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.change import Change, Excluded, PastRules
from guard.core.model import LARGEST_COUNT, BoundName, Guard, Severity
from guard.core.relative import Past, resolved
from guard.core.results import Reason, Unavailable, Verdict
from tests.core.pasts import (
    DAY,
    FAIL,
    KINDS,
    NOON,
    PASS,
    UNKNOWN,
    WARN,
    Run,
    ago,
    allowed,
    change,
    eligible,
    guard,
    judge,
    median,
    past,
    taken,
)

UNTIL_THEN = [PASS, WARN, UNKNOWN, FAIL]
STUCK = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
LOST = "the history could not be read, or a part of it was lost or changed, so there is nothing to compare with"


# Any past

EDGES = [0, 1, 2, 999, 1000, 2**52, 2**52 + 1, LARGEST_COUNT - 1, LARGEST_COUNT]
people = st.integers(2, 12) | st.integers(2, 12) | st.integers(0, 60) | st.sampled_from(EDGES)
spans = st.tuples(st.integers(0, 12), st.integers(0, 2)).map(
    lambda drawn: Excluded((NOON - drawn[0] * DAY).date(), (NOON - (drawn[0] - drawn[1]) * DAY).date())
)
kinds = st.just("passed") | st.sampled_from([*KINDS])
pasts = st.lists(st.tuples(st.integers(-20, 300), people | people | st.none(), kinds), min_size=6, max_size=20)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati"])
parts = {
    "min": st.fractions(-1, 0, max_denominator=1000).filter(lambda part: part > -1),
    "max": st.fractions(0, 1000, max_denominator=1000),
}
parts |= {"warn_min": parts["min"], "warn_max": parts["max"]}
changes = st.builds(
    change,
    st.sampled_from(["previous", "same_weekday", "median_of_last_3", "median_of_last_8", "median_of_last_52"]),
    **parts,
    ignore_under=st.none() | people,
    needs=st.integers(1, 3),
    until_then=st.sampled_from(UNTIL_THEN),
)


@given(
    drawn=pasts,
    own=st.builds(
        guard,
        changes,
        low=st.none() | st.integers(0, 3),
        high=st.none() | st.integers(9, 12),
        since=st.none() | st.integers(1, 14).map(lambda days: (NOON - days * DAY).date()),
        severity=st.sampled_from(Severity),
    ),
    rules=st.builds(
        PastRules,
        timezone=zones,
        within=st.integers(1, 15) | st.integers(12, 20),
        excluded=st.lists(spans, max_size=1).map(tuple),
    ),
    hour=st.integers(-12, 11),
    near=st.tuples(st.integers(0, 3), st.integers(-1, 1)) | people,
)
@settings(max_examples=5 * settings().max_examples, deadline=None)
def test_it_is_the_oracles(drawn: list[Any], own: Guard, rules: PastRules, hour: int, near: Any) -> None:
    """The count is a limit, or one beside it, as often as it is any number."""
    runs = [Run(NOON - timedelta(hours=each[0]), each[1], each[2], number) for number, each in enumerate(drawn)]
    at, (asked,) = NOON + timedelta(hours=hour), own.changes
    today = at.astimezone(ZoneInfo(rules.timezone)).date()
    kept, left_out = eligible(runs, own, rules, today)
    days = taken(asked.source, kept, today)
    b = median(days) if len(days) >= asked.needs else None
    limits = [None if b is None else allowed(step.bound, b, step.part, asked.ignore_under) for step in asked.steps]
    beside = near if isinstance(near, int) else (limits[near[0]] or 5) + near[1]
    count = min(max(beside, 0), LARGEST_COUNT)

    result = judge(own, count, past(own, runs, at, rules), at)

    checks = result.checks[len(own.bounds) :]
    assert [(check.bound, check.line) for check in checks] == [(step.bound, 7) for step in asked.steps]
    assert [check.limit for check in checks] == limits
    for check, limit in zip(checks, limits, strict=True):
        assert check.observed == count
        assert check.baseline is not None
        found = check.baseline
        assert (found.source, found.needs, found.until_then) == (asked.source, asked.needs, asked.until_then)
        assert (found.days, found.left_out) == (len(days), left_out)
        assert (found.first, found.last) == ((days[-1][0], days[0][0]) if days else (None, None))
        if limit is None or b is None:
            assert (found.state, found.value, check.verdict) == ("learning", None, asked.until_then)
            assert found.change(count) is None
            continue
        is_floor = check.bound in {BoundName.CHANGE_MIN, BoundName.CHANGE_WARN_MIN}
        is_lenient = own.severity is Severity.WARN or "warn" in check.bound
        broken = count < limit if is_floor else count > limit
        assert check.verdict is ((WARN if is_lenient else FAIL) if broken else PASS)
        assert found.state == "ready"
        assert found.value == Fraction(float(b))
        assert found.change(count) == (count / found.value - 1 if found.value else None)
    is_unknown = b is None and asked.until_then is UNKNOWN
    assert (result.count is not None, result.reason) == (True, Reason.LEARNING if is_unknown else None)
    assert result.is_learning is (b is None)


def of_the_median(b: Fraction) -> list[Run]:
    return [ago(1, math.floor(b)), ago(2, math.ceil(b))]


@pytest.mark.parametrize(
    "b", [Fraction(n, 2) for n in [*range(9), 1999, 2000, 2**53 + 1, 2**54 - 4, 2**54 - 3, 2**54 - 2]]
)
def test_every_edge(b: Fraction) -> None:
    """An unchanged audience passes, becoming empty fails, and no limit is negative or more than a count can be."""
    least = ["0", "-0.000000000000001", "-0.001", "-0.3", "-0.5", "-0.999999999999999"]
    most = ["0", "0.000000000000001", "0.001", "0.5", "1.5", "1000"]
    for floor, ceiling, ignored in product(least, most, [None, 0, 1, 2, 500, LARGEST_COUNT]):
        own = guard(change("median_of_last_3", min=floor, max=ceiling, ignore_under=ignored))
        found = past(own, of_the_median(b))
        low, high = (bound.limit for bound in resolved(own, found).bounds)
        assert low == allowed(BoundName.CHANGE_MIN, b, Fraction(floor), ignored)
        assert high == allowed(BoundName.CHANGE_MAX, b, Fraction(ceiling), ignored)
        assert 0 <= low <= math.floor(b) <= math.ceil(b) <= high <= LARGEST_COUNT
        assert low >= 1 or b < 1
    shown = judge(own, 0, found).checks[0].baseline
    assert shown is not None
    assert shown.value == (b if b <= 2**52 else Fraction(float(b)))  # JSON holds no half beyond it
    assert {judge(own, unchanged, found).verdict for unchanged in (math.floor(b), math.ceil(b))} == {PASS}
    assert judge(own, 0, found).verdict is (FAIL if b >= 1 else PASS)


# What is said


def case(asked: Change, counts: dict[int, int]) -> tuple[Change, dict[int, int]]:
    return asked, counts


SAID = {
    "1,900, which is 26,184 below the 28,084 that 30% under the median of the last 8 days (40,120) allows": case(
        change("median_of_last_8", min="-0.3"), dict.fromkeys(range(1, 10), 40_120)
    ),
    "4, which is 1 above the 3 that 12.5% over the median of the last 2 days (2.5) allows": case(
        change("median_of_last_3", max="0.125"), {1: 2, 2: 3}
    ),
    "700, which is 150 below the 850 that 15% under the last day with a count (1,000) allows without a warning": case(
        change(min="-0.3", warn_min="-0.15"), {3: 1000}
    ),
    "499, which is 1 below the 500 that 500 people under the last day with a count (1,000) allows": case(
        change(min="-0.3", ignore_under=500), {1: 1000}
    ),
    "1,501, which is 1 above the 1,500 that 50% over the last day with a count (1,000) allows": case(
        change(max="0.5", ignore_under=500), {1: 1000}
    ),
    "30, which is within the 330 that 1,000% over the median of the last 4 Tuesdays (30) allows": case(
        change("same_weekday", max="10"), {1: 9, 7: 20, 14: 40, 21: 30, 28: 30, 35: 10}
    ),
    "20, which meets the 19 that 5% under the last Tuesday with a count (20) allows": case(
        change("same_weekday", min="-0.05"), {7: 20}
    ),
    "7; learning, 1 of 3 earlier days": case(change("median_of_last_3", min="0", needs=3), {1: 20}),
}


@pytest.mark.parametrize("sentence", SAID)
def test_the_sentence(sentence: str) -> None:
    asked, counts = SAID[sentence]
    people = int(re.split(", |;", sentence)[0].replace(",", ""))
    result = judge(guard(asked), people, past(guard(asked), [ago(*each) for each in counts.items()]))
    assert result.checks[-1].message == f"email reaches {sentence}"


# Too short a past, and one that cannot be trusted


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("until_then", UNTIL_THEN)
@pytest.mark.parametrize("known", [0, 1, 2])
def test_while_learning_the_rules_say_the_verdict(until_then: Verdict, known: int, severity: Severity) -> None:
    """No severity softens it, the count stands, and a bound that has its days is judged all the same."""
    asked = change("median_of_last_8", min="-0.3", max="0.5", needs=3, until_then=until_then)
    own = guard(asked, change(min="-0.5", until_then=FAIL), low=1, severity=severity)
    result = judge(own, 10, past(own, [ago(days, 10, "learning") for days in range(1, known + 1)]))
    absolute, least, most, previous = result.checks
    assert (absolute.verdict, least.verdict, most.verdict) == (PASS, until_then, until_then)
    assert (least.limit, least.observed, result.count and result.count.value) == (None, 10, 10)
    assert (previous.verdict, previous.limit) == ((PASS, 5) if known else (FAIL, None))
    told = f"learning, {known} of 3 earlier days" if until_then is UNKNOWN else None
    assert (result.reason, result.detail) == (Reason.LEARNING if told else None, told)


@pytest.mark.parametrize("until_then", UNTIL_THEN)
@pytest.mark.parametrize("is_read", [True, False])
def test_a_past_that_cannot_be_trusted(until_then: Verdict, *, is_read: bool) -> None:
    own = guard(change(min="-0.3", until_then=until_then), low=5, severity=Severity.WARN)
    lost = Past(readings=None, window=past(own, []).window) if is_read else None
    result = judge(own, 9, lost)
    absolute, relative = result.checks
    assert (absolute.verdict, relative.verdict) == (PASS, UNKNOWN)
    assert relative.message == f"email reaches 9, but {LOST}"
    assert (relative.limit, relative.observed, result.count and result.count.value) == (None, 9, 9)
    assert (result.reason, result.detail) == (Reason.HISTORY, LOST)
    found = relative.baseline
    assert found is not None
    assert (found.state, found.value, found.days, found.until_then) == ("unavailable", None, 0, until_then)
    assert not result.is_learning
    assert judge(guard(own.changes[0], low=10), 9, lost).verdict is FAIL


@pytest.mark.parametrize("runs", [[], [ago(1, 9)]], ids=["learning", "ready"])
def test_without_a_count_nothing_passes(runs: list[Run]) -> None:
    own = guard(change(min="-0.3", until_then=PASS))
    result = judge(own, STUCK, past(own, runs))
    assert (result.verdict, result.reason, result.count) == (UNKNOWN, Reason.TIMEOUT, None)
    assert not result.is_learning


# Which day it is


def compared(at: datetime, *runs: Run, zone: str = "UTC") -> int | Fraction | None:
    """Return the least that is allowed if nothing may be lost: the count of the newest day that is a baseline."""
    own = guard(change(min="0"))
    return judge(own, 5, past(own, [*runs], at, PastRules(timezone=zone)), at).checks[0].limit


@pytest.mark.parametrize(("zone", "count"), [("UTC", None), ("America/Los_Angeles", None), ("Europe/Berlin", 9)])
def test_half_past_eleven_is_tomorrow_in_berlin(zone: str, count: int | None) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert compared(late, Run(late - timedelta(hours=2), 9), zone=zone) == count


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["short", "long"])
def test_a_day_of_a_clock_change(day: date, hours: int) -> None:
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    ends, second = begins + timedelta(hours=hours), timedelta(seconds=1)
    before, first = Run(begins - second, 7), Run(begins, 9)
    assert compared(ends - second, before, first, zone="Europe/Berlin") == 7
    assert compared(ends, before, first, Run(ends, 11), zone="Europe/Berlin") == 9


def test_a_stamp_that_goes_back_is_an_earlier_day() -> None:
    """Later runs of later days are no past, and the newest stamp of a day wins, not the last run."""
    runs = [ago(1, 11), Run(NOON - 2 * DAY, 9, number=5), Run(NOON - 2.1 * DAY, 8, number=6), ago(3, 7)]
    assert [compared(NOON - days * DAY, *runs) for days in (0, 1, 2, 3)] == [11, 9, 7, None]


@pytest.mark.parametrize("kind", ["failed", "lenient", "waived", "plain"])
def test_the_newer_run_of_a_day_stands_for_it(kind: str) -> None:
    """A good count in the morning does not make a day a baseline whose last count is none."""
    morning, evening = Run(NOON - 1.2 * DAY, 9), Run(NOON - DAY, 90, kind, 2)
    assert compared(NOON, ago(2, 7), morning, evening) == 7


def test_rules_without_change_trust_no_count_afterwards() -> None:
    assert compared(NOON, ago(3, 7, "plain")) == 7
    assert compared(NOON, ago(3, 7, "plain"), ago(2, 8), ago(1, 9, "plain")) == 8
    assert compared(NOON, ago(2, 7, "plain"), ago(2, 8), ago(1, 9, "imported")) == 9
    assert compared(NOON, ago(2, None), ago(1, 9, "plain")) == 9  # days go by the stamps of counts


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_an_imported_day_is_that_day_in_every_zone(zone: str) -> None:
    day = Run(datetime(2026, 10, 26, tzinfo=UTC), 9, "imported")
    begins = datetime(2026, 10, 26, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert compared(begins + DAY - timedelta(seconds=1), day, zone=zone) is None
    assert compared(begins + DAY, day, zone=zone) == 9


def test_without_a_count_the_baseline_is_told() -> None:
    """The past is known all the same, and a saved report says it."""
    own = guard(change(min="-0.3"))
    (check,) = judge(own, STUCK, past(own, [ago(1, 80)])).checks

    assert (check.verdict, check.observed, check.limit) == (UNKNOWN, None, 56)
    assert check.baseline
    assert check.baseline.value == 80
    assert check.baseline.days == 1
