"""How often a change is a false alarm, and how often it misses one: simulated audiences, judged by the guard's rule.

python -m bench.alarms            about a minute

A fault counts on days on which the same audience without it is judged and passes: an alarm that rings anyway catches
nothing. Every series has a seed of its own, so the figures are the same on every machine.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain
from statistics import mean, median_low
from typing import TYPE_CHECKING, Any

from bench.lab import QUICK, save
from guard.core.baseline import Source, Window
from guard.core.change import Change, PastRules, Step
from guard.core.history import Limit, Reading
from guard.core.model import BoundName, Channel, Guard
from guard.core.relative import Past, resolved
from guard.core.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SERIES = 20 if QUICK else 160
PEOPLE = 40_000
BEGINS = datetime(2026, 1, 5, 6, tzinfo=UTC)
SOURCES = ("previous", "median_of_last_8", "same_weekday")
STEPS = (
    Step(bound=BoundName.CHANGE_MIN, part=Fraction("-0.3"), line=1),
    Step(bound=BoundName.CHANGE_MAX, part=Fraction("0.5"), line=1),
)
OVERNIGHT = {"third": 2 / 3, "double": 2.0}
"""By how much an audience is multiplied overnight."""
SHRINKS, WEEKS, WARM_UP = 0.8, 8, 8
"""What a week leaves of a shrinking audience, the weeks in which that is to be noticed, and those before any fault."""
SATURDAY, DAYS_A_WEEK, DAYS_A_YEAR = 5, 7, 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Sends and the days between two, the sigma of their log-normal noise, the weekend's part, and a yearly wave."""

    name: str
    sends: int
    every: int
    sigma: float
    weekend: float = 1.0
    wave: float = 0.0

    @property
    def week(self) -> int:
        """The number of sends in a week."""
        return DAYS_A_WEEK // self.every

    def audience(self, rng: random.Random) -> list[tuple[datetime, int]]:
        """Return when each send is and the people it reaches; the first weekday and the season are random."""
        begins, phase = BEGINS + timedelta(days=rng.randrange(DAYS_A_WEEK)), rng.random()
        stamps = [begins + timedelta(days=self.every * number) for number in range(self.sends)]
        return [(at, round(PEOPLE * self._usual(at, phase) * rng.lognormvariate(0, self.sigma))) for at in stamps]

    def _usual(self, at: datetime, phase: float) -> float:
        year = (at - BEGINS).days / DAYS_A_YEAR + phase
        return (1 + self.wave * math.sin(math.tau * year)) * (self.weekend if at.weekday() >= SATURDAY else 1)


SCENARIOS = (
    Scenario(name="weekly, noise 0.05", sends=60, every=7, sigma=0.05),
    Scenario(name="weekly, noise 0.15", sends=60, every=7, sigma=0.15),
    Scenario(name="weekly, seasonal ±30%, noise 0.05", sends=60, every=7, sigma=0.05, wave=0.3),
    Scenario(name="daily, weekends at 60%, noise 0.05", sends=120, every=1, sigma=0.05, weekend=0.6),
)


def guard_of(source: str) -> Guard:
    """Return a guard on -30% and +50% of what the source says, with its usual needs."""
    needs = Source.named(source).usual_needs
    change = Change(source=source, steps=STEPS, needs=needs, until_then=Verdict.UNKNOWN, line=1)
    return Guard(channel=Channel.EMAIL, bounds=(), changes=(change,), line=1)


def judged(guard: Guard, earlier: Sequence[Reading], at: datetime, people: int) -> Reading:
    """Return the reading of so many people, judged by the limits in people that follow from the earlier readings."""
    window = Window(today=at.date(), zone=UTC, within=PastRules().within)
    reached = [each for each in earlier if each.day_in(UTC) >= window.oldest]  # older ones would cost time alone
    limits = []
    for bound in resolved(guard, Past(readings=reached, window=window)).bounds:
        if bound.limit is None:
            limits.append(Limit(bound.name, None, Verdict.UNKNOWN))
        else:
            broken = bound.name.is_broken(people, bound.limit)
            limits.append(Limit(bound.name, int(bound.limit), Verdict.FAIL if broken else Verdict.PASS))
    worst = max((each.verdict for each in limits), key=lambda verdict: Verdict(verdict).gravity)
    return Reading(run=len(earlier), at=at, count=people, verdict=worst, limits=tuple(limits))


def passes(reading: Reading) -> bool:
    """Return whether it was judged and broke no limit."""
    return reading.verdict == Verdict.PASS


def without_fault(guard: Guard, audience: Sequence[tuple[datetime, int]]) -> list[Reading]:
    """Return the audience's readings, each judged by those before it."""
    readings: list[Reading] = []
    for at, people in audience:
        readings.append(judged(guard, readings, at, people))
    return readings


def with_fault(
    guard: Guard, clean: Sequence[Reading], parts: Mapping[int, float], *, kept: bool = False
) -> Iterator[tuple[int, bool]]:
    """Yield the number of each faulty send and whether it passes; ``parts`` says what multiplies its people.

    With ``kept`` a day that fails is a baseline all the same from the fault on, which the rule does not allow.
    """
    readings = list(clean[: min(parts)])
    for number in range(min(parts), max(parts) + 1):
        usual = clean[number]
        found = judged(guard, readings, usual.at, round((usual.count or 0) * parts.get(number, 1)))
        if number in parts:
            yield number, passes(found)
        if kept:
            excused = (each._replace(verdict=Verdict.PASS) for each in found.limits)
            found = replace(found, limits=tuple(excused))
        readings.append(found)


def overnight(guard: Guard, clean: Sequence[Reading], part: float, first: int, week: int) -> dict[str, bool]:
    """Return whether a fault passes on its first day and, if it is caught then, whether it does a week later.

    ``_again``: the audience is well in between. ``_still``: the fault lasts. ``_kept``: had failed days been kept in.
    """
    then = first + week
    faults = {"_again": {first: part, then: part}}
    if week > 1:
        faults["_still"] = dict.fromkeys(range(first, then + 1), part)
    missed = {"": next(with_fault(guard, clean, faults["_again"]))[1]}
    if not missed[""]:
        for name, parts in faults.items():
            missed[name] = dict(with_fault(guard, clean, parts))[then]
            missed[f"{name}_kept"] = dict(with_fault(guard, clean, parts, kept=True))[then]
    return missed


def noticed(guard: Guard, clean: Sequence[Reading], first: int, week: int) -> int | None:
    """Return in which week, from 1 on, it is noticed that the audience shrinks from a send on; None if in none."""
    parts = {first + sends: SHRINKS ** ((sends + 1) / week) for sends in range(WEEKS * week)}
    caught = (number for number, missed in with_fault(guard, clean, parts) if not missed and passes(clean[number]))
    number = next(caught, None)
    return None if number is None else (number - first) // week + 1


def measure(scenario: Scenario, source: str) -> dict[str, Any]:
    """Return the shares of false alarms and of misses, from 0 to 1, for what the source says."""
    guard, week = guard_of(source), scenario.week
    alarms: list[list[bool]] = []
    weeks: list[int | None] = []
    faults: dict[str, list[bool]] = defaultdict(list)
    for number in range(SERIES):
        rng = random.Random(f"{scenario.name} {number}")  # noqa: S311 - no secret
        clean = without_fault(guard, scenario.audience(rng))
        alarms.append([each.verdict == Verdict.FAIL for each in clean if each.verdict != Verdict.UNKNOWN])
        weeks.append(noticed(guard, clean, WARM_UP * week, week))
        late = range(WARM_UP * week, scenario.sends - week)
        first = rng.choice([each for each in late if passes(clean[each]) and passes(clean[each + week])])
        for name, part in OVERNIGHT.items():
            for when, missed in overnight(guard, clean, part, first, week).items():
                faults[f"missed_{name}{when}"].append(missed)
    usual = median_low(each or WEEKS + 1 for each in weeks)
    return {
        "scenario": scenario.name,
        "from": source,
        "judged": sum(map(len, alarms)),
        "false_alarms": share(chain.from_iterable(alarms)),
        "false_alarms_of_the_worst_series": max(map(share, alarms)),
        **{name: share(faults[name]) for name in sorted(faults)},
        "missed_shrinking": share(each is None for each in weeks),
        "shrinking_noticed_in_week": usual if usual <= WEEKS else None,
    }


def share(of: Iterable[bool]) -> float:
    """Return the part that is true, from 0 to 1, to a hundredth of a percent."""
    return round(float(mean(of)), 4)


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the figures of a scenario, a column for each source: shares in percent, and numbers."""
    names = [name for name in rows[0] if name not in {"scenario", "from"}]
    print(f"\n{rows[0]['scenario']:36}" + "".join(f"{row['from']:>18}" for row in rows))
    for name in names:
        figures = [f"{100 * row[name]:.3g}%" if isinstance(row[name], float) else str(row[name]) for row in rows]
        print(f"{name.replace('_', ' '):36}" + "".join(f"{each:>18}" for each in figures), flush=True)


def main() -> None:
    found = []
    for scenario in SCENARIOS:
        rows = [measure(scenario, source) for source in SOURCES]
        show(rows)
        found += rows
    save("alarms", {"series": SERIES, "rows": found})


if __name__ == "__main__":
    main()
