"""The rules as they stand in the file now: read for every question, parsed when they changed."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from guard.rules import parse_rules
from guard.rules.document import read_document

if TYPE_CHECKING:
    from guard.model import Rules


class RulesFile:
    """A rules file that people edit while the app runs; any thread may read it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last: Rules | None = None

    def read(self) -> Rules:
        """Return the rules; raises ``RulesError`` or ``UsageError`` when they are not right now, whatever they were."""
        with self._lock:
            data = read_document(self._path)
            if self._last is None or self._last.sha256 != hashlib.sha256(data).hexdigest():
                self._last = parse_rules(data, self._path)
            return self._last
