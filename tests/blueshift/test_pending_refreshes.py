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
from tests.blueshift.any_run import Run, assert_nothing_stale_is_believed, play
from tests.blueshift.any_script import Question
from tests.blueshift.in_process import leap, uuid_of

if TYPE_CHECKING:
    from collections.abc import Callable

EMAIL, SMS, USERS = Kind("email"), Kind("sms"), Kind("users")
NEVER = float("inf")
MINUTE = Refresh(timeout=60.0)
ONE, BOTH = Question(kinds=((EMAIL,), ()), refresh=MINUTE), Question(kinds=((EMAIL, SMS), ()), refresh=MINUTE)
ONE_SMS = replace(ONE, kinds=((SMS,), ()))
OURS = Unavailable(reason=Reason.TIMEOUT, detail="this segment's refresh of email did not end within 1 min")


def script(*own: Course, triggers: tuple[Reply, ...] = (), **values: Any) -> Script:
    """Return a script for one segment: how the guard's refreshes go, and the answers to its triggers."""
    history = {name: values.pop(name) for name in ("counted_ago", "others") if name in values}
    return Script(histories=(History(own=own, **history),), triggers=triggers, **values)


def played(script: Script, *questions: Question, pause: float = 0.0) -> Run:
    """Return the last run; nothing stale is believed in it."""
    run = leap(play(script, *questions, pause=pause))
    assert_nothing_stale_is_believed(run)
    return run


def readings(script: Script, *questions: Question, pause: float = 1.0) -> list[Any]:
    return [reading for *_, reading in played(script, *questions, pause=pause).readings()]


def counted(script: Script, *questions: Question, pause: float = 1.0) -> list[bool]:
    return [isinstance(reading, Count) for reading in readings(script, *questions, pause=pause)]


def triggers_of(run: Run) -> int:
    return sum(each.is_trigger and each.at >= run.began for each in run.blueshift.log)


JUST_BEFORE = Other(at=0.1, kind=USERS, course=Course(runs=0.0))
GATEWAY = Reply(status=504)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(script(Course(queued=100.0)), [False, True], id="outlives-its-wait"),
        pytest.param(
            script(Course(queued=50.0), triggers=(Reply(body=b"<html>"),)), [False, True], id="answered-with-nonsense"
        ),
        pytest.param(script(Course(queued=50.0), triggers=(GATEWAY,) * 5), [False, True], id="answered-by-a-gateway"),
        pytest.param(
            script(Course(queued=80.0), triggers=(Reply(seconds=12.0),) * 5), [False, True], id="not-answered-in-time"
        ),
        pytest.param(
            script(Course(queued=100.0), others=(JUST_BEFORE,)), [False, True], id="stamp-moved-before-the-trigger"
        ),
        pytest.param(
            script(Course(queued=90.0), triggers=(GATEWAY,), accepts_twice=True), [False, True], id="second-move"
        ),
        pytest.param(
            script(
                Course(queued=3.0, runs=1.0),
                Course(queued=12.0, runs=1.0),
                triggers=(Reply(status=None),),
                accepts_twice=True,
            ),
            [True, True],
            id="late-repeat",
        ),
        *(
            pytest.param(
                script(Course(queued=10.0, runs=2.0), triggers=(Reply(status=status),)),
                [False, True],
                id=f"odd-answer-{status}",
            )
            for status in (201, 202, 204, 302, 425, 499)
        ),
    ],
)
def test_an_unseen_end_proves_no_other_channel(script: Script, expected: list[bool]) -> None:
    assert counted(script, BOTH) == expected


@pytest.mark.parametrize("triggers", [pytest.param((), id="seen"), pytest.param((Reply(status=503),), id="unanswered")])
def test_an_endless_refresh_is_named(triggers: tuple[Reply, ...]) -> None:
    email, sms = readings(script(Course(runs=NEVER), triggers=triggers), BOTH)

    assert sms == OURS
    assert (email == OURS) is bool(triggers)


def test_a_lost_trigger_is_sent_again() -> None:
    failed = Other(at=0.9, kind=EMAIL, course=Course(runs=5.0, moves_stamp=False))

    assert counted(script(others=(failed,), triggers=(Reply(status=503, heard=False),)), ONE) == [True]


def test_a_refused_trigger_is_not_awaited() -> None:
    refused = (Reply(status=429, heard=False, retry_after="40"),) * 20

    assert all("did not end" not in reading.detail for reading in readings(Script(triggers=refused), BOTH))


def test_a_seen_end_costs_no_further_trigger() -> None:
    run = played(script(Course(runs=70.0)), BOTH)

    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [False, True]
    assert triggers_of(run) == 2


# Several runs


@pytest.mark.parametrize(
    ("script", "email"),
    [
        pytest.param(script(Course(queued=100.0)), ONE, id="given-up"),
        pytest.param(
            script(Course(queued=20.0), triggers=(Reply(seconds=9.0),)), replace(ONE, time_limit=6.0), id="cut-off"
        ),
        pytest.param(
            Script(), replace(ONE, pacing=Pacing(requests_per_second=0.2), time_limit=4.0), id="trigger-not-sent"
        ),
    ],
)
def test_the_next_run_counts_another_channel(script: Script, email: Question) -> None:
    assert counted(script, email, ONE_SMS) == [True]


def test_a_cut_off_trigger_names_the_refresh() -> None:
    endless = script(Course(queued=5.0, runs=NEVER), triggers=(Reply(seconds=9.0),))

    assert readings(endless, replace(ONE, time_limit=6.0), ONE_SMS, pause=10.0) == [OURS]


def test_a_refresh_may_run_twice() -> None:
    again = Question(kinds=((EMAIL, SMS), ()))

    assert counted(script(Course(queued=90.0), accepts_twice=True), ONE, again, pause=0.0) == [True, True]


@pytest.mark.parametrize(
    ("pause", "triggers"), [pytest.param(3400.0, 2, id="within-an-hour"), pytest.param(3700.0, 1, id="later")]
)
def test_a_trigger_is_forgotten_after_an_hour(pause: float, triggers: int) -> None:
    run = played(script(Course(moves_stamp=False)), ONE, ONE_SMS, pause=pause)

    assert [isinstance(reading, Count) for *_, reading in run.readings()] == [True]
    assert triggers_of(run) == triggers


# Triggers that are carried out twice


@pytest.mark.parametrize("queued", [3.0, 5.0, 30.0])
@pytest.mark.parametrize(
    ("counted_ago", "reads"),
    [
        pytest.param(3600.0, (), id="counted-before"),
        pytest.param(None, (), id="never-counted"),
        pytest.param(3600.0, (Reply(), Reply(stamped=False)), id="second-look-without-a-stamp"),
    ],
)
def test_a_repeated_refresh_proves_no_other(queued: float, counted_ago: float | None, reads: tuple[Reply, ...]) -> None:
    repeated = script(
        Course(queued=queued, runs=2.0), counted_ago=counted_ago, reads=reads, triggers=(GATEWAY,), accepts_twice=True
    )

    assert counted(repeated, BOTH) == [True, True]


@pytest.mark.parametrize("queued", [3.0, 5.0, 20.0, 80.0])
@pytest.mark.parametrize("lost", [2, 3, 4])
@pytest.mark.parametrize("traceless", [(), (1,), (2,)])
@pytest.mark.parametrize("jumps", [(), ((15.0, -3600.0),)])
def test_many_repeats_prove_no_other(
    queued: float, lost: int, traceless: tuple[int, ...], jumps: tuple[tuple[float, float], ...]
) -> None:
    courses = [Course(queued=queued, runs=2.0, moves_stamp=number not in traceless) for number in range(5)]
    repeated = script(*courses, triggers=(GATEWAY,) * lost, accepts_twice=True, jumps=jumps)

    found = counted(repeated, Question(kinds=((EMAIL, SMS), ())))

    assert jumps or traceless or found == [True, True]


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 503])
@pytest.mark.parametrize("queued", [3.0, 30.0])
def test_a_refused_trigger_may_be_carried_out(status: int, queued: float) -> None:
    courses = Course(queued=queued, runs=2.0), Course(queued=queued + 10.0)

    _, sms = counted(script(*courses, triggers=(Reply(status=status),), accepts_twice=True), BOTH)

    assert sms


@pytest.mark.parametrize(
    ("replies", "queued", "triggers"),
    [
        pytest.param((), 3.0, 3, id="none-lost"),
        pytest.param((Reply(status=None),), 3.0, 4 + 2, id="one-lost"),
        pytest.param((Reply(status=None),), 0.0, 4, id="lost-but-seen-to-end"),
    ],
)
def test_a_repeat_costs_one_trigger(replies: tuple[Reply, ...], queued: float, triggers: int) -> None:
    run = played(script(Course(queued=queued), triggers=replies), Question(kinds=((EMAIL, SMS, USERS), ())))

    assert all(isinstance(reading, Count) for *_, reading in run.readings())
    assert triggers_of(run) == triggers


# What an unavailable count says


HIDDEN = (Reply(stamped=False),)


@pytest.mark.parametrize(
    ("script", "question", "reason", "detail"),
    [
        *(
            pytest.param(
                script(Course(queued=NEVER), counted_ago=counted_ago, reads=HIDDEN, triggers=HIDDEN),
                ONE,
                Reason.TIMEOUT,
                "Blueshift showed a count within 1 min, but its stamp is older than the request; check again",
                id=f"hidden-and-shown-again-{counted_ago}",
            )
            for counted_ago in (0.3, 30.0, 3600.0)
        ),
        pytest.param(
            script(Course(queued=NEVER), reads=HIDDEN),
            ONE,
            Reason.TIMEOUT,
            "Blueshift showed no new count within 1 min, only the old one",
            id="shown-by-the-triggers-answer",
        ),
        pytest.param(
            script(counted_ago=None, reads=(Reply(dated=False),)),
            ONE,
            Reason.BAD_ANSWER,
            "the answer has neither a stamp nor a Date, so a new count would look like an old one",
            id="baseline-without-stamp-and-date",
        ),
        pytest.param(
            script(others=(Other(at=-1.0, kind=USERS, course=Course(runs=5.0)),), triggers=(Reply(seconds=9.0),)),
            replace(ONE, time_limit=12.0),
            Reason.DEADLINE,
            "Blueshift had not answered when the time for the whole run was up",
            id="deadline",
        ),
    ],
)
def test_an_unproven_count_says_why(script: Script, question: Question, reason: Reason, detail: str) -> None:
    assert readings(script, question) == [Unavailable(reason=reason, detail=detail)]


def test_the_next_refresh_is_anothers() -> None:
    endless = Other(at=7.0, kind=USERS, course=Course(runs=NEVER))
    question = replace(BOTH, pacing=Pacing(requests_per_second=0.5, concurrency=1))

    email, sms = readings(script(others=(endless,)), question)

    assert isinstance(email, Count)
    assert sms.detail == "somebody else's refresh of this segment did not end within 1 min"


# PendingRefreshes itself


TARGET, OTHER = Target(uuid=uuid_of(1)), Target(uuid=uuid_of(2))


def sent(*moments: float) -> Callable[[PendingRefreshes], None]:
    def tell(pending: PendingRefreshes) -> None:
        for moment in moments:
            pending.sent(TARGET, Channel.EMAIL, moment)

    return tell


def seen(*stamps: float, target: Target = TARGET, **options: float) -> Callable[[PendingRefreshes], None]:
    def tell(pending: PendingRefreshes) -> None:
        for stamp in stamps:
            pending.seen(target, stamp, **options)

    return tell


def ended(stamp: float) -> Callable[[PendingRefreshes], None]:
    return lambda pending: pending.ended(TARGET, stamp)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        pytest.param([], 0, id="nothing-sent"),
        pytest.param([sent(0, 1, 2)], 3, id="each-trigger"),
        pytest.param([sent(0, 1, 2), seen(101)], 2, id="until-the-stamp-moves"),
        pytest.param([sent(0, 1), seen(101, target=OTHER)], 2, id="of-its-own-segment"),
        pytest.param([sent(0), seen(100)], 1, id="the-same-stamp"),
        pytest.param([sent(0), seen(99)], 1, id="an-older-stamp"),
        pytest.param([sent(0), seen(float("-inf"))], 1, id="no-stamp"),
        pytest.param([sent(5), seen(101, before=5)], 1, id="the-triggers-own-answer"),
        pytest.param([sent(4, 5), seen(101, before=5)], 1, id="an-earlier-trigger"),
        pytest.param([seen(101, 102, 103), ended(104), sent(0)], 1, id="never-negative"),
        pytest.param([sent(0, 1), ended(50)], 1, id="a-proven-end-after-the-clock-was-set-back"),
        pytest.param([sent(0, 1), ended(50), seen(51)], 0, id="and-a-later-stamp"),
    ],
)
async def test_a_move_settles_one(told: list[Callable[[PendingRefreshes], None]], left: int) -> None:
    pending = PendingRefreshes()
    pending.seen(TARGET, 100)

    for tell in told:
        tell(pending)

    assert pending.count(TARGET) == left


async def test_the_first_stamp_settles_nothing() -> None:
    pending = PendingRefreshes()
    pending.sent(OTHER, Channel.SMS, 0)

    pending.seen(OTHER, 500)

    assert pending.count(OTHER) == 1


@pytest.mark.parametrize(("after", "left"), [(3599.0, 2), (3600.0, 1), (3700.0, 0)])
async def test_a_trigger_is_dropped_after_an_hour(after: float, left: int) -> None:
    pending = PendingRefreshes()
    sent(0, 50)(pending)

    await asyncio.sleep(after)

    assert pending.count(TARGET) == left


async def test_the_latest_trigger_names_the_refresh() -> None:
    pending = PendingRefreshes()
    before = pending.channel(TARGET)

    sent(0)(pending)
    pending.sent(TARGET, Channel.SMS, 1)

    assert [before, pending.channel(TARGET), pending.channel(OTHER)] == [None, Channel.SMS, None]
