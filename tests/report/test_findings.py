"""When a count was read: its stamp and its age together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.report.findings import guards_of, totals_of
from tests.report.builders import MOMENT, campaign, check, guard, report, segment

COUNTED_AT = MOMENT + timedelta(seconds=62)


@pytest.mark.parametrize(
    ("age", "read_at"),
    [
        pytest.param(10, COUNTED_AT + timedelta(seconds=10), id="a-little-later"),
        pytest.param(0, COUNTED_AT, id="at-once"),
        pytest.param(None, None, id="of-unknown-age"),
    ],
)
def test_a_count_was_read_when_it_had_its_age(age: int | None, read_at: datetime | None) -> None:
    (finding,) = guards_of(report(segment(guard(check("min", 1, 50), count=50, age=age))))

    assert finding.read_at == read_at


def test_what_has_no_count_was_not_read() -> None:
    (unknown,) = guards_of(report(segment(guard(check("min", 1, None), count=None))))
    (total,) = totals_of(report(campaigns=(campaign(check("max", 100, 7)),)))

    assert (unknown.read_at, total.read_at) == (None, None)


def test_a_stamp_at_the_end_of_time_leaves_open_when_it_was_read() -> None:
    last = guard(check("min", 1, 50), count=50, age=3600)
    assert last.count
    at_the_end = replace(last, count=replace(last.count, counted_at=datetime.max.replace(tzinfo=UTC)))

    (finding,) = guards_of(report(segment(at_the_end)))

    assert (finding.age, finding.read_at) == ("counted 1 h ago", None)
