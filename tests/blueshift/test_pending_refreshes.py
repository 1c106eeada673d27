"""Pending refreshes: the end of one must not prove the next channel."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.api import Target
from guard.blueshift.pending_refreshes import PendingRefreshes
from guard.core.model import Channel, Pacing, Refresh
from guard.core.results import Count, Reason, Unavailable
from tests.blueshift.any_order import Course, History, Kind, Other, Reply, Script
from tests.blueshift.any_run import assert_nothing_stale_is_believed, play
from tests.blueshift.any_script import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Leap = Callable[[Coroutine[Any, Any, Any]], Any]

EMAIL, SMS = Kind("email"), Kind("sms")
NEVER = float("inf")


def readings(leap: Leap, script: Script, *kinds: Kind) -> list[Count | Unavailable]:
    """Return the readings of one segment's channels; the timeout of a refresh is a minute."""
    run = leap(play(script, Question(kinds=(kinds, ()), refresh=Refresh(timeout=60.0))))
    assert_nothing_stale_is_believed(run)
    return [reading for *_, reading in run.readings()]


@pytest.mark.parametrize(
    ("triggers", "queued"),
    [
        pytest.param((), 100.0, id="outlives-its-wait"),
        pytest.param((Reply(body=b"<html>"),), 50.0, id="answered-with-nonsense"),
        pytest.param((Reply(status=504),) * 5, 50.0, id="answered-by-a-gateway"),
        pytest.param((Reply(seconds=12.0),) * 5, 80.0, id="not-answered-in-time"),
    ],
)
def test_an_unseen_end_never_proves_the_next_channel(leap: Leap, triggers: tuple[Reply, ...], queued: float) -> None:
    script = Script(histories=(History(own=(Course(queued=queued),)),), triggers=triggers)
    question = Question(kinds=((Kind("email"), Kind("sms")), ()), refresh=Refresh(timeout=60.0))

    run = leap(play(script, question))

    assert_nothing_stale_is_believed(run)
    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [False, True]


@pytest.mark.parametrize("triggers", [pytest.param((), id="seen"), pytest.param((Reply(status=503),), id="unanswered")])
def test_an_endless_refresh_makes_the_other_channels_unknown(leap: Leap, triggers: tuple[Reply, ...]) -> None:
    script = Script(histories=(History(own=(Course(runs=NEVER),)),), triggers=triggers)

    _, sms = readings(leap, script, EMAIL, SMS)

    assert sms == Unavailable(reason=Reason.TIMEOUT, detail="this segment's refresh of email did not end within 1 min")


def test_a_stamp_that_moved_before_the_trigger_proves_nothing(leap: Leap) -> None:
    just_before = Other(at=0.1, kind=Kind("users"), course=Course(runs=0.0))
    script = Script(histories=(History(own=(Course(queued=100.0),), others=(just_before,)),))

    found = readings(leap, script, EMAIL, SMS)

    assert [isinstance(each, Count) for each in found] == [False, True]


def test_an_unanswered_trigger_names_the_running_refresh(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(runs=NEVER),)),), triggers=(Reply(status=503),))

    (email,) = readings(leap, script, EMAIL)

    assert email == Unavailable(
        reason=Reason.TIMEOUT, detail="this segment's refresh of email did not end within 1 min"
    )


def test_a_lost_trigger_is_sent_again_after_another_refresh(
    leap: Leap,
) -> None:
    failed = Other(at=0.9, kind=EMAIL, course=Course(runs=5.0, moves_stamp=False))
    script = Script(histories=(History(others=(failed,)),), triggers=(Reply(status=503, heard=False),))

    (email,) = readings(leap, script, EMAIL)

    assert isinstance(email, Count)


def test_after_a_refused_trigger_no_refresh_is_awaited(leap: Leap) -> None:
    refused = (Reply(status=429, heard=False, retry_after="40"),) * 20
    run = leap(play(Script(triggers=refused), Question(kinds=((EMAIL, SMS), ()), refresh=Refresh(timeout=60.0))))

    assert all("did not end" not in reading.detail for *_, reading in run.readings())


# Several runs, and triggers that are carried out twice


EMAIL_QUESTION = Question(kinds=((EMAIL,), ()), refresh=Refresh(timeout=60.0))
SMS_QUESTION = replace(EMAIL_QUESTION, kinds=((SMS,), ()))


def sms_after_email(leap: Leap, script: Script, email: Question = EMAIL_QUESTION, pause: float = 1.0) -> Any:
    """Return the reading of SMS in a run over the connection of an earlier run, which asked for email."""
    run = leap(play(script, email, SMS_QUESTION, pause=pause))
    assert_nothing_stale_is_believed(run)
    ((*_, reading),) = run.readings()
    return reading


def test_the_next_run_waits_for_a_refresh_that_an_earlier_one_gave_up(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(queued=100.0),)),))

    assert isinstance(sms_after_email(leap, script), Count)


def test_the_next_run_waits_for_a_trigger_that_the_deadline_cut_off(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(queued=20.0),)),), triggers=(Reply(seconds=9.0),))

    reading = sms_after_email(leap, script, replace(EMAIL_QUESTION, time_limit=6.0))

    assert isinstance(reading, Count)


def test_a_cut_off_trigger_names_the_running_refresh(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(queued=5.0, runs=NEVER),)),), triggers=(Reply(seconds=9.0),))

    reading = sms_after_email(leap, script, replace(EMAIL_QUESTION, time_limit=6.0), pause=10.0)

    assert reading.detail == "this segment's refresh of email did not end within 1 min"


def test_a_refresh_seen_to_end_costs_no_further_trigger(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(runs=70.0),)),))

    run = leap(play(script, Question(kinds=((EMAIL, SMS), ()), refresh=Refresh(timeout=60.0))))

    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [False, True]
    assert sum(each.is_trigger for each in run.blueshift.log) == 2


@pytest.mark.parametrize(
    ("pause", "triggers"),
    [
        pytest.param(3400.0, 2, id="within-an-hour"),
        pytest.param(3700.0, 1, id="later"),
    ],
)
def test_a_trigger_is_forgotten_after_an_hour(leap: Leap, pause: float, triggers: int) -> None:
    script = Script(histories=(History(own=(Course(moves_stamp=False),)),))

    run = leap(play(script, EMAIL_QUESTION, SMS_QUESTION, pause=pause))

    assert_nothing_stale_is_believed(run)
    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [True]
    assert sum(each.is_trigger and each.at > run.began for each in run.blueshift.log) == triggers


@pytest.mark.parametrize("queued", [3.0, 5.0, 30.0])
@pytest.mark.parametrize(
    ("counted_ago", "reads"),
    [
        pytest.param(3600.0, (), id="counted-before"),
        pytest.param(None, (), id="never-counted"),
        pytest.param(3600.0, (Reply(), Reply(stamped=False)), id="second-look-without-a-stamp"),
    ],
)
def test_a_repeated_refresh_never_proves_the_next_channel(
    leap: Leap, queued: float, counted_ago: float | None, reads: tuple[Reply, ...]
) -> None:
    history = History(counted_ago=counted_ago, own=(Course(queued=queued, runs=2.0),))
    script = Script(histories=(history,), reads=reads, triggers=(Reply(status=504),), accepts_twice=True)

    found = readings(leap, script, EMAIL, SMS)

    assert [isinstance(each, Count) for each in found] == [True, True]


@pytest.mark.parametrize("queued", [3.0, 5.0, 20.0, 80.0])
@pytest.mark.parametrize("lost", [2, 3, 4])
@pytest.mark.parametrize("traceless", [(), (1,), (2,)])
@pytest.mark.parametrize("jumps", [(), ((15.0, -3600.0),)])
def test_many_repeated_refreshes_never_prove_the_next_channel(
    leap: Leap, queued: float, lost: int, traceless: tuple[int, ...], jumps: tuple[tuple[float, float], ...]
) -> None:
    courses = tuple(Course(queued=queued, runs=2.0, moves_stamp=number not in traceless) for number in range(5))
    script = Script(
        histories=(History(own=courses),), triggers=(Reply(status=504),) * lost, accepts_twice=True, jumps=jumps
    )

    run = leap(play(script, Question(kinds=((EMAIL, SMS), ()))))

    assert_nothing_stale_is_believed(run)
    assert jumps or traceless or [isinstance(reading, Count) for *_, reading in run.readings()] == [True, True]


@pytest.mark.parametrize("status", [201, 202, 204, 302, 425, 499])
def test_a_trigger_with_an_odd_answer_may_have_been_carried_out(leap: Leap, status: int) -> None:
    script = Script(histories=(History(own=(Course(queued=10.0, runs=2.0),)),), triggers=(Reply(status=status),))

    found = readings(leap, script, EMAIL, SMS)

    assert [isinstance(each, Count) for each in found] == [False, True]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 503])
@pytest.mark.parametrize("queued", [3.0, 30.0])
def test_a_refused_trigger_may_have_been_carried_out(leap: Leap, status: int, queued: float) -> None:
    history = History(own=(Course(queued=queued, runs=2.0), Course(queued=queued + 10.0)))
    script = Script(histories=(history,), triggers=(Reply(status=status),), accepts_twice=True)

    found = readings(leap, script, EMAIL, SMS)

    assert isinstance(found[1], Count)


def test_a_late_repeat_never_proves_the_next_channel(leap: Leap) -> None:
    courses = (Course(queued=3.0, runs=1.0), Course(queued=12.0, runs=1.0))
    script = Script(histories=(History(own=courses),), triggers=(Reply(status=None),), accepts_twice=True)

    found = readings(leap, script, EMAIL, SMS)

    assert [isinstance(each, Count) for each in found] == [True, True]


def test_a_repeat_costs_each_later_channel_one_trigger(leap: Leap) -> None:
    kinds = (EMAIL, SMS, Kind("users"))

    def triggers(*replies: Reply, queued: float = 3.0) -> int:
        script = Script(histories=(History(own=(Course(queued=queued),)),), triggers=replies)
        run = leap(play(script, Question(kinds=(kinds, ()))))
        assert all(isinstance(reading, Count) for *_, reading in run.readings())
        return sum(each.is_trigger for each in run.blueshift.log)

    assert triggers() == 3
    assert triggers(Reply(status=None)) == 4 + 2
    assert triggers(Reply(status=None), queued=0.0) == 4  # the read after the lost trigger sees its refresh end


def test_a_trigger_that_was_not_sent_is_not_pending(leap: Leap) -> None:
    slow = Pacing(requests_per_second=0.2)

    reading = sms_after_email(leap, Script(), replace(EMAIL_QUESTION, pacing=slow, time_limit=4.0))

    assert isinstance(reading, Count)


# Missing stamps


@pytest.mark.parametrize("counted_ago", [0.3, 30.0, 3600.0])
def test_a_stamp_that_is_hidden_and_shown_again_proves_nothing(leap: Leap, counted_ago: float) -> None:
    hidden = (Reply(stamped=False),)
    script = Script(
        histories=(History(counted_ago=counted_ago, own=(Course(queued=NEVER),)),), reads=hidden, triggers=hidden
    )

    (email,) = readings(leap, script, EMAIL)

    assert email == Unavailable(
        reason=Reason.TIMEOUT,
        detail="Blueshift showed a count within 1 min, but its stamp is older than the request; check again",
    )


def test_a_stamp_that_the_triggers_answer_shows_is_the_old_one(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(queued=NEVER),)),), reads=(Reply(stamped=False),))

    (email,) = readings(leap, script, EMAIL)

    assert email == Unavailable(
        reason=Reason.TIMEOUT, detail="Blueshift showed no new count within 1 min, only the old one"
    )


def test_a_baseline_without_stamp_and_date_triggers_nothing(leap: Leap) -> None:
    script = Script(histories=(History(counted_ago=None),), reads=(Reply(dated=False),))

    (email,) = readings(leap, script, EMAIL)

    assert email == Unavailable(
        reason=Reason.BAD_ANSWER,
        detail="the answer has neither a stamp nor a Date, so a new count would look like an old one",
    )


def test_a_refresh_triggered_again_may_run_twice_too(leap: Leap) -> None:
    queued = History(own=(Course(queued=90.0),))
    again = Question(kinds=((EMAIL, SMS), ()))

    run = leap(play(Script(histories=(queued,), accepts_twice=True), EMAIL_QUESTION, again))

    assert_nothing_stale_is_believed(run)
    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [True, True]


def test_the_next_channel_waits_for_a_second_move(leap: Leap) -> None:
    script = Script(histories=(History(own=(Course(queued=90.0),)),), triggers=(Reply(status=504),), accepts_twice=True)

    found = readings(leap, script, EMAIL, SMS)

    assert [isinstance(each, Count) for each in found] == [False, True]


def test_after_a_seen_end_the_next_refresh_is_another_users(leap: Leap) -> None:
    endless = Other(at=7.0, kind=Kind("users"), course=Course(runs=NEVER))
    question = Question(
        kinds=((EMAIL, SMS), ()), refresh=Refresh(timeout=60.0), pacing=Pacing(requests_per_second=0.5, concurrency=1)
    )

    run = leap(play(Script(histories=(History(others=(endless,)),)), question))

    email, sms = (reading for *_, reading in run.readings())
    assert isinstance(email, Count)
    assert sms.detail == "somebody else's refresh of this segment did not end within 1 min"


def test_at_the_deadline_the_awaited_answer_is_named(leap: Leap) -> None:
    running = Other(at=-1.0, kind=Kind("users"), course=Course(runs=5.0))
    script = Script(histories=(History(others=(running,)),), triggers=(Reply(seconds=9.0),))

    run = leap(play(script, replace(EMAIL_QUESTION, time_limit=12.0)))

    ((*_, email),) = run.readings()
    assert email == Unavailable(
        reason=Reason.DEADLINE,
        detail="the time for the whole run was up while waiting for Blueshift's answer",
    )


# PendingRefreshes itself


TARGET = Target(uuid="00000000-0000-4000-8000-000000000001")
OTHER = Target(uuid="00000000-0000-4000-8000-000000000002")


def unsettled(leap: Leap, *told: Callable[[PendingRefreshes], None], after: float = 0.0) -> int:
    """Return the number of pending refreshes, ``after`` seconds later."""

    async def main() -> int:
        pending = PendingRefreshes()
        pending.seen(TARGET, 100)
        for tell in told:
            tell(pending)
        await asyncio.sleep(after)
        return pending.count(TARGET)

    return int(leap(main()))


def sent(pending: PendingRefreshes, *moments: float) -> None:
    for moment in moments:
        pending.sent(TARGET, Channel.EMAIL, moment)


def test_each_trigger_is_pending_until_the_stamp_moves(leap: Leap) -> None:
    assert unsettled(leap, lambda _: None) == 0
    assert unsettled(leap, lambda pending: sent(pending, 0, 1, 2)) == 3
    assert unsettled(leap, lambda pending: sent(pending, 0, 1, 2), lambda pending: pending.seen(TARGET, 101)) == 2
    assert unsettled(leap, lambda pending: sent(pending, 0, 1), lambda pending: pending.seen(OTHER, 101)) == 2


@pytest.mark.parametrize("stamp", [100, 99, float("-inf")])
def test_a_stamp_that_did_not_move_settles_nothing(leap: Leap, stamp: float) -> None:
    assert unsettled(leap, lambda pending: sent(pending, 0), lambda pending: pending.seen(TARGET, stamp)) == 1


def test_the_first_stamp_settles_nothing(leap: Leap) -> None:
    def tell(pending: PendingRefreshes) -> None:
        pending.sent(OTHER, Channel.SMS, 0)
        pending.seen(OTHER, 500)

    async def main() -> int:
        pending = PendingRefreshes()
        tell(pending)
        return pending.count(OTHER)

    assert leap(main()) == 1


def test_a_triggers_own_answer_settles_only_earlier_triggers(leap: Leap) -> None:
    assert unsettled(leap, lambda pending: sent(pending, 5), lambda pending: pending.seen(TARGET, 101, before=5)) == 1
    assert (
        unsettled(leap, lambda pending: sent(pending, 4, 5), lambda pending: pending.seen(TARGET, 101, before=5)) == 1
    )


def test_the_number_of_pending_refreshes_is_never_negative(leap: Leap) -> None:
    def tell(pending: PendingRefreshes) -> None:
        for stamp in (101, 102, 103):
            pending.seen(TARGET, stamp)
        pending.ended(TARGET, 104)
        sent(pending, 0)

    assert unsettled(leap, tell) == 1


def test_a_proven_end_settles_one_even_if_a_clock_was_set_back(leap: Leap) -> None:
    def ended(pending: PendingRefreshes) -> None:
        sent(pending, 0, 1)
        pending.ended(TARGET, 50)

    assert unsettled(leap, ended) == 1
    assert unsettled(leap, ended, lambda pending: pending.seen(TARGET, 51)) == 0


@pytest.mark.parametrize(("after", "left"), [(3599.0, 2), (3600.0, 1), (3700.0, 0)])
def test_each_trigger_is_dropped_an_hour_after_it_was_sent(leap: Leap, after: float, left: int) -> None:
    assert unsettled(leap, lambda pending: sent(pending, 0, 50), after=after) == left


def test_the_latest_trigger_names_the_running_refresh(leap: Leap) -> None:
    async def main() -> list[Channel | None]:
        pending = PendingRefreshes()
        found = [pending.channel(TARGET)]
        sent(pending, 0)
        pending.sent(TARGET, Channel.SMS, 1)
        return [*found, pending.channel(TARGET), pending.channel(OTHER)]

    assert leap(main()) == [None, Channel.SMS, None]
