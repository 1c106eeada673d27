"""What a guard's count is compared with: the earlier readings of its series, unless one that may matter is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from guard.core.baseline import Window
from guard.core.history import zone_of
from guard.core.model import BoundName
from guard.core.relative import Past

if TYPE_CHECKING:
    from datetime import datetime

    from guard.core.history import Series
    from guard.core.model import Guard, PastRules
    from guard.history import reader


def past_of(guard: Guard, series: Series, stored: reader.Past, rules: PastRules, at: datetime) -> Past:
    """Return the past of a guard whose count was taken at a moment by the server's clock.

    It has no readings if the series was not read, or if a reading or a run within reach was lost or changed. What was
    lost or pruned before that may have been judged by a change, so later days that were not are no baseline.
    """
    zone = zone_of(rules.timezone)
    window = window_of(guard, rules, at.astimezone(zone).date())
    is_damaged = bool(stored.damage_to(series, window.begins, zone))
    is_pruned = any(run.is_pruned and run.source != "csv" for run in stored.runs)
    is_cut = is_pruned or bool(stored.damage_to(series, date.min, zone))
    readings = None if is_damaged else stored.readings.get(series)
    return Past(readings=readings, window=replace(window, is_cut=is_cut))


def window_of(guard: Guard, rules: PastRules, today: date) -> Window:
    """Return which days can be a baseline of a guard on a day."""
    limits = {
        bound.name: int(bound.limit)
        for bound in guard.bounds
        if bound.name in {BoundName.MIN, BoundName.MAX} and bound.limit is not None
    }
    return Window(
        today=today,
        zone=zone_of(rules.timezone),
        within=rules.within,
        since=guard.since,
        excluded=rules.excluded,
        low=limits.get(BoundName.MIN),
        high=limits.get(BoundName.MAX),
    )
