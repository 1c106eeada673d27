"""Who waits for what: a few checks run at a time, a few more wait, and the same question joins the check under way."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.model import Rules, Selection
    from guard.core.results import Report
    from guard.slack.verdict_message import Message

_TELLERS = 8


class BusyError(Exception):
    """There is no room for another check; ``before`` are running or waiting."""

    def __init__(self, before: int) -> None:
        super().__init__()
        self.before = before


class ClosedError(Exception):
    """The app is being stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asked, where, how the answer gets there, and when that was (``time.monotonic()``)."""

    user: str
    channel: str
    response_url: str
    share: bool = False  # whether the channel is to see the answer
    is_stranger: bool = False  # of another workspace, in a channel that is shared with them
    asked_at: float = field(default_factory=time.monotonic)


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A question under way: what to check by which rules, who wants to know, and until when (``time.monotonic()``).

    ``words`` ask for the same again; ``reference`` names it in the log.
    """

    rules: Rules
    selection: Selection
    words: str
    ends_at: float
    requesters: list[Requester] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)
    reference: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def key(self) -> tuple[str, Selection]:
        """What makes two questions the same."""
        return self.rules.sha256, self.selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What became of a question: the check that answers it, whether that was under way, how many come before it."""

    job: Job
    joined: bool
    before: int


class JobQueue:
    """Takes questions from any thread, has at most ``workers`` answered at a time, and lets ``waiting`` more wait.

    ``work`` finds what comes of a job, a report or a message that says why there is none, and ``tell`` brings it to
    one requester; neither raises. ``stopped`` says what becomes of a check that came to no end: the desk was closed, or
    ``work`` raised all the same.
    """

    def __init__(
        self,
        *,
        workers: int,
        waiting: int,
        work: Callable[[Job], Report | Message],
        tell: Callable[[Requester, Job, Report | Message], None],
        stopped: Callable[[Job], Report | Message],
    ) -> None:
        self._workers, self._most = workers, workers + waiting
        self._work, self._tell, self._stopped = work, tell, stopped
        self._working = ThreadPoolExecutor(workers, thread_name_prefix="check")
        self._telling = ThreadPoolExecutor(_TELLERS, thread_name_prefix="tell")
        self._lock = threading.Lock()
        self._open: dict[tuple[str, Selection], Job] = {}
        self._futures: dict[Job, Future[None]] = {}
        self._closed = False

    def ask(self, job: Job, requester: Requester) -> Admission:
        """Have the check made, or join the same one; the requester is told what comes of it.

        Raises ``BusyError`` when too many wait, and ``ClosedError`` when the app is being stopped.
        """
        with self._lock:
            if self._closed:
                raise ClosedError
            running = self._open.get(job.key)
            if running is not None:
                running.requesters.append(requester)
                return Admission(job=running, joined=True, before=0)
            before = len(self._open)
            if before >= self._most:
                raise BusyError(before)
            job.requesters.append(requester)
            # Known only once it is submitted: where that fails, nobody may join it. It settles when this lock is free.
            self._futures[job] = self._working.submit(self._answer, job)
            self._open[job.key] = job
        return Admission(job=job, joined=False, before=max(0, before + 1 - self._workers))

    @property
    def is_open(self) -> bool:
        """Whether it takes questions."""
        return not self._closed

    def later(self, act: Callable[[], object]) -> None:
        """Have something sent by a thread of those that bring the answers, or at once where they are being stopped."""
        with self._lock:
            if not self._closed:
                self._telling.submit(act)
                return
        act()

    def close(self, seconds: float) -> None:
        """Take no more questions, let running checks end for so many seconds, and have everybody else told."""
        with self._lock:
            self._closed = True
            futures = dict(self._futures)
        for job, future in futures.items():
            if future.cancel():
                self._settle(job, self._stopped(job))
        wait(futures.values(), timeout=seconds)
        for job in futures:
            self._settle(job, self._stopped(job))
        self._working.shutdown(wait=False, cancel_futures=True)
        self._telling.shutdown()

    def _answer(self, job: Job) -> None:
        outcome = self._stopped(job)
        try:
            outcome = self._work(job)
        finally:
            self._settle(job, outcome)

    def _settle(self, job: Job, outcome: Report | Message) -> None:
        """Tell everybody who asked, once: who comes later asks anew."""
        with self._lock:
            if self._futures.pop(job, None) is None:
                return
            del self._open[job.key]
            # Under the lock, so that close() cannot stop the threads that tell in between.
            for requester in job.requesters:
                self._telling.submit(self._tell, requester, job, outcome)
