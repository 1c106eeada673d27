"""The answers that a scenario scripts: as values, and as a scenario file writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, WrapValidator

from guard.rules.document import Closed
from guard.rules.fields import Text, WholeNumber
from guard.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

ERROR_STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
"""The HTTP statuses of errors that the API's reference names."""

OTHER_STATUSES = (202, 204, 206, 299, 302, 304, 407)
"""HTTP statuses that the reference does not name, but that a proxy may send."""

ABSENT = "absent"
"""The value in ``ScriptedAnswer.says`` that leaves a field out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """One answer: its HTTP status, its fault, and the fields that it changes. The default is a normal answer.

    With a status of 400 or more, the request is not carried out. ``says`` maps a field to its JSON or to ``ABSENT``.
    ``retry_after`` and ``location`` are headers.
    """

    status: int = 200
    fault: Fault | None = None
    retry_after: str | None = None
    location: str | None = None
    says: dict[str, str] = field(default_factory=dict)


WELL: Final = ScriptedAnswer()
AGAIN: Final = "again"
"""The end of a list of answers that repeats."""
ScriptedAnswers = tuple[ScriptedAnswer | int | Literal["again"], ...]


class Written(Closed):
    """A part of a scenario file; ``makes`` is the class of its value, which has the defaults of the missing keys."""

    makes: ClassVar[Callable[..., Any]]

    def value(self) -> Any:
        """Return the value, made from the keys that the file gives."""
        return type(self).makes(**{name: getattr(self, name) for name in self.model_fields_set})


_FieldName = Literal[
    "refresh_status", "approxusers", "email_users", "sms_users", "push_users", "in_app_users", "approxusers_updated_at"
]


def _status(value: int) -> int:
    possible = sorted((*ERROR_STATUSES, *OTHER_STATUSES))
    if value not in possible:
        raise ValueError(f"{value} is not a status to give; write one of {', '.join(str(each) for each in possible)}")
    return value


_Status = Annotated[WholeNumber, AfterValidator(_status)]
_FaultName = Annotated[Fault, Field(strict=False)]
_Says = dict[_FieldName, Text]


class _ScriptedAnswer(Written):
    makes = ScriptedAnswer
    status: _Status | None = None
    fault: _FaultName | None = None
    retry_after: Text | None = None
    location: Text | None = None
    says: _Says | None = None


def _one_answer(value: object, validate: Callable[[object], _ScriptedAnswer]) -> ScriptedAnswer | Literal["again"]:
    """Return one answer of a list; a word or a number is short for a mapping with only that in it."""
    match value:
        case "again":
            return AGAIN
        case "well":
            return WELL
        case str():
            value = {"fault": value}
        case int():
            value = {"status": value}
        case _:
            pass
    answer: ScriptedAnswer = validate(value).value()
    return answer


def _check_again_is_last(answers: list[ScriptedAnswer | Literal["again"]]) -> ScriptedAnswers:
    if answers[:1] == [AGAIN] or any(one == AGAIN for one, _ in pairwise(answers)):
        raise ValueError("write again only at the end of a list, after the answers to repeat")
    return tuple(answers)


WrittenAnswers = Annotated[
    list[Annotated[_ScriptedAnswer, WrapValidator(_one_answer)]], AfterValidator(_check_again_is_last)
]
"""A list of answers in a scenario file."""
