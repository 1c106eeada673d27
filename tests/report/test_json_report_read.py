"""A saved report comes back as it was, or not at all."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard import __version__
from guard.core.baseline import Window
from guard.core.change import Change, Step
from guard.core.errors import ExitCode, UsageError
from guard.core.evaluate import evaluate
from guard.core.history import History, Reading
from guard.core.measure import Measure
from guard.core.model import Bound, BoundName, Campaign, Channel, Guard, Rules, Segment, Selection, Severity, Total
from guard.core.plan import Plan, plan
from guard.core.relative import Past
from guard.core.results import Before, Count, FailOn, Reason, Report, SegmentReadings, Unavailable, Verdict
from guard.report import Format, render
from guard.report.json_report.read import read_report
from guard.report.screen import Screen
from tests.report.builders import HISTORIES, earlier

if TYPE_CHECKING:
    from collections.abc import Iterator

SAVED = sorted((Path(__file__).parent / "saved").glob("*.json"))  # as earlier versions wrote them: never change one
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
SOURCES = ["previous", "same_weekday", "median_of_last_3", "median_of_last_52"]
CHANGES = [name for name in BoundName if name.is_relative]
STUCK = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")


# Reports as a run makes them

_TEXTS = st.text(max_size=20) | st.sampled_from(["##[error]x", "\ud800", "<b>", "x" * 2_000])
_COUNTS = st.integers(0, 20) | st.integers(0, 10**12)
_SHARES = st.sampled_from([100, 10**17]).flatmap(
    lambda parts: st.integers(0, parts).map(lambda some: Fraction(some, parts))
)
_LINES = st.integers(1, 9_999)
_REASONS = st.sampled_from(sorted(set(Reason) - {Reason.ZERO_USERS}))  # that one the evaluator gives, no reading
_UNAVAILABLE = st.builds(Unavailable, reason=_REASONS, detail=_TEXTS)
_BEGAN = st.datetimes(datetime(2000, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see the zone
_PEOPLE_BOUNDS, _SHARE_BOUNDS = (
    [name for name in BoundName if name.measure is kind and not name.is_relative] for kind in Measure
)
_OPTIONAL = st.none() | _TEXTS


@st.composite
def _guards(draw: st.DrawFn, channel: Channel) -> Guard:
    names = _PEOPLE_BOUNDS + ([] if channel is Channel.USERS else _SHARE_BOUNDS)
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    bounds = tuple(
        Bound(name=name, limit=draw(_SHARES) if name.measure is Measure.SHARE else draw(_COUNTS), line=draw(_LINES))
        for name in chosen
    )
    sources = draw(st.lists(st.sampled_from(SOURCES), max_size=2, unique=True))
    bounded = {BoundName.MIN, BoundName.MAX} <= set(chosen)
    return Guard(
        channel=channel,
        severity=draw(st.sampled_from(Severity)),
        bounds=bounds,
        changes=tuple(draw(_changes(source, bounded=bounded)) for source in sources),
        line=draw(_LINES),
    )


@st.composite
def _changes(draw: st.DrawFn, source: str, *, bounded: bool) -> Change:
    verdicts = list(Verdict) if bounded else [Verdict.FAIL, Verdict.UNKNOWN]
    parts = {True: st.integers(-9_999, 0), False: st.integers(0, 10**7)}
    names = draw(st.lists(st.sampled_from(CHANGES), min_size=1, unique=True))
    return Change(
        source=source,
        steps=tuple(
            Step(bound=name, part=Fraction(draw(parts[name.is_floor]), 10_000), line=draw(_LINES)) for name in names
        ),
        ignore_under=draw(st.none() | _COUNTS),
        needs=draw(st.integers(1, 3)),
        until_then=draw(st.sampled_from(verdicts)),
        line=draw(_LINES),
    )


def _pasts(began: datetime) -> st.SearchStrategy[Past | None]:
    """Return any past of a run that began then, or none."""
    moments = st.integers(0, 60 * 24).map(lambda hours: began - timedelta(hours=hours))
    readings = st.builds(
        Reading,
        run=st.integers(1, 99),
        at=moments,
        day=st.none() | moments.map(datetime.date),
        count=st.none() | st.integers(0, 2**53 - 1) | st.integers(0, 99),
        verdict=st.sampled_from(Verdict).map(str),
    )
    window = st.builds(Window, today=st.just(began.date()), zone=st.just(UTC), within=st.sampled_from([9, 120]))
    return st.none() | st.builds(Past, readings=st.none() | st.lists(readings, max_size=9), window=window)


@st.composite
def _segments(draw: st.DrawFn, key: str, uuid: str) -> Segment:
    channels = draw(st.lists(st.sampled_from(Channel), min_size=1, max_size=3, unique=True))
    name = draw(_OPTIONAL)
    return Segment(
        key=key,
        uuid=uuid if name is None else None,
        name=name,
        description=draw(_OPTIONAL),
        owner=draw(_OPTIONAL),
        tags=tuple(draw(st.lists(_TEXTS, max_size=2))),
        bypass_global=draw(st.booleans()),
        guards=tuple(draw(_guards(channel)) for channel in channels),
        line=draw(_LINES),
    )


@st.composite
def _counted(draw: st.DrawFn, began: datetime, took: timedelta) -> Count:
    """Draw a count of a run, by a clock that is off by some hours."""
    hours = timedelta(hours=draw(st.integers(-14, 14)))
    at = began + draw(st.timedeltas(timedelta(0), took))
    age = draw(st.none() | st.integers(0, int((began + took - at).total_seconds())))
    return Count(value=draw(_COUNTS), counted_at=at + hours, age_seconds=age)


@st.composite
def _readings(draw: st.DrawFn, uuid: str, began: datetime, took: timedelta) -> SegmentReadings:
    found = draw(st.booleans())
    counted = _counted(began, took)
    readings = st.one_of(counted, counted, _UNAVAILABLE) if found else _UNAVAILABLE
    before = st.builds(Before, count=_COUNTS, counted_at=_BEGAN.map(in_milliseconds))
    return SegmentReadings(
        uuid=uuid if found else None,
        channels=draw(st.fixed_dictionaries(dict.fromkeys(Channel, readings))),
        before=draw(st.dictionaries(st.sampled_from(Channel), before)) if found else {},
    )


@st.composite
def reports_of_runs(draw: st.DrawFn) -> Report:
    began, took = draw(_BEGAN), draw(st.timedeltas(timedelta(0), timedelta(hours=1)))
    keys = draw(st.lists(_TEXTS, max_size=3, unique=True))
    uuids = {key: f"{UUID[:-1]}{position}" for position, key in enumerate(keys)}
    campaigns = tuple(
        Campaign(
            key=key,
            segments=tuple(draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))),
            totals=tuple(
                Total(channel=each, bounds=(Bound(name=BoundName.MAX, limit=draw(_COUNTS), line=3),), line=3)
                for each in draw(st.lists(st.sampled_from(Channel), max_size=2, unique=True))
            ),
            owner=draw(_OPTIONAL),
            line=2,
        )
        for key in draw(st.lists(_TEXTS, max_size=2 if keys else 0, unique=True))
    )
    segments = tuple(draw(_segments(key, uuid)) for key, uuid in uuids.items())
    tags = sorted({tag for each in segments for tag in each.tags})
    selection = Selection(
        tags=_some(draw, tags), segments=_some(draw, keys), campaigns=_some(draw, [each.key for each in campaigns])
    )
    asked = plan(Rules(path="", sha256="", segments=segments, campaigns=campaigns), selection)
    pasts = {
        (each.key, guard.channel): past for each in segments for guard in each.guards if (past := draw(_pasts(began)))
    }
    found = {key: draw(_readings(uuid, began, took)) for key, uuid in uuids.items()}
    results, judged = evaluate(asked, found, pasts)
    compares = any(guard.changes for each in asked.segments for guard in each.guards)
    return Report(
        version=__version__,
        fail_on=draw(st.sampled_from(FailOn)),
        started_at=began,
        finished_at=began + took,
        host=draw(_TEXTS),
        account=draw(_OPTIONAL),
        rules_path=draw(_TEXTS),
        rules_sha256="0123456789abcdef" * 4,
        selection=selection,
        segments=results,
        campaigns=judged,
        run_id=draw(st.none() | st.uuids().map(str)),
        history=draw(HISTORIES.filter(_was_read) if compares else st.none() | HISTORIES),
        past={(each.segment.key, guard.channel): earlier([9, None]) for each in results for guard in each.guards},
    )


def _was_read(history: History) -> bool:
    return history.runs is not None


def in_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _some(draw: st.DrawFn, known: list[str]) -> tuple[str, ...]:
    return tuple(draw(st.lists(st.sampled_from(known), max_size=2))) if known else ()


def saved(report: Report) -> bytes:
    return render(report, Format.JSON).encode()


def read(data: Any) -> Report:
    return read_report(data if isinstance(data, bytes) else json.dumps(data).encode(), "report.json").report


@settings(deadline=None, max_examples=60)
@given(report=reports_of_runs())
def test_every_format_renders_a_saved_report_as_the_run_did(report: Report) -> None:
    """Only the trend, which HTML and a terminal show, is not in the file."""
    again, without_trend = read(saved(report)), replace(report, past={})
    for each in Format:
        assert render(again, each) == render(without_trend if each is Format.HTML else report, each)
    assert render(again, Format.TEXT, Screen(width=60)) == render(without_trend, Format.TEXT, Screen(width=60))
    assert (again.run_id, again.history) == (report.run_id, report.history)
    assert again.exit_code is report.exit_code


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_comes_back_as_it_was_or_not_at_all(report: Report) -> None:
    data = saved(replace(report, version=__version__))
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
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b"\xff\xfe", "not valid UTF-8", id="another-encoding"),
        pytest.param(b"<html>", "not valid JSON (line 1, column 1", id="html"),
        pytest.param(b"[]", "not a JSON object", id="a-list"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="too-deep"),
        pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", "digits", id="too-many-digits"),
        pytest.param(b'{"a": NaN}', "NaN is not a number", id="not-a-number"),
        pytest.param(
            b'{"verdict": "fail", "verdict": "pass"}', 'one object has the key "verdict" 2 times', id="two-keys"
        ),
        pytest.param(b"{}", "schema_version is null", id="no-version"),
        pytest.param(b'{"schema_version": 2}', "schema_version is 2", id="another-version"),
        pytest.param(b'{"schema_version": true}', "schema_version is true", id="no-number"),
        pytest.param(b'{"schema_version": 1}', "tool: the key is missing", id="no-more-than-a-version"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(data: bytes, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(data)
    assert caught.value.message.startswith("report.json is not a valid report: ")
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
    campaign = Campaign(key="sale", segments=("weekly",), owner="sale@example.com", totals=(ceiling,), line=11)
    channels = {
        channel: count if isinstance(count, Unavailable) else Count(value=count, counted_at=NOON, age_seconds=3)
        for channel, count in counts.items()
    }
    before = {Channel.EMAIL: Before(count=20, counted_at=NOON - timedelta(hours=1))}
    segments, campaigns = evaluate(
        Plan(segments=(segment,), campaigns=(campaign,)),
        {"weekly": SegmentReadings(uuid=UUID, channels=channels, before=before)},
    )
    return Report(
        version=__version__,
        fail_on=FailOn.FAIL,
        started_at=NOON,
        finished_at=NOON,
        host="api.getblueshift.com",
        account="Acme EU",
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
    "contradictory": run({Channel.EMAIL: 30, Channel.USERS: 20}),
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


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (" (blueshift.test could not be reached: connection refused)", Reason.NETWORK),
        (" (blueshift.test gave no complete answer within 10 s)", Reason.NETWORK),
        (" (blueshift.test answered 403 Forbidden, but not as Blueshift does: a firewall)", Reason.NETWORK),
        (' (blueshift.test:81 answered 503 Service Unavailable: "x" (x-request-id 1))', Reason.SERVER_ERROR),
        (" (blueshift.test answered 409 Conflict)", Reason.SERVER_ERROR),
        (" (blueshift.test answered 408 Request Timeout)", Reason.NETWORK),
        (" (blueshift.test answered 429 Too Many Requests)", Reason.RATE_LIMITED),
        (" (blueshift.test answered 404 Not Found)", Reason.NOT_FOUND),
        (" (blueshift.test answered 422 Unprocessable Content)", Reason.BAD_ANSWER),
        ("", None),
    ],
)
def test_what_failed_until_the_deadline_is_read_from_its_sentence(failure: str, cause: Reason | None) -> None:
    detail = f"the time for the whole run was up while waiting for Blueshift's answer{failure}"
    late = run({Channel.EMAIL: Unavailable(reason=Reason.DEADLINE, detail=detail, cause=cause), Channel.USERS: 40})

    again = read(json.loads(saved(late)))

    assert [each.cause for each in again.results()] == [each.cause for each in late.results()]
    assert {each.cause for each in again.results() if each.reason} == {cause}


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
def test_no_key_can_be_missing_but_those_of_later_versions(name: str) -> None:
    original = json.loads(saved(RUNS[name]))
    for way in [way for way in places(original) if isinstance(way[-1], str)]:
        tampered = copy.deepcopy(original)
        here: Any = tampered
        for step in way[:-1]:
            here = here[step]
        del here[way[-1]]
        later = way[-1] in {"account", "baseline", "before", "history", "learning", "run_id"} or (
            way[-1] == "owner" and "campaigns" in way
        )
        if later or (way[-1] in {"parts", "detail"} and "totals" in way):
            read(tampered)
            continue
        with pytest.raises(UsageError, match=r"the key is missing|schema_version is null"):
            read(tampered)


@pytest.mark.parametrize("name", RUNS)
def test_unknown_keys_are_passed_over_and_told(name: str) -> None:
    original = json.loads(saved(RUNS[name]))
    for way in [way for way in places(original) if isinstance(way[-1], str)]:
        longer = copy.deepcopy(original)
        here: Any = longer
        for step in way[:-1]:
            here = here[step]
        here[f"{way[-1]}s_since"] = here[way[-1]]
        found = read_report(json.dumps(longer).encode(), "report.json")
        assert found.report == read(original)
        assert found.unknown_keys == (f"{way[-1]}s_since",)


CHECK = (*GUARD, "checks", 0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"limit": 10}, "its limit is not 30% under its baseline", id="another-limit"),
        pytest.param({"limit": 90}, "its limit is on the wrong side of its baseline", id="beyond-the-baseline"),
        pytest.param({"limit": None}, "a limit and a value exactly when its baseline is ready", id="no-limit"),
        pytest.param({"baseline": None}, "only a bound relative to the past has a baseline", id="no-baseline"),
        pytest.param({"bound": "min"}, "only a bound relative to the past has a baseline", id="no-change"),
        pytest.param({"baseline.days": 2}, "the number of its days does not fit its state", id="too-few-days"),
        pytest.param({"baseline.needs": 0}, "the number of its days does not fit its state", id="no-needs"),
        pytest.param({"baseline.last": "2026-11-20"}, "its days do not fit between", id="too-short"),
        pytest.param({"baseline.first": None}, "a first and a last day exactly when", id="no-first"),
        pytest.param({"baseline.last": "2027-01-01"}, "it compares with days after its own", id="later"),
        pytest.param({"baseline.until_then": "pass"}, "without a min and a max beside it", id="lenient"),
        pytest.param({"baseline.from": "median_of_last_2"}, "is not what a count can be compared with", id="no-source"),
        pytest.param({"baseline.percent": -101}, "is not a change in per cent", id="percent"),
    ],
)
def test_a_past_that_contradicts_itself_is_refused(changes: dict[str, Any], told: str) -> None:
    ways: list[tuple[tuple[str | int, ...], Any]] = [((*CHECK, *way.split(".")), each) for way, each in changes.items()]

    with pytest.raises(UsageError, match=re.escape(told)):
        read(changed(past_report(), *ways))


def test_a_past_needs_a_history_that_was_read() -> None:
    with pytest.raises(UsageError, match="names no history store"):
        read(changed(past_report(), (("history",), None)))
    with pytest.raises(UsageError, match="its history was not read"):
        read(changed(past_report(), (("history", "runs"), None)))


def past_report() -> Report:
    """Return the report of a run that compared 60 people with the median of three days of 80."""
    step = Step(bound=BoundName.CHANGE_MIN, part=Fraction(-3, 10), line=5)
    change = Change(source="median_of_last_3", steps=(step,), needs=3, until_then=Verdict.UNKNOWN, line=5)
    own = Guard(channel=Channel.EMAIL, bounds=(), changes=(change,), line=4)
    segment = Segment(key="weekly", uuid=UUID, guards=(own,), line=2)
    readings = [Reading(run=day, at=NOON - timedelta(days=day), count=80, verdict="pass") for day in (1, 2, 3)]
    window = Window(today=NOON.date(), zone=UTC, within=120)
    segments, _ = evaluate(
        Plan(segments=(segment,), campaigns=()),
        {
            "weekly": SegmentReadings(
                uuid=UUID, channels={Channel.EMAIL: Count(value=60, counted_at=NOON, age_seconds=3)}
            )
        },
        {("weekly", Channel.EMAIL): Past(readings=readings, window=window)},
    )
    history = History(store="sqlite", began=NOON.date(), runs=3, recorded=True)
    return replace(RUNS["passed"], segments=segments, campaigns=(), history=history)


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_reports_of_earlier_versions_are_read_and_rendered(path: Path) -> None:
    found = read_report(path.read_bytes(), path.name)
    assert found.unknown_keys == ()
    whole = json.loads(path.read_bytes())
    assert found.report.exit_code == whole["exit_code"]
    again = json.loads(render(found.report, Format.JSON))
    assert not list(_missing(whole, again))
    for each in Format:
        assert render(found.report, each)


def test_what_was_before_comes_back() -> None:
    again = read(saved(RUNS["unknown"]))
    told = Before(count=20, counted_at=NOON - timedelta(hours=1))
    assert (again.segments[0].guards[0].before, again.segments[0].guards[1].before) == (told, None)
    assert again.campaigns[0].totals[0].parts[0].before == told
    assert (again.account, again.campaigns[0].campaign.owner) == ("Acme EU", "sale@example.com")


def test_an_old_total_lacks_at_most_one_part() -> None:
    whole = json.loads(saved(RUNS["passed"]))
    total = whole["campaigns"][0]["totals"][0]
    del total["parts"]
    whole["segments"][0]["guards"] = whole["segments"][0]["guards"][1:]
    whole["summary"]["guards"]["pass"] = 1
    assert [part.count for part in read(whole).campaigns[0].totals[0].parts] == [30]

    whole["segments"].append(whole["segments"][0] | {"key": "other", "bypass_global": True})
    whole["campaigns"][0]["segments"].append("other")
    with pytest.raises(UsageError, match='campaign "sale": it does not say what each segment adds to its total'):
        read(whole)


def _missing(before: Any, after: Any) -> Iterator[Any]:
    if isinstance(before, dict):
        for key, value in before.items():
            yield from _missing(value, after[key])
    elif isinstance(before, list):
        for one, other in zip(before, after, strict=True):
            yield from _missing(one, other)
    elif before != after:
        yield before, after


MOMENT = "counted_at is not within this run"
GREEN = [(("verdict",), "pass"), (("exit_code",), 0), (("complete",), True)]


@pytest.mark.parametrize(
    ("name", "changes", "what"),
    [
        pytest.param(
            "failed", [(("exit_code",), 0)], "exit_code is 0, but by the rest of the file it is 1", id="the-exit-code"
        ),
        pytest.param(
            "failed", GREEN, 'verdict is "pass", but by the rest of the file it is "fail"', id="the-top-alone"
        ),
        pytest.param(
            "failed",
            [*GREEN, (("segments", 0, "verdict"), "pass"), ((*GUARD, "verdict"), "pass")],
            'segments[0].guards[0].verdict is "pass", but by the rest of the file it is "fail"',
            id="every-verdict-but-those-of-the-checks",
        ),
        pytest.param(
            "failed",
            [((*GUARD, "count"), 30), ((*TOTAL, "count"), 30)],
            "segments[0].guards[0].checks[0].observed is 7, but by the rest of the file it is 30",
            id="the-count-alone",
        ),
        pytest.param("unknown", [((*GUARD, "verdict"), "pass")], "null exactly when", id="a-pass-without-a-count"),
        pytest.param("unknown", [((*GUARD, "reason"), None)], "a reason must be given exactly", id="no-reason"),
        pytest.param("passed", [((*GUARD, "checks"), [])], "it has no checks", id="no-checks"),
        pytest.param("passed", [(("segments", 0, "guards"), [])], "it has no guards", id="no-guards"),
        pytest.param("passed", [(("segments", 0, "uuid"), None)], "a count, but no uuid", id="a-count-of-nothing"),
        pytest.param("passed", [((*GUARD, "counted_at"), None)], "must be null together", id="a-count-of-no-time"),
        pytest.param("passed", [((*GUARD, "users"), 35)], "different numbers of users", id="other-users"),
        pytest.param("no-users", [((*GUARD, "checks", 0, "observed"), 20)], "different numbers", id="other-people"),
        pytest.param(
            "passed",
            [((*TOTAL, "count"), 29)],
            "totals[0].count is 29, but by the rest of the file it is 30",
            id="another-sum",
        ),
        pytest.param("passed", [(("campaigns", 0, "verdict"), "warn")], "campaigns[0].verdict", id="a-campaign"),
        pytest.param("passed", [((*GUARD, "path"), "other.yaml")], "guards[0].path", id="two-rules-files"),
        pytest.param(
            "passed", [((*GUARD, "checks", 0, "limit"), 1e300)], "not a number of people or a share", id="a-huge-limit"
        ),
        pytest.param("passed", [((*GUARD, "count"), 10**30)], "too large for a number of people", id="a-huge-count"),
        pytest.param("passed", [(("started_at",), "2026-11-23")], "not a moment such as", id="a-date"),
        pytest.param("passed", [(("started_at",), "2026-13-23T00:00:00.000Z")], "month", id="no-such-month"),
        pytest.param("passed", [(("host",), ["x"])], "host: a list is not a text", id="a-list-for-a-text"),
        pytest.param("passed", [(("rules", "sha256"), "x")], "a SHA-256", id="no-sha256"),
        pytest.param("passed", [(("segments", 0, "uuid"), "xyz")], "is not a uuid", id="no-uuid"),
        pytest.param("passed", [((*GUARD, "line"), 0)], "line: 0 is not large enough", id="line-0"),
        pytest.param("passed", [((*GUARD, "counted_at"), "2019-11-23T12:00:00.000Z")], MOMENT, id="counted-years-ago"),
        pytest.param("passed", [((*GUARD, "counted_at"), "2027-11-23T12:00:00.000Z")], MOMENT, id="counted-next-year"),
        pytest.param("passed", [((*GUARD, "age_seconds"), 31_536_000)], "age_seconds is longer", id="a-year-old"),
        pytest.param("passed", [((*GUARD, "age_seconds"), 4_000)], "age_seconds is longer", id="older-than-the-run"),
        pytest.param("passed", [((*GUARD, "age_seconds"), -1)], "-1 is negative", id="counted-in-the-future"),
        pytest.param("unknown", [((*GUARD, "age_seconds"), 3)], "it is null", id="an-age-without-a-count"),
        pytest.param(
            "passed", [(("finished_at",), "2026-11-23T11:59:59.999Z")], "before started_at", id="ended-before-it-began"
        ),
        pytest.param(
            "passed",
            [(("started_at",), "2019-11-23T12:00:00.000Z"), (("finished_at",), "2019-11-23T12:00:01.000Z")],
            MOMENT,
            id="a-run-of-another-year",
        ),
        pytest.param(
            "passed",
            [((*GUARD, "checks", 0, "message"), "email reaches 29, which meets the minimum of 10")],
            "checks[0].message",
            id="a-sentence-with-other-numbers",
        ),
        pytest.param("passed", [((*TOTAL, "checks", 0, "message"), "all is well")], ".message", id="a-totals-sentence"),
        pytest.param("unknown", [((*GUARD, "checks", 0, "message"), "fine")], ".message", id="an-unknowns-sentence"),
        pytest.param("passed", [((*GUARD, "detail"), "trust me")], "guards[0].detail", id="a-remark-on-a-pass"),
        pytest.param("passed", [((*TOTAL, "detail"), "trust me")], "totals[0].detail", id="a-remark-on-a-total"),
        pytest.param("unknown", [((*TOTAL, "detail"), "trust me")], "totals[0].detail", id="another-cause"),
        pytest.param("passed", [((*TOTAL, "parts", 0, "count"), 29)], "totals[0].parts", id="another-part"),
        pytest.param("passed", [((*TOTAL, "parts"), [])], "parts of a total are not", id="no-parts"),
        pytest.param(
            "passed",
            [((*GUARD, "checks", 1, "bound"), "min")],
            "two of its checks are of the same bound",
            id="two-mins",
        ),
        pytest.param(
            "passed", [(("segments", 0, "guards", 1, "channel"), "email")], "on the same channel", id="two-on-email"
        ),
        pytest.param("passed", [(("campaigns", 0, "segments"), ["weekly", "weekly"])], "twice", id="a-segment-twice"),
        pytest.param(
            "passed",
            [(("campaigns", 0, "segments"), ["weekly", "gone"])],
            "parts of a total are not",
            id="a-segment-dropped",
        ),
        pytest.param("passed", [(("selection", "segments"), ["weekly"])], "not selected", id="a-campaign-unasked"),
    ],
)
def test_a_contradiction_is_refused_with_where_and_what(name: str, changes: list[Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(changed(RUNS[name], *changes))
    assert what in caught.value.message


def test_a_segment_that_a_campaign_needs_cannot_be_dropped() -> None:
    whole = json.loads(saved(RUNS["passed"]))
    whole["segments"][0]["key"] = "other"
    with pytest.raises(UsageError, match="or names one that is missing"):
        read(whole)


def test_a_segment_that_was_not_selected_cannot_be_there() -> None:
    unasked = json.loads(saved(RUNS["passed"]))
    unasked["campaigns"], unasked["summary"]["totals"]["pass"] = [], 0
    unasked["segments"].append(copy.deepcopy(unasked["segments"][0]) | {"key": "other", "bypass_global": True})
    unasked["summary"]["guards"]["pass"] += 2
    read(unasked)
    unasked["selection"]["segments"] = ["weekly"]
    with pytest.raises(UsageError, match="a segment or a campaign that was not selected"):
        read(unasked)


@pytest.mark.parametrize("name", RUNS)
def test_another_versions_sentences_are_written_anew(name: str) -> None:
    places_of_sentences = [way for way in places(json.loads(saved(RUNS[name]))) if way[-1] == "message"]
    doctored = changed(RUNS[name], *((way, "9,999,999 people, all fresh") for way in places_of_sentences))
    again = read(doctored | {"tool": {"name": "audience-guard", "version": "0.0.9"}})
    assert again == replace(read(saved(RUNS[name])), version="0.0.9")
    for each in Format:
        assert "9,999,999" not in render(again, each)


# A report that is shown long after its run


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=4, seconds=57), timedelta(minutes=-4)])
def test_just_after_its_run_a_report_reads_as_the_run_wrote_it(name: str, format_: Format, after: timedelta) -> None:
    again = replace(read(saved(RUNS[name])), rendered_at=NOON + after)
    assert render(again, format_) == render(RUNS[name], format_)


@pytest.mark.parametrize("format_", [each for each in Format if each is not Format.JSON])
@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(minutes=6), "The run finished 6 min ago, at 2026-11-23 12:00:00 UTC: count again before you send."),
        (
            timedelta(days=365),
            "The run finished 365 days ago, at 2026-11-23 12:00:00 UTC: count again before you send.",
        ),
        (
            timedelta(days=-2),
            "at 2026-11-23 12:00:00 UTC, which is in the future by the clock of this machine: count again",
        ),
    ],
)
def test_an_old_report_says_so(name: str, format_: Format, after: timedelta, said: str) -> None:
    again = replace(read(saved(RUNS[name])), rendered_at=NOON + after)
    for screen in (None, Screen(width=400)):
        shown = render(again, format_, screen)
        assert said in shown
        assert not re.search(r"\bfresh\b", shown)
        assert not re.search(r"\b[Mm]ay be sent:|\bMAY GO\b|may go\b", shown)


@pytest.mark.parametrize(
    ("key", "said", "shown"),
    [
        pytest.param("age_seconds", None, "counted 2026-11-23 12:00:00 UTC", id="of-unknown-age"),
        pytest.param("age_seconds", 301, "counted 2026-11-23 12:00:00 UTC", id="an-old-count"),
        pytest.param("counted_at", "2026-11-23T11:54:59.000Z", "counted 2026-11-23 11:54:59 UTC", id="an-old-moment"),
        pytest.param("counted_at", "2026-11-23T12:05:01.000Z", "counted 2026-11-23 12:05:01 UTC", id="a-later-moment"),
    ],
)
def test_a_count_that_the_file_calls_old_is_not_fresh(key: str, said: object, shown: str) -> None:
    again = replace(read(changed(RUNS["passed"], ((*GUARD, key), said))), rendered_at=NOON)
    lines = render(again, Format.TEXT).splitlines()
    (email,) = (line for line in lines if line.startswith("PASS    weekly / email"))
    assert shown in email
    assert [line for line in lines if "fresh" in line and "weekly / users" not in line] == []
    assert not [line for line in lines if "count again" in line]


def test_long_after_its_run_the_json_report_stays_as_it_was() -> None:
    again = replace(read(saved(RUNS["passed"])), rendered_at=NOON + timedelta(days=9))
    assert saved(again) == saved(RUNS["passed"])


def test_two_segments_of_one_key_are_refused() -> None:
    whole = json.loads(saved(RUNS["passed"]))
    whole["segments"] *= 2
    with pytest.raises(UsageError, match="two segments have the same key"):
        read(whole)


def test_two_segments_of_one_uuid_are_refused() -> None:
    whole = json.loads(saved(RUNS["passed"]))
    whole["segments"].append(whole["segments"][0] | {"key": "another"})
    with pytest.raises(UsageError, match="two segments have the same uuid and the same bypass_global"):
        read(whole)


def test_the_order_of_keys_and_the_white_space_do_not_matter() -> None:
    whole = json.loads(saved(RUNS["failed"]))
    turned = json.dumps(dict(reversed(whole.items())), indent=None)
    assert saved(read(turned.encode())) == saved(RUNS["failed"])


@pytest.mark.parametrize(
    ("way", "value", "what"),
    [
        (("selection", "segments"), ["vip"], "a selected segment or campaign is missing"),
        (("selection", "campaigns"), ["spring-sale"], "a selected segment or campaign is missing"),
        (("selection", "tags"), ["daily"], "no segment has a tag that was selected"),
        (
            ("campaigns",),
            [{"key": "c", "segments": [], "verdict": "unknown", "totals": []}],
            "a campaign has no segments, or names one that is missing",
        ),
    ],
)
def test_what_was_asked_for_cannot_be_taken_out(
    reports: dict[str, Report], way: tuple[str | int, ...], value: Any, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        read(changed(reports["pass"], (way, value)))
