"""Turns the bounds of a guard that follow from the past into bounds in people, judged like any other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.baseline import (
    Baseline,
    Eligible,
    Source,
    State,
    as_shown,
    baseline,
    eligible,
    highest_allowed,
    lowest_allowed,
)
from guard.core.model import Bound
from guard.core.text import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from fractions import Fraction

    from guard.core.baseline import Window
    from guard.core.change import Change, Step
    from guard.core.history import Reading
    from guard.core.model import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The earlier readings of a guard's series, and which of their days can be a baseline.

    ``readings`` is None if they could not be read, or if one that may matter was lost or changed.
    """

    readings: Sequence[Reading] | None
    window: Window


def resolved(guard: Guard, past: Past | None) -> Guard:
    """Return the guard with its changes as bounds in people.

    Without a past that can be trusted, and while it is too short, those bounds have no limit.
    """
    if not guard.changes:
        return guard
    days = None if past is None or past.readings is None else eligible(past.readings, past.window)
    made = [bound for change in guard.changes for bound in _bounds(change, days, past)]
    return replace(guard, bounds=(*guard.bounds, *made), changes=())


def _bounds(change: Change, days: Eligible | None, past: Past | None) -> Iterator[Bound]:
    found, value = _unavailable(change), None
    if days is not None and past is not None:
        found, value = _baseline(change, days, past.window.today)
    for step in change.steps:
        limit, allows = None, ""
        if value is not None:
            limit = _limit(step, value, change.ignore_under)
            allows = _allows(step, limit, value, change.ignore_under)
        yield Bound(name=step.bound, limit=limit, line=step.line, baseline=replace(found, allows=allows))


def _unavailable(change: Change) -> Baseline:
    return Baseline(source=change.source, state=State.UNAVAILABLE, needs=change.needs, until_then=change.until_then)


def _baseline(change: Change, days: Eligible, today: date) -> tuple[Baseline, Fraction | None]:
    """Return the baseline and its exact value, which is None as long as there are too few days."""
    taken = Source.named(change.source).days(days.days, today)
    value = baseline(taken) if len(taken) >= change.needs else None
    found = Baseline(
        source=change.source,
        state=State.LEARNING if value is None else State.READY,
        value=None if value is None else as_shown(value),
        days=len(taken),
        imported=sum(each.is_imported for each in taken) if value is not None else 0,
        needs=change.needs,
        first=taken[-1].day if taken else None,
        last=taken[0].day if taken else None,
        left_out=days.left_out,
        until_then=change.until_then,
    )
    return found, value


def _limit(step: Step, value: Fraction, ignore_under: int | None) -> int:
    return (lowest_allowed if step.bound.is_floor else highest_allowed)(value, step.part, ignore_under)


def _allows(step: Step, limit: int, value: Fraction, ignore_under: int | None) -> str:
    """Return what the limit stands for: a part of the baseline, or the number of people that is ignored."""
    side = "under" if step.bound.is_floor else "over"
    by_part = limit == _limit(step, value, None)
    return f"{percent(abs(step.part)) if by_part else number(ignore_under or 0)}{'' if by_part else ' people'} {side}"
