"""What to do about the send: the decision in one sentence, and how many segments and campaigns it is about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.core.errors import ExitCode
from guard.core.results import FailOn, Verdict, gravest_first
from guard.core.text import duration, number, plural, shortened
from guard.report import wording
from guard.report.audiences import Audience, audiences
from guard.report.view import LONGEST_KEY, findings, is_stopping, utc
from guard.report.wording import listed, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.model import Selection
    from guard.core.results import Report
    from guard.report.view import Finding

_MOST_REASONS = 5


def decision(report: Report) -> str:
    """Return what to do about the send: the headline, what else must not be sent, and whether to count again."""
    then = "" if report.is_recent else f"The {age(report)}: count again before you send."
    return " ".join(filter(None, [f"{headline(report)}.", *_also(report), then]))


def _also(report: Report) -> Iterator[str]:
    """Yield what the headline does not name: what else must not be sent to, and what may go only after a look."""
    every = audiences(report)
    found = {verdict: [each for each in every if each.verdict is verdict] for verdict in Verdict}
    alone = [each.name for each in found[report.verdict] if not each.is_campaign]
    stops = is_stopping(report.verdict, report)
    if stops and alone and any(each.is_campaign for each in found[report.verdict]):
        yield f"Do not send to {names(alone)} either."
    if report.verdict is Verdict.FAIL and found[Verdict.UNKNOWN]:
        yield f"Not yet: {names([each.name for each in found[Verdict.UNKNOWN]])}."
    warned = [each.name for each in found[Verdict.WARN]]
    if is_stopping(Verdict.WARN, report) and report.verdict is not Verdict.WARN and (warned or _warns(report)):
        also = f": do not send {names(warned)}" if warned else ""
        yield f"A warning counts as a failure here (--fail-on warn){also}."
    elif warned and stops and report.is_recent:
        yield f"After a look: {names(warned)}."


def _warns(report: Report) -> bool:
    """Whether any bound warns, also one of a guard that is worse."""
    return any(check.verdict is Verdict.WARN for result in report.results() for check in result.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a campaign, or segments that are in no campaign, may be sent to, and why not: one line of a report."""

    verdict: Verdict
    answer: str
    about: str


def answers(report: Report, most: int = 10) -> list[Answer]:
    """Return what may be sent and what not, campaigns and the gravest first, with at most so many names of a kind."""
    every = audiences(report)
    found: list[Answer] = []
    for verdict in reversed(Verdict):
        campaigns = [each for each in every if each.is_campaign and each.verdict is verdict]
        if verdict is Verdict.PASS:
            named, rest = [], names([each.name for each in campaigns], most)
        else:
            named, left_out = campaigns[:most], len(campaigns) - most
            rest = f"{number(left_out)} more" if left_out > 0 else ""
        found += [
            _answer(report, verdict, f"campaign {shortened(each.name, LONGEST_KEY)}{_why(each)}") for each in named
        ]
        if rest:
            noun = "campaign" if len(campaigns) - len(named) == 1 else "campaigns"
            found.append(_answer(report, verdict, f"{noun} {rest}"))
    for verdict in reversed(Verdict):
        alone = [each for each in every if not each.is_campaign and each.verdict is verdict]
        if alone:
            keys = [
                f"{names([each.name])} ({', '.join(each.because)})" if each.because else names([each.name])
                for each in alone
            ]
            one = len(alone) == 1
            these = " of this check" if report.selection else ""
            where = f", which {'is' if one else 'are'} in no campaign{these}" if report.campaigns else ""
            found.append(_answer(report, verdict, f"{'segment' if one else 'segments'} {listed(keys, most)}{where}"))
    return found


def _why(campaign: Audience) -> str:
    """Return what keeps a campaign from being sent, or warns, and which of its segments are fine."""
    why = f", because of {listed(campaign.because, _MOST_REASONS)}" if campaign.because else ""
    return f"{why}; nothing wrong with {names(campaign.fine)}" if campaign.because and campaign.fine else why


def _answer(report: Report, verdict: Verdict, about: str) -> Answer:
    return Answer(verdict=standing(verdict, report), answer=answer(verdict, report), about=about)


def standing(verdict: Verdict, report: Report) -> Verdict:
    """Return how a verdict stands today: what was fine, or only warned, is unknown long after its run."""
    return verdict if report.is_recent or is_stopping(verdict, report) else Verdict.UNKNOWN


def answer(verdict: Verdict, report: Report) -> str:
    """Return whether what has this verdict may be sent to, in two or three words."""
    match verdict:
        case Verdict.FAIL:
            return "do not send"
        case Verdict.UNKNOWN:
            return "do not send yet"
        case Verdict.WARN if report.fail_on is FailOn.WARN:
            return "do not send"
        case Verdict.WARN | Verdict.PASS if not report.is_recent:
            return "count again"
        case Verdict.WARN:
            return "may go after a look"
        case Verdict.PASS:
            return "may go"


def tally(report: Report) -> str:
    """Return how many campaigns and segments came to what, or that nothing was checked."""
    campaigns = Counter(answer(each.verdict, report) for each in gravest_first(report.campaigns))
    segments = Counter(wording.HEADINGS[each.verdict].lower() for each in gravest_first(report.segments))
    counted = [
        f"{plural(found.total(), noun)}: {', '.join(f'{number(many)} {said}' for said, many in found.items())}."
        for noun, found in (("campaign", campaigns), ("segment", segments))
        if found
    ]
    return " ".join(counted) or "Nothing was checked."


def circumstances(report: Report) -> str:
    """Return who was asked, when, by which rules, and what was selected."""
    asked = asked_for(report.selection)
    only = f" Checked only: {', '.join(asked)}." if asked else ""
    return (
        f"Asked {account(report)} from {utc(report.started_at)} to {utc(report.finished_at)},"
        f" by the rules in {report.rules_path}.{only} Counts are Blueshift's approximate counts.{_and_history(report)}"
    )


def _and_history(report: Report) -> str:
    told = history(report)
    return f" History: {told}." if told else ""


def history(report: Report) -> str:
    """Return when the history store began, how many runs it holds, and what is still learning; empty without one."""
    found = report.history
    if found is None:
        return ""
    own = "this run is recorded" if found.recorded else "this run was not recorded"
    learning = "".join(f"; {each}" for each in _learning(report))
    if found.runs is None:
        return f"the store could not be read; {own}{learning}"
    if found.runs == int(found.recorded):
        return ("it begins with this run" if found.recorded else f"the store holds no runs; {own}") + learning
    since = f" since {found.began}" if found.began else ""
    return f"{plural(found.runs, 'run')}{since}; {own}{learning}"


def _learning(report: Report) -> list[str]:
    """Return what has too short a past, by how far it is: ``learning, 1 of 3 earlier days: vip, newsletter``."""
    found: dict[str, list[str]] = {}
    for each in report.segments:
        for check in (check for guard in each.guards for check in guard.checks):
            if check.is_learning:
                found.setdefault(wording.uncompared(check), []).append(each.segment.key)
    return [f"{progress}: {names(dict.fromkeys(keys))}" for progress, keys in found.items()]


def account(report: Report) -> str:
    """Return the account's name, if the rules give it one, and its host."""
    return f"{report.account} ({report.host})" if report.account else report.host


def asked_for(selection: Selection) -> list[str]:
    """Return what was selected, each with its kind: ``segment sms-optin``, ``campaign spring-sale``."""
    kinds = (("segment", selection.segments), ("tag", selection.tags), ("campaign", selection.campaigns))
    return [f"{kind} {key}" for kind, keys in kinds for key in keys]


def age(report: Report) -> str:
    """Return how long ago the run was, as ``run finished 3 days ago, at ...``."""
    finished, now = report.finished_at, report.rendered_at or report.finished_at
    if now < finished and not report.is_recent:
        return f"run finished at {utc(finished)}, which is in the future by the clock of this machine"
    return f"run finished {duration((now - finished).total_seconds())} ago, at {utc(finished)}"


def headline(report: Report) -> str:
    """Return what to do about the send in one sentence, which names what is worst.

    A failure is called a failure even if ``--fail-on never`` exits with 0.
    """
    if not list(report.results()):
        return "Do not send yet: nothing was checked"
    verdict = report.verdict  # it goes through all results
    found = [each for each in findings(report) if each.verdict is verdict and each.troubles]
    stopped, worst = _concerned(report, verdict, found[0] if found else None)
    if len(found) > 1:
        worst += f" (and {plural(len(found) - 1, 'more problem')})"
    match verdict:
        case Verdict.FAIL:
            never = "; under --fail-on never that does not change the exit code"
            return f"Do not send {stopped}: {worst}{never if report.fail_on is FailOn.NEVER else ''}"
        case Verdict.WARN if report.exit_code is ExitCode.FAILED:
            return f"Do not send {stopped}: {worst}; a warning counts as a failure here (--fail-on warn)"
        case Verdict.UNKNOWN:
            return f"Do not send {stopped} yet: {worst or 'not every bound could be judged'}"
        case Verdict.WARN:
            return f"Look before you send {stopped}: {worst}"
        case Verdict.PASS:
            fresh = ", counted fresh" if report.is_fresh else ""
            may_go = "May be sent" if report.is_recent else "Was fine then"
            return f"{may_go}: {_everything(report)} within bounds{fresh}"


def _concerned(report: Report, verdict: Verdict, worst: Finding | None) -> tuple[str, str]:
    """Return the campaigns with the report's verdict, or else the segments, and the worst finding in short.

    What the worst finding is about comes first; where nothing else is named, its name is not said twice.
    """
    concerned = [each for each in audiences(report) if each.verdict is verdict]
    campaigns = [each.name for each in concerned if each.is_campaign]
    keys = campaigns or [each.name for each in concerned]
    in_short = ""
    if worst is not None:
        own = worst.campaigns if campaigns else (worst.name,)
        keys.sort(key=lambda key: key not in own)
        is_said = worst.is_total if campaigns else True
        in_short = wording.in_short(worst, named=not (is_said and keys == [worst.name]))
    return names(keys) if campaigns else f"to {names(keys)}", in_short


def _everything(report: Report) -> str:
    kinds = ((len(report.campaigns), "campaign"), (len(report.segments), "segment"))
    every = " and ".join(plural(many, noun) for many, noun in kinds if many)
    return f"{every} {'is' if every == '1 segment' else 'are'}"
