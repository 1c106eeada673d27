"""A bounded queue of checks. A request for a check that is already running joins it."""

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
    """The queue is full; ``before`` checks are running or waiting."""

    def __init__(self, before: int) -> None:
        self.before = before


class ClosedError(Exception):
    """The app is stopping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asked, where, when (``time.monotonic()``), and where the answer goes."""

    user: str
    channel: str
    response_url: str
    share: bool = False  # whether the channel sees the answer
    is_stranger: bool = False  # from another workspace, in a shared channel
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def who(self) -> dict[str, str]:
        """The person and the channel, for the log."""
        return {"user": self.user, "channel": self.channel}


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A check: what to check by which rules, and who asked. ``reference`` names it in the log."""

    rules: Rules
    selection: Selection
    words: str  # the command without ``share``
    ends_at: float  # its deadline, in ``time.monotonic()``
    requesters: list[Requester] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)
    reference: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def key(self) -> tuple[str, Selection]:
        """Two jobs with the same key are the same check."""
        return self.rules.sha256, self.selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The job that answers a request, whether it was already in the queue, and how many checks wait before it."""

    job: Job
    joined: bool
    before: int


class JobQueue:
    """Runs at most ``workers`` jobs at a time and lets ``waiting`` more wait; any thread may ask.

    ``work`` returns the outcome of a job, and ``tell`` sends it to one requester. ``stopped`` returns the outcome of a
    job that did not finish, because the queue was closed or ``work`` raised after all.
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
        """Queue the job, or join the same one if it is already there. The requester is told the outcome.

        Raises ``BusyError`` when too many wait, and ``ClosedError`` when the app is stopping.
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
            # Register the job only after submit() worked, or somebody could join a job that never runs.
            # It cannot settle before this lock is free.
            self._futures[job] = self._working.submit(self._answer, job)
            self._open[job.key] = job
        return Admission(job=job, joined=False, before=max(0, before + 1 - self._workers))

    @property
    def is_open(self) -> bool:
        """Whether the queue takes requests."""
        return not self._closed

    def later(self, act: Callable[[], object]) -> None:
        """Call ``act`` in a thread that delivers answers, or at once if the queue is closed."""
        with self._lock:
            if not self._closed:
                self._telling.submit(act)
                return
        act()

    def close(self, seconds: float) -> None:
        """Take no more requests, give running jobs ``seconds`` to finish, and tell everybody else."""
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
        """Tell everybody who asked, once; a later request starts a new job."""
        with self._lock:
            if self._futures.pop(job, None) is None:
                return
            del self._open[job.key]
            # Under the lock, so that close() cannot stop these threads in between.
            for requester in job.requesters:
                self._telling.submit(self._tell, requester, job, outcome)
