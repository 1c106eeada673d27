"""The app's log: a line of JSON on stderr for each event, without tokens, keys or what people typed.

The libraries' own logs are off: they quote whole requests, with addresses that anybody can post to.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from guard.core.text import harmless
from guard.security.keyring import secrets_of
from guard.security.log_lines import ScrubbedLines

if TYPE_CHECKING:
    from datetime import datetime

_log = logging.getLogger("guard.slack")
_LIBRARIES = ("slack_bolt", "slack_sdk", "waitress", "httpx", "httpcore", "asyncio")


def log_to_stderr(*, debug: bool) -> None:
    """Log events to stderr, and with ``debug`` every request to Blueshift, without the current secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ScrubbedLines(secrets_of(), _line, escape=lambda text: harmless(text, "\\u0023")))
    logger = logging.getLogger("guard")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _LIBRARIES:
        silent(name)
    threading.excepthook = _log_end_of_thread


def silent(name: str) -> logging.Logger:
    """Switch a library's logger off and return it."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger


def event(what: str, **fields: Any) -> None:
    """Log what happened."""
    _log.info(what, extra={"fields": fields})


def trouble(what: str, **fields: Any) -> None:
    """Log what went wrong."""
    _log.error(what, extra={"fields": fields})


def bug(what: str, error: BaseException, **fields: Any) -> None:
    """Log where our own bug happened, without the error's message, which may hold anything."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    where = [f"{code.co_filename}:{line} {code.co_name}" for code, line in frames]
    trouble(what, error=type(error).__name__, where=where, **fields)


def _line(record: logging.LogRecord, moment: datetime) -> str:
    """Return the record as one JSON object: time, level, event and its fields."""
    line = {
        "time": moment.isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
        **getattr(record, "fields", {}),
    }
    return json.dumps(line)


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else None
    bug("thread_ended", ended.exc_value or ended.exc_type(), thread=name)
