"""One answer of those that a scenario lists: as a value, and as it is written in a scenario file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, WrapValidator

from guard.rules.document import Closed
from guard.rules.fields import Text, WholeNumber
from guard.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

ERROR_STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
"""The HTTP statuses of errors that the API's reference names."""

OTHER_STATUSES = (202, 204, 206, 299, 302, 304, 407)
"""HTTP statuses that it does not name, but that something on the way may give."""

ABSENT = "absent"
"""What ``ScriptedAnswer.says`` holds for a field that is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """One answer: its HTTP status, what is wrong with it, and what it says otherwise than it should.

    At a status from 400 up nothing is carried out. ``says`` holds JSON by the name of its field, or ``ABSENT``;
    ``retry_after`` and ``location`` are headers. Without anything it is an answer as it should be.
    """

    status: int = 200
    fault: Fault | None = None
    retry_after: str | None = None
    location: str | None = None
    says: dict[str, str] = field(default_factory=dict)


class Again(Enum):
    """What may stand at the end of a list of answers: there it begins again."""

    AGAIN = "again"


WELL: Final = ScriptedAnswer()
AGAIN: Final = Again.AGAIN
ScriptedAnswers = tuple[ScriptedAnswer | int | Again, ...]


def given(model: Closed) -> dict[str, Any]:
    """Return what the file gives; what it leaves out has its default in the dataclass, and there alone."""
    return {name: getattr(model, name) for name in model.model_fields_set}


_FieldName = Literal[
    "refresh_status", "approxusers", "email_users", "sms_users", "push_users", "in_app_users", "approxusers_updated_at"
]


def _status(value: int) -> int:
    possible = sorted((*ERROR_STATUSES, *OTHER_STATUSES))
    if value not in possible:
        raise ValueError(f"{value} is none of the statuses to give: {', '.join(str(each) for each in possible)}")
    return value


_Status = Annotated[WholeNumber, AfterValidator(_status)]
_FaultName = Annotated[Fault, Field(strict=False)]
_Says = dict[_FieldName, Text]


class _ScriptedAnswer(Closed):
    status: _Status | None = None
    fault: _FaultName | None = None
    retry_after: Text | None = None
    location: Text | None = None
    says: _Says | None = None

    def value(self) -> ScriptedAnswer:
        return ScriptedAnswer(**given(self))


def _one_answer(value: object, validate: Callable[[object], _ScriptedAnswer]) -> ScriptedAnswer | Again:
    """Return one answer of a list: a word or a number stands for a mapping with nothing else in it."""
    match value:
        case "again":
            return AGAIN
        case "well":
            return WELL
        case str():
            return validate({"fault": value}).value()
        case int():
            return validate({"status": value}).value()
        case _:
            return validate(value).value()


def _check_again_is_last(answers: list[ScriptedAnswer | Again]) -> ScriptedAnswers:
    if answers[:1] == [AGAIN] or any(one is AGAIN for one, _ in pairwise(answers)):
        raise ValueError("again stands at the end of a list, after what is given again")
    return tuple(answers)


WrittenAnswers = Annotated[
    list[Annotated[_ScriptedAnswer, WrapValidator(_one_answer)]], AfterValidator(_check_again_is_last)
]
"""A list of answers as it is written in a scenario file."""
