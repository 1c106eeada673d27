"""What holds for every report that the types allow, sensible or not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC
from fractions import Fraction
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.measure import Measure
from guard.core.results import Check, GuardResult, Report, SegmentResult
from guard.report import Format, render
from guard.report.json_report import report_schema_text
from guard.report.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

COLORED = re.compile(r"\x1b\[[0-9;]*m")
ANY_SCREEN = st.none() | st.builds(
    Screen, width=st.none() | st.integers(1, 120), color=st.booleans(), unicode=st.booleans()
)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(report_schema_text()), format_checker=jsonschema.FormatChecker())


def text(report: Report, screen: Screen | None = None) -> str:
    return render(report, Format.TEXT, screen)


@settings(deadline=None)
@given(report=st.from_type(Report), screen=ANY_SCREEN)
def test_any_report_can_be_shown_anywhere(report: Report, screen: Screen | None) -> None:
    drawn = text(report, screen)
    plain = COLORED.sub("", drawn)
    assert plain.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain)
    assert "##[" not in plain


@pytest.mark.parametrize("format_", Format)
@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_is_plain_lines_in_every_format(format_: Format, report: Report) -> None:
    rendered = render(report, format_)
    assert rendered.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", rendered)
    assert "##[" not in rendered


@pytest.mark.parametrize("format_", Format)
@settings(deadline=None)
@given(report=st.from_type(Report))
def test_nothing_is_shown_that_the_json_report_does_not_hold(format_: Format, report: Report) -> None:
    for screen in (None, Screen(width=60)):
        assert render(as_json_holds_it(report), format_, screen) == render(report, format_, screen)


@pytest.mark.parametrize("format_", Format)
def test_people_off_a_share_match_the_json_report(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    format_: Format,
) -> None:
    third = check("share.max", Fraction(1, 3), Fraction(2, 3))
    many = report(segment(guard(third, count=6 * 10**15, users=9 * 10**15)))
    assert render(as_json_holds_it(many), format_) == render(many, format_)


def as_json_holds_it(report: Report) -> Report:
    """Return the report without what its JSON leaves out: other lines, parts of a millisecond."""
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
            totals=tuple(replace(total, checks=tuple(map(with_floats, total.checks))) for total in each.totals),
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
    if check.bound.measure is Measure.PEOPLE:
        return check
    observed = None if check.observed is None else Fraction(str(float(check.observed)))
    return replace(check, limit=Fraction(str(float(check.known_limit))), observed=observed)


def in_milliseconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_fits_the_published_schema(report: Report) -> None:
    VALIDATOR.validate(json.loads(render(report, Format.JSON)))
