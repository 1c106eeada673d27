"""A desk at which people ask, and what becomes of it; checks there end when they may."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from queue import Queue
from typing import TYPE_CHECKING

from guard.core.model import Selection
from guard.slack.job_queue import Check, Desk
from guard.slack.notices import note
from tests.slack.fake_parts import LONGEST_WAIT, a_check, asker, rules, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.results import Report
    from guard.slack.job_queue import Admission, Asker
    from guard.slack.verdict_message import Message

BY = rules()


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
        self.told.put((asker.user, "stopped" if "stopped" in said(outcome) else "counted"))  # type: ignore[arg-type] # a message

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


@contextmanager
def opened(**sizes: int) -> Iterator[Room]:
    room = Room(**sizes)
    try:
        yield room
    finally:
        room.end()
