"""Every fault, against the real command over a real socket: what it ends in, how soon, after how many requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.errors import ExitCode
from guard.report import Format
from tests.faults.playing import longest, secrets_in
from tests.faults.row import WELL
from tests.faults.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.playing import Outcome
    from tests.faults.row import Row

    Played = Callable[[Row], Outcome]

pytestmark = pytest.mark.no_cover

AFTER_ITS_DEADLINE = 1.0  # seconds in which a run stops what it does, on a busy machine

every_row = pytest.mark.parametrize("row", [pytest.param(row, id=row.fault) for row in ROWS])


@every_row
def test_a_fault_ends_as_it_should(row: Row, played: Played) -> None:
    outcome = played(row)

    assert outcome.code == row.ends.code, outcome.stderr
    if row.ends.code is ExitCode.USAGE:
        assert outcome.reports == {}
        return
    assert set(outcome.reports) == set(Format)
    (guard,) = outcome.guards()
    assert guard["count"] == row.ends.count
    assert guard["reason"] in (row.ends.reasons or {None}), guard["detail"]


@every_row
def test_before_is_the_old_count_or_none(row: Row, played: Played) -> None:
    for guard in played(row).guards():
        shown = guard["before"]["count"] if guard["before"] else None
        assert shown in row.before or (shown is None and row.ends != WELL)


@every_row
def test_a_fault_costs_bounded_time_and_requests(row: Row, played: Played) -> None:
    outcome = played(row)

    fewest, most = row.requests
    assert fewest <= len(outcome.requests) <= most
    assert outcome.seconds < longest(row)
    if row.ends.code is not ExitCode.USAGE:
        assert outcome.reported_seconds() <= row.timeout + AFTER_ITS_DEADLINE


@every_row
def test_no_fault_shows_a_secret_or_a_traceback(row: Row, played: Played) -> None:
    outcome = played(row)

    assert {place: found for place, text in outcome.texts().items() if (found := secrets_in(text))} == {}
    assert "Traceback" not in outcome.stdout + outcome.stderr
    assert "\x1b" not in outcome.stdout + outcome.stderr
    if stranger := outcome.setting.stranger:
        assert bytes(stranger.seen).startswith(outcome.setting.must_see or b"")
        assert outcome.setting.must_see or not stranger.seen
