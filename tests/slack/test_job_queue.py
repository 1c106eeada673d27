"""The job queue tells everybody who asked exactly once, with any number of threads, also when it closes."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

import pytest

from guard.core.model import Selection
from guard.slack.job_queue import BusyError, ClosedError, Job, JobQueue
from guard.slack.notices import notice
from tests.slack.fake_parts import LONGEST_WAIT, RULES, WEEKLY, a_job, requester, rules, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import Report
    from guard.slack.job_queue import Admission, Requester
    from guard.slack.verdict_message import Message

BY = rules()


class FakeJobQueue(JobQueue):
    """A real queue, the jobs that began, and who was told what; jobs end when ``may_end`` is set."""

    def __init__(self, *, workers: int = 1, waiting: int = 2) -> None:
        self.begun: Queue[Job] = Queue()
        self.told: Queue[tuple[str, str]] = Queue()
        self.may_end = threading.Event()
        self.failure: type[BaseException] | None = None
        super().__init__(
            workers=workers, waiting=waiting, work=self.work, tell=self.tell, stopped=lambda _: notice("stopped")
        )

    def work(self, job: Job) -> Report | Message:
        self.begun.put(job)
        assert self.may_end.wait(LONGEST_WAIT)
        if self.failure:
            raise self.failure
        return notice("counted")

    def tell(self, requester: Requester, _job: Job, outcome: Report | Message) -> None:
        self.told.put((requester.user, "stopped" if "stopped" in said(outcome) else "counted"))  # type: ignore[arg-type] # a message

    def asked(self, user: str, name: str = "weekly") -> Admission:
        return self.ask(a_job(Selection(tags=(name,)), by=BY), requester(user))

    def begins(self) -> Job:
        return self.begun.get(timeout=LONGEST_WAIT)

    def tells(self, number: int = 1) -> list[tuple[str, str]]:
        """Return who is told what next, in order of their names."""
        return sorted(self.told.get(timeout=LONGEST_WAIT) for _ in range(number))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let all checks end, and wait until everybody was told."""
        self.may_end.set()
        self.close(LONGEST_WAIT)


# The same check


def test_the_same_check_is_joined() -> None:
    with FakeJobQueue() as fake:
        first = fake.asked("U1")
        fake.begins()
        second, third = fake.asked("U2"), fake.asked("U2")
        fake.may_end.set()

        assert (first.joined, first.before) == (False, 0)
        assert [(each.joined, each.job) for each in (second, third)] == [(True, first.job)] * 2
        assert fake.tells(3) == [("U1", "counted"), ("U2", "counted"), ("U2", "counted")]
        assert fake.begun.empty()


def test_changed_rules_are_another_check() -> None:
    with FakeJobQueue(workers=2) as fake:
        fake.ask(a_job(WEEKLY, by=BY), requester("U1"))
        changed = fake.ask(a_job(WEEKLY, by=rules(RULES.replace("min: 10", "min: 11"))), requester("U2"))

        assert not changed.joined
        assert fake.begins().rules.sha256 != fake.begins().rules.sha256


def test_another_selection_is_another_check() -> None:
    with FakeJobQueue(workers=2) as fake:
        fake.asked("U1", "weekly")

        assert not fake.asked("U2", "both").joined


def test_an_ended_check_is_made_anew() -> None:
    with FakeJobQueue() as fake:
        fake.may_end.set()
        first = fake.asked("U1")
        assert fake.tells() == [("U1", "counted")]

        second = fake.asked("U2")

        assert (second.joined, second.job is first.job) == (False, False)
        assert fake.tells() == [("U2", "counted")]


def test_nobody_is_lost_as_a_check_ends() -> None:
    requesters = [f"U{number:03}" for number in range(400)]
    with FakeJobQueue(workers=4, waiting=400) as fake, ThreadPoolExecutor(8) as threads:
        fake.may_end.set()
        list(threads.map(fake.asked, requesters))

        assert [user for user, _ in fake.tells(400)] == requesters
    assert fake.told.empty()


# How many at a time


def test_only_so_many_checks_run_at_a_time() -> None:
    with FakeJobQueue(workers=2, waiting=2) as fake:
        assert [fake.asked("U1", name).before for name in "abcd"] == [0, 0, 1, 2]
        fake.begins(), fake.begins()

        assert fake.begun.empty()
        fake.may_end.set()
        fake.tells(4)
        assert fake.begun.qsize() == 2


def test_a_full_queue_can_still_be_joined() -> None:
    with FakeJobQueue(workers=1, waiting=2) as fake:
        for name in "abc":
            fake.asked("U1", name)

        with pytest.raises(BusyError) as busy:
            fake.asked("U2", "d")

        assert busy.value.before == 3
        assert fake.asked("U3", "c").joined
        fake.may_end.set()
        assert fake.tells(4) == [("U1", "counted")] * 3 + [("U3", "counted")]


def test_an_ended_check_makes_room() -> None:
    with FakeJobQueue(workers=1, waiting=0) as fake:
        fake.may_end.set()
        for number in range(20):
            fake.asked("U1", str(number))
            fake.tells()


# What goes wrong


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_crash_leaves_nobody_waiting(error: type[BaseException]) -> None:
    with FakeJobQueue() as fake:
        fake.failure = error
        fake.may_end.set()
        for user in ("U1", "U2"):
            assert not fake.asked(user).joined
            assert fake.tells() == [(user, "stopped")]


def test_a_failed_start_cannot_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with FakeJobQueue() as fake:
        with monkeypatch.context() as patched:
            patched.setattr(fake._working, "submit", fail)
            for user in ("U1", "U2"):
                with pytest.raises(RuntimeError):
                    fake.asked(user)
        fake.may_end.set()

        assert not fake.asked("U3").joined
        assert fake.tells() == [("U3", "counted")]


def test_a_slow_delivery_delays_no_other() -> None:
    with FakeJobQueue(workers=2) as fake:
        hung: Queue[threading.Thread] = Queue()
        go_on = threading.Event()

        def hang() -> None:
            hung.put(threading.current_thread())
            go_on.wait(LONGEST_WAIT)

        fake.later(hang)
        assert hung.get(timeout=LONGEST_WAIT) is not threading.current_thread()
        fake.may_end.set()
        fake.asked("U1")

        assert fake.tells() == [("U1", "counted")]
        go_on.set()


# Closing


def in_threads(*acts: Callable[[], None]) -> None:
    """Do all of it at the same time, and wait for the end."""
    with ThreadPoolExecutor(len(acts)) as threads:
        for done in [threads.submit(act) for act in acts]:
            done.result(LONGEST_WAIT)


def test_a_running_check_may_end() -> None:
    fake = FakeJobQueue()
    fake.asked("U1", "a")
    fake.begins()
    fake.asked("U2", "b")
    closing = threading.Thread(target=fake.close, args=[LONGEST_WAIT])
    closing.start()

    assert fake.tells() == [("U2", "stopped")], "who waits is told at once"
    fake.may_end.set()
    assert fake.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)
    assert (fake.begun.empty(), fake.told.empty()) == (True, True)


def test_a_check_that_ends_late_is_told_once() -> None:
    fake = FakeJobQueue()
    fake.asked("U1")
    fake.asked("U2")
    fake.begins()

    fake.close(0)

    assert fake.tells(2) == [("U1", "stopped"), ("U2", "stopped")]
    fake.may_end.set()
    fake._working.shutdown()
    assert fake.told.empty()


def test_a_closed_queue_takes_nothing() -> None:
    fake = FakeJobQueue()
    was_open = fake.is_open
    sent_by: list[threading.Thread] = []

    fake.close(0)

    assert (was_open, fake.is_open) == (True, False)
    with pytest.raises(ClosedError):
        fake.asked("U1")
    fake.later(lambda: sent_by.append(threading.current_thread()))
    assert sent_by == [threading.current_thread()], "what is sent later is sent at once"


def test_an_answer_during_closing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeJobQueue()
    submit, about_to_tell, go_on = fake._telling.submit, threading.Event(), threading.Event()

    def submit_late(*told: Any) -> object:
        about_to_tell.set()
        assert go_on.wait(LONGEST_WAIT)
        return submit(*told)

    monkeypatch.setattr(fake._telling, "submit", submit_late)
    fake.may_end.set()
    fake.asked("U1")
    assert about_to_tell.wait(LONGEST_WAIT)
    closing = threading.Thread(target=fake.close, args=[0])
    closing.start()
    closing.join(0.05)
    go_on.set()

    assert fake.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)


def test_two_threads_may_close_it() -> None:
    fake = FakeJobQueue(workers=2, waiting=2)
    for name in "abcd":
        fake.asked("U1", name)
    fake.begins(), fake.begins()
    together = threading.Barrier(2)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        fake.close(0)

    in_threads(close, close)
    fake.may_end.set()

    assert fake.tells(4) == [("U1", "stopped")] * 4
    assert fake.told.empty()


@pytest.mark.parametrize("running", [True, False], ids=["while-checks-run", "while-checks-end"])
def test_who_asks_during_closing_is_told_once(running: bool) -> None:
    fake = FakeJobQueue(workers=2, waiting=1_000)
    if not running:
        fake.may_end.set()
    taken: list[str] = []
    together = threading.Barrier(5)

    def ask(thread: int) -> None:
        together.wait(LONGEST_WAIT)
        for number in range(50):
            user = f"U{thread}-{number}"
            try:
                fake.asked(user, str(number))
            except ClosedError:
                return
            taken.append(user)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        fake.close(0)

    in_threads(close, *((lambda thread=each: ask(thread)) for each in range(4)))
    fake.may_end.set()

    assert Counter(user for user, _ in fake.tells(len(taken))) == Counter(taken)
    assert fake.told.empty()
