"""Bounded waits: work that may block runs in a thread that can be abandoned."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS_TO_READ = 60.0
"""The time limit for reading standard input without ``--timeout``."""
SECONDS_TO_WRITE = 60.0
"""The time limit for writing a report to a reader that is slow."""
SECONDS_WITH_A_PERSON = 3600.0
"""The same for a terminal, where a person may read page by page."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what the work returns, or raise what it raises; raise ``TimeoutError`` if it takes longer.

    After a timeout the work goes on in its thread, at most until the process ends. So it must not hold a lock that the
    interpreter needs at its end, such as that of a standard stream; use the stream's descriptor instead. Signals are
    handled at once during the wait.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    over = threading.Event()

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            errors.append(error)
        over.set()

    threading.Thread(target=do, daemon=True).start()
    if not over.wait(seconds):
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]
