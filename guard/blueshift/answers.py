"""Parses the answers of Blueshift's API, strictly.

Shapes: https://developer.blueshift.com/reference/get_api-v1-segments-segment-uuid-matching-users-json
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    Strict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from guard.blueshift.errors import BadAnswerError
from guard.core.model import LARGEST_COUNT, Channel
from guard.core.strict_json import without_duplicates
from guard.core.text import UUID, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    Scrub = Callable[[str], str]

_LISTED_COUNTS = [channel.facts.answer for channel in Channel if channel.facts.is_listed]
_WHOLE = re.compile(r"(-?\d{1,16})\.0+")
_MOST_DIGITS = 16
_LONGEST_NAME = 1_000
_LONGEST_STAMP = 100
_QUOTED_FROM = 8_192  # bytes of an answer that is not JSON; the error quotes a few of them
_FURTHEST_OFF = timedelta(days=2)  # clocks are hours off at most; a stamp further off is not of this run


def parse_stamp(value: object) -> datetime | None:
    """Return the time in UTC, or None for null; raises ``ValueError`` for anything else and for a missing zone."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - pydantic turns a ValueError into its own error
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


class _AnswerFields(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    refresh_status: Literal["refreshing", "ready"]
    approxusers_updated_at: Annotated[datetime | None, BeforeValidator(parse_stamp)] = None


def _small(value: object) -> object:
    """Return a number or a short text; anything else is not a count or a stamp, and becomes None."""
    is_text = isinstance(value, str) and len(value) <= _LONGEST_STAMP
    return value if is_text or isinstance(value, int | float) else None


_Small = Annotated[Any, AfterValidator(_small)]


class Listed(BaseModel):
    """A segment in the account's list; only its name and uuid are always there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[str, Field(max_length=_LONGEST_NAME)]
    uuid: Annotated[str, Field(pattern=f"^{UUID}$")]
    counts: dict[str, _Small]
    approxusers_updated_at: _Small = None

    @model_validator(mode="before")
    @classmethod
    def _with_its_counts(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return given | {"counts": {key: given[key] for key in _LISTED_COUNTS if key in given}}

    def shown(self, channel: Channel) -> Any:
        """Return what the list shows for a channel, which may be anything; None if it shows nothing."""
        return self.counts.get(channel.facts.answer)


_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[int, Strict(), Field(ge=0, le=LARGEST_COUNT)])
_LISTED: TypeAdapter[list[Listed]] = TypeAdapter(Annotated[list[Listed], FailFast()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A segment's current counts, whether a refresh runs, the stamp of all channels, and the server's time.

    ``asked_at`` is the loop's time at which the request was sent.
    """

    refreshing: bool
    stamp: datetime | None
    date: datetime | None
    counts: dict[str, Any]
    asked_at: float = 0.0

    def count(self, channel: Channel) -> int:
        """Return the channel's count; raises ``BadAnswerError`` if it is not a whole number of people."""
        field = channel.facts.answer
        if field not in self.counts:
            raise BadAnswerError(f"the answer has no {field}")
        try:
            return whole_count(self.counts[field])
        except ValueError:
            raise BadAnswerError(f"{field} is {_quoted(self.counts[field])}, which is not a number of people") from None


def whole_count(value: object) -> int:
    """Return the value as a count; raises ``ValueError`` unless it is a whole number from 0 to 2**53 - 1."""
    return _COUNT.validate_python(value)


def whole_seconds(stamp: datetime | None) -> float:
    """Return a stamp in whole seconds, to compare it with others; a missing one is earlier than all."""
    return -math.inf if stamp is None else math.floor(stamp.timestamp())


def parse_answer(body: bytes, date: datetime | None, scrub: Scrub) -> Answer:
    """Return the answer to a request for counts; raises ``BadAnswerError`` if it is not the documented object.

    Every text in it goes through ``scrub`` before it is used or quoted.
    """
    value = parse_json(body, scrub)
    if not isinstance(value, dict):
        raise BadAnswerError(f"the answer is {_quoted(_scrubbed(value, scrub))} instead of an object")
    value = {field: _scrubbed(each, scrub) for field, each in value.items()}
    try:
        answer = _AnswerFields.model_validate(value)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        if field not in value:
            raise BadAnswerError(f"the answer has no {field}") from None
        raise BadAnswerError(f"{field} is {_quoted(value[field])}, which is not understood") from None
    stamp = answer.approxusers_updated_at
    if stamp and stamp - (date or datetime.now(UTC)) > _FURTHEST_OFF:
        raise BadAnswerError(f"approxusers_updated_at is {_quoted(str(stamp))}, which is in the future")
    return Answer(refreshing=answer.refresh_status == "refreshing", stamp=stamp, date=date, counts=value)


def is_of_this_run(answer: Answer) -> bool:
    """Whether the stamp can be of a refresh that has just ended, by the answer's date, or by our clock without one."""
    return answer.stamp is not None and (answer.date or datetime.now(UTC)) - answer.stamp < _FURTHEST_OFF


def parse_list(body: bytes, scrub: Scrub) -> list[Listed]:
    """Return a page of the segments list: a bare list, or one in ``segments`` or ``results``.

    Names and uuids go through ``scrub``. Raises ``BadAnswerError`` for any other shape.
    """
    value = parse_json(body, scrub)
    for key in ("segments", "results"):
        if isinstance(value, dict) and key in value:
            value = value[key]
    try:
        listed = _LISTED.validate_python(value)
    except ValidationError:
        raise BadAnswerError("the list of segments is not understood") from None
    text = body.decode(errors="replace")
    if scrub(text) == text:  # scrubbing each one takes seconds for a large account
        return listed
    return [each.model_copy(update={"name": scrub(each.name), "uuid": scrub(each.uuid)}) for each in listed]


def parse_json(body: bytes, scrub: Scrub) -> Any:
    """Return the JSON value; raises ``BadAnswerError`` for anything else, for duplicate keys and for deep nesting.

    JSON is UTF-8 without a byte order mark (https://www.rfc-editor.org/rfc/rfc8259#section-8.1). A whole float becomes
    an int. A number in any other notation stays a float, which is not valid as a count. ``scrub`` is for what an error
    quotes.
    """
    try:
        return json.loads(body.decode(), object_pairs_hook=without_duplicates, parse_float=_number, parse_int=_number)
    except RecursionError:
        raise BadAnswerError("the answer is nested too deeply") from None
    except ValueError:
        raise BadAnswerError(
            f'the answer is not JSON: it begins with "{beginning(body, scrub)}"' if body else "the answer is empty"
        ) from None


def beginning(body: bytes, scrub: Scrub) -> str:
    """Return the beginning of a body, without the NULs of UTF-16, which would hide a key from ``scrub``."""
    text = body[:_QUOTED_FROM].replace(b"\0", b"").decode(errors="replace")
    return shortened(printable(scrub(text)), 60)


def _scrubbed(value: object, scrub: Scrub) -> object:
    return scrub(value) if isinstance(value, str) else value


def _number(text: str) -> int | float:
    if whole := _WHOLE.fullmatch(text):
        return int(whole[1])
    return int(text) if len(text) <= _MOST_DIGITS and text.lstrip("-").isdigit() else float(text)


def error_message(body: bytes) -> str | None:
    """Return the message of an error answer, or None if the body has none of the three documented shapes.

    Then it is not Blueshift's: firewalls, bot checks and proxies answer with their own pages.
    """
    try:
        value = parse_json(body, str)
    except BadAnswerError:
        return None
    match value:
        case {"message": str(text)} | {"error": str(text)}:
            return text
        case {"errors": dict(fields)}:
            listed = {field: texts if isinstance(texts, list) else [texts] for field, texts in fields.items()}
            return "; ".join(f"{field}: {', '.join(map(str, texts))}" for field, texts in listed.items())
        case _:
            return None


def status_name(status: int) -> str:
    """Return the status with its standard phrase: ``503 Service Unavailable``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _quoted(value: object) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    return shortened(printable(json.dumps(value)), 60)
