"""From a rules file to Rules: every value in it, and the line that each guard and bound stands on."""

from __future__ import annotations

import gc
import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from guard.model import (
    Bound,
    BoundName,
    Campaign,
    Channel,
    Guard,
    Pacing,
    Refresh,
    Region,
    Rules,
    Segment,
    Severity,
    Total,
)
from guard.rules import models
from guard.rules.document import parse_document, read_document
from guard.rules.sense import disagreements

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from guard.rules.tree import Mapping


def load_rules(path: str | os.PathLike[str]) -> Rules:
    """Return the rules in a file; nothing is sent anywhere.

    Raise RulesError with every problem in the file, or UsageError where there is no such file to be read.
    """
    return parse_rules(read_document(path), str(path))


def parse_rules(data: bytes, path: str) -> Rules:
    """Return the rules in the bytes of a file, whose path is for errors and reports; raise RulesError as above."""
    with _collector_paused():
        return _rules(data, path)


def _rules(data: bytes, path: str) -> Rules:
    file, places = parse_document(data, path, models.RulesFile, across=disagreements)
    region = file.blueshift.region
    return Rules(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        region=Region(region) if region else None,
        pacing=Pacing(requests_per_second=file.blueshift.requests_per_second, concurrency=file.blueshift.concurrency),
        refresh=Refresh(
            timeout=file.refresh.timeout,
            poll_interval=file.refresh.poll_interval,
            max_poll_interval=file.refresh.max_poll_interval,
        ),
        segments=tuple(_segment(key, segment, places["segments"]) for key, segment in file.segments.items()),
        campaigns=tuple(_campaign(key, campaign, places["campaigns"]) for key, campaign in file.campaigns.items()),
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the search for cyclic garbage: walking the values of a large file takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def hints(rules: Rules) -> list[str]:
    """Return a line for each guard that would let an empty audience pass, in the order of the file."""
    floors = {BoundName.MIN, BoundName.SHARE_MIN}
    return [
        f"{rules.path}:{guard.line}: {segment.key} / {guard.channel} has no min: an empty audience would pass"
        for segment in rules.segments
        for guard in segment.guards
        if floors.isdisjoint(bound.name for bound in guard.bounds)
    ]


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
        line=channels.line(channel),
    )


def _bounds(guard: models.UsersGuard, places: Mapping) -> Iterator[Bound]:
    yield from _limits(guard, places, BoundName.MIN, BoundName.MAX)
    if guard.warn is not None:
        yield from _limits(guard.warn, places["warn"], BoundName.WARN_MIN, BoundName.WARN_MAX)
    if isinstance(guard, models.ChannelGuard) and guard.share is not None:
        yield from _limits(guard.share, places["share"], BoundName.SHARE_MIN, BoundName.SHARE_MAX)


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
        totals=tuple(
            Total(
                channel=Channel(channel),
                bounds=(
                    Bound(
                        name=BoundName.MAX,
                        limit=getattr(campaign.totals, channel).max,
                        line=totals[channel].line("max"),
                    ),
                ),
                line=totals.line(channel),
            )
            for channel in totals
        ),
        line=places.line(key),
    )
