"""The current rules: the file is read for every command, and parsed when it has changed."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from guard.core.errors import UsageError
from guard.core.text import printable
from guard.rules import parse_rules
from guard.rules.document import read_document

if TYPE_CHECKING:
    from guard.core.model import Rules

_LOOKS = 5
_MOMENT = 0.1  # seconds


class RulesFile:
    """A rules file that people edit while the app runs; any thread may read it."""

    def __init__(self, path: str) -> None:
        self._path, self._lock = path, threading.Lock()
        self._last: Rules | None = None

    def read(self) -> Rules:
        """Return the rules; raises ``RulesError`` or ``UsageError`` if the file is not valid now."""
        with self._lock:
            data = read_document(self._path)
            if self._last is None or self._last.sha256 != hashlib.sha256(data).hexdigest():
                self._last = parse_rules(self._settled(data), self._path)
            return self._last

    def sha256(self) -> str | None:
        """Return the SHA-256 of the current rules, None if the file is not valid."""
        try:
            return self.read().sha256
        except UsageError:
            return None

    def _settled(self, data: bytes) -> bytes:
        """Return the content once it stays the same for a moment: a half-saved file may look valid."""
        for _ in range(_LOOKS):
            time.sleep(_MOMENT)
            before, data = data, read_document(self._path)
            if data == before:
                return data
        raise UsageError(f"{printable(self._path)} changes all the time", hint="ask again when it has been saved")
