"""What holds for every report that the types allow, sensible or not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model import LARGEST_COUNT, BoundName, Campaign, Channel, Segment, Selection, Severity
from guard.outcome import (
    CampaignResult,
    Check,
    Count,
    FailOn,
    GuardResult,
    Reason,
    Report,
    SegmentResult,
    TotalResult,
    Verdict,
)
from guard.report import Format, Screen, render
from guard.report.json import report_schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

COLORED = re.compile(r"\x1b\[[0-9;]*m")
_TEXTS = st.text(max_size=30) | st.sampled_from(
    ["[/b]", "##[error]x", "\ud800", "::error::x", "x" * 2_000, "\x7f", "{}"]
)
_COUNTS = st.integers(0, LARGEST_COUNT) | st.integers(0, 50)
_SHARES = st.fractions(0, 2)
_LINES = st.integers(1, 10**6)
_VERDICTS = st.sampled_from(Verdict)
_CHANNELS = st.sampled_from(Channel)
_MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone stands beside it
_CHECKS = st.one_of(
    [
        st.builds(
            Check,
            bound=st.just(name),
            limit=_SHARES if name.is_share else _COUNTS,
            observed=st.none() | (_SHARES if name.is_share else _COUNTS),
            verdict=_VERDICTS,
            line=_LINES,
            message=_TEXTS,
        )
        for name in BoundName
    ]
)
_MANY_CHECKS = st.lists(_CHECKS, max_size=4).map(tuple)
_GUARDS = st.builds(
    GuardResult,
    channel=_CHANNELS,
    severity=st.sampled_from(Severity),
    count=st.none()
    | st.builds(Count, value=_COUNTS, counted_at=_MOMENTS, age_seconds=st.none() | st.integers(-60, 10**7)),
    users=st.none() | _COUNTS,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.none() | _TEXTS,
    line=_LINES,
    checks=_MANY_CHECKS,
)
_TOTALS = st.builds(
    TotalResult,
    channel=_CHANNELS,
    count=st.none() | _COUNTS,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.none() | _TEXTS,
    line=_LINES,
    checks=_MANY_CHECKS,
)
_KEYS = st.lists(_TEXTS, max_size=2).map(tuple)
_SEGMENTS = st.builds(
    SegmentResult,
    segment=st.builds(
        Segment,
        key=_TEXTS,
        uuid=st.none() | _TEXTS,
        name=st.none() | _TEXTS,
        description=st.none() | _TEXTS,
        owner=st.none() | _TEXTS,
        tags=_KEYS,
        bypass_global=st.booleans(),
        guards=st.just(()),
        line=_LINES,
    ),
    uuid=st.none() | _TEXTS,
    guards=st.lists(_GUARDS, max_size=3).map(tuple),
)
_CAMPAIGNS = st.builds(
    CampaignResult,
    campaign=st.builds(Campaign, key=_TEXTS, segments=_KEYS, totals=st.just(()), line=_LINES),
    verdict=_VERDICTS,
    totals=st.lists(_TOTALS, max_size=2).map(tuple),
)
ANY_REPORT = st.builds(
    Report,
    version=_TEXTS,
    fail_on=st.sampled_from(FailOn),
    started_at=_MOMENTS,
    finished_at=_MOMENTS,
    host=_TEXTS,
    rules_path=_TEXTS,
    rules_sha256=st.just("0123456789abcdef" * 4),
    selection=st.builds(Selection, segments=_KEYS, tags=_KEYS, campaigns=_KEYS),
    segments=st.lists(_SEGMENTS, max_size=3).map(tuple),
    campaigns=st.lists(_CAMPAIGNS, max_size=2).map(tuple),
)
ANY_SCREEN = st.none() | st.builds(
    Screen, width=st.none() | st.integers(1, 120), color=st.booleans(), unicode=st.booleans()
)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(report_schema_text()), format_checker=jsonschema.FormatChecker())


def text(report: Report, screen: Screen | None = None) -> str:
    return render(report, Format.TEXT, screen)


@settings(deadline=None)
@given(report=ANY_REPORT, screen=ANY_SCREEN)
def test_any_report_can_be_shown_anywhere(report: Report, screen: Screen | None) -> None:
    drawn = text(report, screen)
    plain = COLORED.sub("", drawn)
    assert plain.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain)
    assert "##[" not in plain


@settings(deadline=None)
@given(report=ANY_REPORT)
def test_nothing_is_shown_that_the_json_report_does_not_hold(report: Report) -> None:
    for screen in (None, Screen(width=60)):
        assert text(as_json_holds_it(report), screen) == text(report, screen)


def test_people_off_a_share_are_counted_from_the_share_that_the_json_report_holds(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    third = check("share.max", Fraction(1, 3), Fraction(2, 3))
    many = report(segment(guard(third, count=6 * 10**15, users=9 * 10**15)))
    assert text(as_json_holds_it(many)) == text(many)


def as_json_holds_it(report: Report) -> Report:
    """Return the report without what its JSON leaves out: other lines, a total's detail, parts of a millisecond."""
    segments = tuple(
        replace(
            each,
            segment=replace(each.segment, line=1, guards=()),
            guards=tuple(replace(guard, checks=tuple(map(with_floats, guard.checks))) for guard in each.guards),
        )
        for each in report.segments
    )
    campaigns = tuple(
        replace(
            each,
            campaign=replace(each.campaign, line=1, totals=()),
            totals=tuple(
                replace(total, detail=None, checks=tuple(map(with_floats, total.checks))) for total in each.totals
            ),
        )
        for each in report.campaigns
    )
    return replace(
        report,
        segments=segments,
        campaigns=campaigns,
        started_at=in_milliseconds(report.started_at),
        finished_at=in_milliseconds(report.finished_at),
    )


def with_floats(check: Check) -> Check:
    if not check.bound.is_share:
        return check
    observed = None if check.observed is None else Fraction(str(float(check.observed)))
    return replace(check, limit=Fraction(str(float(check.limit))), observed=observed)


def in_milliseconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


@settings(deadline=None)
@given(report=ANY_REPORT)
def test_any_report_fits_the_published_schema(report: Report) -> None:
    VALIDATOR.validate(json.loads(render(report, Format.JSON)))
