"""The days that a count is compared with, what they come to, and how many people a change of so much allows.

A relative bound is turned into people here; from there on it is a minimum and a maximum like any other.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from guard.core.model import LARGEST_COUNT
from guard.core.text import number, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from guard.core.history import Limit, Reading
    from guard.core.results import Verdict

SAME_WEEKDAY = "same_weekday"
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # in every locale
_WEEKDAYS = 4
SOURCE_PATTERN = "^(previous|same_weekday|median_of_last_([3-9]|[1-4][0-9]|5[0-2]))$"
"""The words for what a count is compared with; the median is of 3 to 52 days."""
_USUAL_OF_A_MEDIAN, _USUAL_OF_WEEKDAYS = 3, 2
_SOURCE = re.compile(SOURCE_PATTERN)
_FAILING = {"change.min", "change.max"}
_BROKEN = {"fail", "warn", "waived"}
_UNKNOWN, _LEARNING = "unknown", "learning"


class LeftOut(StrEnum):
    """Why an earlier day does not count, in the order in which that is asked."""

    OTHER_RULES = "other_rules"
    OLD = "old"
    SINCE = "since"
    EXCLUDED = "excluded"
    OUT_OF_BOUNDS = "out_of_bounds"
    FAILED = "failed"


class State(StrEnum):
    """Whether there is a baseline: enough earlier days, too few, or a past that cannot be read or trusted."""

    READY = "ready"
    LEARNING = "learning"
    UNAVAILABLE = "unavailable"


class DayCount(NamedTuple):
    """The count of a day that counts as the past."""

    day: date
    people: int
    is_imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which days a baseline is made of: ``previous``, ``median_of_last_8``, ``same_weekday``.

    It is the median of the newest ``last`` days; ``same_weekday`` takes only those with today's weekday.
    """

    name: str
    last: int
    same_weekday: bool = False

    @property
    def usual_needs(self) -> int:
        """How many earlier days it needs if the rules do not say."""
        return _USUAL_OF_WEEKDAYS if self.same_weekday else min(self.last, _USUAL_OF_A_MEDIAN)

    @staticmethod
    def is_valid(name: str) -> bool:
        """Whether the rules can ask for a source of that name."""
        return _SOURCE.fullmatch(name) is not None

    @classmethod
    def named(cls, name: str) -> Source:
        """Return the source of that name, which must be valid."""
        if name == SAME_WEEKDAY:
            return cls(name=name, last=_WEEKDAYS, same_weekday=True)
        return cls(name=name, last=1 if name == "previous" else int(name.rpartition("_")[2]))

    def days(self, eligible: Iterable[DayCount], today: date) -> tuple[DayCount, ...]:
        """Return the days that it takes of the eligible ones, the newest first."""
        newest = sorted(eligible, reverse=True)
        if self.same_weekday:
            newest = [each for each in newest if each.day.weekday() == today.weekday()]
        return tuple(newest[: self.last])


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a count was compared with.

    - ``source`` is its word in the rules, such as ``median_of_last_8``; ``value`` the median of its ``days``, from the
      ``first`` to the ``last``, as exact as JSON can have it. It is None unless it is ready.
    - ``imported`` of its days came from a CSV file, which proves nothing; that is told as long as it is ready.
    - ``left_out`` says how many earlier days do not count, by reason.
    - ``allows`` says which change the limit stands for: ``30% under``; empty unless it is ready.
    """

    source: str
    state: State
    value: Fraction | None = None
    days: int = 0
    needs: int
    first: date | None = None
    last: date | None = None
    imported: int = 0
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    until_then: Verdict
    allows: str = ""

    @property
    def is_learning(self) -> bool:
        """Whether there are too few earlier days."""
        return self.state is State.LEARNING

    @property
    def words(self) -> str:
        """What it is, in words: ``the median of the last 8 days (40,120)``."""
        return self._in_words("")

    @property
    def words_in_full(self) -> str:
        """The same, with how many of its days were imported: ``the median of the last 8 days (40,120, 2 imported)``."""
        return self._in_words(f", {number(self.imported)} imported" if self.imported else "")

    def _in_words(self, imported: str) -> str:
        value = f" ({people_in_halves(self.value)}{imported})" if self.value is not None else ""
        weekday = _WEEKDAY_NAMES[self.last.weekday()] if self.last and self.source == SAME_WEEKDAY else "day"
        if self.days == 1:
            return f"the last {weekday} with a count{value}"
        return f"the median of the last {number(self.days)} {weekday}s{value}"

    @property
    def progress(self) -> str:
        """How far it is with learning: ``learning, 1 of 3 earlier days``."""
        return f"learning, {number(self.days)} of {plural(self.needs, 'earlier day')}"

    def change(self, count: int) -> Fraction | None:
        """Return by which part of it a count differs; None without a value, or if that is 0."""
        return count / self.value - 1 if self.value else None


def as_shown(value: Fraction) -> Fraction:
    """Return a median as JSON can have it: beyond 2^52 people, a half is lost."""
    return value if value.denominator == 1 else Fraction(float(value))


def people_in_halves(value: Fraction) -> str:
    """Return a median of counts as people read it: ``40,120`` or ``40,120.5``."""
    whole, rest = divmod(value, 1)
    return f"{number(int(whole))}{'.5' if rest else ''}"


def baseline(days: Sequence[DayCount]) -> Fraction:
    """Return the exact median of the counts; there is at least one."""
    return Fraction(median(Fraction(each.people) for each in days))


def lowest_allowed(value: Fraction, least: Fraction, ignore_under: int | None = None) -> int:
    """Return the least people that a change of at least ``least`` (such as -30%, from -1 up to 0) allows.

    A change of fewer than ``ignore_under`` people never breaks it, but becoming empty always does.
    """
    lower = min(math.ceil(value * (1 + least)), math.floor(value))
    if ignore_under is not None:
        lower = min(lower, math.ceil(value) - ignore_under)
    return max(lower, 1 if value >= 1 else 0)


def highest_allowed(value: Fraction, most: Fraction, ignore_under: int | None = None) -> int:
    """Return the most people that a change of at most ``most`` (such as +50%, 0 or more) allows."""
    upper = max(math.floor(value * (1 + most)), math.ceil(value))
    if ignore_under is not None:
        upper = max(upper, math.floor(value) + ignore_under)
    return min(upper, LARGEST_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which days can count: earlier than ``today``, within a number of days, from ``since`` on.

    Days are those of ``zone``. ``excluded`` are spans of days, both ends included. ``low`` and ``high`` are today's
    absolute bounds in people.
    """

    today: date
    zone: tzinfo
    within: int
    since: date | None = None
    excluded: tuple[tuple[date, date], ...] = ()
    low: int | None = None
    high: int | None = None

    @property
    def oldest(self) -> date:
        """The oldest day within ``within``."""
        return self.today - timedelta(days=self.within)

    @property
    def begins(self) -> date:
        """The first day within a baseline's reach."""
        return max(self.oldest, self.since) if self.since else self.oldest


class Eligible(NamedTuple):
    """The earlier days that count, the newest first, and how many were left out, by the first reason."""

    days: tuple[DayCount, ...]
    left_out: Mapping[LeftOut, int]


def eligible(readings: Iterable[Reading], window: Window) -> Eligible:
    """Return the earlier days that count.

    The newest proven count of a day stands for it, a recorded one before an imported one. Of those that are too old
    only the next one is counted, and days that are too old for another reason are not.
    """
    earlier = [each for each in readings if each.day_in(window.zone) < window.today]
    found = _Found.of(earlier, window)
    oldest = window.oldest
    days, left_out = [], Counter[LeftOut]()
    for day, reading in _newest_of_each_day(earlier, window.zone):
        why = next(_why_left_out(day, reading, window, found), None)
        if why is None:
            days.append(DayCount(day, reading.count or 0, reading.is_imported))
        elif day >= oldest or (why is LeftOut.OLD and not left_out[why]):
            left_out[why] += 1
    return Eligible(tuple(days), dict(left_out))


def depends_on_older(readings: Iterable[Reading], window: Window) -> bool:
    """Whether a day within reach counts only if no older reading than these was judged by a relative bound."""
    earlier = [each for each in readings if each.day_in(window.zone) < window.today]
    found = _Found.of(earlier, window)
    return any(
        day >= window.begins
        and not reading.is_imported
        and reading.run not in found.relative
        and (found.first_relative is None or found.first_relative >= day)
        for day, reading in _newest_of_each_day(earlier, window.zone)
    )


def _newest_of_each_day(readings: Iterable[Reading], zone: tzinfo) -> Iterator[tuple[date, Reading]]:
    """Yield each day with a proven count, the newest first."""
    best: dict[date, Reading] = {}
    for each in readings:
        if each.count is None:
            continue
        day = each.day_in(zone)
        held = best.get(day)
        if held is None or _rank(each) > _rank(held):
            best[day] = each
    yield from sorted(best.items(), key=lambda item: item[0], reverse=True)


def _rank(reading: Reading) -> tuple[bool, datetime, int]:
    return not reading.is_imported, reading.at, reading.run


class _Found(NamedTuple):
    """What the earlier readings say together; two keys of the rules can mean one segment, so a run can have several.

    ``first_relative`` is the first day with a count that was judged by a relative bound; ``relative`` are the runs that
    did so, and ``failed`` those in which one broke, or could not be judged for want of a past.
    """

    first_relative: date | None
    relative: frozenset[int]
    failed: frozenset[int]

    @classmethod
    def of(cls, earlier: Iterable[Reading], window: Window) -> _Found:
        judged = [(each, _judged(each.limits, each.reason)) for each in earlier if each.count is not None]
        return cls(
            min((each.day_in(window.zone) for each, how in judged if how.relative), default=None),
            frozenset(each.run for each, how in judged if how.relative),
            frozenset(each.run for each, how in judged if how.failed),
        )


def _why_left_out(day: date, reading: Reading, window: Window, found: _Found) -> Iterator[LeftOut]:
    """Yield the reasons why a day does not count, in the order in which they are told."""
    count, first = reading.count or 0, found.first_relative
    if first is not None and first < day and reading.run not in found.relative and not reading.is_imported:
        yield LeftOut.OTHER_RULES
    if day < window.oldest:
        yield LeftOut.OLD
    if window.since is not None and day < window.since:
        yield LeftOut.SINCE
    if any(first <= day <= last for first, last in window.excluded):
        yield LeftOut.EXCLUDED
    if (window.low is not None and count < window.low) or (window.high is not None and count > window.high):
        yield LeftOut.OUT_OF_BOUNDS
    if reading.run in found.failed:
        yield LeftOut.FAILED


class _Judged(NamedTuple):
    """Whether a reading was judged by a relative bound, and whether it broke one that fails, or may have."""

    relative: bool
    failed: bool


@lru_cache(maxsize=4096)
def _judged(limits: tuple[Limit, ...], reason: str | None) -> _Judged:
    """Return how a reading was judged; most readings of a series have the same limits."""
    return _Judged(
        relative=any(each.is_relative for each in limits),
        failed=any(each.bound in _FAILING and _is_broken(each, reason) for each in limits),
    )


def _is_broken(limit: Limit, reason: str | None) -> bool:
    """Whether the count broke the limit, or may have: without a limit it was learning, or the past was not known."""
    if limit.limit is None:
        return limit.verdict == _UNKNOWN and reason != _LEARNING
    return limit.verdict in _BROKEN
