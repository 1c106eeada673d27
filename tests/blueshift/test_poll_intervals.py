"""When to poll again, by the time that earlier refreshes took."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from guard.blueshift import poll_intervals
from guard.blueshift.answers import Answer
from guard.blueshift.poll_intervals import RefreshTimes
from guard.core.model import Refresh

if TYPE_CHECKING:
    from collections.abc import Callable


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def answer(*, stamp: float | None = None, date: float | None = None) -> Answer:
    """Return an answer with stamp and date in seconds after noon."""
    moments = [None if seconds is None else NOON + timedelta(seconds=seconds) for seconds in (stamp, date)]
    return Answer(refreshing=False, stamp=moments[0], date=moments[1], counts={})


def took(*seconds: float) -> RefreshTimes:
    times = RefreshTimes()
    for each in seconds:
        times.note(answer(), answer(), at_least=0, at_most=each)
    return times


@pytest.fixture
def earliest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", min)


@pytest.mark.parametrize(
    ("interval", "shortest", "longest"),
    [(poll_intervals.about, 9, 11), (poll_intervals.out_of_step, 6, 10), (poll_intervals.sometime, 0, 20)],
    ids=["about", "out-of-step", "sometime"],
)
def test_an_interval_varies(
    monkeypatch: pytest.MonkeyPatch, interval: Callable[[float], float], shortest: float, longest: float
) -> None:
    for jitter, expected in ((min, shortest), (max, longest)):
        monkeypatch.setattr(random, "uniform", jitter)

        assert interval(10.0) == pytest.approx(expected)


def test_an_interval_grows_up_to_a_limit() -> None:
    refresh = Refresh(max_poll_interval=15)

    assert [poll_intervals.grown(each, refresh) for each in (2, 9, 10, 14, 15)] == [3, 13.5, 15, 15, 15]


@pytest.mark.usefixtures("earliest")
def test_four_of_five_refreshes_set_the_wait() -> None:
    times = took(5, 1, 4, 2, 3, 100)

    assert [times.left(elapsed) for elapsed in (0, 1.5, 5, 7)] == [5, 3.5, 0, 0]


def test_polls_come_a_little_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", max)

    assert took(10).left(0) == pytest.approx(10.2)


@pytest.mark.usefixtures("earliest")
def test_only_the_latest_refreshes_count() -> None:
    assert took(*[100] * 64, *[1] * 63).left(0) == 1
    assert took(*[1] * 64, *[100] * 13).left(0) == 1
    assert took(*[1] * 64, *[100] * 14).left(0) == 100
    assert took(*[50] * 14, *[1] * 50, *[7] * 14).left(0) == 7
    assert took(100, *[1] * 50, *[100] * 13).left(0) == 100
    assert took(100, *[1] * 50, *[100] * 13, 1).left(0) == 1


@pytest.mark.usefixtures("earliest")
@pytest.mark.parametrize(
    ("stamp", "triggered", "seconds"),
    [
        pytest.param(5, 0, 5, id="in-between"),
        pytest.param(2, 0, 2, id="since-the-look-before"),
        pytest.param(8, 0, 8, id="until-this-look"),
        pytest.param(1, 0, 8, id="before-the-last-look"),
        pytest.param(9, 0, 8, id="after-this-look"),
        pytest.param(5, 1, 4, id="from-the-trigger-on"),
        pytest.param(None, 0, 8, id="without-a-stamp"),
        pytest.param(5, None, 8, id="without-a-date"),
    ],
)
def test_the_servers_times_are_checked(stamp: float | None, triggered: float | None, seconds: float) -> None:
    times = RefreshTimes()

    times.note(answer(stamp=stamp, date=99), answer(stamp=77, date=triggered), at_least=2, at_most=8)

    assert times.left(0) == seconds


async def test_the_first_end_wakes_everybody() -> None:
    clock, times = asyncio.get_running_loop(), RefreshTimes()
    before = times.are_known
    clock.call_at(3, lambda: times.note(answer(), answer(), at_least=0, at_most=3))
    await times.wait_for_first(until=10)

    assert (before, clock.time(), times.are_known) == (False, 3, True)


async def test_the_wait_for_it_is_limited() -> None:
    times = RefreshTimes()
    await times.wait_for_first(until=10)

    assert (asyncio.get_running_loop().time(), times.are_known, times.left(0)) == (10, False, 0)
