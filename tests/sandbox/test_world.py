from __future__ import annotations

import pytest

from guard.core.model import Channel
from guard.sandbox.scenario import Answers, ClockJump, RateLimit, Scenario, ScenarioSegment, StampAfter
from guard.sandbox.scripted_answers import AGAIN, WELL, ScriptedAnswer
from guard.sandbox.world import World

UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
START = 1_800_000_000.0
COUNTED = {Channel.USERS: 62_000, Channel.EMAIL: 41_800, Channel.SMS: 9_500}
FOUND = {Channel.USERS: 1_900_000, Channel.EMAIL: 1_311_000, Channel.SMS: 412_000}
SEGMENT = ScenarioSegment(uuid=UUID, name="Newsletter", counts=COUNTED, counted=3600.0, fresh=FOUND, refresh=5.0)
LAGGING = ScenarioSegment(uuid=UUID, name="Newsletter", counts=COUNTED, fresh=FOUND, refresh=5.0, lag=2.0)
STUCK = ScenarioSegment(
    uuid=UUID, name="Newsletter", counts=COUNTED, fresh=FOUND, refresh=5.0, stuck=frozenset({Channel.EMAIL})
)
NEVER_COUNTED = ScenarioSegment(uuid=UUID, name="Newsletter", counted=None, fresh={Channel.EMAIL: 700}, refresh=5.0)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def world_of(segment: ScenarioSegment, clock: Clock) -> World:
    return World(Scenario(segments=(segment,)), clock=clock)


def test_a_segment_shows_its_last_count_and_when_it_was_made(clock: Clock) -> None:
    state = world_of(SEGMENT, clock).read(UUID)
    assert not state.refreshing
    assert state.counts == COUNTED
    assert state.counted_at == START - 3600


def test_a_refresh_shows_while_it_runs_and_its_result_when_it_ends(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(4.9)
    running = world.read(UUID)
    assert running.refreshing
    assert (running.counts, running.counted_at) == (COUNTED, START - 3600)
    clock.move(0.1)
    ended = world.read(UUID)
    assert not ended.refreshing
    assert ended.counts[Channel.EMAIL] == FOUND[Channel.EMAIL]


def test_the_answer_to_a_trigger_says_refreshing_with_the_old_count(clock: Clock) -> None:
    answer = world_of(LAGGING, clock).trigger(UUID, Channel.EMAIL)
    assert answer.refreshing
    assert answer.counts == COUNTED


def test_a_refresh_counts_the_triggered_channel_only(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    assert world.read(UUID).counts == COUNTED | {Channel.EMAIL: FOUND[Channel.EMAIL]}


def test_a_refresh_of_one_channel_moves_the_one_stamp_of_all_to_when_it_ended(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.SMS)
    clock.move(60)
    state = world.read(UUID)
    assert state.counted_at == START + 5
    assert state.counts[Channel.EMAIL] == COUNTED[Channel.EMAIL]


def test_a_trigger_into_a_running_refresh_is_swallowed(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(3)
    assert world.trigger(UUID, Channel.SMS).refreshing
    clock.move(60)
    state = world.read(UUID)
    assert state.counted_at == START + 5
    assert state.counts[Channel.SMS] == COUNTED[Channel.SMS]


def test_a_trigger_after_a_refresh_that_nobody_saw_end_starts_the_next_one(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    world.trigger(UUID, Channel.SMS)
    clock.move(5)
    state = world.read(UUID)
    assert state.counts[Channel.SMS] == FOUND[Channel.SMS]
    assert state.counted_at == START + 10


def test_with_a_lag_polls_say_ready_with_the_old_count_before_the_refresh_begins(clock: Clock) -> None:
    world = world_of(LAGGING, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(1.9)
    early = world.read(UUID)
    assert (early.refreshing, early.counts) == (False, COUNTED)
    clock.move(0.1)
    assert world.read(UUID).refreshing
    clock.move(5)
    late = world.read(UUID)
    assert (late.refreshing, late.counts[Channel.EMAIL]) == (False, FOUND[Channel.EMAIL])


def test_a_trigger_during_the_lag_is_swallowed_too(clock: Clock) -> None:
    world = world_of(LAGGING, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(1)
    world.trigger(UUID, Channel.SMS)
    clock.move(60)
    assert world.read(UUID).counts == COUNTED | {Channel.EMAIL: FOUND[Channel.EMAIL]}


def test_a_stuck_refresh_never_ends_and_lets_no_other_begin(clock: Clock) -> None:
    world = world_of(STUCK, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(86_400)
    world.trigger(UUID, Channel.SMS)
    clock.move(86_400)
    state = world.read(UUID)
    assert state.refreshing
    assert (state.counts, state.counted_at) == (COUNTED, START - 3600)


def test_a_channel_that_is_not_stuck_is_refreshed_beside_one_that_is(clock: Clock) -> None:
    world = world_of(STUCK, clock)
    world.trigger(UUID, Channel.SMS)
    clock.move(5)
    assert world.read(UUID).counts[Channel.SMS] == FOUND[Channel.SMS]


def test_a_segment_that_was_never_counted_shows_zeros_without_a_stamp(clock: Clock) -> None:
    state = world_of(NEVER_COUNTED, clock).read(UUID)
    assert state.counts == dict.fromkeys(Channel, 0)
    assert state.counted_at is None


def test_the_first_refresh_of_a_segment_leaves_its_other_channels_at_zero(clock: Clock) -> None:
    world = world_of(NEVER_COUNTED, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    state = world.read(UUID)
    assert state.counts == dict.fromkeys(Channel, 0) | {Channel.EMAIL: 700}
    assert state.counted_at == START + 5


def test_a_channel_without_a_fresh_count_keeps_its_count_and_still_moves_the_stamp(clock: Clock) -> None:
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", counts=COUNTED, refresh=5.0)
    world = world_of(segment, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    state = world.read(UUID)
    assert (state.counts, state.counted_at) == (COUNTED, START + 5)


def test_a_channel_that_nothing_is_known_of_stays_absent(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.PUSH)
    clock.move(5)
    assert Channel.PUSH not in world.read(UUID).counts


def test_only_a_bypass_counts_people_outside_the_global_inclusion_segment(clock: Clock) -> None:
    segment = ScenarioSegment(
        uuid=UUID, name="Newsletter", counts=COUNTED, outside_global_inclusion={Channel.EMAIL: 1_000}
    )
    world = world_of(segment, clock)
    assert world.read(UUID, bypass_global=True).counts == COUNTED | {Channel.EMAIL: 42_800}
    assert world.read(UUID).counts == COUNTED


@pytest.mark.parametrize("bypass_global", [True, False])
def test_a_refresh_with_a_bypass_leaves_the_count_without_it_old_and_the_other_way_round(
    clock: Clock,
    bypass_global: bool,
) -> None:
    world = world_of(SEGMENT, clock)
    world.trigger(UUID, Channel.EMAIL, bypass_global=bypass_global)
    clock.move(5)
    assert world.read(UUID, bypass_global=bypass_global).counts[Channel.EMAIL] == FOUND[Channel.EMAIL]
    assert world.read(UUID, bypass_global=not bypass_global).counts[Channel.EMAIL] == COUNTED[Channel.EMAIL]


def test_a_skewed_server_stamps_by_its_own_clock(clock: Clock) -> None:
    world = World(Scenario(segments=(SEGMENT,), clock_skew=-7200.0), clock=clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    assert world.now() == START + 5 - 7200
    assert world.read(UUID).counted_at == START + 5 - 7200


def test_statuses_to_give_first_are_given_once_each_and_in_order(clock: Clock) -> None:
    answers = Answers(any=(503,), reads=(429,), triggers=(409, 500))
    world = world_of(ScenarioSegment(uuid=UUID, name="Newsletter", answers=answers), clock)
    triggers = [True, True, False, True, True, False]
    given = [world.next_answer(UUID, is_trigger=is_trigger).status for is_trigger in triggers]
    assert given == [503, 409, 429, 500, 200, 200]


def test_a_list_that_ends_in_again_is_given_for_ever(clock: Clock) -> None:
    answers = Answers(any=(ScriptedAnswer(status=429),), reads=(503, WELL, AGAIN))
    world = world_of(ScenarioSegment(uuid=UUID, name="Newsletter", answers=answers), clock)
    assert [world.next_answer(UUID, is_trigger=False).status for _ in range(6)] == [429, 503, 200, 503, 200, 503]
    assert world.next_answer(UUID, is_trigger=True) == WELL


@pytest.mark.parametrize(
    ("stamp", "moved_to"),
    [
        (StampAfter.MOVES, START + 5),
        (StampAfter.STAYS, START - 3600),
        (StampAfter.BACK, START + 5 - 365 * 86_400),
        (StampAfter.AHEAD, START + 5 + 365 * 86_400),
    ],
)
def test_a_refresh_does_to_the_stamp_what_the_scenario_says(clock: Clock, stamp: StampAfter, moved_to: float) -> None:
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", counts=COUNTED, fresh=FOUND, refresh=5.0, stamp=stamp)
    world = world_of(segment, clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(5)
    assert world.read(UUID).counted_at == moved_to
    assert world.read(UUID).counts[Channel.EMAIL] == FOUND[Channel.EMAIL]


def test_a_replica_shows_how_it_was_at_first(clock: Clock) -> None:
    world = world_of(SEGMENT, clock)
    before = world.read(UUID)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(60)
    assert world.read(UUID) != before
    assert world.first(UUID) == before


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_a_clock_that_jumps_takes_the_stamps_along_and_ends_no_refresh_sooner_or_later(clock: Clock, by: float) -> None:
    world = World(Scenario(segments=(SEGMENT,), clock_jump=ClockJump(after=3.0, by=by)), clock=clock)
    world.trigger(UUID, Channel.EMAIL)
    clock.move(2.5)
    assert world.now() == START + 2.5
    clock.move(2.0)
    assert world.now() == START + 4.5 + by
    assert world.read(UUID).refreshing
    clock.move(0.5)
    assert not world.read(UUID).refreshing
    assert world.read(UUID).counted_at == START + 5 + by


def test_the_rate_limit_admits_a_second_s_worth_at_once_and_then_its_rate(clock: Clock) -> None:
    world = World(Scenario(rate_limit=RateLimit(requests_per_second=2)), clock=clock)
    assert [world.admits_request() for _ in range(3)] == [True, True, False]
    clock.move(0.5)
    assert [world.admits_request() for _ in range(2)] == [True, False]
    clock.move(3600)
    assert [world.admits_request() for _ in range(3)] == [True, True, False]


def test_a_rate_limit_below_one_a_second_still_admits_a_request(clock: Clock) -> None:
    world = World(Scenario(rate_limit=RateLimit(requests_per_second=0.5)), clock=clock)
    assert [world.admits_request() for _ in range(2)] == [True, False]
    clock.move(2)
    assert world.admits_request()
