"""What cannot be true of the past in a saved report: a limit that its baseline does not give, days of the future."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.baseline import State, highest_allowed, lowest_allowed
from guard.core.model import BoundName
from guard.core.results import Verdict
from guard.report.json_report.values import ALLOWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from guard.report.json_report.model import ReportObject
    from guard.report.json_report.results import BaselineObject, CheckObject

_ZONES_DIFFER = timedelta(days=1)
_PERCENT = ("% under", "% over")


def past_of_check(check: CheckObject, checks: Iterable[CheckObject]) -> Iterator[str]:
    """Yield what contradicts in a check and what it was compared with; ``checks`` are all of its guard."""
    found = check.baseline
    if found is None or not check.bound.is_relative:
        if found or check.bound.is_relative or check.limit is None:
            yield "only a bound relative to the past has a baseline, and no other lacks a limit"
        return
    yield from _limit(check, found)
    yield from _days(found)
    bounded = {each.bound for each in checks} >= {BoundName.MIN, BoundName.MAX}
    if found.until_then in {Verdict.PASS, Verdict.WARN} and not bounded:
        yield "it may not pass or warn without a min and a max beside it"


def past_of_report(report: ReportObject) -> Iterator[str]:
    """Yield what contradicts between the baselines of a report and its run."""
    guards = (guard for segment in report.segments for guard in segment.guards)
    baselines = [check.baseline for guard in guards for check in guard.checks if check.baseline]
    if baselines and report.history is None:
        yield "it compares with the past, but names no history store"
    was_read = report.history is not None and report.history.runs is not None
    if not was_read and any(each.state is not State.UNAVAILABLE for each in baselines):
        yield "it compares with the past, but its history was not read"
    if any(each.last and each.last - report.finished_at.date() > _ZONES_DIFFER for each in baselines):
        yield "it compares with days after its own"


def _limit(check: CheckObject, found: BaselineObject) -> Iterator[str]:
    is_ready = found.state is State.READY
    if (check.limit is None, found.value is None) != (not is_ready, not is_ready):
        yield "it must have a limit and a value exactly when its baseline is ready"
    elif check.limit is not None and found.value is not None:
        floor = check.bound.is_floor
        if check.limit > found.value if floor else check.limit < found.value:
            yield "its limit is on the wrong side of its baseline"
        told = ALLOWS.search(check.message)
        if told and told[1].endswith(_PERCENT):
            part = Fraction(told[1].split("%")[0].replace(",", "")) / 100
            allowed = (lowest_allowed if floor else highest_allowed)(Fraction(found.value), -part if floor else part)
            if abs(allowed - check.limit) > 1:  # a median beyond 2^52 people is rounded
                yield f"its limit is not {told[1]} its baseline"


def _days(found: BaselineObject) -> Iterator[str]:
    is_ready = found.state is State.READY
    if not found.needs or is_ready is (found.days < found.needs) or (found.state is State.UNAVAILABLE and found.days):
        yield "the number of its days does not fit its state"
    if (found.first is None, found.last is None) != (not found.days, not found.days):
        yield "it must have a first and a last day exactly when it has days"
    elif found.first and found.last and (found.last - found.first).days + 1 < found.days:
        yield "its days do not fit between its first and its last day"
