"""A closing queue tells everybody who asked exactly once, with any number of threads."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from guard.slack.job_queue import ClosedError
from tests.slack.fake_job_queue import FakeJobQueue, opened
from tests.slack.fake_parts import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable


def in_threads(*acts: Callable[[], None]) -> None:
    """Do all of it at the same time, and wait for the end."""
    with ThreadPoolExecutor(len(acts)) as threads:
        for done in [threads.submit(act) for act in acts]:
            done.result(LONGEST_WAIT)


def test_a_check_under_way_may_end_while_those_that_wait_are_told_at_once() -> None:
    fake = FakeJobQueue()
    fake.ask("U1", "a")
    fake.begins()
    fake.ask("U2", "b")
    closing = threading.Thread(target=fake.job_queue.close, args=[LONGEST_WAIT])
    closing.start()

    assert fake.tells() == [("U2", "stopped")]
    fake.may_end.set()
    assert fake.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)
    assert (fake.begun.empty(), fake.told.empty()) == (True, True)


def test_a_check_that_does_not_end_is_told_of_once_also_when_it_ends_later() -> None:
    fake = FakeJobQueue()
    fake.ask("U1")
    fake.ask("U2")
    fake.begins()

    fake.job_queue.close(0)

    assert fake.tells(2) == [("U1", "stopped"), ("U2", "stopped")]
    fake.may_end.set()
    fake.job_queue._working.shutdown()
    assert fake.told.empty()


def test_when_it_is_closed_no_question_is_taken() -> None:
    fake = FakeJobQueue()
    was_open = fake.job_queue.is_open

    fake.job_queue.close(0)

    assert (was_open, fake.job_queue.is_open) == (True, False)
    with pytest.raises(ClosedError):
        fake.ask("U1")


def test_when_it_is_closed_what_is_sent_later_is_sent_at_once() -> None:
    fake = FakeJobQueue()
    fake.job_queue.close(0)
    sent_by: list[threading.Thread] = []

    fake.job_queue.later(lambda: sent_by.append(threading.current_thread()))

    assert sent_by == [threading.current_thread()]


def test_what_is_sent_later_is_sent_by_another_thread() -> None:
    sent_by: Queue[threading.Thread] = Queue()
    with opened() as fake:
        fake.job_queue.later(lambda: sent_by.put(threading.current_thread()))

        assert sent_by.get(timeout=LONGEST_WAIT) is not threading.current_thread()


def test_an_answer_that_comes_in_the_moment_of_closing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeJobQueue()
    submit, about_to_tell, go_on = fake.job_queue._telling.submit, threading.Event(), threading.Event()

    def submit_late(*told: Any) -> object:
        about_to_tell.set()
        assert go_on.wait(LONGEST_WAIT)
        return submit(*told)

    monkeypatch.setattr(fake.job_queue._telling, "submit", submit_late)
    fake.may_end.set()
    fake.ask("U1")
    assert about_to_tell.wait(LONGEST_WAIT)
    closing = threading.Thread(target=fake.job_queue.close, args=[0])
    closing.start()
    closing.join(0.05)
    go_on.set()

    assert fake.tells() == [("U1", "counted")]
    closing.join(LONGEST_WAIT)


def test_it_may_be_closed_twice_at_the_same_time() -> None:
    fake = FakeJobQueue(workers=2, waiting=2)
    for name in "abcd":
        fake.ask("U1", name)
    fake.begins(), fake.begins()
    together = threading.Barrier(2)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        fake.job_queue.close(0)

    in_threads(close, close)
    fake.may_end.set()

    assert fake.tells(4) == [("U1", "stopped")] * 4
    assert fake.told.empty()


@pytest.mark.parametrize("running", [True, False], ids=["while-checks-run", "while-checks-end"])
def test_whoever_asks_while_it_is_closed_is_told_once_or_refused(running: bool) -> None:
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
                fake.ask(user, str(number))
            except ClosedError:
                return
            taken.append(user)

    def close() -> None:
        together.wait(LONGEST_WAIT)
        fake.job_queue.close(0)

    in_threads(close, *((lambda thread=each: ask(thread)) for each in range(4)))
    fake.may_end.set()

    assert Counter(user for user, _ in fake.tells(len(taken))) == Counter(taken)
    assert fake.told.empty()
