from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.evaluate import evaluate, judge_guard
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Segment, Severity, Total
from guard.core.plan import Plan
from guard.core.results import (
    Check,
    Count,
    GuardResult,
    Part,
    Reason,
    SegmentReadings,
    TotalResult,
    Unavailable,
    Verdict,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STUCK = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
BOUND_NAMES = {
    "min": BoundName.MIN,
    "max": BoundName.MAX,
    "warn_min": BoundName.WARN_MIN,
    "warn_max": BoundName.WARN_MAX,
}
SHARE_NAMES = {"share_min": BoundName.SHARE_MIN, "share_max": BoundName.SHARE_MAX}


def count(value: int) -> Count:
    return Count(value=value, counted_at=NOON, age_seconds=3)


def bounds(**limits: Any) -> tuple[Bound, ...]:
    names = BOUND_NAMES | SHARE_NAMES
    return tuple(
        Bound(name=names[name], limit=limit, line=line) for line, (name, limit) in enumerate(limits.items(), start=2)
    )


def guard(channel: Channel = Channel.EMAIL, severity: Severity = Severity.FAIL, **limits: Any) -> Guard:
    return Guard(channel=channel, severity=severity, bounds=bounds(**limits), line=1)


def segment(*guards: Guard, key: str = "newsletter") -> Segment:
    return Segment(key=key, uuid="2dd093e6-8c6f-4e14-8a2c-744477e1fdef", guards=guards, line=1)


def judge(own: Guard, reading: Count | Unavailable | None, users: Count | Unavailable | None = None) -> GuardResult:
    found = {own.channel: reading, Channel.USERS: users}
    channels = {channel: each for channel, each in found.items() if each is not None}
    if own.channel is Channel.USERS and reading is not None:
        channels[Channel.USERS] = reading
    readings = {"newsletter": SegmentReadings(uuid=None, channels=channels)}
    (result,), _ = evaluate(Plan(segments=(segment(own),), campaigns=()), readings)
    return result.guards[0]


@pytest.mark.parametrize(
    ("observed", "verdict"),
    [
        pytest.param(0, Verdict.FAIL, id="nobody"),
        pytest.param(999, Verdict.FAIL, id="one-below-minimum"),
        pytest.param(1000, Verdict.PASS, id="at-minimum"),
        pytest.param(1001, Verdict.PASS, id="one-above-minimum"),
        pytest.param(4999, Verdict.PASS, id="one-below-maximum"),
        pytest.param(5000, Verdict.PASS, id="at-maximum"),
        pytest.param(5001, Verdict.FAIL, id="one-above-maximum"),
    ],
)
def test_both_ends_are_within_bounds(observed: int, verdict: Verdict) -> None:
    assert judge(guard(min=1000, max=5000), count(observed)).verdict is verdict


@pytest.mark.parametrize(
    ("observed", "verdict"),
    [(999, Verdict.FAIL), (1000, Verdict.WARN), (1499, Verdict.WARN), (1500, Verdict.PASS)],
)
def test_between_minimum_and_warning_it_warns(observed: int, verdict: Verdict) -> None:
    assert judge(guard(min=1000, warn_min=1500), count(observed)).verdict is verdict


@pytest.mark.parametrize(
    "reading",
    [pytest.param(STUCK, id="unavailable"), pytest.param(None, id="missing")],
)
@pytest.mark.parametrize("severity", list(Severity))
def test_what_cannot_be_judged_never_passes(reading: Unavailable | None, severity: Severity) -> None:
    result = judge(guard(min=0, severity=severity), reading)

    assert result.verdict is Verdict.UNKNOWN
    assert result.count is None
    assert [check.observed for check in result.checks] == [None]
    assert result.reason is (Reason.TIMEOUT if reading else Reason.INTERNAL)
    assert result.detail


def test_a_segment_without_readings_is_unknown() -> None:
    own = segment(guard(min=1), key="vip")
    (result,), _ = evaluate(Plan(segments=(own,), campaigns=()), {})

    assert (result.verdict, result.segment, result.uuid) == (Verdict.UNKNOWN, own, own.uuid)
    assert (result.guards[0].reason, result.guards[0].detail) == (Reason.INTERNAL, "no count was taken")


def test_a_segment_given_by_name_shows_its_uuid() -> None:
    own = Segment(key="vip", name="VIP", guards=(guard(min=1),), line=1)
    readings = {"vip": SegmentReadings(uuid="the-uuid-found", channels={})}
    (result,), _ = evaluate(Plan(segments=(own,), campaigns=()), readings)

    assert result.uuid == "the-uuid-found"


@pytest.mark.parametrize("users", [pytest.param(STUCK, id="unavailable"), pytest.param(None, id="missing")])
def test_a_share_without_its_users_never_passes(users: Unavailable | None) -> None:
    result = judge(guard(share_min=Fraction(0)), count(9), users)

    assert (result.verdict, result.users) == (Verdict.UNKNOWN, None)
    assert result.reason is (Reason.TIMEOUT if users else Reason.INTERNAL)


def test_users_are_shown_only_for_a_share() -> None:
    assert judge(guard(min=1), count(9), count(10)).users is None
    assert judge(guard(share_min=Fraction(0)), count(9), count(10)).users == 10


def test_results_carry_what_the_rules_ask_and_where() -> None:
    own = guard(Channel.PUSH, Severity.WARN, min=5, share_max=Fraction(1, 2))
    for reading in (count(3), STUCK):
        result = judge(own, reading, count(10))

        assert (result.channel, result.severity, result.line) == (Channel.PUSH, Severity.WARN, 1)
        assert [(each.bound, each.limit, each.line) for each in result.checks] == [
            (BoundName.MIN, 5, 2),
            (BoundName.SHARE_MAX, Fraction(1, 2), 3),
        ]


def test_a_lenient_guard_warns_where_another_fails() -> None:
    assert judge(guard(min=10, severity=Severity.WARN), count(9)).verdict is Verdict.WARN


def test_an_established_failure_outranks_a_share_that_is_unknown() -> None:
    result = judge(guard(min=10, share_min=Fraction(1, 2)), count(9), STUCK)

    assert [check.verdict for check in result.checks] == [Verdict.FAIL, Verdict.UNKNOWN]
    assert result.verdict is Verdict.FAIL
    assert result.reason is Reason.TIMEOUT
    assert result.count == count(9)


def test_an_unknown_share_makes_a_good_guard_unknown() -> None:
    result = judge(guard(min=1, share_min=Fraction(1, 2)), count(9), STUCK)

    assert result.verdict is Verdict.UNKNOWN
    assert result.count is None


def test_shares_are_compared_without_rounding() -> None:
    third = Fraction(1, 3)

    assert judge(guard(share_min=third), count(1), count(3)).verdict is Verdict.PASS
    assert judge(guard(share_min=third), count(333_333_333), count(1_000_000_000)).verdict is Verdict.FAIL


def test_a_share_just_below_its_minimum_is_not_rounded_up() -> None:
    (check,) = judge(guard(share_min=Fraction(6, 10)), count(59_999), count(100_000)).checks

    assert check.message == (
        "email reaches 59.999% of the users (59,999 of 100,000), "
        "which is 0.001 percentage points below the minimum share of 60%"
    )


def test_a_share_is_shown_between_its_bounds() -> None:
    own = guard(share_min=Fraction("0.0025"), share_max=Fraction("0.1225"))
    low, high = judge(own, count(12_249), count(100_000)).checks
    assert low.message.endswith("which meets the minimum share of 0.25%")
    assert high.message == (
        "email reaches 12.249% of the users (12,249 of 100,000), which is within the maximum share of 12.25%"
    )

    (check,) = judge(guard(share_min=Fraction("0.9995")), count(99_949), count(100_000)).checks
    assert check.message == (
        "email reaches 99.949% of the users (99,949 of 100,000), "
        "which is 0.001 percentage points below the minimum share of 99.95%"
    )


def test_a_share_is_shown_on_its_side_of_its_bound() -> None:
    (check,) = judge(guard(share_min=Fraction("0.1226")), count(12_255), count(100_000)).checks
    assert "reaches 12.255% of the users" in check.message
    assert "0.005 percentage points below the minimum share of 12.26%" in check.message


def test_a_share_of_no_users_is_unknown() -> None:
    result = judge(guard(share_max=Fraction(1)), count(0), count(0))

    assert (result.verdict, result.reason, result.users) == (Verdict.UNKNOWN, Reason.ZERO_USERS, 0)


def test_a_channel_larger_than_its_users_is_called_a_contradiction() -> None:
    result = judge(guard(share_min=Fraction(1, 2)), count(12), count(10))

    assert (result.verdict, result.reason) == (Verdict.PASS, None)
    assert result.detail == "these numbers contradict each other: email (12) is more than users (10)"
    as_many = judge(guard(Channel.IN_APP, share_min=Fraction(1, 2)), count(10), count(10))
    more = judge(guard(Channel.IN_APP, share_min=Fraction(1, 2)), count(11), count(10))
    assert as_many.detail is None
    assert more.detail == "these numbers contradict each other: in-app (11) is more than users (10)"


def test_users_that_other_channels_contradict_say_so() -> None:
    own = segment(guard(Channel.USERS, min=10), guard(min=1), guard(Channel.SMS, min=1))
    channels: dict[Channel, Count | Unavailable] = {
        Channel.USERS: count(0),
        Channel.EMAIL: count(21_700),
        Channel.SMS: count(7),
        Channel.PUSH: STUCK,
    }
    (result,), _ = evaluate(
        Plan(segments=(own,), campaigns=()), {"newsletter": SegmentReadings(uuid=None, channels=channels)}
    )

    assert result.guards[0].detail == (
        "these numbers contradict each other: email (21,700) and sms (7) are more than users (0)"
    )
    assert result.guards[1].detail == "these numbers contradict each other: email (21,700) is more than users (0)"
    assert result.guards[1].users is None


def test_people_without_users_are_a_bad_answer() -> None:
    result = judge(guard(share_max=Fraction(1)), count(21_700), count(0))

    assert (result.verdict, result.reason, result.users) == (Verdict.UNKNOWN, Reason.BAD_ANSWER, 0)
    assert result.checks[0].message == (
        "the share of email in users is unknown: "
        "these numbers contradict each other: email (21,700) is more than users (0)"
    )


@pytest.mark.parametrize(
    ("own", "observed", "sentence"),
    [
        pytest.param(guard(min=5), 5, "email reaches 5, which meets the minimum of 5", id="enough"),
        pytest.param(
            guard(min=10_000), 1_900, "email reaches 1,900, which is 8,100 below the minimum of 10,000", id="too-few"
        ),
        pytest.param(
            guard(Channel.IN_APP, max=5), 6, "in-app reaches 6, which is 1 above the maximum of 5", id="too-many"
        ),
        pytest.param(
            guard(Channel.USERS, max=5), 5, "the segment holds 5 users, which is within the maximum of 5", id="within"
        ),
        pytest.param(
            guard(Channel.SMS, warn_min=5),
            0,
            "sms reaches 0 (which can also mean that Blueshift has no sms adapter set up), "
            "which is 5 below the warning minimum of 5",
            id="nobody",
        ),
    ],
)
def test_the_sentence_says_what_was_observed_and_how_far_off_it_is(own: Guard, observed: int, sentence: str) -> None:
    assert judge(own, count(observed)).checks[0].message == sentence


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (guard(Channel.IN_APP, min=1), "in-app is unknown: the refresh did not end within 10 min"),
        (
            guard(share_min=Fraction(1, 2)),
            "the share of email in users is unknown: the refresh did not end within 10 min",
        ),
    ],
    ids=["people", "share"],
)
def test_the_sentence_says_what_is_unknown_and_why(own: Guard, sentence: str) -> None:
    assert judge(own, STUCK).checks[0].message == sentence


# Campaigns


def campaign(*keys: str, ceiling: int = 100, channel: Channel = Channel.SMS) -> Campaign:
    total = Total(channel=channel, bounds=bounds(max=ceiling), line=9)
    return Campaign(key="spring-sale", segments=keys, totals=(total,), line=8)


def judge_total(
    ceiling: int = 100, channel: Channel = Channel.SMS, **reached: Count | Unavailable | None
) -> TotalResult:
    plan = Plan(
        segments=tuple(segment(guard(channel, min=1), key=key) for key in reached),
        campaigns=(campaign(*reached, ceiling=ceiling, channel=channel),),
    )
    readings = {
        key: SegmentReadings(uuid=None, channels={} if each is None else {channel: each})
        for key, each in reached.items()
    }
    _, (result,) = evaluate(plan, readings)
    return result.totals[0]


@pytest.mark.parametrize(("second", "verdict"), [(40, Verdict.PASS), (41, Verdict.FAIL)])
def test_a_total_is_the_sum_of_its_segments(second: int, verdict: Verdict) -> None:
    result = judge_total(a=count(60), b=count(second))

    assert (result.verdict, result.count) == (verdict, 60 + second)


def test_a_total_tells_which_of_its_parts_contradicts_its_users() -> None:
    keys = ("a", "b")
    plan = Plan(
        segments=tuple(segment(guard(Channel.SMS, min=1), guard(Channel.USERS, min=1), key=key) for key in keys),
        campaigns=(campaign(*keys, ceiling=100),),
    )
    found: dict[str, dict[Channel, Count | Unavailable]] = {
        "a": {Channel.SMS: count(5), Channel.USERS: count(9)},
        "b": {Channel.SMS: count(7), Channel.USERS: count(6)},
    }
    _, (result,) = evaluate(plan, {key: SegmentReadings(uuid=None, channels=own) for key, own in found.items()})

    assert (result.totals[0].count, result.totals[0].reason) == (12, None)
    assert result.totals[0].detail == "b: these numbers contradict each other: sms (7) is more than users (6)"


def test_a_guard_keeps_what_failed_and_whether_its_numbers_contradict() -> None:
    late = Unavailable(reason=Reason.DEADLINE, detail="too late", cause=Reason.NETWORK)
    own = guard(Channel.EMAIL, min=1)

    failed = judge_guard(own, {Channel.EMAIL: late})
    wrong = judge_guard(own, {Channel.EMAIL: count(12), Channel.USERS: count(10)})
    sound = judge_guard(own, {Channel.EMAIL: count(9), Channel.USERS: count(10)})

    assert (failed.cause, failed.is_contradictory) == (Reason.NETWORK, False)
    assert (wrong.cause, wrong.is_contradictory) == (None, True)
    assert (sound.cause, sound.is_contradictory) == (None, False)


def test_an_unplanned_channel_contradicts_no_total() -> None:
    plan = Plan(segments=(segment(guard(Channel.SMS, min=1), key="a"),), campaigns=(campaign("a"),))
    readings = {"a": SegmentReadings(uuid=None, channels={Channel.SMS: count(5), Channel.USERS: count(0)})}

    _, (result,) = evaluate(plan, readings)

    assert (result.totals[0].count, result.totals[0].detail) == (5, None)


def test_an_unknown_total_has_no_contradiction() -> None:
    assert judge_total(a=STUCK, b=count(1)).detail == f"a: {STUCK.detail}"


def test_a_total_names_the_segments_that_reach_the_most() -> None:
    (check,) = judge_total(a=count(10), b=count(1000), c=count(30), d=count(20)).checks

    assert check.message == (
        "its segments together reach 1,060 by sms (b 1,000, c 30, d 20, 1 more; people in several of them are counted "
        "once for each, so it is 1,000 at least), which is 960 above the maximum of 100"
    )


def test_a_total_of_two_segments_may_count_people_twice() -> None:
    (check,) = judge_total(a=count(10), b=count(20)).checks

    assert "counted once for each, so it is 20 at least" in check.message


def test_a_total_of_one_segment_counts_nobody_twice() -> None:
    for result in (judge_total(a=count(10)), judge_total(a=count(10), b=count(0))):
        assert "counted once" not in result.checks[0].message


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        (Channel.USERS, "its segments together hold 6 users (c 3, b 2, a 1;"),
        (Channel.IN_APP, "its segments together reach 6 by in-app (c 3, b 2, a 1;"),
    ],
)
def test_a_total_of_three_segments_names_them_all(channel: Channel, sentence: str) -> None:
    result = judge_total(channel=channel, a=count(1), b=count(2), c=count(3))

    assert (result.channel, result.line) == (channel, 9)
    (check,) = result.checks
    assert (check.limit, check.line) == (100, 2)
    assert check.message.startswith(sentence)
    assert check.message.endswith("so it is 3 at least), which is within the maximum of 100")


def test_a_total_over_a_channel_that_was_not_read_is_unknown() -> None:
    result = judge_total(a=count(1), b=None)

    assert (result.verdict, result.reason, result.detail) == (
        Verdict.UNKNOWN,
        Reason.INTERNAL,
        "b: no count was taken",
    )
    assert result.checks[0].message == "the total of sms is unknown: b: no count was taken"


def test_a_campaign_with_a_segment_without_readings_never_passes() -> None:
    own = campaign("a", "b")
    plan = Plan(segments=(segment(guard(Channel.SMS, min=1), key="a"),), campaigns=(own,))
    readings = {"a": SegmentReadings(uuid=None, channels={Channel.SMS: count(7)})}

    _, (result,) = evaluate(plan, readings)

    assert (result.campaign, result.verdict) == (own, Verdict.UNKNOWN)
    assert (result.totals[0].verdict, result.totals[0].detail) == (Verdict.UNKNOWN, "b: no count was taken")


def test_a_total_with_one_unproven_segment_is_unknown() -> None:
    result = judge_total(a=count(500), b=STUCK)

    assert (result.verdict, result.count, result.reason) == (Verdict.UNKNOWN, None, Reason.TIMEOUT)
    assert result.detail == "b: the refresh did not end within 10 min"


def test_a_total_lists_what_each_segment_adds() -> None:
    result = judge_total(a=count(60), b=STUCK, c=count(0), d=None)

    assert result.parts == (
        Part(segment="a", count=60),
        Part(segment="b", count=None),
        Part(segment="c", count=0),
        Part(segment="d", count=None),
    )


def test_a_campaign_is_as_bad_as_its_worst_segment() -> None:
    plan = Plan(segments=(segment(guard(Channel.SMS, min=50), key="a"),), campaigns=(campaign("a"),))
    readings = {"a": SegmentReadings(uuid=None, channels={Channel.SMS: count(7)})}

    _, (result,) = evaluate(plan, readings)

    assert (result.totals[0].verdict, result.verdict) == (Verdict.PASS, Verdict.FAIL)


def test_an_unchecked_segment_makes_a_campaign_unknown() -> None:
    plan = Plan(segments=(), campaigns=(campaign("a"),))
    readings = {"a": SegmentReadings(uuid=None, channels={Channel.SMS: count(7)})}

    _, (result,) = evaluate(plan, readings)

    assert (result.totals[0].verdict, result.verdict) == (Verdict.PASS, Verdict.UNKNOWN)


# A short oracle that does not use the evaluator


def oracle(own: Guard, reading: int | None, users: int | None) -> Verdict:
    found = set()
    for bound in own.bounds:
        kind, _, end = bound.name.value.rpartition(".")
        value: Fraction | None = None if reading is None else Fraction(reading)
        if kind == "share":
            value = None if value is None or not users else value / users
        if value is None:
            found.add(Verdict.UNKNOWN)
        elif (end == "min" and value < bound.limit) or (end == "max" and value > bound.limit):
            found.add(Verdict.WARN if kind == "warn" or own.severity is Severity.WARN else Verdict.FAIL)
    return next((each for each in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN) if each in found), Verdict.PASS)


people = st.integers(0, 40)
limits = st.dictionaries(st.sampled_from(sorted(BOUND_NAMES)), people) | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(SHARE_NAMES, st.fractions(0, 1, max_denominator=9))
)


@given(
    own=st.builds(
        lambda some, others, severity: guard(severity=severity, **(some | others)),
        st.dictionaries(st.sampled_from(sorted(BOUND_NAMES)), people, min_size=1),
        limits,
        st.sampled_from(Severity),
    ),
    reading=st.none() | people,
    users=st.none() | people,
)
def test_every_bound_gets_a_check_and_the_verdict_is_the_oracles(
    own: Guard, reading: int | None, users: int | None
) -> None:
    result = judge(own, STUCK if reading is None else count(reading), STUCK if users is None else count(users))

    assert [check.bound for check in result.checks] == [bound.name for bound in own.bounds]
    assert result.verdict is oracle(own, reading, users)
    assert (result.count is None) == (result.verdict is Verdict.UNKNOWN)
    assert all(_is_whole(check) for check in result.checks)


def _is_whole(check: Check) -> bool:
    return bool(check.message) and (check.observed is None) == (check.verdict is Verdict.UNKNOWN)
