"""Waiting for somebody else, but not for ever: what may block runs in a thread that can be left behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS_TO_READ = 60.0
"""How long standard input may take to come to its end, where no ``--timeout`` says so."""
SECONDS_TO_WRITE = 60.0
"""How long a report may take to be read by whoever is at the other end."""
SECONDS_WITH_A_PERSON = 3600.0
"""The same where somebody sits at a terminal, who may look at it page by page."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what the work returns, or raise what it raises; raise TimeoutError when it takes longer.

    The work then goes on in its thread, and ends with the process at the latest. So it must not hold a lock that the
    interpreter wants at its end, as that of a standard stream: it uses the stream's descriptor. A signal is handled at
    once meanwhile.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    over = threading.Event()

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            errors.append(error)
        over.set()

    threading.Thread(target=do, daemon=True).start()
    if not over.wait(seconds):
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]
