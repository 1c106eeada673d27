"""Durations as people write them: ``250ms``, ``90s``, ``10m``, ``1h30m``."""

from __future__ import annotations

import re

LONGEST = 24 * 3600.0
"""The longest duration, in seconds."""

_DURATION = re.compile(r"(?:([0-9]{1,8})h)?(?:([0-9]{1,8})m)?(?:([0-9]{1,8})s)?(?:([0-9]{1,8})ms)?")
_SECONDS = (3600.0, 60.0, 1.0, 0.001)


def parse_duration(text: str) -> float:
    """Return the seconds of a duration: hours, minutes, seconds and milliseconds in this order, each at most once.

    It is more than zero and at most 24 hours; raise ValueError with a sentence for people where it is not.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError("write a duration such as 90s, 10m or 1h30m")
    seconds = sum(int(amount or 0) * size for amount, size in zip(found.groups(), _SECONDS, strict=True))
    if not 0 < seconds <= LONGEST:
        raise ValueError("write a duration of more than 0s and at most 24h")
    return seconds
