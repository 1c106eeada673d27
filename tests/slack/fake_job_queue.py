"""A job queue with jobs that end when the test allows it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from queue import Queue
from typing import TYPE_CHECKING

from guard.core.model import Selection
from guard.slack.job_queue import Job, JobQueue
from guard.slack.notices import notice
from tests.slack.fake_parts import LONGEST_WAIT, a_job, requester, rules, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.results import Report
    from guard.slack.job_queue import Admission, Requester
    from guard.slack.verdict_message import Message

BY = rules()


class FakeJobQueue:
    """A real queue, the jobs that began, and who was told what; jobs end when ``may_end`` is set."""

    def __init__(self, *, workers: int = 1, waiting: int = 2) -> None:
        self.begun: Queue[Job] = Queue()
        self.told: Queue[tuple[str, str]] = Queue()
        self.may_end = threading.Event()
        self.failure: type[BaseException] | None = None
        self.job_queue = JobQueue(
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

    def ask(self, user: str, name: str = "weekly") -> Admission:
        return self.job_queue.ask(a_job(Selection(tags=(name,)), by=BY), requester(user))

    def begins(self) -> Job:
        return self.begun.get(timeout=LONGEST_WAIT)

    def tells(self, number: int = 1) -> list[tuple[str, str]]:
        """Return who is told what next, in order of their names."""
        return sorted(self.told.get(timeout=LONGEST_WAIT) for _ in range(number))

    def end(self) -> None:
        """Let all checks end, and wait until everybody was told."""
        self.may_end.set()
        self.job_queue.close(LONGEST_WAIT)


@contextmanager
def opened(**sizes: int) -> Iterator[FakeJobQueue]:
    fake = FakeJobQueue(**sizes)
    try:
        yield fake
    finally:
        fake.end()
