"""No count is believed that is not of this run, whatever Blueshift does and in whatever order.

``any_order.py`` says what the fake Blueshift does, and what it leaves out because no client can see it. ANY_ORDER_RUNS
sets the number of random runs; without it, the same few hundred are played each time.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from guard.blueshift import freshness
from guard.blueshift.answers import Answer, whole_seconds
from guard.blueshift.api import Api
from guard.blueshift.pending_refreshes import PendingRefreshes
from guard.core.results import Count
from tests.blueshift.any_order import TODAY, Kind, Script
from tests.blueshift.any_run import Run, assert_nothing_stale_is_believed, assert_the_run_is_orderly, play
from tests.blueshift.any_script import ASKED_KINDS, QUESTIONS, QUIET_SCRIPTS, SCRIPTS, Question
from tests.blueshift.in_process import leap

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.no_cover
MANY = int(os.environ.get("ANY_ORDER_RUNS", "0"))
RUNS = settings(
    max_examples=MANY or 300,
    derandomize=not MANY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(script=SCRIPTS, question=QUESTIONS)
@RUNS
def test_no_stale_count_is_believed(script: Script, question: Question) -> None:
    run = leap(play(script, question))

    event(f"counts believed: {sum(isinstance(reading, Count) for *_, reading in run.readings())}")
    assert_nothing_stale_is_believed(run)
    assert_the_run_is_orderly(run)


@given(script=SCRIPTS, first=QUESTIONS, second=QUESTIONS, pause=st.sampled_from([0.0, 1.0, 30.0, 300.0]))
@settings(RUNS, max_examples=MANY or 100)
def test_the_next_run_believes_no_stale_count(script: Script, first: Question, second: Question, pause: float) -> None:
    run = leap(play(script, first, second, pause=pause))

    assert_nothing_stale_is_believed(run)
    assert_the_run_is_orderly(run)


def assert_everything_is_counted(run: Run) -> None:
    for uuid, kind, reading in run.readings():
        assert isinstance(reading, Count), f"not counted: {uuid} {kind}: {reading}"


@given(script=QUIET_SCRIPTS, kinds=ASKED_KINDS)
@settings(RUNS, max_examples=MANY or 100)
def test_quiet_runs_count_everything(script: Script, kinds: tuple[tuple[Kind, ...], ...]) -> None:
    run = leap(play(script, Question(kinds=kinds)))

    assert_everything_is_counted(run)
    assert_nothing_stale_is_believed(run)


# The tests of these tests: a guard without one step of the proof fails, mostly within one or two hundred runs


def play_until_found_out(check: Callable[[Run], None], scripts: st.SearchStrategy[Script]) -> None:
    @given(script=scripts, question=QUESTIONS if scripts is SCRIPTS else st.builds(Question, kinds=ASKED_KINDS))
    @settings(RUNS, max_examples=2000, derandomize=True, phases=[Phase.generate], database=None)
    def found_out(script: Script, question: Question) -> None:
        check(leap(play(script, question)))

    found_out()


class Lenient(float):
    """A time that counts as later than itself."""

    __slots__ = ()

    def __gt__(self, other: float) -> bool:
        return float(self) >= other


async def without_a_look(*_: object, **__: object) -> Answer:
    now = asyncio.get_running_loop().time()
    return Answer(refreshing=False, stamp=None, date=None, counts={}, asked_at=now)


def first_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = itertools.count()
    monkeypatch.setattr(freshness, "whole_seconds", lambda _stamp: float(next(moments)))


def equal_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "whole_seconds", lambda stamp: Lenient(whole_seconds(stamp)))


def no_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness.Prover, "_baseline", without_a_look)


def a_trigger_whose_answer_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = freshness.Prover._finish

    async def blind(prover: Any, target: Any, channel: Any, baseline: Answer, triggered: Answer) -> Answer:
        return await finish(prover, target, channel, baseline, replace(triggered, stamp=None))

    monkeypatch.setattr(freshness.Prover, "_finish", blind)


def our_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = freshness.Prover._finish

    async def by_our_clock(prover: Any, target: Any, channel: Any, baseline: Answer, triggered: Answer) -> Answer:
        now = datetime.fromtimestamp(TODAY + asyncio.get_running_loop().time(), UTC)
        ours = replace(triggered, stamp=now)
        return await finish(prover, target, channel, replace(baseline, stamp=None), ours)

    monkeypatch.setattr(freshness.Prover, "_finish", by_our_clock)


def a_status_that_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Api.read

    async def always_ready(api: Api, *args: Any, **options: Any) -> Answer:
        return replace(await read(api, *args, **options), refreshing=False)

    monkeypatch.setattr(Api, "read", always_ready)


def a_refresh_of_another_channel_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PendingRefreshes, "count", lambda *_: 0)


@pytest.mark.parametrize(
    "mistake",
    [
        first_ready,
        equal_stamps,
        no_baseline,
        a_trigger_whose_answer_is_not_looked_at,
        our_own_clock,
        a_status_that_is_not_looked_at,
        a_refresh_of_another_channel_that_is_forgotten,
    ],
)
def test_a_hasty_belief_is_found_out(
    monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mistake(monkeypatch)

    with pytest.raises(AssertionError, match="a stale count is believed"):
        play_until_found_out(assert_nothing_stale_is_believed, SCRIPTS)


def test_a_missing_second_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty:
        """``asyncio`` for the proof, with a sleep of no time."""

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

        async def sleep(self, _seconds: float) -> None:
            return

    monkeypatch.setattr(freshness, "asyncio", Hasty())

    with pytest.raises(AssertionError, match="not counted"):
        play_until_found_out(assert_everything_is_counted, QUIET_SCRIPTS)


def test_a_missed_deadline_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    timeout_at = asyncio.timeout_at
    monkeypatch.setattr(asyncio, "timeout_at", lambda deadline: timeout_at(deadline + 0.5))

    with pytest.raises(AssertionError, match="past its deadline"):
        play_until_found_out(assert_the_run_is_orderly, SCRIPTS)
