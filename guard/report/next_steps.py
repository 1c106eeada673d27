"""What to do next: one short phrase for every way that a check can go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.model import Channel
from guard.core.results import Reason, Verdict

if TYPE_CHECKING:
    from guard.core.results import Check
    from guard.report.view import Finding

_TOO_FEW = "open the segment in Blueshift: a filter may have broken, or an import may have failed"
_NOBODY = "see whether Blueshift has an adapter for this channel; a filter or an import may also have failed"
_TOO_MANY = "open the segment in Blueshift: a filter or an exclusion may be missing"
_TOO_MANY_TOGETHER = "see which of its segments is too large: a filter or an exclusion may be missing"
_CONTRADICTION = "run the check again; if the numbers still contradict each other, show them to Blueshift's support"
_MEANT = "; if this change was meant, write since into the rules"
_REMEDIES = {
    Reason.REFUSED_KEY: "check that BLUESHIFT_API_KEY is a User API key of this account and region",
    Reason.NOT_FOUND: "correct the uuid or name in the rules, or check the region; the segment may have been deleted",
    Reason.ARCHIVED: "restore the segment in Blueshift, or guard the one that replaced it",
    Reason.AMBIGUOUS_NAME: "write the segment's uuid into the rules instead of its name",
    Reason.RATE_LIMITED: "run again in a few minutes; if that continues, lower requests_per_second in the rules",
    Reason.NETWORK: "check the connection, base URL, proxy and certificates where this ran, then run again",
    Reason.SERVER_ERROR: "run again in a few minutes; if that continues, ask Blueshift's support",
    Reason.BAD_ANSWER: (
        "check the region and the base URL, then run again; if that continues, show this answer to Blueshift's support"
    ),
    Reason.NOT_COUNTED: "open the segment in Blueshift so that it is counted there once, then run again",
    Reason.TIMEOUT: "open the segment in Blueshift: can it be counted there? if so, raise refresh.timeout in the rules",
    Reason.DEADLINE: "run the check again, with a longer --timeout or fewer segments at once",
    Reason.ZERO_USERS: "find out why the segment is empty; a share of nobody cannot be judged",
    Reason.HISTORY: (
        "see what audience-guard history show says of the store, and put back a copy of it; where only days are lost, a"
        " later since in the rules leaves them out"
    ),
    Reason.LEARNING: (
        "check again on other days; audience-guard history import adds days that you have counts of, if none of the"
        " reasons to leave a day out holds for them"
    ),
    Reason.INTERNAL: "this is a fault in audience-guard: run again with --debug, and report what it says",
}


def remedy(reason: Reason) -> str:
    """Return what to do next if there is no count, for this reason."""
    return _REMEDIES[reason]


def next_step(check: Check, finding: Finding) -> str | None:
    """Return what to do next about one check of the finding; None if it passed."""
    match check.verdict:
        case Verdict.PASS:
            return None
        case Verdict.UNKNOWN:
            if finding.is_contradictory:
                return _CONTRADICTION
            return remedy(finding.cause or finding.reason) if finding.reason else None
        case Verdict.WARN | Verdict.FAIL if check.is_learning:
            return remedy(Reason.LEARNING)
        case Verdict.WARN | Verdict.FAIL if finding.is_contradictory:
            return _CONTRADICTION
        case Verdict.WARN | Verdict.FAIL:
            return _about_the_count(check, finding) + (_MEANT if check.baseline else "")


def _about_the_count(check: Check, finding: Finding) -> str:
    if not check.bound.is_floor:
        return _TOO_MANY_TOGETHER if finding.is_total else _TOO_MANY
    never_reached = finding.people == 0 and not finding.people_before and finding.channel is not Channel.USERS
    return _NOBODY if never_reached else _TOO_FEW
