"""What a guard's count is compared with: the earlier readings of its series, unless one that may matter is lost."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from guard.core.baseline import Window, depends_on_older
from guard.core.history import zone_of
from guard.core.model import BoundName
from guard.core.relative import Past

if TYPE_CHECKING:
    from datetime import datetime

    from guard.core.change import PastRules
    from guard.core.history import Series
    from guard.core.model import Guard
    from guard.history import contents


def past_of(guard: Guard, series: Series, stored: contents.Past, rules: PastRules, at: datetime) -> Past:
    """Return the past of a guard whose count was taken at a moment by the server's clock.

    It has no readings if the series was not read, or if a reading or a run within reach was lost or changed. Nor has it
    any if older ones were lost, or pruned after a change judged them, and a day could count only for want of them.
    """
    zone = zone_of(rules.timezone)
    window = window_of(guard, rules, at.astimezone(zone).date())
    readings = stored.readings.get(series)
    is_cut = stored.damage_to(series, date.min, zone) or any(run.is_pruned and run.by_change for run in stored.runs)
    is_damaged = stored.damage_to(series, window.begins, zone)
    if readings is None or is_damaged or (is_cut and depends_on_older(readings, window)):
        return Past(readings=None, window=window)
    return Past(readings=readings, window=window)


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
