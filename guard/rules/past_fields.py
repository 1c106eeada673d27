"""The value types of the keys about the past: changes, days, time zones, and what a count is compared with."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from guard.core.baseline import SOURCE_PATTERN, Source
from guard.core.history import zone_of
from guard.core.text import did_you_mean, percent
from guard.rules.scalars import Number, described

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

LONGEST_WITHIN = 3650
_LARGEST = 1000  # as a fraction; +100000%
_LARGEST_PLAIN = 10
CHANGE_PATTERN = r"^[+-]?(0|[1-9][0-9]{0,5})(\.[0-9]{1,15})?%$"
DAY_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WITHIN_PATTERN = "^[1-9][0-9]{0,3}d$"
_ZONE_PATTERN = "^[A-Za-z][A-Za-z0-9_+/-]{0,63}$"
_IS_CHANGE = re.compile(CHANGE_PATTERN)
_IS_DAY = re.compile(DAY_PATTERN)
_IS_WITHIN = re.compile(WITHIN_PATTERN)
_IS_ZONE = re.compile(_ZONE_PATTERN)
_OTHER_MINUSES = ("\u2212", "\u2013", "\u2014", "\u2010", "\u2011")
_SIGNED = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")


def change(value: object) -> Fraction:
    """Return a change, ``-30%``, ``+50%`` or ``-0.3``, as an exact fraction; raise ValueError if it is not one."""
    if isinstance(value, str) and _IS_CHANGE.fullmatch(value):
        found = Fraction(value[:-1]) / 100
    else:
        written = value.text if isinstance(value, Number) else str(value) if type(value) is int else ""
        if isinstance(value, str) and value.startswith(_OTHER_MINUSES):
            raise ValueError(f"{described(value)} begins with a long dash; write -{value[1:]} with a plain minus")
        if not _SIGNED.fullmatch(written):
            raise ValueError(f"{described(value)} is not a change; write one such as -30% or +50%")
        found = Fraction(written)
        if abs(found) > _LARGEST_PLAIN:
            whole = f"{'-' if found < 0 else ''}{percent(abs(found))}"
            raise ValueError(f"{written} would be {whole}; write {written}% if that is what is meant")
    if found > _LARGEST:
        raise ValueError(f"{described(value)} is too large; the largest change is +100000%")
    return found


def day(value: object) -> date:
    """Return a day such as ``2026-11-20``; raise ValueError if it is not one."""
    try:
        if isinstance(value, str) and _IS_DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{described(value)} is no day of the calendar") from None
    raise ValueError(f"{described(value)} is not a day; write one such as 2026-11-20")


def within(value: object) -> int:
    """Return the days in ``120d``; raise ValueError if it is not a number of whole days from 1d to 3650d."""
    if isinstance(value, str) and _IS_WITHIN.fullmatch(value) and int(value[:-1]) <= LONGEST_WITHIN:
        return int(value[:-1])
    raise ValueError(f"{described(value)} is not a number of days from 1d to {LONGEST_WITHIN}d; write one such as 120d")


def timezone(value: object) -> str:
    """Return the name of a time zone such as ``Europe/Berlin``; raise ValueError if there is none of that name."""
    if isinstance(value, str) and _IS_ZONE.fullmatch(value):
        try:
            zone_of(str(value))
        except ValueError:
            from zoneinfo import available_timezones  # noqa: PLC0415 - a slip is rare

            near = did_you_mean(value, sorted(available_timezones()))
            raise ValueError(f"there is no time zone {described(value)}{near}") from None
        return str(value)
    raise ValueError(f"{described(value)} is not a time zone; write one such as Europe/Berlin or UTC")


def source(value: object) -> str:
    """Return the word for what a count is compared with; raise ValueError if there is none like it."""
    if isinstance(value, str) and Source.is_valid(value):
        return str(value)
    raise ValueError(
        f"{described(value)} is not allowed here; write previous, same_weekday, or median_of_last_N with N from 3 to 52"
    )


class OneOrSeveral:
    """A list that may be written as its only entry."""

    @staticmethod
    def __get_pydantic_json_schema__(core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of both forms."""
        several = handler(core_schema)
        return {"oneOf": [several["items"], several]}


def as_list(value: object) -> object:
    """Return the value in a list, unless it is one."""
    return value if isinstance(value, list) else [value]


Part = Annotated[
    Fraction,
    BeforeValidator(change),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "number", "minimum": -1, "maximum": _LARGEST_PLAIN},
                {"type": "string", "pattern": CHANGE_PATTERN},
            ]
        }
    ),
]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string", "pattern": DAY_PATTERN})]
Within = Annotated[int, BeforeValidator(within), WithJsonSchema({"type": "string", "pattern": WITHIN_PATTERN})]
Timezone = Annotated[str, BeforeValidator(timezone), WithJsonSchema({"type": "string", "pattern": _ZONE_PATTERN})]
SourceWord = Annotated[str, BeforeValidator(source), WithJsonSchema({"type": "string", "pattern": SOURCE_PATTERN})]
