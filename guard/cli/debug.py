"""What ``--debug`` adds to stderr: a log to send to support, and where a bug is; neither holds the key."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.cli.streams import say
from guard.core.text import printable
from guard.security.keyring import scrubbed, secrets_of

if TYPE_CHECKING:
    from guard.security.redaction import Secret


class Lines(logging.Formatter):
    """Formats a record as one line: the time in UTC, who speaks, and what was said, without any of the secrets."""

    def __init__(self, secrets: Secret) -> None:
        super().__init__()
        self.secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return printable(self.secrets.scrub(f"{moment} {record.name}: {record.getMessage()}"))


class _Said(logging.Handler):
    """Says every record on stderr, as everything else is said there."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say the record."""
        say(self.format(record))


def log_to_stderr() -> None:
    """Have every request and every decision written to stderr, without the keys that the environment holds now."""
    handler = _Said()
    handler.setFormatter(Lines(secrets_of()))
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def trace(error: Exception) -> str:
    """Return where the error came from, in lines, without the keys of now and those that stood where the log began."""
    text = scrubbed("".join(traceback.format_exception(error)))
    for handler in logging.getLogger("guard").handlers:
        if isinstance(handler.formatter, Lines):
            text = handler.formatter.secrets.scrub(text)
    return "\n".join(printable(line) for line in text.splitlines())
