"""The log of ``--debug``: a line for every request and every decision, as ``what name=value name=value``.

People send it to support, so its lines are a contract and contain no secret. While the log is off, nothing is
formatted.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from guard.core.text import printable, shortened

_log = logging.getLogger("guard.blueshift")
_NEEDS_NO_QUOTES = re.compile(r'[^\s"]+')


def is_on() -> bool:
    """Whether the log is written."""
    return _log.isEnabledFor(logging.DEBUG)


def log(what: str, **values: object) -> None:
    """Log what happened, with values: times in UTC, seconds to the millisecond, texts on one line."""
    if is_on():
        _log.debug("%s", " ".join([what, *(f"{name}={_told(value)}" for name, value in values.items())]))


def _told(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            text = shortened(printable(str(value)), 400)
            return text if _NEEDS_NO_QUOTES.fullmatch(text) else json.dumps(text, ensure_ascii=False)
