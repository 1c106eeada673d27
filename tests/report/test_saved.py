"""A saved report comes back as it was, or not at all."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import UsageError
from guard.evaluate import evaluate
from guard.exit_code import ExitCode
from guard.model import Bound, BoundName, Campaign, Channel, Guard, Segment, Selection, Severity, Total
from guard.outcome import Count, FailOn, Reason, Report, SegmentReadings, Unavailable
from guard.plan import Plan
from guard.report import Format, Screen, render
from guard.report.saved import read_report

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
STUCK = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")


# Reports as a run makes them

_TEXTS = st.text(max_size=20) | st.sampled_from(["##[error]x", "\ud800", "<b>", "x" * 2_000])
_COUNTS = st.integers(0, 20) | st.integers(0, 10**12)
_SHARES = st.sampled_from([100, 10**17]).flatmap(
    lambda parts: st.integers(0, parts).map(lambda some: Fraction(some, parts))
)
_LINES = st.integers(1, 9_999)
_MOMENTS = st.datetimes(timezones=st.just(UTC))
_UNAVAILABLE = st.builds(Unavailable, reason=st.sampled_from(Reason), detail=_TEXTS)
_COUNTED = st.builds(Count, value=_COUNTS, counted_at=_MOMENTS, age_seconds=st.none() | st.integers(-60, 10**6))
_PEOPLE_BOUNDS, _SHARE_BOUNDS = ([name for name in BoundName if name.is_share is kind] for kind in (False, True))
_OPTIONAL = st.none() | _TEXTS


@st.composite
def _guards(draw: st.DrawFn, channel: Channel) -> Guard:
    names = _PEOPLE_BOUNDS + ([] if channel is Channel.USERS else _SHARE_BOUNDS)
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    bounds = tuple(
        Bound(name=name, limit=draw(_SHARES) if name.is_share else draw(_COUNTS), line=draw(_LINES)) for name in chosen
    )
    return Guard(channel=channel, severity=draw(st.sampled_from(Severity)), bounds=bounds, line=draw(_LINES))


@st.composite
def _segments(draw: st.DrawFn, key: str) -> Segment:
    channels = draw(st.lists(st.sampled_from(Channel), min_size=1, max_size=3, unique=True))
    name = draw(_OPTIONAL)
    return Segment(
        key=key,
        uuid=UUID if name is None else None,
        name=name,
        description=draw(_OPTIONAL),
        owner=draw(_OPTIONAL),
        tags=tuple(draw(st.lists(_TEXTS, max_size=2))),
        bypass_global=draw(st.booleans()),
        guards=tuple(draw(_guards(channel)) for channel in channels),
        line=draw(_LINES),
    )


@st.composite
def _readings(draw: st.DrawFn) -> SegmentReadings:
    found = draw(st.booleans())
    readings = st.one_of(_COUNTED, _COUNTED, _UNAVAILABLE) if found else _UNAVAILABLE
    return SegmentReadings(
        uuid=UUID if found else None, channels=draw(st.fixed_dictionaries(dict.fromkeys(Channel, readings)))
    )


@st.composite
def reports_of_runs(draw: st.DrawFn) -> Report:
    keys = draw(st.lists(_TEXTS, max_size=3, unique=True))
    campaigns = tuple(
        Campaign(
            key=draw(_TEXTS),
            segments=tuple(draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))),
            totals=tuple(
                Total(channel=each, bounds=(Bound(name=BoundName.MAX, limit=draw(_COUNTS), line=3),), line=3)
                for each in draw(st.lists(st.sampled_from(Channel), max_size=2, unique=True))
            ),
            line=2,
        )
        for _ in range(draw(st.integers(0, 2 if keys else 0)))
    )
    asked = Plan(segments=tuple(draw(_segments(key)) for key in keys), campaigns=campaigns)
    tags = sorted({tag for each in asked.segments for tag in each.tags})
    segments, judged = evaluate(asked, {key: draw(_readings()) for key in keys})
    return Report(
        version=draw(_TEXTS),
        fail_on=draw(st.sampled_from(FailOn)),
        started_at=draw(_MOMENTS),
        finished_at=draw(_MOMENTS),
        host=draw(_TEXTS),
        rules_path=draw(_TEXTS),
        rules_sha256="0123456789abcdef" * 4,
        selection=Selection(tags=tuple(draw(st.lists(st.sampled_from(tags), max_size=2))) if tags else ()),
        segments=segments,
        campaigns=judged,
    )


def saved(report: Report) -> bytes:
    return render(report, Format.JSON).encode()


def read(data: Any) -> Report:
    return read_report(data if isinstance(data, bytes) else json.dumps(data).encode(), "report.json")


@settings(deadline=None, max_examples=60)
@given(report=reports_of_runs())
def test_every_format_renders_a_saved_report_as_the_run_did(report: Report) -> None:
    again = read(saved(report))
    for each in Format:
        assert render(again, each) == render(report, each)
    assert render(again, Format.TEXT, Screen(width=60)) == render(report, Format.TEXT, Screen(width=60))
    assert again.exit_code is report.exit_code


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_comes_back_as_it_was_or_not_at_all(report: Report) -> None:
    data = saved(report)
    try:
        again = read(data)
    except UsageError:
        return
    assert saved(again) == data


@pytest.mark.parametrize("count", [2, 3])
def test_a_share_that_rounding_makes_equal_to_its_limit_keeps_its_verdict(count: int) -> None:
    # As floats two thirds and this limit are the same, and yet two thirds are less.
    least = Bound(name=BoundName.SHARE_MIN, limit=Fraction("0.66666666666666667"), line=3)
    report = run({Channel.EMAIL: count, Channel.USERS: 3}, bound=least)
    assert read(saved(report)).verdict == report.verdict == ("fail" if count == 2 else "pass")


# Files that are no report


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(b"", "no JSON", id="empty"),
        pytest.param(b"\xff\xfe", "no UTF-8", id="another-encoding"),
        pytest.param(b"<html>", "no JSON (line 1, column 1", id="html"),
        pytest.param(b"[]", "no JSON object", id="a-list"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="too-deep"),
        pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", "digits", id="too-many-digits"),
        pytest.param(b'{"a": NaN}', "NaN is no number", id="not-a-number"),
        pytest.param(b'{"verdict": "fail", "verdict": "pass"}', 'the key "verdict" stands 2 times', id="two-keys"),
        pytest.param(b"{}", "schema_version is null", id="no-version"),
        pytest.param(b'{"schema_version": 2}', "schema_version is 2", id="another-version"),
        pytest.param(b'{"schema_version": true}', "schema_version is true", id="no-number"),
        pytest.param(b'{"schema_version": 1}', "tool: the key is missing", id="no-more-than-a-version"),
    ],
)
def test_what_is_no_report_is_refused_with_the_reason(data: bytes, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(data)
    assert caught.value.message.startswith("report.json is no report that can be relied on: ")
    assert what in caught.value.message
    assert "--output json=PATH" in (caught.value.hint or "")
    assert caught.value.exit_code is ExitCode.USAGE


# Files that were changed


def run(counts: dict[Channel, int | Unavailable], *, bound: Bound | None = None) -> Report:
    """Return the report of a run on a segment with guards on email and users, and a campaign with a total."""
    bounds = (
        Bound(name=BoundName.MIN, limit=10, line=5),
        Bound(name=BoundName.WARN_MAX, limit=40, line=6),
        bound or Bound(name=BoundName.SHARE_MIN, limit=Fraction(3, 5), line=7),
    )
    email = Guard(channel=Channel.EMAIL, bounds=bounds[2:] if bound else bounds, line=4)
    users = Guard(channel=Channel.USERS, bounds=(Bound(name=BoundName.MAX, limit=100, line=9),), line=8)
    segment = Segment(key="weekly", uuid=UUID, owner="crm@example.com", guards=(email, users), line=2)
    ceiling = Total(channel=Channel.EMAIL, bounds=(Bound(name=BoundName.MAX, limit=100, line=14),), line=13)
    campaign = Campaign(key="sale", segments=("weekly",), totals=(ceiling,), line=11)
    channels = {
        channel: count if isinstance(count, Unavailable) else Count(value=count, counted_at=NOON, age_seconds=3)
        for channel, count in counts.items()
    }
    segments, campaigns = evaluate(
        Plan(segments=(segment,), campaigns=(campaign,)), {"weekly": SegmentReadings(uuid=UUID, channels=channels)}
    )
    return Report(
        version="0.1.0",
        fail_on=FailOn.FAIL,
        started_at=NOON,
        finished_at=NOON,
        host="api.getblueshift.com",
        rules_path="rules.yaml",
        rules_sha256="0123456789abcdef" * 4,
        selection=Selection(),
        segments=segments,
        campaigns=campaigns,
    )


RUNS = {
    "passed": run({Channel.EMAIL: 30, Channel.USERS: 40}),
    "failed": run({Channel.EMAIL: 7, Channel.USERS: 40}),
    "unknown": run({Channel.EMAIL: STUCK, Channel.USERS: 40}),
    "no-users": run({Channel.EMAIL: 30, Channel.USERS: STUCK}),
}
GUARD = ("segments", 0, "guards", 0)
TOTAL = ("campaigns", 0, "totals", 0)
OTHERS: list[Any] = [None, True, False, 0, 1, 3, 0.75, 12.5, "pass", "fail", "0.1.0", [], {}]
DERIVED = {"verdict", "exit_code", "complete", "observed", "count", "proof", "counted_at", "reason"}


def places(value: Any, *before: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in items:
        yield (*before, step)
        yield from places(each, *before, step)


def changed(report: Report, *changes: tuple[tuple[str | int, ...], Any]) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(saved(report))
    for way, value in changes:
        here: Any = whole
        for step in way[:-1]:
            here = here[step]
        here[way[-1]] = value
    return whole


@pytest.mark.parametrize("name", RUNS)
def test_no_single_change_of_what_was_found_out_is_believed(name: str) -> None:
    original = json.loads(saved(RUNS[name]))
    for way in places(original):
        for value in OTHERS:
            tampered = changed(RUNS[name], (way, value))
            same = json.dumps(tampered) == json.dumps(original)
            try:
                again = read(tampered)
            except UsageError:
                assert not same, way
                continue
            assert same or way[-1] not in DERIVED, way
            assert json.loads(saved(again)) == tampered


@pytest.mark.parametrize("name", RUNS)
def test_no_key_can_be_missing_and_none_can_be_added(name: str) -> None:
    original = json.loads(saved(RUNS[name]))
    for way in [way for way in places(original) if isinstance(way[-1], str)]:
        tampered = copy.deepcopy(original)
        here: Any = tampered
        for step in way[:-1]:
            here = here[step]
        here[f"{way[-1]}s"] = here[way[-1]]
        with pytest.raises(UsageError, match="no report of this version has such a key"):
            read(tampered)
        del here[f"{way[-1]}s"], here[way[-1]]
        with pytest.raises(UsageError, match=r"the key is missing|schema_version is null"):
            read(tampered)


GREEN = [(("verdict",), "pass"), (("exit_code",), 0), (("complete",), True)]


@pytest.mark.parametrize(
    ("name", "changes", "what"),
    [
        pytest.param("failed", [(("exit_code",), 0)], "exit_code is 0, but 1 follows", id="the-exit-code"),
        pytest.param("failed", GREEN, 'verdict is "pass", but "fail" follows', id="the-top-alone"),
        pytest.param(
            "failed",
            [*GREEN, (("segments", 0, "verdict"), "pass"), ((*GUARD, "verdict"), "pass")],
            'segments[0].guards[0].verdict is "pass", but "fail" follows',
            id="every-verdict-but-those-of-the-checks",
        ),
        pytest.param(
            "failed",
            [((*GUARD, "count"), 30), ((*TOTAL, "count"), 30)],
            "segments[0].guards[0].checks[0].observed is 7, but 30 follows",
            id="the-count-alone",
        ),
        pytest.param("unknown", [((*GUARD, "verdict"), "pass")], "null exactly when", id="a-pass-without-a-count"),
        pytest.param("unknown", [((*GUARD, "reason"), None)], "a reason is given exactly", id="no-reason"),
        pytest.param("passed", [((*GUARD, "checks"), [])], "checks: it is empty", id="no-checks"),
        pytest.param("passed", [(("segments", 0, "guards"), [])], "guards: it is empty", id="no-guards"),
        pytest.param("passed", [(("segments", 0, "uuid"), None)], "without a uuid", id="a-count-of-nothing"),
        pytest.param("passed", [((*GUARD, "counted_at"), None)], "are null together", id="a-count-of-no-time"),
        pytest.param("passed", [((*GUARD, "users"), 35)], "different numbers of users", id="other-users"),
        pytest.param("no-users", [((*GUARD, "checks", 0, "observed"), 20)], "different numbers", id="other-people"),
        pytest.param("passed", [((*TOTAL, "count"), 29)], "does not come to the sum", id="another-sum"),
        pytest.param("passed", [(("campaigns", 0, "verdict"), "warn")], "campaigns[0].verdict", id="a-campaign"),
        pytest.param("passed", [((*GUARD, "path"), "other.yaml")], "guards[0].path", id="two-rules-files"),
        pytest.param("passed", [((*GUARD, "checks", 0, "limit"), 1e300)], "no number of people", id="a-huge-limit"),
        pytest.param("passed", [((*GUARD, "count"), 10**30)], "an audience can have", id="a-huge-count"),
        pytest.param("passed", [(("started_at",), "2026-11-23")], "no moment such as", id="a-date"),
        pytest.param("passed", [(("started_at",), "2026-13-23T00:00:00.000Z")], "month", id="no-such-month"),
        pytest.param("passed", [(("host",), ["x"])], "host: a list is not a text", id="a-list-for-a-text"),
        pytest.param("passed", [(("rules", "sha256"), "x")], "not a SHA-256", id="no-sha256"),
        pytest.param("passed", [((*GUARD, "line"), 0)], "line: 0 is not large enough", id="line-0"),
    ],
)
def test_a_contradiction_is_refused_with_where_and_what(name: str, changes: list[Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(changed(RUNS[name], *changes))
    assert what in caught.value.message


def test_two_segments_of_one_key_are_refused() -> None:
    whole = json.loads(saved(RUNS["passed"]))
    whole["segments"] *= 2
    with pytest.raises(UsageError, match="two segments have the same key"):
        read(whole)


def test_the_order_of_keys_and_the_white_space_do_not_matter() -> None:
    whole = json.loads(saved(RUNS["failed"]))
    turned = json.dumps(dict(reversed(whole.items())), indent=None)
    assert saved(read(turned.encode())) == saved(RUNS["failed"])


@pytest.mark.parametrize(
    ("way", "value", "what"),
    [
        (("selection", "segments"), ["vip"], "what was selected is not all there"),
        (("selection", "campaigns"), ["spring-sale"], "what was selected is not all there"),
        (("selection", "tags"), ["daily"], "no segment has a tag that was selected"),
        (
            ("campaigns",),
            [{"key": "c", "segments": [], "verdict": "unknown", "totals": []}],
            "a campaign has no segments, or one that is not there",
        ),
    ],
)
def test_what_was_asked_for_cannot_be_taken_out(
    reports: dict[str, Report], way: tuple[str | int, ...], value: Any, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        read(changed(reports["pass"], (way, value)))
