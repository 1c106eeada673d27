"""Durations as people write them: ``250ms``, ``90s``, ``10m``, ``1h30m``."""

from __future__ import annotations

import re

from guard.rules.scalars import described

LONGEST = 24 * 3600.0
"""The longest duration, in seconds."""

_DURATION = re.compile(r"(?:([0-9]{1,8})h)?(?:([0-9]{1,8})m)?(?:([0-9]{1,8})s)?(?:([0-9]{1,8})ms)?")
_DIGITS = re.compile("[1-9][0-9]{0,4}")
_UNITS_UP_TO = ((24, "Ns, Nm or Nh"), (24 * 60, "Ns or Nm"), (24 * 3600, "Ns"))  # none offers more than 24 hours


def parse_duration(text: str) -> float:
    """Return a duration in seconds: hours, minutes, seconds and milliseconds in this order, each at most once.

    Raise ValueError, with a sentence for people, unless it is more than zero and at most 24 hours.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(no_duration(text))
    hours, minutes, whole, thousandths = (int(amount or 0) for amount in found.groups())
    seconds = hours * 3600 + minutes * 60 + whole + thousandths / 1000
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"{described(text)} is out of bounds; write a duration of more than 0s and at most 24h")
    return seconds


def no_duration(written: object) -> str:
    """Return the sentence for a value that is not a duration; if only the unit is missing, with the possible units."""
    number = str(written)
    advice = "one such as 90s, 10m or 1h30m"
    if _DIGITS.fullmatch(number):
        possible = (units for most, units in _UNITS_UP_TO if int(number) <= most)
        advice = next(possible, advice).replace("N", number)
    return f"{described(written)} is not a duration; write {advice}"
