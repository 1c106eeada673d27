"""Bounds the memory of a check, whatever is wrong in the document and whatever aliases repeat.

pydantic keeps every error, much larger than its source, until it has seen all values. So a check of a long mapping
stops as soon as it has more errors than are reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import ValidationError, WrapValidator
from pydantic_core import PydanticOmit

from guard.rules.fields import Key
from guard.rules.tree import MOST_PROBLEMS

if TYPE_CHECKING:
    from pydantic import ValidationInfo, ValidatorFunctionWrapHandler

MOST_REFUSED = 10 * MOST_PROBLEMS
"""How many errors end a check. More than are reported, because a problem that aliases repeat is reported once."""


@dataclass(slots=True, eq=False)
class Check:
    """One check of one document: its number of errors so far, and what it made of mappings that aliases can repeat."""

    refused: int = 0
    made: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def is_cut_short(self) -> bool:
        """Whether there were so many errors that the rest is skipped."""
        return self.refused > MOST_REFUSED


def _unless_cut_short(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo[Check]) -> Any:
    check = info.context
    if check.is_cut_short:
        raise PydanticOmit
    try:
        return handler(value)
    except ValidationError as error:
        check.refused += error.error_count()
        raise


T = TypeVar("T")
Entries = dict[Annotated[Key, WrapValidator(_unless_cut_short)], Annotated[T, WrapValidator(_unless_cut_short)]]
"""A mapping of any length, with keys that the author chooses."""


def made_once(kind: str) -> WrapValidator:
    """Return a validator that makes each value of this kind once, however many aliases repeat it."""

    def once(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo[Check]) -> Any:
        check = info.context
        which = kind, id(value)  # values outlive the check, so ids stay unique
        if which not in check.made:
            check.made[which] = handler(value)
        return check.made[which]

    return WrapValidator(once)
