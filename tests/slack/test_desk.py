"""Who waits for what: whatever threads do at the same time, everybody who asked is told once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from guard.model import Selection
from guard.slack.desk import BusyError, Check, ClosedError, Desk
from guard.slack.notes import note
from tests.slack.parts import LONGEST_WAIT, RULES, WEEKLY, a_check, asker, rules, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.outcome import Report
    from guard.slack.desk import Admission, Asker
    from guard.slack.message import Message


class Room:
    """A desk, the checks that began at it, and who was told what; a check ends when ``may_end`` is set."""

    def __init__(self, *, workers: int = 1, waiting: int = 2) -> None:
        self.begun: Queue[Check] = Queue()
        self.told: Queue[tuple[str, str]] = Queue()
        self.may_end = threading.Event()
        self.failure: type[BaseException] | None = None
        self.desk = Desk(
            workers=workers, waiting=waiting, work=self.work, tell=self.tell, stopped=lambda _: note("stopped")
        )

    def work(self, check: Check) -> Report | Message:
        self.begun.put(check)
        assert self.may_end.wait(LONGEST_WAIT)
        if self.failure:
            raise self.failure
        return note("counted")

    def tell(self, asker: Asker, _check: Check, outcome: Report | Message) -> None:
        self.told.put((asker.user, "stopped" if "stopped" in said(outcome) else "counted"))  # type: ignore[arg-type]

    def ask(self, user: str, name: str = "weekly") -> Admission:
        return self.desk.ask(a_check(Selection(tags=(name,)), by=BY), asker(user))

    def begins(self) -> Check:
        return self.begun.get(timeout=LONGEST_WAIT)

    def tells(self, number: int = 1) -> list[tuple[str, str]]:
        """Return who is told what next, in order of their names."""
        return sorted(self.told.get(timeout=LONGEST_WAIT) for _ in range(number))

    def end(self) -> None:
        """Let all checks end, and wait until everybody was told."""
        self.may_end.set()
        self.desk.close(LONGEST_WAIT)


BY = rules()


@contextmanager
def opened(**sizes: int) -> Iterator[Room]:
    room = Room(**sizes)
    try:
        yield room
    finally:
        room.end()


def test_who_asked_is_told_what_came_of_it() -> None:
    with opened() as room:
        admission = room.ask("U1")
        room.may_end.set()

        assert room.tells() == [("U1", "counted")]
        assert (admission.joined, admission.before) == (False, 0)


# The same question


def test_the_same_question_joins_the_check_under_way_and_everybody_is_told() -> None:
    with opened() as room:
        first = room.ask("U1")
        room.begins()
        second = room.ask("U2")
        room.may_end.set()

        assert (second.joined, second.check) == (True, first.check)
        assert room.tells(2) == [("U1", "counted"), ("U2", "counted")]
        assert room.begun.empty()


def test_who_asks_twice_is_told_twice() -> None:
    with opened() as room:
        room.ask("U1")
        room.ask("U1")
        room.may_end.set()

        assert room.tells(2) == [("U1", "counted")] * 2


def test_the_same_words_by_rules_that_changed_are_another_question() -> None:
    with opened(workers=2) as room:
        room.desk.ask(a_check(WEEKLY, by=BY), asker("U1"))
        changed = room.desk.ask(a_check(WEEKLY, by=rules(RULES.replace("min: 10", "min: 11"))), asker("U2"))

        assert not changed.joined
        assert room.begins().rules.sha256 != room.begins().rules.sha256


def test_another_selection_by_the_same_rules_is_another_question() -> None:
    with opened(workers=2) as room:
        room.ask("U1", "weekly")

        assert not room.ask("U2", "both").joined


def test_who_asks_when_a_check_has_ended_has_it_made_anew() -> None:
    with opened() as room:
        room.may_end.set()
        first = room.ask("U1")
        room.tells()

        second = room.ask("U2")

        assert (second.joined, second.check is first.check) == (False, False)
        assert room.tells() == [("U2", "counted")]


def test_everybody_who_asks_in_the_moment_a_check_ends_is_told_once() -> None:
    askers = [f"U{number:03}" for number in range(400)]
    with opened(workers=4, waiting=400) as room, ThreadPoolExecutor(8) as threads:
        room.may_end.set()
        list(threads.map(room.ask, askers))

        assert [user for user, _ in room.tells(400)] == askers
    assert room.told.empty()


# How many at a time


def test_no_more_checks_run_at_a_time_than_there_are_workers() -> None:
    with opened(workers=2, waiting=2) as room:
        for name in "abcd":
            room.ask("U1", name)
        room.begins(), room.begins()

        assert room.begun.empty()
        room.may_end.set()
        room.tells(4)
        assert room.begun.qsize() == 2


def test_who_waits_is_told_how_many_come_before() -> None:
    with opened(workers=2, waiting=2) as room:
        assert [room.ask("U1", name).before for name in "abcd"] == [0, 0, 1, 2]


def test_where_too_many_wait_another_check_is_refused_but_joining_is_not() -> None:
    with opened(workers=1, waiting=2) as room:
        for name in "abc":
            room.ask("U1", name)

        with pytest.raises(BusyError) as busy:
            room.ask("U2", "d")

        assert busy.value.before == 3
        assert room.ask("U3", "c").joined
        room.may_end.set()
        assert room.tells(4) == [("U1", "counted")] * 3 + [("U3", "counted")]


def test_there_is_room_again_when_a_check_has_ended() -> None:
    with opened(workers=1, waiting=0) as room:
        room.may_end.set()
        for number in range(20):
            room.ask("U1", str(number))
            room.tells()


# What goes wrong


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_worker_that_raises_leaves_nobody_waiting(error: type[BaseException]) -> None:
    with opened() as room:
        room.failure = error
        room.may_end.set()
        for user in ("U1", "U2"):
            assert not room.ask(user).joined
            assert room.tells() == [(user, "stopped")]


def test_nobody_joins_a_check_that_could_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with opened() as room:
        with monkeypatch.context() as patched:
            patched.setattr(room.desk._working, "submit", fail)
            for user in ("U1", "U2"):
                with pytest.raises(RuntimeError):
                    room.ask(user)
        room.may_end.set()

        assert not room.ask("U3").joined
        assert room.tells() == [("U3", "counted")]


def test_one_answer_that_is_slow_to_be_told_holds_up_no_other() -> None:
    with opened(workers=2) as room:
        hung, go_on = threading.Event(), threading.Event()

        def hang() -> None:
            hung.set()
            go_on.wait(LONGEST_WAIT)

        room.desk.later(hang)
        assert hung.wait(LONGEST_WAIT)
        room.may_end.set()
        room.ask("U1")

        assert room.tells() == [("U1", "counted")]
        go_on.set()


# The end


def test_a_check_under_way_may_end_while_those_that_wait_are_told_at_once() -> None:
    room = Room()
    room.ask("U1", "a")
    room.begins()
    room.ask("U2", "b")
    closing = threading.Thread(target=room.desk.close, args=[LONGEST_WAIT])
    closing.start()

    assert room.tells() == [("U2", "stopped")]
    room.may_end.set()
    assert room.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)
    assert (room.begun.empty(), room.told.empty()) == (True, True)


def test_a_check_that_does_not_end_is_told_of_once_also_when_it_ends_later() -> None:
    room = Room()
    room.ask("U1")
    room.ask("U2")
    room.begins()

    room.desk.close(0)

    assert room.tells(2) == [("U1", "stopped"), ("U2", "stopped")]
    room.may_end.set()
    room.desk._working.shutdown()
    assert room.told.empty()


def test_when_it_is_closed_no_question_is_taken() -> None:
    room = Room()
    was_open = room.desk.is_open

    room.desk.close(0)

    assert (was_open, room.desk.is_open) == (True, False)
    with pytest.raises(ClosedError):
        room.ask("U1")


def test_when_it_is_closed_what_is_sent_later_is_sent_at_once() -> None:
    room = Room()
    room.desk.close(0)
    sent_by: list[threading.Thread] = []

    room.desk.later(lambda: sent_by.append(threading.current_thread()))

    assert sent_by == [threading.current_thread()]


def test_what_is_sent_later_is_sent_by_another_thread() -> None:
    sent_by: Queue[threading.Thread] = Queue()
    with opened() as room:
        room.desk.later(lambda: sent_by.put(threading.current_thread()))

        assert sent_by.get(timeout=LONGEST_WAIT) is not threading.current_thread()


def test_an_answer_that_comes_in_the_moment_of_closing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    submit, about_to_tell, go_on = room.desk._telling.submit, threading.Event(), threading.Event()

    def submit_late(*told: Any) -> object:
        about_to_tell.set()
        assert go_on.wait(LONGEST_WAIT)
        return submit(*told)

    monkeypatch.setattr(room.desk._telling, "submit", submit_late)
    room.may_end.set()
    room.ask("U1")
    assert about_to_tell.wait(LONGEST_WAIT)
    closing = threading.Thread(target=room.desk.close, args=[0])
    closing.start()
    closing.join(0.05)
    go_on.set()

    assert room.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)


def test_it_may_be_closed_twice_at_the_same_time() -> None:
    room = Room(workers=2, waiting=2)
    for name in "abcd":
        room.ask("U1", name)
    room.begins(), room.begins()
    together = threading.Barrier(2)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        room.desk.close(0)

    in_threads(close, close)
    room.may_end.set()

    assert room.tells(4) == [("U1", "stopped")] * 4
    assert room.told.empty()


@pytest.mark.parametrize("running", [True, False], ids=["while-checks-run", "while-checks-end"])
def test_whoever_asks_while_it_is_closed_is_told_once_or_refused(running: bool) -> None:
    room = Room(workers=2, waiting=1_000)
    if not running:
        room.may_end.set()
    taken: list[str] = []
    together = threading.Barrier(5)

    def ask(thread: int) -> None:
        together.wait(LONGEST_WAIT)
        for number in range(50):
            user = f"U{thread}-{number}"
            try:
                room.ask(user, str(number))
            except ClosedError:
                return
            taken.append(user)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        room.desk.close(0)

    in_threads(close, *((lambda thread=each: ask(thread)) for each in range(4)))
    room.may_end.set()

    assert Counter(user for user, _ in room.tells(len(taken))) == Counter(taken)
    assert room.told.empty()


def in_threads(*acts: Callable[[], None]) -> None:
    """Do all of it at the same time, and wait for the end."""
    with ThreadPoolExecutor(len(acts)) as threads:
        for done in [threads.submit(act) for act in acts]:
            done.result(LONGEST_WAIT)
