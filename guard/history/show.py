"""The trends of a store: of what the rules guard, or of everything in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.core.errors import UsageError
from guard.core.history import zone_of
from guard.core.measure import Measure
from guard.core.relative import resolved
from guard.core.text import did_you_mean, printable, shortened
from guard.history.comparison import past_of
from guard.history.contents import damage_lines
from guard.report.trends.page import TrendPage
from guard.report.trends.points import Band, Trend, trend_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from guard.core.history import Series
    from guard.core.model import Channel, Guard, Rules, Segment
    from guard.history.contents import Past
    from guard.history.store import Store
    from guard.report.trends.points import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to show: all, or one segment by its key, or one channel; the newest ``last`` days that have a reading."""

    segment: str | None = None
    channel: Channel | None = None
    last: int


def show_trends(
    store: Store, rules: Rules | None, wanted: Wanted, *, seconds: float | None = None, now: datetime | None = None
) -> TrendPage:
    """Return the trends of what the rules guard, held to today's rules; without rules those of everything in the store.

    ``seconds`` is the time for reading the store, ``now`` the moment that says which day is today. Raise ``UsageError``
    for a segment that is in neither, and the errors of ``Store``.
    """
    uuids = {each.uuid.lower() if each.uuid else None for each in rules.segments} if rules else {None}
    named = None if None in uuids else {each for each in uuids if each}
    last = None if rules and rules.needs_history else wanted.last
    past = store.read_all(named, last=last, seconds=seconds)
    trends = list(_of_rules(past, rules, wanted, now or datetime.now(UTC)) if rules else _of_store(past, wanted))
    if not trends:
        _refuse(past, rules, wanted)
    is_whole = wanted.segment is None and wanted.channel is None
    shown = {trend.series for trend in trends}
    return TrendPage(
        store=store.address.shown,
        kind=store.kind,
        began=past.began,
        runs=len(past.held),
        trends=tuple(trends),
        last=wanted.last,
        timezone=rules.past.timezone if rules else "UTC",
        rules=rules.path if rules else None,
        is_relative=rules is not None and rules.needs_history,
        unguarded=past.others + len(past.readings.keys() - shown) if rules and is_whole else 0,
        damage=tuple(damage_lines(past.damage)),
    )


def _of_rules(past: Past, rules: Rules, wanted: Wanted, now: datetime) -> Iterator[Trend]:
    zone = zone_of(rules.past.timezone)
    for segment in rules.segments:
        if wanted.segment not in {None, segment.key}:
            continue
        for guard in segment.guards:
            if wanted.channel not in {None, guard.channel}:
                continue
            found = [series for series in past.readings if _is_of(series, segment, guard, past)]
            for series in found:
                band = _band(resolved(guard, past_of(guard, series, past, rules.past, now)))
                points = trend_points(past.readings[series], wanted.last, band, zone)
                host = series.host if len(found) > 1 else ""
                yield replace(_trend(segment.key, guard.channel, series, points, host), since=guard.since)
            if not found:
                yield Trend(name=segment.key, channel=guard.channel, points=())


def _is_of(series: Series, segment: Segment, guard: Guard, past: Past) -> bool:
    """Whether a series is what a guard counts; a segment without a uuid in the rules is found by its key."""
    is_segment = past.names.get(series) == segment.key if segment.uuid is None else series.uuid == segment.uuid.lower()
    return is_segment and (series.channel, series.bypass_global) == (guard.channel, segment.bypass_global)


def _of_store(past: Past, wanted: Wanted) -> Iterator[Trend]:
    hosts = Counter((series.uuid, series.channel, series.bypass_global) for series in past.readings)
    named = sorted(past.readings, key=lambda series: (past.names.get(series, series.uuid), *series))
    for series in named:
        name = past.names.get(series, series.uuid)
        if wanted.segment not in {None, name, series.uuid} or wanted.channel not in {None, series.channel}:
            continue
        host = series.host if hosts[series.uuid, series.channel, series.bypass_global] > 1 else ""
        yield _trend(name, series.channel, series, trend_points(past.readings[series], wanted.last), host)


def _trend(name: str, channel: str, series: Series, points: Iterable[Point], host: str) -> Trend:
    variant = "without the account's global inclusion segment" if series.bypass_global else ""
    return Trend(
        name=name,
        channel=channel,
        points=tuple(points),
        series=series,
        note=", ".join(filter(None, [f"on {host}" if host else "", variant])),
    )


def _band(guard: Guard) -> Band:
    """Return what the bounds of a guard allow, fixed and relative to the past cut together."""
    limits = [
        (bound.name.is_floor, int(bound.limit))
        for bound in guard.bounds
        if bound.limit is not None and bound.name.measure is Measure.PEOPLE and not bound.name.is_warning
    ]
    low = max((limit for is_floor, limit in limits if is_floor), default=None)
    return Band(low=low, high=min((limit for is_floor, limit in limits if not is_floor), default=None))


def _refuse(past: Past, rules: Rules | None, wanted: Wanted) -> None:
    """Raise ``UsageError`` if nothing was found for what was asked for by name."""
    if wanted.segment is None and wanted.channel is None:
        return
    keys = [each.key for each in rules.segments] if rules else sorted(set(past.names.values()))
    where = printable(rules.path) if rules else "the history store"
    if wanted.segment is not None and wanted.segment not in keys:
        asked = printable(shortened(wanted.segment))
        raise UsageError(
            f'{where} has no segment "{asked}"{did_you_mean(wanted.segment, keys)}', hint=_known("segment", keys)
        )
    raise UsageError(f"{where} has nothing on {wanted.channel}", hint="leave out --channel to see what there is")


def _known(noun: str, keys: Iterable[str]) -> str:
    listed = ", ".join(printable(key) for key in list(keys)[:20])
    return f"its {noun}s are: {listed}" if listed else f"it has no {noun}s"
