"""The calls to the fake Slack, in order; a test can wait for more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A request: where it went, what it held, and why it was refused (None: it was accepted).

    ``place`` is a method of the Web API (``chat.postMessage``), ``response/NAME`` or ``webhook/NAME``; ``at`` is in
    seconds on the monotonic clock.
    """

    place: str
    payload: dict[str, Any]
    error: str | None
    at: float = field(default_factory=time.monotonic)


class RecordedCalls:
    """A list that many threads extend; ``changed`` is its lock, and is notified of every call."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._received: list[RecordedCall] = []

    def add(self, received: RecordedCall) -> None:
        with self.changed:
            self._received.append(received)
            self.changed.notify_all()

    def received(self) -> list[RecordedCall]:
        with self.changed:
            return list(self._received)

    def accepted(self, place: str) -> list[dict[str, Any]]:
        """Return the payloads that the place accepted: what people see there."""
        return [each.payload for each in self.received() if each.place == place and each.error is None]

    def wait_for(self, predicate: Callable[[], Outcome], seconds: float) -> Outcome:
        """Return the predicate's answer as soon as it is true; raise AssertionError if it stays false."""
        with self.changed:
            if outcome := self.changed.wait_for(predicate, seconds):
                return outcome
            lines = [f"  {each.place}: {each.error or 'accepted'}: {each.payload}" for each in self._received]
        raise AssertionError("\n".join([f"not within {seconds} s; received:", *(lines or ["  nothing"])]))
