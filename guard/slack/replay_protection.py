"""Recognizes repeats: signed requests that are sent again, and envelopes that Slack repeats."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

_REMEMBERED = 660.0  # seconds; a signature is valid for five minutes before and after its time stamp


class ReplayProtection:
    """Remembers names for eleven minutes; any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def is_new(self, name: str) -> bool:
        """Return whether the name is new, and remember it."""
        now = time.monotonic()
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - _REMEMBERED:
                self._seen.popitem(last=False)
            if name in self._seen:
                return False
            self._seen[name] = now
            return True
