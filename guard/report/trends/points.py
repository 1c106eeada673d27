"""What a trend shows: a point for each day with a reading, and the limits that it is held to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from guard.core.history import days as newest_days
from guard.core.model import BoundName, Channel
from guard.core.results import Verdict
from guard.core.text import number, printable, shortened
from guard.report.bounds import tightest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, tzinfo

    from guard.core.history import Day, Reading, Series
    from guard.core.results import Check
    from guard.report.view import Finding


DAYS = 26
"""How many days a trend shows if nobody says otherwise: half a year of weekly runs."""
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The least and the most people that are allowed; None where there is no bound."""

    low: int | None = None
    high: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is a bound."""
        return (self.low, self.high) != (None, None)

    def side(self, count: int) -> int:
        """Return -1 for a count below the band, 1 above it, else 0."""
        return (self.high is not None and count > self.high) - (self.low is not None and count < self.low)

    def in_words(self, count: int | None) -> str:
        """Say how a count stands to what is allowed: ``allowed 10,000 to 50,000``, ``above the maximum of 50,000``.

        Nothing without a bound.
        """
        side = 0 if count is None else self.side(count)
        if side:
            bound, limit = ("above the maximum", self.high) if side > 0 else ("below the minimum", self.low)
            return f"{bound} of {number(int(limit or 0))}"
        match self.low, self.high:
            case None, None:
                return ""
            case None, high:
                return f"at most {number(int(high or 0))}"
            case low, None:
                return f"at least {number(int(low or 0))}"
            case low, high:
                return f"allowed {number(int(low or 0))} to {number(int(high or 0))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One day: its count, or None; the verdict of then; and the band that it is drawn with."""

    day: date
    count: int | None
    verdict: str | None
    band: Band
    reason: str | None = None
    is_imported: bool = False
    run: int | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether there is no count."""
        return self.count is None

    @property
    def side(self) -> int:
        """-1 if its count is below the band, 1 if it is above, else 0."""
        return 0 if self.count is None else self.band.side(self.count)

    @property
    def is_outside(self) -> bool:
        """Whether its count is outside the band."""
        return self.side != 0

    @property
    def is_bad(self) -> bool:
        """Whether its count is outside the band, or the guard failed then."""
        return self.count is not None and (self.is_outside or self.verdict == Verdict.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The points of one channel of a segment, the oldest first; ``name`` is the segment's key, or else its uuid.

    ``channel`` is its word in the rules, or another one of a newer version. ``series`` is None in a report, and where
    the store has no readings yet. ``note`` says what else to know: its host where there are several, or that it is
    counted in another way. ``since`` is the day on which the rules let the past begin.
    """

    name: str
    channel: str
    points: tuple[Point, ...]
    series: Series | None = None
    note: str = ""
    since: date | None = None

    @property
    def label(self) -> str:
        """The channel as sentences have it."""
        return Channel(self.channel).facts.label if self.channel in set(Channel) else printable(self.channel)

    @property
    def title(self) -> str:
        """What it is the trend of: ``newsletter-active / email``."""
        return f"{shortened(printable(self.name), _LONGEST_NAME)} / {self.label}"

    @property
    def is_outside(self) -> bool:
        """Whether the newest count is outside what is allowed."""
        return self.last is not None and self.last.is_outside

    @property
    def last(self) -> Point | None:
        """The newest day, if there is any."""
        return self.points[-1] if self.points else None

    @property
    def now_in_words(self) -> str:
        """The newest day: ``1,900 on 2026-11-29, below the minimum of 10,000``."""
        last = self.last
        if last is None:
            return "no readings yet"
        allowed = last.band.in_words(last.count)
        now = f"{'unknown' if last.count is None else number(last.count)} on {last.day}"
        return f"{now}, {allowed}" if allowed else now

    @property
    def days_in_words(self) -> str:
        """Which days it shows: ``26 readings, 2026-06-02 to 2026-11-29, 3 imported``; there is one at least."""
        imported = sum(point.is_imported for point in self.points)
        if len(self.points) == 1:
            return f"its first day{', imported' if imported else ''}"
        told = f"{number(len(self.points))} readings, {self.points[0].day} to {self.points[-1].day}"
        return told + (f", {number(imported)} imported" if imported else "")

    @property
    def _outside_in_words(self) -> str:
        outside = [point.day for point in self.points if point.is_outside]
        if len(self.points) == 1 or not outside:
            return ""
        last = f", the last on {outside[-1]}" if outside[-1] < self.points[-1].day else ""
        return f"; {number(len(outside))} outside the bounds{last}"

    @property
    def in_words(self) -> str:
        """The trend in a sentence: ``now_in_words``, ``days_in_words``, and how many days were outside the band."""
        if not self.points:
            return "no readings yet"
        return f"{self.now_in_words}; {self.days_in_words}{self._outside_in_words}"


def band_of(checks: Iterable[Check]) -> Band:
    """Return the band of a guard's bounds, fixed and relative to the past cut together, without those that warn."""
    found = tightest(checks)
    return Band(
        low=int(found.floor.known_limit) if found.floor else None,
        high=int(found.ceiling.known_limit) if found.ceiling else None,
    )


def points_of(days: Iterable[Day], band: Band | None = None) -> tuple[Point, ...]:
    """Return a point for each day, with one band for all, or with the limits that each was judged by."""
    return tuple(_point(each.day, each.reading, band) for each in days)


def trend_points(
    readings: Sequence[Reading], last: int, band: Band | None = None, zone: tzinfo = UTC
) -> tuple[Point, ...]:
    """Return the points of the newest ``last`` days of a series, in a time zone."""
    return points_of(newest_days(readings, last, zone), band)


def _point(day: date, reading: Reading, band: Band | None) -> Point:
    return Point(
        day=day,
        count=reading.count,
        verdict=reading.verdict,
        band=band or _band_then(reading),
        reason=reading.reason,
        is_imported=reading.is_imported,
        run=reading.run,
    )


def _band_then(reading: Reading) -> Band:
    lows = reading.limits_of(BoundName.MIN, BoundName.CHANGE_MIN)
    highs = reading.limits_of(BoundName.MAX, BoundName.CHANGE_MAX)
    return Band(low=max(map(int, lows), default=None), high=min(map(int, highs), default=None))


def trend_of(finding: Finding) -> Trend | None:
    """Return the trend of a guard up to this run; None without a store, or before the second day with a reading."""
    if finding.past is None or finding.today is None:
        return None
    band = band_of(finding.checks)
    before = points_of((each for each in finding.past if each.day < finding.today), band)
    now = Point(
        day=finding.today,
        count=finding.people,
        verdict=finding.verdict,
        band=band,
        reason=finding.reason.value if finding.reason else None,
    )
    if not before:
        return None
    points = (*before, now)[-DAYS:]
    return Trend(name=finding.name, channel=finding.channel, points=points, since=finding.since)
