"""``--debug``: a log of every request, and the traceback of a bug, on stderr and without the key."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from guard.cli.output import say
from guard.core.text import printable
from guard.security.keyring import scrubbed, secrets_of
from guard.security.log_lines import ScrubbedLines

if TYPE_CHECKING:
    from datetime import datetime


class _StderrHandler(logging.Handler):
    """Writes records to stderr with ``say``."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say the record."""
        say(self.format(record))


def log_to_stderr() -> None:
    """Log every request and decision to stderr, without the current secrets."""
    handler = _StderrHandler()
    handler.setFormatter(ScrubbedLines(secrets_of(), _line))
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def trace(error: BaseException) -> str:
    """Return the traceback without the current secrets and those from the start of the log."""
    text = scrubbed("".join(traceback.format_exception(error)))
    for handler in logging.getLogger("guard").handlers:
        if isinstance(handler.formatter, ScrubbedLines):
            text = handler.formatter.secrets.scrub(text)
    return "\n".join(printable(line) for line in text.splitlines())


def _line(record: logging.LogRecord, moment: datetime) -> str:
    time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{time} {record.name}: {record.getMessage()}"
