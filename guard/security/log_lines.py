"""Log records as single lines without secrets."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.security.redaction import Secret


class ScrubbedLines(logging.Formatter):
    """Formats a record as one line: ``compose`` makes it, the secrets are removed, and ``escape`` keeps it one line."""

    def __init__(
        self,
        secrets: Secret,
        compose: Callable[[logging.LogRecord, datetime], str],
        escape: Callable[[str], str] = printable,
    ) -> None:
        super().__init__()
        self.secrets = secrets
        self._compose = compose
        self._escape = escape

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._escape(self.secrets.scrub(self._compose(record, datetime.fromtimestamp(record.created, UTC))))
