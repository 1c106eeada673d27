"""From a rules file to Rules: every value, and the line of each guard and bound."""

from __future__ import annotations

import gc
import hashlib
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from guard.core.baseline import Source
from guard.core.change import Change, Excluded, PastRules, Step
from guard.core.model import (
    Bound,
    BoundName,
    Campaign,
    Channel,
    Doubt,
    Guard,
    Pacing,
    Refresh,
    Region,
    Rules,
    Segment,
    Severity,
    Total,
)
from guard.core.results import Verdict
from guard.rules import models
from guard.rules.cross_checks import disagreements
from guard.rules.document import parse_document, read_document
from guard.rules.scalars import Cut, cut_short
from guard.rules.tree import Sequence

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from guard.rules.past_models import HistorySettings
    from guard.rules.tree import Mapping


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: it takes as long to walk the values of a large file as we take to make them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_rules(path: str | os.PathLike[str]) -> Rules:
    """Return the rules in a file. Nothing is sent.

    Raise RulesError with every problem in the file, or UsageError if it cannot be read.
    """
    return parse_rules(read_document(path), str(path))


def parse_rules(data: bytes, path: str) -> Rules:
    """Return the rules in the bytes of a file; ``path`` is for errors and reports. Raise RulesError as above."""
    with _collector_paused():
        return _rules(data, path)


def _rules(data: bytes, path: str) -> Rules:
    # A function of its own: what it read is freed before the collector runs again.
    file, places = parse_document(data, path, models.RulesFile, across=disagreements)
    region = file.blueshift.region
    return Rules(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        account=file.blueshift.account,
        region=Region(region) if region else None,
        pacing=Pacing(requests_per_second=file.blueshift.requests_per_second, concurrency=file.blueshift.concurrency),
        refresh=Refresh(**dict(file.refresh)),
        past=_past(file.history),
        segments=tuple(_segment(key, segment, places["segments"]) for key, segment in file.segments.items()),
        campaigns=tuple(_campaign(key, campaign, places["campaigns"]) for key, campaign in file.campaigns.items()),
        doubts=tuple(_doubts(places)),
    )


def _past(settings: HistorySettings) -> PastRules:
    spans: list[Any] = settings.exclude
    excluded = tuple(Excluded(getattr(each, "from"), each.to) for each in spans)
    return PastRules(timezone=settings.timezone, within=settings.within, excluded=excluded)


def hints(rules: Rules) -> list[str]:
    """Return a line for each guard or text that is valid but may be a mistake, in the order of the file.

    Such a guard would let an empty audience pass, or one of any size. Such a text may be cut short.
    """
    of_guards = (
        Doubt(line=guard.line, what=f"{segment.key} / {guard.channel} {what}")
        for segment in rules.segments
        for guard in segment.guards
        if (what := _lets_pass(guard))
    )
    found = sorted([*of_guards, *rules.doubts], key=attrgetter("line"))
    return [f"{rules.path}:{each.line}: {each.what}" for each in found]


def _lets_pass(guard: Guard) -> str:
    """Return which audiences pass because a bound is missing; empty if the guard has both.

    A minimum share stops an empty audience, but no share stops a large one: it grows with the segment's users.
    """
    limits = {bound.name: bound.limit for bound in guard.bounds}
    changes = {step.bound for change in guard.changes for step in change.steps}
    warns_below = bool(limits.get(BoundName.WARN_MIN)) or BoundName.CHANGE_WARN_MIN in changes
    warns_above = bool({BoundName.WARN_MAX, BoundName.CHANGE_WARN_MAX} & {*limits, *changes})
    missing = []
    if BoundName.CHANGE_MIN in changes:
        if not limits.get(BoundName.MIN):
            missing.append(("change but no min", "an audience that loses a little each time would pass for ever"))
    elif not limits.get(BoundName.MIN) and not limits.get(BoundName.SHARE_MIN):
        held = "min: 0" if limits.get(BoundName.MIN) == 0 else "no min"
        missing.append((held, f"an empty audience would {_warn_or_pass(warns=warns_below)}"))
    if BoundName.MAX not in limits and BoundName.CHANGE_MAX not in changes:
        missing.append(("no max", f"an audience of any size would {_warn_or_pass(warns=warns_above)}"))
    if not missing:
        return ""
    return f"has {' and '.join(held for held, _ in missing)}: {', and '.join(what for _, what in missing)}"


def _warn_or_pass(*, warns: bool) -> str:
    return "only warn" if warns else "pass"


def _doubts(places: Mapping) -> Iterator[Doubt]:
    """Yield the texts for people that may be cut short; for other texts that is an error."""
    entries = [entry for kind in ("segments", "campaigns") for entry in places.get(kind, {}).values()]
    settings = places.get("blueshift", {})
    for entry in [settings, *entries]:
        for key, value in entry.items():
            if isinstance(value, Cut) and (entry is not settings or key == "account"):
                yield Doubt(line=entry.value_place(key)[0], what=f"{key}: {cut_short(value, value.rest)}")


def _segment(key: str, segment: models.Segment, places: Mapping) -> Segment:
    channels: Mapping = places[key]["channels"]
    return Segment(
        key=key,
        uuid=segment.uuid,
        name=segment.name,
        description=segment.description,
        owner=segment.owner,
        tags=tuple(segment.tags),
        bypass_global=segment.bypass_global,
        guards=tuple(_guard(Channel(channel), getattr(segment.channels, channel), channels) for channel in channels),
        line=places.line(key),
    )


def _guard(channel: Channel, guard: models.UsersGuard, channels: Mapping) -> Guard:
    return Guard(
        channel=channel,
        severity=Severity(guard.severity),
        bounds=tuple(_bounds(guard, channels[channel])),
        changes=tuple(_changes(guard, channels[channel])),
        since=guard.since.day if guard.since else None,
        line=channels.line(channel),
    )


def _bounds(guard: models.UsersGuard, places: Mapping) -> Iterator[Bound]:
    yield from _limits(guard, places, BoundName.MIN, BoundName.MAX)
    if guard.warn is not None:
        yield from _limits(guard.warn, places["warn"], BoundName.WARN_MIN, BoundName.WARN_MAX)
    if isinstance(guard, models.ChannelGuard) and guard.share is not None:
        yield from _limits(guard.share, places["share"], BoundName.SHARE_MIN, BoundName.SHARE_MAX)


def _changes(guard: models.UsersGuard, places: Mapping) -> Iterator[Change]:
    """Yield the changes; a change that is written without a list is the only one."""
    changes: list[Any] = guard.change or []
    written: Any = places.get("change")
    is_alone = not isinstance(written, Sequence)
    for position, change in enumerate(changes):
        inside: Mapping = written if is_alone else written[position]
        name = getattr(change, "from")
        source = Source.named(name)
        steps = [*_steps(change, inside, BoundName.CHANGE_MIN, BoundName.CHANGE_MAX)]
        if change.warn is not None:
            steps += _steps(change.warn, inside["warn"], BoundName.CHANGE_WARN_MIN, BoundName.CHANGE_WARN_MAX)
        yield Change(
            source=name,
            steps=tuple(steps),
            ignore_under=change.ignore_under,
            needs=source.usual_needs if change.needs is None else change.needs,
            until_then=Verdict(change.until_then),
            line=places.line("change") if is_alone else written.places[position][0],
        )


def _steps(change: Any, places: Mapping, floor: BoundName, ceiling: BoundName) -> Iterator[Step]:
    if change.min is not None:
        yield Step(bound=floor, part=change.min, line=places.line("min"))
    if change.max is not None:
        yield Step(bound=ceiling, part=change.max, line=places.line("max"))


def _limits(limits: Any, places: Mapping, floor: BoundName, ceiling: BoundName) -> Iterator[Bound]:
    if limits.min is not None:
        yield Bound(name=floor, limit=limits.min, line=places.line("min"))
    if limits.max is not None:
        yield Bound(name=ceiling, limit=limits.max, line=places.line("max"))


def _campaign(key: str, campaign: models.Campaign, places: Mapping) -> Campaign:
    totals: Mapping = places[key].get("totals", {})
    return Campaign(
        key=key,
        segments=tuple(campaign.segments),
        owner=campaign.owner,
        totals=tuple(_total(Channel(channel), getattr(campaign.totals, channel), totals) for channel in totals),
        line=places.line(key),
    )


def _total(channel: Channel, ceiling: models.Ceiling, totals: Mapping) -> Total:
    bound = Bound(name=BoundName.MAX, limit=ceiling.max, line=totals[channel].line("max"))
    return Total(channel=channel, bounds=(bound,), line=totals.line(channel))
