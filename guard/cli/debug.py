"""What ``--debug`` adds to stderr: a log to send to support, and where a bug is; neither holds the key."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.blueshift.account import secrets_of
from guard.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.blueshift.secret import Secret


class Lines(logging.Formatter):
    """Formats a record as one line: the time in UTC, who speaks, and what was said, without any of the secrets."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        super().__init__()
        self.secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return printable(_without(self.secrets, f"{moment} {record.name}: {record.getMessage()}"))


def log_to_stderr() -> None:
    """Have every request and every decision written to stderr, without the keys that the environment holds now."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(secrets_of()))
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def trace(error: Exception) -> str:
    """Return where the error came from, in lines, without the keys of now and those that stood where the log began."""
    formatters = [handler.formatter for handler in logging.getLogger("guard").handlers]
    of_the_log = [secret for each in formatters if isinstance(each, Lines) for secret in each.secrets]
    text = _without((*of_the_log, *secrets_of()), "".join(traceback.format_exception(error)))
    return "\n".join(printable(line) for line in text.splitlines())


def _without(secrets: Iterable[Secret], text: str) -> str:
    for secret in secrets:
        text = secret.scrub(text)
    return text
