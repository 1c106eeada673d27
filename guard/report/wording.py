"""What the readable formats add to the evaluator's sentences: distances, tallies, the conclusion."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from guard.core.errors import ExitCode
from guard.core.measure import Measure
from guard.core.results import Check, FailOn, Verdict, gravest_first
from guard.core.text import duration, harmless, number, percent, plural, printable, shortened, told_apart
from guard.report.view import guards_of, totals_of, utc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.model import Selection
    from guard.core.results import Report
    from guard.report.view import Finding

SYMBOLS = {Verdict.FAIL: "❌", Verdict.UNKNOWN: "❓", Verdict.WARN: "⚠️", Verdict.PASS: "✅"}
COLUMNS = ("Observed", "Bounds", "Distance", "Counted")
"""The headings of ``cells``."""

_GUARDS = ("guard", "guards")
_TOTALS = ("campaign total", "campaign totals")
_MOST_NAMED, _LONGEST_NAME = 3, 60
_DOUBLE, _WHOLE_TIMES = 2, 100
_SAID = {Verdict.FAIL: "failed", Verdict.UNKNOWN: "could not be found out", Verdict.WARN: "warned"}


def safe(line: str) -> str:
    """Return the text on one line, safe for a terminal and a CI log.

    Control characters are escaped, and so is everything that a CI system obeys within a line.
    """
    return harmless(printable(line))


def sentence(check: Check, finding: Finding) -> str:
    """Return the evaluator's sentence on the check, with the distance that it lacks: per cent, or people."""
    distance = _distance(check, finding)
    return f"{check.message} ({distance})" if distance else check.message


def remark(finding: Finding, checks: Iterable[Check]) -> str | None:
    """Return the finding's detail, unless one of the checks already says it."""
    said = any(finding.detail in check.message for check in checks) if finding.detail else True
    return None if said else finding.detail


def distance(check: Check, finding: Finding) -> str | None:
    """Return how far off a broken bound is, in people and per cent; None if it is not broken.

    Per cent are of the limit, as in ``8,100 people below (81%)``, or of the users for a share. From twice the limit it
    is a multiple, as in ``1,850,000 people above (38 times the maximum)``.
    """
    if check.observed is None or check.verdict not in {Verdict.FAIL, Verdict.WARN}:
        return None
    side = "below" if check.bound.is_floor else "above"
    off: str | None
    if check.bound.measure is Measure.SHARE:
        people = _people_off(check, finding)
        off = f"{percent(abs(shown_share(check, finding.checks) - share(check.limit)))} of the users"
    else:
        people = int(abs(Fraction(check.observed) - check.limit))
        off = _in_relation(check)
    if people is None:
        return f"{off} {side}"
    return f"{plural(people, 'person', 'people')} {side}" + (f" ({off})" if off else "")


def cells(finding: Finding) -> tuple[str, str, str, str]:
    """Return what a table shows under ``COLUMNS``; a cell may be empty."""
    return (
        _observed(finding),
        ", ".join(f"{check.bound} {limit(check)}" for check in finding.checks),
        _gravest_distance(finding),
        finding.age.removeprefix("counted ") if finding.age else "",
    )


def limit(check: Check) -> str:
    """Return the limit of a check as people read it: ``10,000``, or ``60%`` for a share."""
    measure = check.bound.measure
    return measure.shown_limit(share(check.limit) if measure is Measure.SHARE else check.limit)


def counted_segment(finding: Finding) -> str:
    """Return which segment was counted: its uuid, and Blueshift's name for it if that is known; empty for a total.

    The name comes last, so that a text that is cut still has the uuid.
    """
    if finding.called is None:
        return finding.uuid or ""
    called = f'named "{finding.called}"'
    return f"{finding.uuid} {called}" if finding.uuid else f"{called}, uuid unknown"


def place(check: Check, finding: Finding) -> str:
    """Return the place of the bound, as ``rules.yaml:28``."""
    return f"{finding.path}:{check.line}"


def shown_share(check: Check, checks: Iterable[Check]) -> Fraction:
    """Return the observed share, rounded but still different from every limit that it differs from."""
    limits = (share(each.limit) for each in checks if each.bound.measure is Measure.SHARE)
    return told_apart(share(check.observed or 0), *limits)


def share(value: float | Fraction) -> Fraction:
    """Return a share as the exact decimal in the JSON report, so that a saved report gives the same text."""
    return Fraction(str(float(value)))


def circumstances(report: Report) -> str:
    """Return who was asked, when, by which rules, and what was selected."""
    asked = asked_for(report.selection)
    only = f" Checked only: {', '.join(asked)}." if asked else ""
    return (
        f"Asked {report.host} from {utc(report.started_at)} to {utc(report.finished_at)},"
        f" by the rules in {report.rules_path}.{only} Counts are Blueshift's approximate counts."
    )


def asked_for(selection: Selection) -> list[str]:
    """Return what was selected, each with its kind: ``segment sms-optin``, ``campaign spring-sale``."""
    kinds = (("segment", selection.segments), ("tag", selection.tags), ("campaign", selection.campaigns))
    return [f"{kind} {key}" for kind, keys in kinds for key in keys]


def tally(report: Report) -> str:
    """Return how many guards and totals have each verdict."""
    groups = [("Guards", guards_of(report)), ("Campaign totals", totals_of(report))]
    return " ".join(_tally(title, findings) for title, findings in groups if findings)


def where_to_look(report: Report) -> str | None:
    """Return the names with the gravest verdict, for readers who see the end of a report first; None on a pass."""
    verdict = report.verdict
    found = [each for each in (*guards_of(report), *totals_of(report)) if each.verdict is verdict]
    if verdict is Verdict.PASS or not found:
        return None
    names = list(dict.fromkeys(shortened(finding.name, _LONGEST_NAME) for finding in found))
    more = f" and {number(len(names) - _MOST_NAMED)} more" if len(names) > _MOST_NAMED else ""
    return f"Look first at {', '.join(names[:_MOST_NAMED])}{more}."


def conclusion(report: Report) -> str:
    """Return what to do about the send in one line, with the exit code."""
    return f"{what_follows(report)} (exit {int(report.exit_code)})"


def what_follows(report: Report) -> str:
    """Return what to do about the send in one sentence.

    A failure is called a failure even if ``--fail-on never`` exits with 0. A report that is shown long after its run
    says so in a second sentence.
    """
    then = "" if report.is_recent else f" The {age(report)}: count again before you send."
    return f"{_what_follows(report)}.{then}"


def age(report: Report) -> str:
    """Return how long ago the run was, as ``run finished 3 days ago, at ...``."""
    finished, now = report.finished_at, report.rendered_at or report.finished_at
    if now < finished and not report.is_recent:
        return f"run finished at {utc(finished)}, which is in the future by the clock of this machine"
    return f"run finished {duration((now - finished).total_seconds())} ago, at {utc(finished)}"


def _what_follows(report: Report) -> str:
    guards, totals = guards_of(report), totals_of(report)
    if not guards and not totals:
        return "Not proven: nothing was checked; do not send on this report"
    troubles = "; ".join(filter(None, (_troubles(guards, _GUARDS), _troubles(totals, _TOTALS))))
    if not report.complete and not any(each.verdict is Verdict.UNKNOWN for each in (*guards, *totals)):
        troubles = "; ".join(filter(None, (troubles, "not every bound could be judged")))
    match report.verdict:
        case Verdict.FAIL:
            never = "; under --fail-on never that does not change the exit code"
            return f"Do not send: {troubles}{never if report.fail_on is FailOn.NEVER else ''}"
        case Verdict.UNKNOWN | Verdict.WARN if report.exit_code is ExitCode.FAILED:
            return f"Do not send: {troubles}; a warning counts as a failure here (--fail-on warn)"
        case Verdict.UNKNOWN:
            return f"Not proven: {troubles}; do not send on this report"
        case Verdict.WARN:
            return f"Look before you send: {troubles}; none failed"
        case Verdict.PASS:
            fresh = "; every count is fresh" if report.is_fresh else ""
            every = [plural(len(group), *nouns) for group, nouns in ((guards, _GUARDS), (totals, _TOTALS)) if group]
            return f"{'All ' if len(guards) > 1 else ''}{' and '.join(every)} passed{fresh}"


def _troubles(findings: list[Finding], nouns: tuple[str, str]) -> str:
    """Return how many did not pass, and how: ``2 of 7 guards failed, 1 could not be found out``."""
    found = Counter(finding.verdict for finding in findings)
    phrases = [f"{number(found[verdict])} {said}" for verdict, said in _SAID.items() if found[verdict]]
    if not phrases:
        return ""
    first, rest = phrases[0].split(" ", 1)
    return ", ".join([f"{first} of {plural(len(findings), *nouns)} {rest}", *phrases[1:]])


def _tally(title: str, findings: list[Finding]) -> str:
    found = Counter(finding.verdict for finding in findings)
    return f"{title}: {', '.join(f'{number(found[verdict])} {verdict}' for verdict in reversed(Verdict))}."


def _observed(finding: Finding) -> str:
    if finding.people is None:
        return "unknown"
    shares = [check for check in finding.checks if check.bound.measure is Measure.SHARE and check.observed is not None]
    if not shares or finding.users is None:
        return number(finding.people)
    part = percent(shown_share(shares[0], finding.checks))
    return f"{number(finding.people)} ({part} of {number(finding.users)} users)"


def _gravest_distance(finding: Finding) -> str:
    """Return the distance of the gravest broken bound."""
    return next(filter(None, (distance(check, finding) for check in gravest_first(finding.troubles))), "")


def _distance(check: Check, finding: Finding) -> str | None:
    """Return the distance of a broken bound that its sentence lacks: per cent for people, people for a share."""
    if check.observed is None or check.verdict not in {Verdict.FAIL, Verdict.WARN}:
        return None
    side = "below" if check.bound.is_floor else "above"
    if check.bound.measure is Measure.SHARE:
        people = _people_off(check, finding)
        return f"{plural(people, 'person', 'people')} {side}" if people else None
    off = _in_relation(check)
    return f"{off} {side}" if off and off.endswith("%") else off


def _in_relation(check: Check) -> str | None:
    """Return the distance in per cent of a limit in people, or as a multiple from double; None for a limit of 0."""
    if not check.limit or check.observed is None:
        return None
    times = Fraction(check.observed) / Fraction(check.limit)
    if times < _DOUBLE:
        return percent(told_apart(abs(times - 1)))
    shown = number(round(times)) if times >= _WHOLE_TIMES else f"{float(round(times, 1)):g}"
    return f"{shown} times the {check.bound.label}"


def _people_off(check: Check, finding: Finding) -> int | None:
    """Return how many people are too few or too many for the share."""
    if finding.people is None or finding.users is None:
        return None
    limit = share(check.limit) * finding.users
    return math.ceil(limit) - finding.people if check.bound.is_floor else finding.people - math.floor(limit)
