"""What keeps the check of a document as small as the document, whatever is wrong in it and whatever aliases repeat.

pydantic keeps everything that it refuses, in far more room than it was written in, and tells none of it before it has
seen all. So the mappings that can be long are left as soon as more was refused than is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import ValidationError, WrapValidator
from pydantic_core import PydanticOmit

from guard.rules.fields import Key
from guard.rules.tree import MOST_PROBLEMS

if TYPE_CHECKING:
    from pydantic import ValidationInfo, ValidatorFunctionWrapHandler

MOST_REFUSED = 10 * MOST_PROBLEMS
"""How much is refused before the rest is left; more than is told, as what aliases repeat is told once."""


class Check:
    """One check of one document: how much it has refused so far, and what it made of mappings that can be repeated."""

    __slots__ = ("made", "refused")

    def __init__(self) -> None:
        self.refused = 0
        self.made: dict[tuple[str, int], Any] = {}

    @property
    def is_cut_short(self) -> bool:
        """Whether so much was refused that the rest is left."""
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
"""A mapping with keys of the writer's own, of any length."""


def made_once(kind: str) -> WrapValidator:
    """Return what has a value of this kind made once, however many aliases stand for it."""

    def once(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo[Check]) -> Any:
        check = info.context
        which = kind, id(value)  # what was read outlives its check, so no other value gets the same id
        if which not in check.made:
            check.made[which] = handler(value)
        return check.made[which]

    return WrapValidator(once)
