"""The kinds of values in the JSON report: how each is read, written and described in the schema."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, StrictInt, StrictStr, WithJsonSchema

from guard.core.model import LARGEST_COUNT
from guard.report.json_report.words import shown

if TYPE_CHECKING:
    from fractions import Fraction

ALLOWS = re.compile(r" that ([\d,.]{1,25}(?:%| people) (?:under|over)) the ")
"""Finds in a check's sentence what a limit that follows from the past stands for: ``30% under``."""
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIMESTAMP = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"


def _read_timestamp(value: object) -> datetime:
    if not isinstance(value, str) or not re.fullmatch(_TIMESTAMP, value):
        raise ValueError(f"{shown(value)} is not a moment such as 2026-11-23T09:00:00.000Z")
    return datetime.fromisoformat(value)


def written_timestamp(moment: datetime) -> str:
    """Return UTC with milliseconds, as in ``2026-11-23T09:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(_DAY, value):
        raise ValueError(f"{shown(value)} is not a day such as 2026-11-23")
    return date.fromisoformat(value)


def _read_number(value: object) -> int | float:
    """Return a number of people or a share; raise ValueError if it is negative, infinite, or larger than any count."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST_COUNT:
        raise ValueError(f"{shown(value)} is not a number of people or a share")
    return value


def _read_percent(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -100 <= value < math.inf:  # noqa: PLR2004
        raise ValueError(f"{shown(value)} is not a change in per cent")
    return value


def plain(value: Fraction) -> int | float:
    """Return a fraction as JSON has it: whole numbers without a point."""
    return int(value) if value.denominator == 1 else float(value)


def _read_people(value: int) -> int:
    if value > LARGEST_COUNT:
        raise ValueError(f"{shown(value)} is too large for a number of people")
    return value


def _read_seconds(value: int) -> int:
    if value < 0:
        raise ValueError(f"{value} is negative")
    return value


Timestamp = Annotated[
    datetime,
    PlainValidator(_read_timestamp),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_TIMESTAMP}$"}),
]
Day = Annotated[
    date, PlainValidator(_read_day), WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DAY}$"})
]
Number = Annotated[int | float, PlainValidator(_read_number), WithJsonSchema({"type": "number", "minimum": 0})]
Percent = Annotated[int | float, PlainValidator(_read_percent), WithJsonSchema({"type": "number", "minimum": -100})]
People = Annotated[int, Field(strict=True, ge=0), AfterValidator(_read_people)]
Seconds = Annotated[StrictInt, AfterValidator(_read_seconds)]
Line = Annotated[int, Field(strict=True, ge=1)]
Texts = tuple[StrictStr, ...]


class JsonObject(BaseModel):
    """A JSON object. Every key is always written, so the schema requires all of them and allows no others."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        json_schema_extra={"additionalProperties": False},
        json_schema_serialization_defaults_required=True,
    )
