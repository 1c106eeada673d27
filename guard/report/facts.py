"""What helps a person to act on a finding, in the order in which every format tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.core.results import Verdict
from guard.report import wording
from guard.report.next_steps import next_step

if TYPE_CHECKING:
    from guard.report.view import Finding

NO_BEFORE = "no earlier count known"
NO_OWNER = "the rules name no owner"
STOPS_NOTHING = "nothing by itself"
BYPASSED = "counted without the account's global inclusion segment"


class Fact(NamedTuple):
    """A line beside a finding; ``label`` is the word in front of it, empty if the text needs none."""

    label: str
    text: str

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.label}: {self.text}" if self.label else self.text


def facts(finding: Finding, *, beside_trend: bool = False) -> list[Fact]:
    """Return what it was before, what to do, whom to ask, what it stops, when it was counted, and where the rule is.

    Beside a trend or a baseline, which show earlier counts, it does not say that none is known.
    """
    is_fine = finding.verdict is Verdict.PASS
    steps = dict.fromkeys(next_step(check, finding) for check in finding.troubles)
    places = dict.fromkeys(wording.place(check, finding) for check in finding.troubles or finding.checks)
    pasts = wording.pasts(finding)
    told = [
        Fact("", finding.before or ("" if is_fine or beside_trend or pasts else NO_BEFORE)),
        *(Fact("past", each) for each in pasts),
        Fact("note", wording.note(finding) or ""),
        *(Fact("next", step or "") for step in steps),
        Fact("ask", "" if is_fine else ", ".join(finding.asks) or NO_OWNER),
        Fact("stops", _stops(finding)),
        Fact("", _stopped_otherwise(finding)),
        Fact("", finding.counted or ""),
        Fact("", BYPASSED if finding.bypass_global else ""),
        Fact("segment", wording.counted_segment(finding)),
        Fact("rule", ", ".join(places)),
    ]
    return [fact for fact in told if fact.text]


def _stops(finding: Finding) -> str:
    if finding.is_stopping:
        return wording.names(finding.campaigns) or "every send to it"
    return STOPS_NOTHING if finding.verdict is Verdict.WARN and not finding.stopped else ""


def _stopped_otherwise(finding: Finding) -> str:
    """Say it where a count that is fine, or only warns, belongs to a campaign or segment that must not be sent to."""
    if finding.is_stopping or not finding.stopped:
        return ""
    return f"but {wording.listed(finding.stopped)}"
