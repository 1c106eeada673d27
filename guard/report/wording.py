"""The words of the readable formats for one finding: what was counted, what is allowed, and how far off it is."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.baseline import LeftOut
from guard.core.measure import Measure
from guard.core.results import Check, Reason, Verdict
from guard.core.text import harmless, multiple, number, percent, plural, printable, shortened, told_apart
from guard.report.bounds import tightest
from guard.report.view import LONGEST_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guard.report.view import Finding

SYMBOLS = {Verdict.FAIL: "❌", Verdict.UNKNOWN: "❓", Verdict.WARN: "⚠️", Verdict.PASS: "✅"}
HEADINGS = {
    Verdict.FAIL: "Out of bounds",
    Verdict.UNKNOWN: "Not judged",
    Verdict.WARN: "Worth a look",
    Verdict.PASS: "Within bounds",
}
"""What a verdict means for a count, the worst first."""

_LEFT_OUT = {
    LeftOut.OTHER_RULES: "judged without a change",
    LeftOut.OLD: "too old",
    LeftOut.SINCE: "before since",
    LeftOut.EXCLUDED: "excluded",
    LeftOut.OUT_OF_BOUNDS: "out of bounds",
    LeftOut.FAILED: "on which a change was broken",
}
_DOUBLE = 2
_PARTS_NAMED = 3
_MOST_NAMED = 3
_LONGEST_PATH = 200


def safe(line: str) -> str:
    """Return the text on one line, safe for a terminal and a CI log.

    Control characters are escaped, and so is everything that a CI system obeys within a line.
    """
    return harmless(printable(line))


def result(check: Check, finding: Finding) -> str:
    """Return what one bound led to: ``1,311,000, maximum 50,000: 26 times the maximum``, or why it is unknown."""
    if check.observed is None:
        return _unknown(check, finding)
    if check.limit is None:
        return f"{observed(check, finding)}, {uncompared(check)}{_until_then(check)}"
    off = distance(check, finding)
    past = f", {check.baseline.allows} {check.baseline.words_in_full}" if check.baseline else ""
    told = f"{observed(check, finding)}, {check.bound.label} {limit(check)}{past}" + (f": {off}" if off else "")
    return f"{told} (this bound only warns)" if check.verdict is Verdict.WARN else told


def names(keys: Iterable[str], most: int = _MOST_NAMED) -> str:
    """Return the first names, and how many more there are: ``a, b, c and 4 more``."""
    return listed([shortened(key, LONGEST_KEY) for key in keys], most)


def listed(texts: Sequence[str], most: int = _MOST_NAMED) -> str:
    """Return the first texts, and how many more there are."""
    left_out = len(texts) - most
    shown = ", ".join(texts[:most])
    return f"{shown} and {number(left_out)} more" if left_out > 0 else shown


def results(finding: Finding) -> list[str]:
    """Return what is wrong with it, or else what was counted and what is allowed."""
    wrong = [result(check, finding) for check in finding.troubles]
    return list(dict.fromkeys(wrong)) or [f"{people(finding)}, allowed {allowed(finding)}"]


def in_short(finding: Finding, *, named: bool = True) -> str:
    """Return the gravest trouble without its distance: ``vip email 1,311,000, maximum 50,000``; ``named`` or not."""
    check = finding.troubles[0]
    who = f"{shortened(finding.name, LONGEST_KEY)} " if named else ""
    label = finding.channel.facts.label
    if check.observed is None:
        return f"{who}{label} could not be counted"
    count = f"{who}{label} {observed(check, finding, in_full=False)}"
    if check.limit is None:
        return f"{count}, {uncompared(check)}"
    return f"{count}, {check.bound.label} {limit(check)}{' by its past' if check.baseline else ''}"


def uncompared(check: Check) -> str:
    """Return why a count has nothing to be compared with: ``learning, 1 of 3 earlier days``."""
    return check.baseline.progress if check.baseline and check.is_learning else "and its past is unknown"


def pasts(finding: Finding) -> list[str]:
    """Return what the count is compared with: ``40,120, the median of 8 days from ... to ...: 95.3% fewer now``."""
    found = {check.baseline.source: check for check in finding.checks if check.baseline}
    return [told for check in found.values() if (told := _past(check))]


def _past(check: Check) -> str:
    found = check.baseline
    if found is None or (found.value is None and not found.is_learning):
        return ""
    days = f"from {found.first} to {found.last}" if found.days > 1 else f"of {found.last}" if found.last else ""
    told = found.progress if found.value is None else found.words
    since = _difference(found.change(int(check.observed))) if check.observed is not None else ""
    left_out = ", ".join(f"{plural(many, 'day')} {_LEFT_OUT[why]}" for why, many in found.left_out.items())
    parts = [f"{told}{f', {days}' if days else ''}{since}", f"left out: {left_out}" if left_out else ""]
    return "; ".join(filter(None, parts))


def _difference(change: Fraction | None) -> str:
    if not change:
        return ""
    return f": {percent(abs(round(change, 3)))} {'more' if change > 0 else 'fewer'} now"


def _until_then(check: Check) -> str:
    if check.verdict is Verdict.UNKNOWN:
        return ""
    return f": {'warns' if check.verdict is Verdict.WARN else 'fails'} until then, as the rules say"


def people(finding: Finding) -> str:
    """Return the count: ``1,900``, or ``no proven count``."""
    return "no proven count" if finding.people is None else number(finding.people)


def observed(check: Check, finding: Finding, *, in_full: bool = True) -> str:
    """Return what the bound was held against: people, or a share of the users; ``in_full`` with what it is made of."""
    if check.bound.measure is Measure.SHARE:
        part = percent(shown_share(check, finding.checks))
        if not in_full or finding.people is None or finding.users is None:
            return f"{part} of the users"
        return f"{part} of the users ({number(finding.people)} of {number(finding.users)})"
    shown = number(int(check.observed or 0))
    return f"{shown} ({parts(finding)})" if in_full and len(finding.parts) > 1 else shown


def parts(finding: Finding) -> str:
    """Return what the segments add to a total, the most first: ``newsletter 412,000, sms-optin 1,850``."""
    largest = sorted(finding.parts, key=lambda part: -(part.count or 0))
    named = [f"{shortened(part.segment, LONGEST_KEY)} {number(part.count or 0)}" for part in largest[:_PARTS_NAMED]]
    more = [f"{number(len(largest) - _PARTS_NAMED)} more"] if len(largest) > _PARTS_NAMED else []
    return ", ".join([*named, *more])


def allowed(finding: Finding) -> str:
    """Return what the rules allow, in people and in shares: ``10,000 to 50,000, at least 60%``; without warnings.

    Of bounds that are fixed and bounds that follow from the past the tightest is told, and what is still learning.
    """
    bounds = [each for each in finding.checks if not each.bound.is_warning] or list(finding.checks)
    ranges = []
    for measure in Measure:
        held = tightest(bounds, measure)
        of = " of the users" if (held.low or held.high) and measure is Measure.SHARE else ""
        by = " by its past" if any(each and each.baseline for each in (held.low, held.high)) else ""
        ranges.append(f"{span(held.low, held.high)}{of}{by}")
    ranges += dict.fromkeys(uncompared(check) for check in finding.checks if check.is_learning)
    return ", ".join(each for each in ranges if each)


def span(low: Check | None, high: Check | None) -> str:
    """Return what two bounds allow: ``10,000 to 50,000``, ``at least 60%``; empty without a bound."""
    if low and high:
        return f"{limit(low)} to {limit(high)}"
    return f"at least {limit(low)}" if low else f"at most {limit(high)}" if high else ""


def distance(check: Check, finding: Finding) -> str | None:
    """Return how far off a broken bound is; None if it is not broken.

    From twice the limit it is a multiple, ``26 times the maximum``, else per cent of the limit, ``7.5% below``; for a
    share it is people, ``4,900 people too few``.
    """
    if check.observed is None or check.verdict not in {Verdict.FAIL, Verdict.WARN}:
        return None
    if check.bound.measure is Measure.SHARE:
        off = _people_off(check, finding)
        return (
            None
            if off is None
            else f"{plural(off, 'person', 'people')} too {'few' if check.bound.is_floor else 'many'}"
        )
    if not check.limit:
        return None
    if not check.observed:
        return "nobody is left"
    multiple = times(check)
    if multiple is not None:
        return f"{multiple} times the {check.bound.label}"
    side = "below" if check.bound.is_floor else "above"
    return f"{percent(told_apart(abs(Fraction(check.observed) / check.known_limit - 1)))} {side}"


def times(check: Check) -> str | None:
    """Return how many times the limit was observed, ``26`` or ``3.8``; None below double."""
    if check.observed is None or not check.limit:
        return None
    is_share = check.bound.measure is Measure.SHARE
    value, bound = (share(each) if is_share else Fraction(each) for each in (check.observed, check.limit))
    return multiple(value / bound) if bound and value >= _DOUBLE * bound else None


def note(finding: Finding) -> str | None:
    """Return what else to know: numbers that contradict each other, or people that a total counts twice."""
    if finding.detail and not any(finding.detail in check.message for check in finding.troubles):
        return finding.detail
    counts = [part.count for part in finding.parts if part.count]
    if len(counts) > 1 and any(
        check.observed and check.limit is not None and max(counts) <= check.limit for check in finding.troubles
    ):
        return f"people in several of its segments are counted for each; it may be as few as {number(max(counts))}"
    return None


def limit(check: Check) -> str:
    """Return the limit of a check as people read it: ``10,000``, or ``60%`` for a share."""
    measure = check.bound.measure
    return measure.shown_limit(share(check.known_limit) if measure is Measure.SHARE else check.known_limit)


def counted_segment(finding: Finding) -> str:
    """Return which segment was counted: its uuid, and Blueshift's name for it if that is known; empty for a total.

    The name comes last, so that a text that is cut still has the uuid.
    """
    if finding.called is None:
        return finding.uuid or ""
    called = f'named "{finding.called}"'
    return f"{finding.uuid} {called}" if finding.uuid else f"{called}, uuid unknown"


def place(check: Check, finding: Finding) -> str:
    """Return the place of the bound, as ``rules.yaml:28``; a long path is cut, so that the line is in sight."""
    return f"{shortened(finding.path, _LONGEST_PATH)}:{check.line}"


def shown_share(check: Check, checks: Iterable[Check]) -> Fraction:
    """Return the observed share, rounded but still different from every limit that it differs from."""
    limits = (share(each.known_limit) for each in checks if each.bound.measure is Measure.SHARE)
    return told_apart(share(check.observed or 0), *limits)


def share(value: float | Fraction) -> Fraction:
    """Return a share as the exact decimal in the JSON report, so that a saved report gives the same text."""
    return Fraction(str(float(value)))


def _unknown(check: Check, finding: Finding) -> str:
    in_time = " in time" if finding.reason in {Reason.DEADLINE, Reason.TIMEOUT} else ""
    what = "its share is unknown" if finding.people is not None else f"not counted{in_time}"
    return f"{what}: {finding.detail or check.message}; allowed {allowed(finding)}"


def _people_off(check: Check, finding: Finding) -> int | None:
    """Return how many people are too few or too many for the share."""
    if finding.people is None or finding.users is None:
        return None
    bound = share(check.known_limit) * finding.users
    return math.ceil(bound) - finding.people if check.bound.is_floor else finding.people - math.floor(bound)
