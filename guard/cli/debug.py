"""What ``--debug`` adds to stderr: a log to send to support, and where a bug is; neither holds the key."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime

from guard.blueshift.account import without_key
from guard.words import printable


class Lines(logging.Formatter):
    """Formats a record as one line: the time in UTC, who speaks, and what was said."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return printable(without_key(f"{moment} {record.name}: {record.getMessage()}"))


def log_to_stderr() -> None:
    """Have every request and every decision written to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def trace(error: Exception) -> str:
    """Return where the error came from, in lines."""
    text = without_key("".join(traceback.format_exception(error)))
    return "\n".join(printable(line) for line in text.splitlines())
