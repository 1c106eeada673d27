"""The job queue tells everybody who asked exactly once, with any number of threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from guard.slack.job_queue import BusyError
from tests.slack.fake_job_queue import BY, opened
from tests.slack.fake_parts import LONGEST_WAIT, RULES, WEEKLY, a_job, requester, rules


def test_who_asked_is_told_what_came_of_it() -> None:
    with opened() as fake:
        admission = fake.ask("U1")
        fake.may_end.set()

        assert fake.tells() == [("U1", "counted")]
        assert (admission.joined, admission.before) == (False, 0)


# The same question


def test_the_same_question_joins_the_check_under_way_and_everybody_is_told() -> None:
    with opened() as fake:
        first = fake.ask("U1")
        fake.begins()
        second = fake.ask("U2")
        fake.may_end.set()

        assert (second.joined, second.job) == (True, first.job)
        assert fake.tells(2) == [("U1", "counted"), ("U2", "counted")]
        assert fake.begun.empty()


def test_who_asks_twice_is_told_twice() -> None:
    with opened() as fake:
        fake.ask("U1")
        fake.ask("U1")
        fake.may_end.set()

        assert fake.tells(2) == [("U1", "counted")] * 2


def test_the_same_words_by_rules_that_changed_are_another_question() -> None:
    with opened(workers=2) as fake:
        fake.job_queue.ask(a_job(WEEKLY, by=BY), requester("U1"))
        changed = fake.job_queue.ask(a_job(WEEKLY, by=rules(RULES.replace("min: 10", "min: 11"))), requester("U2"))

        assert not changed.joined
        assert fake.begins().rules.sha256 != fake.begins().rules.sha256


def test_another_selection_by_the_same_rules_is_another_question() -> None:
    with opened(workers=2) as fake:
        fake.ask("U1", "weekly")

        assert not fake.ask("U2", "both").joined


def test_who_asks_when_a_check_has_ended_has_it_made_anew() -> None:
    with opened() as fake:
        fake.may_end.set()
        first = fake.ask("U1")
        fake.tells()

        second = fake.ask("U2")

        assert (second.joined, second.job is first.job) == (False, False)
        assert fake.tells() == [("U2", "counted")]


def test_everybody_who_asks_in_the_moment_a_check_ends_is_told_once() -> None:
    requesters = [f"U{number:03}" for number in range(400)]
    with opened(workers=4, waiting=400) as fake, ThreadPoolExecutor(8) as threads:
        fake.may_end.set()
        list(threads.map(fake.ask, requesters))

        assert [user for user, _ in fake.tells(400)] == requesters
    assert fake.told.empty()


# How many at a time


def test_no_more_checks_run_at_a_time_than_there_are_workers() -> None:
    with opened(workers=2, waiting=2) as fake:
        for name in "abcd":
            fake.ask("U1", name)
        fake.begins(), fake.begins()

        assert fake.begun.empty()
        fake.may_end.set()
        fake.tells(4)
        assert fake.begun.qsize() == 2


def test_who_waits_is_told_how_many_come_before() -> None:
    with opened(workers=2, waiting=2) as fake:
        assert [fake.ask("U1", name).before for name in "abcd"] == [0, 0, 1, 2]


def test_where_too_many_wait_another_check_is_refused_but_joining_is_not() -> None:
    with opened(workers=1, waiting=2) as fake:
        for name in "abc":
            fake.ask("U1", name)

        with pytest.raises(BusyError) as busy:
            fake.ask("U2", "d")

        assert busy.value.before == 3
        assert fake.ask("U3", "c").joined
        fake.may_end.set()
        assert fake.tells(4) == [("U1", "counted")] * 3 + [("U3", "counted")]


def test_there_is_room_again_when_a_check_has_ended() -> None:
    with opened(workers=1, waiting=0) as fake:
        fake.may_end.set()
        for number in range(20):
            fake.ask("U1", str(number))
            fake.tells()


# What goes wrong


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_worker_that_raises_leaves_nobody_waiting(error: type[BaseException]) -> None:
    with opened() as fake:
        fake.failure = error
        fake.may_end.set()
        for user in ("U1", "U2"):
            assert not fake.ask(user).joined
            assert fake.tells() == [(user, "stopped")]


def test_nobody_joins_a_check_that_could_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with opened() as fake:
        with monkeypatch.context() as patched:
            patched.setattr(fake.job_queue._working, "submit", fail)
            for user in ("U1", "U2"):
                with pytest.raises(RuntimeError):
                    fake.ask(user)
        fake.may_end.set()

        assert not fake.ask("U3").joined
        assert fake.tells() == [("U3", "counted")]


def test_one_answer_that_is_slow_to_be_told_holds_up_no_other() -> None:
    with opened(workers=2) as fake:
        hung, go_on = threading.Event(), threading.Event()

        def hang() -> None:
            hung.set()
            go_on.wait(LONGEST_WAIT)

        fake.job_queue.later(hang)
        assert hung.wait(LONGEST_WAIT)
        fake.may_end.set()
        fake.ask("U1")

        assert fake.tells() == [("U1", "counted")]
        go_on.set()
