from __future__ import annotations

from typing import Any

import pytest

from guard.core.model import Channel
from guard.sandbox.scenario import Answers, ClockJump, RateLimit, Scenario, StampAfter
from guard.sandbox.scripted_answers import AGAIN, WELL, ScriptedAnswer
from guard.sandbox.world import SegmentState, World
from tests.sandbox.builders import UUID, segment

START = 1_800_000_000.0
COUNTED = {Channel.USERS: 62_000, Channel.EMAIL: 41_800, Channel.SMS: 9_500}
FOUND = {Channel.USERS: 1_900_000, Channel.EMAIL: 1_311_000, Channel.SMS: 412_000}
EMAIL_FOUND = COUNTED | {Channel.EMAIL: FOUND[Channel.EMAIL]}
SMS_FOUND = COUNTED | {Channel.SMS: FOUND[Channel.SMS]}
ZEROS = dict.fromkeys(Channel, 0)


class Trial:
    """A world of one segment, whose clock stands still until a test moves it."""

    def __init__(self, *, account: dict[str, Any] | None = None, **changes: Any) -> None:
        usual = {"counts": COUNTED, "counted": 3600.0, "fresh": FOUND, "refresh": 5.0}
        self.seconds = START
        scenario = Scenario(segments=(segment(**{**usual, **changes}),), **(account or {}))
        self.world = World(scenario, clock=lambda: self.seconds)

    def trigger(self, channel: Channel, *, bypass_global: bool = False) -> SegmentState:
        return self.world.trigger(UUID, channel, bypass_global=bypass_global)

    def read(self, *, after: float = 0, bypass_global: bool = False) -> SegmentState:
        self.seconds += after
        return self.world.read(UUID, bypass_global=bypass_global)


def test_a_segment_shows_its_last_count() -> None:
    state = Trial().read()
    assert not state.refreshing
    assert (state.counts, state.counted_at) == (COUNTED, START - 3600)


def test_a_refresh_shows_while_it_runs() -> None:
    trial = Trial()
    trial.trigger(Channel.EMAIL)
    running = trial.read(after=4.9)
    assert running.refreshing
    assert (running.counts, running.counted_at) == (COUNTED, START - 3600)
    assert not trial.read(after=0.1).refreshing


def test_a_trigger_answers_with_the_old_count() -> None:
    answer = Trial(lag=2.0).trigger(Channel.EMAIL)
    assert answer.refreshing
    assert answer.counts == COUNTED


@pytest.mark.parametrize(
    ("changes", "channel", "counts"),
    [
        pytest.param({}, Channel.EMAIL, EMAIL_FOUND, id="email"),
        pytest.param({}, Channel.SMS, SMS_FOUND, id="sms"),
        pytest.param({"fresh": {}}, Channel.EMAIL, COUNTED, id="no-fresh-count"),
        pytest.param({}, Channel.PUSH, COUNTED, id="an-absent-channel"),
        pytest.param({"stuck": frozenset({Channel.EMAIL})}, Channel.SMS, SMS_FOUND, id="beside-a-stuck-channel"),
        pytest.param(
            {"counted": None, "counts": {}, "fresh": {Channel.EMAIL: 700}},
            Channel.EMAIL,
            ZEROS | {Channel.EMAIL: 700},
            id="never-counted-before",
        ),
    ],
)
def test_a_refresh_counts_its_channel_only(
    changes: dict[str, Any], channel: Channel, counts: dict[Channel, int]
) -> None:
    """It moves the one stamp of all channels to the moment when it ended."""
    trial = Trial(**changes)
    trial.trigger(channel)
    state = trial.read(after=60)
    assert (state.counts, state.counted_at) == (counts, START + 5)


def test_a_trigger_into_a_refresh_is_swallowed() -> None:
    trial = Trial()
    trial.trigger(Channel.EMAIL)
    trial.read(after=3)
    assert trial.trigger(Channel.SMS).refreshing
    state = trial.read(after=60)
    assert (state.counts, state.counted_at) == (EMAIL_FOUND, START + 5)


def test_an_ended_refresh_lets_the_next_begin() -> None:
    """Nobody has to see its end."""
    trial = Trial()
    trial.trigger(Channel.EMAIL)
    trial.seconds += 5
    trial.trigger(Channel.SMS)
    state = trial.read(after=5)
    assert state.counts[Channel.SMS] == FOUND[Channel.SMS]
    assert state.counted_at == START + 10


def test_before_a_late_refresh_begins_all_is_ready() -> None:
    trial = Trial(lag=2.0)
    trial.trigger(Channel.EMAIL)
    early = trial.read(after=1.9)
    assert (early.refreshing, early.counts) == (False, COUNTED)
    assert trial.read(after=0.1).refreshing
    late = trial.read(after=5)
    assert (late.refreshing, late.counts[Channel.EMAIL]) == (False, FOUND[Channel.EMAIL])


def test_a_trigger_during_the_lag_is_swallowed() -> None:
    trial = Trial(lag=2.0)
    trial.trigger(Channel.EMAIL)
    trial.read(after=1)
    trial.trigger(Channel.SMS)
    assert trial.read(after=60).counts == EMAIL_FOUND


def test_a_stuck_refresh_never_ends() -> None:
    """No other can begin."""
    trial = Trial(stuck=frozenset({Channel.EMAIL}))
    trial.trigger(Channel.EMAIL)
    trial.read(after=86_400)
    trial.trigger(Channel.SMS)
    state = trial.read(after=86_400)
    assert state.refreshing
    assert (state.counts, state.counted_at) == (COUNTED, START - 3600)


def test_a_segment_never_counted_has_no_stamp() -> None:
    state = Trial(counted=None, counts={}).read()
    assert (state.counts, state.counted_at) == (ZEROS, None)


def test_a_bypass_counts_more_people() -> None:
    trial = Trial(outside_global_inclusion={Channel.EMAIL: 1_000})
    assert trial.read(bypass_global=True).counts == COUNTED | {Channel.EMAIL: 42_800}
    assert trial.read().counts == COUNTED


@pytest.mark.parametrize("bypass_global", [True, False])
def test_a_refresh_counts_with_or_without_a_bypass(bypass_global: bool) -> None:
    trial = Trial()
    trial.trigger(Channel.EMAIL, bypass_global=bypass_global)
    assert trial.read(after=5, bypass_global=bypass_global).counts[Channel.EMAIL] == FOUND[Channel.EMAIL]
    assert trial.read(bypass_global=not bypass_global).counts[Channel.EMAIL] == COUNTED[Channel.EMAIL]


def test_a_skewed_server_stamps_by_its_own_clock() -> None:
    trial = Trial(account={"clock_skew": -7200.0})
    trial.trigger(Channel.EMAIL)
    assert trial.read(after=5).counted_at == START + 5 - 7200
    assert trial.world.now() == START + 5 - 7200


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_a_clock_that_jumps_takes_the_stamps_along(by: float) -> None:
    """The refresh takes as long as before."""
    trial = Trial(account={"clock_jump": ClockJump(after=3.0, by=by)})
    trial.trigger(Channel.EMAIL)
    trial.seconds += 2.5
    assert trial.world.now() == START + 2.5
    trial.seconds += 2.0
    assert trial.world.now() == START + 4.5 + by
    assert trial.read().refreshing
    ended = trial.read(after=0.5)
    assert (ended.refreshing, ended.counted_at) == (False, START + 5 + by)


@pytest.mark.parametrize(
    ("stamp", "moved_to"),
    [
        (StampAfter.MOVES, START + 5),
        (StampAfter.STAYS, START - 3600),
        (StampAfter.BACK, START + 5 - 365 * 86_400),
        (StampAfter.AHEAD, START + 5 + 365 * 86_400),
    ],
)
def test_a_refresh_treats_the_stamp_as_scripted(stamp: StampAfter, moved_to: float) -> None:
    trial = Trial(stamp=stamp)
    trial.trigger(Channel.EMAIL)
    state = trial.read(after=5)
    assert (state.counted_at, state.counts[Channel.EMAIL]) == (moved_to, FOUND[Channel.EMAIL])


def test_a_replica_shows_the_first_state() -> None:
    trial = Trial()
    before = trial.read()
    trial.trigger(Channel.EMAIL)
    assert trial.read(after=60) != before
    assert trial.world.first(UUID) == before


def test_scripted_answers_are_given_once_in_order() -> None:
    world = Trial(answers=Answers(any=(503,), reads=(429,), triggers=(409, 500))).world
    triggers = [True, True, False, True, True, False]
    given = [world.next_answer(UUID, is_trigger=is_trigger).status for is_trigger in triggers]
    assert given == [503, 409, 429, 500, 200, 200]


def test_a_list_that_ends_in_again_repeats() -> None:
    world = Trial(answers=Answers(any=(ScriptedAnswer(status=429),), reads=(503, WELL, AGAIN))).world
    assert [world.next_answer(UUID, is_trigger=False).status for _ in range(6)] == [429, 503, 200, 503, 200, 503]
    assert world.next_answer(UUID, is_trigger=True) == WELL


@pytest.mark.parametrize(
    ("requests_per_second", "admitted"),
    [
        pytest.param(2, [(0, 2), (0.5, 1), (3600, 2)], id="a-second-at-once-then-its-rate"),
        pytest.param(0.5, [(0, 1), (2, 1)], id="at-least-one"),
    ],
)
def test_the_rate_limit_admits(requests_per_second: float, admitted: list[tuple[float, int]]) -> None:
    trial = Trial(account={"rate_limit": RateLimit(requests_per_second=requests_per_second)})
    for after, count in admitted:
        trial.seconds += after
        assert [trial.world.admits_request() for _ in range(count + 1)] == [True] * count + [False]
