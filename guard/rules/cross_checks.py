"""Checks between keys of a rules file: bounds with bounds, segments with campaigns.

They run on the file as it was read, right or wrong, so that all problems show in one go. They skip a value of the wrong
type: the model reports it.
"""

from __future__ import annotations

from operator import gt, lt
from typing import TYPE_CHECKING

from guard.core.model import Refresh
from guard.core.text import did_you_mean
from guard.rules import models
from guard.rules.bounds import clash, read, written
from guard.rules.fields import duration, people, share, text, uuid
from guard.rules.past_checks import excluded_days, past_of_a_guard
from guard.rules.problems import is_misspelt
from guard.rules.scalars import Cut, described
from guard.rules.tree import Mapping, Sequence, problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.errors import Problem
    from guard.rules.tree import Place


_BOUNDLESS = {"severity", "since"}
_DEFAULTS = Refresh()


def disagreements(root: Mapping) -> Iterator[Problem]:
    """Yield the problems between keys, in no particular order."""
    yield from _refresh(root)
    seen: dict[tuple[str, str, bool], tuple[str, int]] = {}
    for key, segment in _mappings(root, "segments"):
        steps = ("segments", key)
        key_place = root["segments"].key_place(key)
        yield from _identity(segment, steps, key_place)
        yield from _repeated(segment, key, seen)
        if segment.get("channels") == {}:
            yield problem_at(
                segment.value_place("channels"),
                (*steps, "channels"),
                "is empty; it needs at least one guard, such as email: {min: 1000}",
            )
        for channel, guard in _mappings(segment, "channels"):
            own = (*steps, "channels", channel)
            yield from _guard(guard, own, segment["channels"].key_place(channel))
            yield from past_of_a_guard(root, guard, own)
    yield from excluded_days(root)
    yield from _campaigns(root)


def _refresh(root: Mapping) -> Iterator[Problem]:
    refresh = root.get("refresh")
    if not isinstance(refresh, Mapping):
        return
    first = read(refresh, "poll_interval", duration, _DEFAULTS.poll_interval)
    longest = read(refresh, "max_poll_interval", duration, _DEFAULTS.max_poll_interval)
    if first is None or longest is None or first <= longest:
        return
    if "poll_interval" in refresh:
        key, what = "poll_interval", f"is above max_poll_interval ({longest:g}s)"
    else:
        key, what = "max_poll_interval", f"is below poll_interval ({first:g}s by default)"
    yield problem_at(refresh.value_place(key), ("refresh", key), f"{written(refresh[key])} {what}")


def _identity(segment: Mapping, steps: tuple[str, ...], key_place: Place) -> Iterator[Problem]:
    if "uuid" in segment and "name" in segment:
        what = (
            f"has a uuid (line {segment.line('uuid')}) and a name (line {segment.line('name')}); leave one of them out"
        )
        yield problem_at(key_place, steps, what)
    elif not any(key in segment or is_misspelt(key, segment, models.Segment) for key in ("uuid", "name")):
        yield problem_at(key_place, steps, "has neither uuid nor name; write one of them")


def _repeated(segment: Mapping, own: str, seen: dict[tuple[str, str, bool], tuple[str, int]]) -> Iterator[Problem]:
    bypass = segment.get("bypass_global", False)
    for kind, how in (("uuid", uuid), ("name", text)):
        value = read(segment, kind, how)
        if value is None or not isinstance(bypass, bool):
            continue
        key, line = seen.setdefault((kind, value, bypass), (own, segment.line(kind)))
        if key != own:
            what = (
                f"is also the {kind} of {described(key)} (line {line}), with the same bypass_global; keep one of them"
            )
            yield problem_at(segment.value_place(kind), ("segments", own, kind), what)


def _guard(guard: Mapping, steps: tuple[str, ...], key_place: Place) -> Iterator[Problem]:
    if guard.keys() <= _BOUNDLESS:
        yield problem_at(key_place, steps, "has no bound; give it min, max, warn, share or change")
    yield from clash(guard, "min", people, steps, (gt, guard, "max", "max"))
    for inner in ("warn", "share"):
        if guard.get(inner) == {}:
            yield problem_at(guard.value_place(inner), (*steps, inner), "is empty; give it min or max, or leave it out")
    if isinstance(warn := guard.get("warn"), Mapping):
        below, above = (lt, guard, "min", "min"), (gt, guard, "max", "max")
        inside = (*steps, "warn")
        yield from clash(warn, "min", people, inside, (gt, warn, "max", "warn.max"), below, above)
        yield from clash(warn, "max", people, inside, below, above)
    if isinstance(shares := guard.get("share"), Mapping):
        yield from clash(shares, "min", share, (*steps, "share"), (gt, shares, "max", "share.max"))


def _campaigns(root: Mapping) -> Iterator[Problem]:
    known = root.get("segments")
    for name, campaign in _mappings(root, "campaigns"):
        segments = campaign.get("segments")
        if not isinstance(segments, Sequence):
            continue
        lines: dict[str, int] = {}
        for index, key in enumerate(segments):
            if not isinstance(key, str) or isinstance(key, Cut) or not key.strip():
                continue
            place, steps = segments.places[index], ("campaigns", name, "segments", index)
            if key in lines:
                yield problem_at(place, steps, f"{described(key)} is listed twice; it is already in line {lines[key]}")
            elif isinstance(known, Mapping) and known and key not in known:
                yield problem_at(place, steps, f"there is no segment {described(key)}{did_you_mean(key, known)}")
            lines.setdefault(key, place[0])


def _mappings(parent: Mapping, key: str) -> Iterator[tuple[str, Mapping]]:
    """Yield the entries below a key whose values are mappings."""
    below = parent.get(key)
    if isinstance(below, Mapping):
        for name, value in below.items():
            if isinstance(value, Mapping):
                yield name, value
