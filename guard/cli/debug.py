"""``--debug``: a log of every request, and the traceback of a bug, on stderr and without the key."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.cli.output import say
from guard.core.text import printable
from guard.security.keyring import scrubbed, secrets_of

if TYPE_CHECKING:
    from guard.security.redaction import Secret


class Lines(logging.Formatter):
    """Formats a record as one line: time in UTC, logger and message, with all secrets removed."""

    def __init__(self, secrets: Secret) -> None:
        super().__init__()
        self.secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return printable(self.secrets.scrub(f"{moment} {record.name}: {record.getMessage()}"))


class _StderrHandler(logging.Handler):
    """Writes records to stderr with ``say``."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say the record."""
        say(self.format(record))


def log_to_stderr() -> None:
    """Log every request and decision to stderr, without the current secrets."""
    handler = _StderrHandler()
    handler.setFormatter(Lines(secrets_of()))
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def trace(error: Exception) -> str:
    """Return the traceback without the current secrets and those from the start of the log."""
    text = scrubbed("".join(traceback.format_exception(error)))
    for handler in logging.getLogger("guard").handlers:
        if isinstance(handler.formatter, Lines):
            text = handler.formatter.secrets.scrub(text)
    return "\n".join(printable(line) for line in text.splitlines())
