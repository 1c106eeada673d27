"""The verdicts, and the sentences that say why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.evaluate import evaluate
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Segment, Severity, Total
from guard.core.plan import Plan
from guard.core.results import (
    Before,
    CampaignResult,
    Count,
    GuardResult,
    Reason,
    SegmentReadings,
    SegmentResult,
    TotalResult,
    Unavailable,
    Verdict,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STUCK = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
NAMES = {name.value.replace(".", "_"): name for name in BoundName}
UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
PASS, WARN, UNKNOWN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL
CONTRADICTION = "these numbers contradict each other"

Reading = Count | Unavailable


def count(value: int) -> Count:
    return Count(value=value, counted_at=NOON, age_seconds=3)


def bounds(**limits: Any) -> tuple[Bound, ...]:
    return tuple(
        Bound(name=NAMES[name], limit=limit, line=line) for line, (name, limit) in enumerate(limits.items(), start=2)
    )


def guard(channel: Channel = Channel.EMAIL, severity: Severity = Severity.FAIL, **limits: Any) -> Guard:
    return Guard(channel=channel, severity=severity, bounds=bounds(**limits), line=1)


def segment(*guards: Guard, key: str = "newsletter") -> Segment:
    return Segment(key=key, uuid=UUID, guards=guards, line=1)


def readings(**found: Reading | None) -> SegmentReadings:
    """Return a segment's readings by the channel's name; None is a channel that was not read."""
    channels = {Channel(name): each for name, each in found.items() if each is not None}
    return SegmentReadings(uuid=None, channels=channels)


def seen(count: int, *, channel: Channel = Channel.SMS, reading: Reading | None = None) -> SegmentReadings:
    """Return the readings of one channel, and what it had before."""
    before = {channel: Before(count=count, counted_at=NOON)}
    return replace(readings(**{channel: reading}), before=before)


def judge_segment(own: Segment, found: SegmentReadings | None = None) -> SegmentResult:
    (result,), _ = evaluate(Plan(segments=(own,), campaigns=()), {own.key: found} if found else {})
    return result


def judge(own: Guard, reading: Reading | None, users: Reading | None = None) -> GuardResult:
    found = readings(**{"users": users, own.channel: reading})
    return judge_segment(segment(own), found).guards[0]


def messages(own: Guard, reading: Reading, users: Reading | None = None) -> list[str]:
    return [check.message for check in judge(own, reading, users).checks]


def verdicts(own: Guard, *people: int) -> list[Verdict]:
    return [judge(own, count(each)).verdict for each in people]


def test_both_ends_are_within_bounds() -> None:
    own = guard(min=1000, max=5000)

    assert verdicts(own, 0, 999, 1000, 1001) == [FAIL, FAIL, PASS, PASS]
    assert verdicts(own, 4999, 5000, 5001) == [PASS, PASS, FAIL]


def test_between_minimum_and_warning_it_warns() -> None:
    assert verdicts(guard(min=1000, warn_min=1500), 999, 1000, 1499, 1500) == [FAIL, WARN, WARN, PASS]


def test_a_lenient_guard_warns() -> None:
    assert verdicts(guard(min=10, severity=Severity.WARN), 9) == [WARN]


@pytest.mark.parametrize("reading", [STUCK, None], ids=["unavailable", "missing"])
@pytest.mark.parametrize("severity", list(Severity))
def test_what_cannot_be_judged_never_passes(reading: Unavailable | None, severity: Severity) -> None:
    result = judge(guard(min=0, severity=severity), reading)

    assert result.verdict is UNKNOWN
    assert result.count is None
    assert [check.observed for check in result.checks] == [None]
    assert result.reason is (Reason.TIMEOUT if reading else Reason.INTERNAL)
    assert result.detail


def test_a_segment_without_readings_is_unknown() -> None:
    own = segment(guard(min=1), key="vip")
    result = judge_segment(own)

    assert (result.verdict, result.segment, result.uuid) == (UNKNOWN, own, own.uuid)
    assert (result.guards[0].reason, result.guards[0].detail) == (Reason.INTERNAL, "no count was taken")


def test_a_named_segment_shows_its_uuid() -> None:
    own = Segment(key="vip", name="VIP", guards=(guard(min=1),), line=1)

    assert judge_segment(own, SegmentReadings(uuid="the-uuid-found", channels={})).uuid == "the-uuid-found"


@pytest.mark.parametrize("reading", [count(2000), STUCK, None], ids=["counted", "unavailable", "missing"])
def test_before_is_shown_and_never_judged(reading: Reading | None) -> None:
    own = segment(guard(Channel.SMS, min=1000), guard(min=1000))
    found = seen(1500, reading=reading)

    sms, email = judge_segment(own, found).guards

    assert sms == replace(judge(own.guards[0], reading), before=found.before[Channel.SMS])
    assert email.before is None


@pytest.mark.parametrize("users", [STUCK, None], ids=["unavailable", "missing"])
def test_no_users_never_pass_a_share(users: Unavailable | None) -> None:
    result = judge(guard(share_min=Fraction(0)), count(9), users)

    assert (result.verdict, result.users) == (UNKNOWN, None)
    assert result.reason is (Reason.TIMEOUT if users else Reason.INTERNAL)


def test_users_are_shown_only_for_a_share() -> None:
    assert judge(guard(min=1), count(9), count(10)).users is None
    assert judge(guard(share_min=Fraction(0)), count(9), count(10)).users == 10


@pytest.mark.parametrize("reading", [count(3), STUCK], ids=["counted", "unavailable"])
def test_results_carry_what_the_rules_ask(reading: Reading) -> None:
    result = judge(guard(Channel.PUSH, Severity.WARN, min=5, share_max=Fraction(1, 2)), reading, count(10))

    assert (result.channel, result.severity, result.line) == (Channel.PUSH, Severity.WARN, 1)
    assert [(each.bound, each.limit, each.line) for each in result.checks] == [
        (BoundName.MIN, 5, 2),
        (BoundName.SHARE_MAX, Fraction(1, 2), 3),
    ]


@pytest.mark.parametrize(
    ("minimum", "verdicts", "verdict", "shown"),
    [
        pytest.param(10, [FAIL, UNKNOWN], FAIL, count(9), id="after-a-failure"),
        pytest.param(1, [PASS, UNKNOWN], UNKNOWN, None, id="after-a-pass"),
    ],
)
def test_an_unknown_share_outranks_a_pass(
    minimum: int, verdicts: list[Verdict], verdict: Verdict, shown: Count | None
) -> None:
    result = judge(guard(min=minimum, share_min=Fraction(1, 2)), count(9), STUCK)

    assert [check.verdict for check in result.checks] == verdicts
    assert (result.verdict, result.reason, result.count) == (verdict, Reason.TIMEOUT, shown)


def test_shares_are_compared_without_rounding() -> None:
    third = Fraction(1, 3)

    assert judge(guard(share_min=third), count(1), count(3)).verdict is PASS
    assert judge(guard(share_min=third), count(333_333_333), count(1_000_000_000)).verdict is FAIL


HIGH = {"share_max": "0.1225"}


@pytest.mark.parametrize(
    ("people", "limits", "shown", "told"),
    [
        (59_999, {"share_min": "0.6"}, "59.999%", "is 0.001 percentage points below the minimum share of 60%"),
        (12_249, {"share_min": "0.0025"} | HIGH, "12.249%", "meets the minimum share of 0.25%"),
        (12_249, HIGH | {"share_min": "0.0025"}, "12.249%", "is within the maximum share of 12.25%"),
        (99_949, {"share_min": "0.9995"}, "99.949%", "is 0.001 percentage points below the minimum share of 99.95%"),
        (12_255, {"share_min": "0.1226"}, "12.255%", "is 0.005 percentage points below the minimum share of 12.26%"),
    ],
    ids=["not-rounded-up", "above-its-minimum", "below-its-maximum", "below-99.95%", "on-its-side"],
)
def test_a_share_is_shown_exactly(people: int, limits: dict[str, str], shown: str, told: str) -> None:
    shares: dict[str, Any] = {name: Fraction(limit) for name, limit in limits.items()}

    reached = f"email reaches {shown} of the users ({people:,} of 100,000)"
    assert messages(guard(**shares), count(people), count(100_000))[0] == f"{reached}, which {told}"


def test_a_share_of_no_users_is_unknown() -> None:
    result = judge(guard(share_max=Fraction(1)), count(0), count(0))

    assert (result.verdict, result.reason, result.users) == (UNKNOWN, Reason.ZERO_USERS, 0)


@pytest.mark.parametrize(
    ("channel", "people", "detail"),
    [
        (Channel.EMAIL, 12, f"{CONTRADICTION}: email (12) is more than users (10)"),
        (Channel.IN_APP, 11, f"{CONTRADICTION}: in-app (11) is more than users (10)"),
        (Channel.IN_APP, 10, None),
    ],
    ids=["more", "one-more", "as-many"],
)
def test_more_people_than_users_is_a_contradiction(channel: Channel, people: int, detail: str | None) -> None:
    result = judge(guard(channel, share_min=Fraction(1, 2)), count(people), count(10))

    assert (result.verdict, result.reason, result.detail) == (PASS, None, detail)


def test_contradicted_users_say_so() -> None:
    own = segment(guard(Channel.USERS, min=10), guard(min=1), guard(Channel.SMS, min=1))

    users, email, _ = judge_segment(own, readings(users=count(0), email=count(21_700), sms=count(7), push=STUCK)).guards

    assert users.detail == f"{CONTRADICTION}: email (21,700) and sms (7) are more than users (0)"
    assert email.detail == f"{CONTRADICTION}: email (21,700) is more than users (0)"
    assert email.users is None


def test_people_without_users_are_a_bad_answer() -> None:
    result = judge(guard(share_max=Fraction(1)), count(21_700), count(0))

    assert (result.verdict, result.reason, result.users) == (UNKNOWN, Reason.BAD_ANSWER, 0)
    assert result.checks[0].message == (
        f"the share of email in users is unknown: {CONTRADICTION}: email (21,700) is more than users (0)"
    )


@pytest.mark.parametrize(
    ("reading", "cause", "is_contradictory"),
    [
        (Unavailable(reason=Reason.DEADLINE, detail="too late", cause=Reason.NETWORK), Reason.NETWORK, False),
        (count(12), None, True),
        (count(9), None, False),
    ],
    ids=["failed", "contradictory", "sound"],
)
def test_a_guard_keeps_the_cause(reading: Reading, cause: Reason | None, *, is_contradictory: bool) -> None:
    result = judge(guard(min=1, share_max=Fraction(2)), reading, count(10))

    assert (result.cause, result.is_contradictory) == (cause, is_contradictory)


@pytest.mark.parametrize(
    ("own", "reading", "sentence"),
    [
        pytest.param(guard(min=5), count(5), "email reaches 5, which meets the minimum of 5", id="enough"),
        pytest.param(
            guard(min=10_000),
            count(1_900),
            "email reaches 1,900, which is 8,100 below the minimum of 10,000",
            id="too-few",
        ),
        pytest.param(
            guard(Channel.IN_APP, max=5), count(6), "in-app reaches 6, which is 1 above the maximum of 5", id="too-many"
        ),
        pytest.param(
            guard(Channel.USERS, max=5),
            count(5),
            "the segment holds 5 users, which is within the maximum of 5",
            id="within",
        ),
        pytest.param(
            guard(Channel.SMS, warn_min=5),
            count(0),
            "sms reaches 0 (which can also mean that Blueshift has no sms adapter set up), "
            "which is 5 below the warning minimum of 5",
            id="nobody",
        ),
        pytest.param(
            guard(Channel.IN_APP, min=1),
            STUCK,
            "in-app is unknown: the refresh did not end within 10 min",
            id="unknown-people",
        ),
        pytest.param(
            guard(share_min=Fraction(1, 2)),
            STUCK,
            "the share of email in users is unknown: the refresh did not end within 10 min",
            id="unknown-share",
        ),
    ],
)
def test_the_sentence_says_what_was_observed(own: Guard, reading: Reading, sentence: str) -> None:
    assert messages(own, reading) == [sentence]


# Campaigns


def campaign(*keys: str, ceiling: int = 100, channel: Channel = Channel.SMS) -> Campaign:
    total = Total(channel=channel, bounds=bounds(max=ceiling), line=9)
    return Campaign(key="spring-sale", segments=keys, totals=(total,), line=8)


def judge_campaign(own: Campaign, *segments: Segment, **found: SegmentReadings) -> CampaignResult:
    _, (result,) = evaluate(Plan(segments=segments, campaigns=(own,)), found)
    assert result.campaign == own
    return result


def judge_total(channel: Channel = Channel.SMS, **reached: Reading | None) -> TotalResult:
    segments = [segment(guard(channel, min=1), key=key) for key in reached]
    found = {key: readings(**{channel: each}) for key, each in reached.items()}
    return judge_campaign(campaign(*reached, channel=channel), *segments, **found).totals[0]


A = segment(guard(Channel.SMS, min=1), key="a")


@pytest.mark.parametrize(("second", "verdict"), [(40, PASS), (41, FAIL)])
def test_a_total_is_the_sum_of_its_segments(second: int, verdict: Verdict) -> None:
    result = judge_total(a=count(60), b=count(second))

    assert (result.verdict, result.count) == (verdict, 60 + second)


def test_a_total_tells_which_part_contradicts() -> None:
    segments = [segment(guard(Channel.SMS, min=1), guard(Channel.USERS, min=1), key=key) for key in ("a", "b")]
    found = {"a": readings(sms=count(5), users=count(9)), "b": readings(sms=count(7), users=count(6))}

    (total,) = judge_campaign(campaign("a", "b"), *segments, **found).totals

    assert (total.count, total.reason) == (12, None)
    assert total.detail == f"b: {CONTRADICTION}: sms (7) is more than users (6)"


def test_unplanned_channels_do_not_matter() -> None:
    (total,) = judge_campaign(campaign("a"), A, a=readings(sms=count(5), users=count(0))).totals

    assert (total.count, total.detail) == (5, None)


def test_a_total_names_the_largest_segments() -> None:
    (check,) = judge_total(a=count(10), b=count(1000), c=count(30), d=count(20)).checks

    assert check.message == (
        "its segments together reach 1,060 by sms (b 1,000, c 30, d 20, 1 more; people in several of them are counted "
        "once for each, so it is 1,000 at least), which is 960 above the maximum of 100"
    )


@pytest.mark.parametrize(("second", "twice"), [(20, True), (0, False), (None, False)])
def test_two_segments_may_count_people_twice(second: int | None, *, twice: bool) -> None:
    result = judge_total(a=count(10)) if second is None else judge_total(a=count(10), b=count(second))

    assert ("counted once for each, so it is 20 at least" in result.checks[0].message) is twice
    assert ("counted once" in result.checks[0].message) is twice


@pytest.mark.parametrize(("channel", "reach"), [(Channel.USERS, "hold 6 users"), (Channel.IN_APP, "reach 6 by in-app")])
def test_a_total_names_three_segments(channel: Channel, reach: str) -> None:
    result = judge_total(channel, a=count(1), b=count(2), c=count(3))

    (check,) = result.checks
    assert (result.channel, result.line, check.limit, check.line) == (channel, 9, 100, 2)
    assert check.message == (
        f"its segments together {reach} (c 3, b 2, a 1; people in several of them are counted once for each, "
        "so it is 3 at least), which is within the maximum of 100"
    )


@pytest.mark.parametrize(
    ("reached", "reason", "detail"),
    [
        ({"a": count(1), "b": None}, Reason.INTERNAL, "b: no count was taken"),
        ({"a": count(500), "b": STUCK}, Reason.TIMEOUT, f"b: {STUCK.detail}"),
        ({"a": STUCK, "b": count(1)}, Reason.TIMEOUT, f"a: {STUCK.detail}"),
    ],
    ids=["not-read", "unproven", "first-unproven"],
)
def test_an_unknown_part_is_no_total(reached: dict[str, Reading | None], reason: Reason, detail: str) -> None:
    result = judge_total(Channel.SMS, **reached)

    assert (result.verdict, result.count, result.reason) == (UNKNOWN, None, reason)
    assert result.detail == detail
    assert result.checks[0].message == f"the total of sms is unknown: {detail}"


def test_a_total_lists_what_each_segment_adds() -> None:
    result = judge_total(a=count(60), b=STUCK, c=count(0), d=None)

    assert [(part.segment, part.count) for part in result.parts] == [("a", 60), ("b", None), ("c", 0), ("d", None)]


def test_a_part_has_its_own_before() -> None:
    """It is not part of the sum."""
    first, other = seen(9, reading=count(60)), seen(500, channel=Channel.EMAIL, reading=count(1))
    found = {"a": first, "b": seen(7, reading=STUCK), "c": other}
    segments = [segment(guard(Channel.SMS, min=1), key=key) for key in found]

    (total,) = judge_campaign(campaign("a", "b", "c", "d"), *segments, **found).totals

    assert [part.before and part.before.count for part in total.parts] == [9, 7, None, None]
    assert [part.count for part in total.parts] == [60, None, None, None]
    assert total.count is None


def test_a_missing_segment_never_passes() -> None:
    result = judge_campaign(campaign("a", "b"), A, a=readings(sms=count(7)))

    assert result.verdict is UNKNOWN
    assert (result.totals[0].verdict, result.totals[0].detail) == (UNKNOWN, "b: no count was taken")


@pytest.mark.parametrize(
    ("segments", "verdict"),
    [([segment(guard(Channel.SMS, min=50), key="a")], FAIL), ([], UNKNOWN)],
    ids=["broken", "unchecked"],
)
def test_the_worst_segment_decides(segments: list[Segment], verdict: Verdict) -> None:
    result = judge_campaign(campaign("a"), *segments, a=readings(sms=count(7)))

    assert (result.totals[0].verdict, result.verdict) == (PASS, verdict)


# A short oracle that does not use the evaluator


def oracle(own: Guard, reading: int | None, users: int | None) -> Verdict:
    found = set()
    for bound in own.bounds:
        kind, _, end = bound.name.value.rpartition(".")
        assert bound.limit is not None
        value: Fraction | None = None if reading is None else Fraction(reading)
        if kind == "share":
            value = None if value is None or not users else value / users
        if value is None:
            found.add(UNKNOWN)
        elif (end == "min" and value < bound.limit) or (end == "max" and value > bound.limit):
            found.add(WARN if kind == "warn" or own.severity is Severity.WARN else FAIL)
    return next((each for each in (FAIL, UNKNOWN, WARN) if each in found), PASS)


people = st.integers(0, 40)
of_people = st.sampled_from(sorted(name for name in NAMES if not name.startswith(("share", "change"))))
shares = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["share_min", "share_max"], st.fractions(0, 1, max_denominator=9))
)


@given(
    own=st.builds(
        lambda some, others, severity: guard(severity=severity, **(some | others)),
        st.dictionaries(of_people, people, min_size=1),
        st.dictionaries(of_people, people) | shares,
        st.sampled_from(Severity),
    ),
    reading=st.none() | people,
    users=st.none() | people,
)
def test_the_verdict_is_the_oracles(own: Guard, reading: int | None, users: int | None) -> None:
    result = judge(own, STUCK if reading is None else count(reading), STUCK if users is None else count(users))

    assert [check.bound for check in result.checks] == [bound.name for bound in own.bounds]
    assert result.verdict is oracle(own, reading, users)
    assert (result.count is None) == (result.verdict is UNKNOWN)
    for check in result.checks:
        assert check.message
        assert (check.observed is None) == (check.verdict is UNKNOWN)
