"""The value types of the keys about the past: changes, days, time zones, and what a count is compared with."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import cache
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
DECREASE_PATTERN = r"^(-(0|[1-9][0-9]?)(\.[0-9]{1,15})?|[+]?0(\.0{1,15})?)%$"
INCREASE_PATTERN = r"^([+]?(0|[1-9][0-9]{0,4})(\.[0-9]{1,15})?|[+]?100000(\.0{1,15})?|-0(\.0{1,15})?)%$"
WITHIN_PATTERN = "^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d$"
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
    if isinstance(value, str) and _IS_WITHIN.fullmatch(value):
        return int(value[:-1])
    raise ValueError(f"{described(value)} is not a number of days from 1d to {LONGEST_WITHIN}d; write one such as 120d")


def timezone(value: object) -> str:
    """Return the name of a time zone such as ``Europe/Berlin``; raise ValueError if there is none of that name."""
    if isinstance(value, str) and _IS_ZONE.fullmatch(value):
        known = _time_zones()
        if value not in known:
            raise ValueError(f"there is no time zone {described(value)}{did_you_mean(value, known)}")
        zone_of(str(value))
        return str(value)
    raise ValueError(f"{described(value)} is not a time zone; write one such as Europe/Berlin or UTC")


@cache
def _time_zones() -> list[str]:
    """Return the names of the package tzdata: those of a machine can mean its own zone."""
    from importlib.resources import files  # noqa: PLC0415 - most files are in UTC

    return (files("tzdata") / "zones").read_text(encoding="utf-8").split()


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


def _change_schema(pattern: str, **limits: int) -> WithJsonSchema:
    return WithJsonSchema({"oneOf": [{"type": "number", **limits}, {"type": "string", "pattern": pattern}]})


Decrease = Annotated[
    Fraction, BeforeValidator(change), _change_schema(DECREASE_PATTERN, exclusiveMinimum=-1, maximum=0)
]
Increase = Annotated[
    Fraction, BeforeValidator(change), _change_schema(INCREASE_PATTERN, minimum=0, maximum=_LARGEST_PLAIN)
]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string", "pattern": DAY_PATTERN})]
Within = Annotated[int, BeforeValidator(within), WithJsonSchema({"type": "string", "pattern": WITHIN_PATTERN})]
Timezone = Annotated[str, BeforeValidator(timezone), WithJsonSchema({"type": "string", "pattern": _ZONE_PATTERN})]
SourceWord = Annotated[str, BeforeValidator(source), WithJsonSchema({"type": "string", "pattern": SOURCE_PATTERN})]
