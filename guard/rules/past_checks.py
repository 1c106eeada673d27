"""Checks between the keys about the past: changes with each other, with absolute bounds and with the history's days.

They run on the file as it was read, right or wrong, like ``guard.rules.cross_checks``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from operator import gt, lt
from typing import TYPE_CHECKING

from guard.core.baseline import Source
from guard.core.change import PastRules
from guard.core.history import zone_of
from guard.core.text import number
from guard.rules.bounds import clash, read, written
from guard.rules.fields import whole_number
from guard.rules.past_fields import change, day, source, timezone, within
from guard.rules.tree import Mapping, Sequence, problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from guard.core.errors import Problem
    from guard.rules.bounds import Steps

_WEEK = 7


def excluded_days(root: Mapping) -> Iterator[Problem]:
    """Yield the spans of excluded days that end before they begin."""
    history = root.get("history")
    spans = history.get("exclude") if isinstance(history, Mapping) else None
    for position, span in enumerate(spans if isinstance(spans, Sequence) else ()):
        if not isinstance(span, Mapping):
            continue
        first, last = read(span, "from", day), read(span, "to", day)
        if first and last and first > last:
            steps = ("history", "exclude", position, "from")
            yield problem_at(span.value_place("from"), steps, f"{first} is after to, which is {last}")


def past_of_a_guard(root: Mapping, guard: Mapping, steps: Steps) -> Iterator[Problem]:
    """Yield what is wrong with the changes of a guard and with its ``since``."""
    yield from _since(root, guard, steps)
    seen: dict[str, int] = {}
    for inside, own in _changes(guard, steps):
        yield from _change(inside, own)
        yield from _until_then(guard, inside, own)
        name = read(inside, "from", source)
        if name is None:
            continue
        if name in seen:
            what = f"{name} is compared with twice; it is already in line {seen[name]}"
            yield problem_at(inside.value_place("from"), (*own, "from"), what)
        seen.setdefault(name, inside.line("from"))
        yield from _needs(inside, own, name, _within(root))


def _changes(guard: Mapping, steps: Steps) -> Iterator[tuple[Mapping, Steps]]:
    found = guard.get("change")
    if isinstance(found, Mapping):
        yield found, (*steps, "change")
    elif isinstance(found, Sequence):
        for position, each in enumerate(found):
            if isinstance(each, Mapping):
                yield each, (*steps, "change", position)


def _since(root: Mapping, guard: Mapping, steps: Steps) -> Iterator[Problem]:
    since = guard.get("since")
    if "since" in guard and "change" not in guard:
        what = "has an effect on change alone, and there is none; add change, or leave it out"
        yield problem_at(guard.key_place("since"), (*steps, "since"), what)
    if not isinstance(since, Mapping):
        return
    begins = read(since, "day", day)
    if begins and begins > datetime.now(_zone(root)).date():
        yield problem_at(
            since.value_place("day"), (*steps, "since", "day"), f"{begins} is in the future; write it on that day"
        )


def _zone(root: Mapping) -> tzinfo:
    history = root.get("history")
    return zone_of(read(history, "timezone", timezone) or "UTC") if isinstance(history, Mapping) else UTC


def _change(inside: Mapping, steps: Steps) -> Iterator[Problem]:
    """Yield the limits that allow too much or ask for too much, and those that contradict each other."""
    if not inside.keys() & {"min", "max"}:
        yield problem_at(inside.place, steps, "has neither min nor max; give it one such as min: -30%")
    warn = inside.get("warn")
    for limits, own in ((inside, steps), (warn, (*steps, "warn"))):
        if isinstance(limits, Mapping):
            yield from _sides(limits, own)
    if isinstance(warn, Mapping):
        if not warn:
            yield problem_at(
                inside.value_place("warn"), (*steps, "warn"), "is empty; give it min or max, or leave it out"
            )
        below, above = (lt, inside, "min", "change.min"), (gt, inside, "max", "change.max")
        yield from clash(warn, "min", change, (*steps, "warn"), below)
        yield from clash(warn, "max", change, (*steps, "warn"), above)


def _sides(limits: Mapping, steps: Steps) -> Iterator[Problem]:
    least, most = read(limits, "min", change), read(limits, "max", change)
    if least is not None and least > 0:
        meant = f"-{written(limits['min']).lstrip('+')}" if least < 1 else "a loss, such as -30%"
        what = f"{written(limits['min'])} would ask for growth; write {meant}"
        yield problem_at(limits.value_place("min"), (*steps, "min"), what)
    if least is not None and least <= -1:
        what = f"{written(limits['min'])} would let everybody go; write more than -100%, such as -30%"
        yield problem_at(limits.value_place("min"), (*steps, "min"), what)
    if most is not None and most < 0:
        what = f"{written(limits['max'])} would ask for a loss; write +{written(limits['max']).lstrip('-')}"
        yield problem_at(limits.value_place("max"), (*steps, "max"), what)


def _within(root: Mapping) -> int:
    history = root.get("history")
    usual = PastRules().within
    return (read(history, "within", within, usual) or usual) if isinstance(history, Mapping) else usual


def _needs(inside: Mapping, steps: Steps, name: str, reach: int) -> Iterator[Problem]:
    found = Source.named(name)
    needs = read(inside, "needs", whole_number, found.usual_needs)
    if needs is None:
        return
    is_given = "needs" in inside
    place, own = inside.value_place("needs" if is_given else "from"), (*steps, "needs" if is_given else "from")
    shown = f"{written(inside['needs'])}" if is_given else f"{name}, which needs {number(needs)} earlier days,"
    if needs < 1:
        yield problem_at(place, own, f"{shown} is too few; write 1 or more")
    elif needs > found.last:
        days = "days" if found.last > 1 else "day"
        yield problem_at(place, own, f"{shown} is more than {name} takes, which is {number(found.last)} {days}")
    elif needs * (_WEEK if found.same_weekday else 1) > reach:
        what = f"{shown} cannot be reached within {number(reach)} days; raise history.within"
        yield problem_at(place, own, what)


def _until_then(guard: Mapping, inside: Mapping, steps: Steps) -> Iterator[Problem]:
    if inside.get("until_then") in ("warn", "pass") and not guard.keys() >= {"min", "max"}:
        what = (
            f"{inside['until_then']} needs a min and a max beside change, or nothing would hold an audience until then"
        )
        yield problem_at(inside.value_place("until_then"), (*steps, "until_then"), what)
