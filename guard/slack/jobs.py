"""Runs a job: counts, and sends the report, or why there is none, to everybody who asked."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.core.errors import GuardError
from guard.core.results import Report
from guard.core.text import duration
from guard.slack import log
from guard.slack.notices import as_sentence, notice
from guard.slack.verdict_message import prefaced, verdict_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.slack.delivery import Delivery
    from guard.slack.engine import Engine
    from guard.slack.job_queue import Job, Requester
    from guard.slack.verdict_message import Message

_MOST_KEPT = 200
_LONGEST_KEPT = 30 * 60.0  # seconds; an older answer says nothing about a send now
_NEW = 60.0  # seconds
_LEAST_TIME = 1.0  # seconds; a check that waited too long still reports what is unknown

STOPPED = notice("The audience guard is being restarted", "This check has no verdict. Ask again in a minute.")
"""For everybody whose check did not finish before the app stopped."""

_TOO_LATE = notice(
    "The audience could not be counted",
    "The count did not finish in time, so there is no verdict. Do not send.",
    "Ask again in a minute.",
)

_OTHER_RULES = "The rules have changed since this check, so this verdict may be out of date: check again."
_NO_RULES = "The rules file cannot be read now, so this verdict may be out of date: check again when it can."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer that can be shared."""

    answer: Message
    rules_sha256: str
    given_at: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """Seconds since the answer was given."""
        return time.monotonic() - self.given_at

    def message(self, rules_sha256: str | None) -> Message:
        """Return the answer; a remark comes first if it is old, or if the current rules are others or unreadable."""
        remarks = []
        if self.age >= _NEW:
            remarks.append(f"This was checked {duration(self.age)} ago.")
        if rules_sha256 != self.rules_sha256:
            remarks.append(_OTHER_RULES if rules_sha256 else _NO_RULES)
        return prefaced(self.answer, " ".join(remarks)) if remarks else self.answer


class Jobs:
    """Runs checks and delivers their outcome. Never raises."""

    def __init__(self, engine: Engine, delivery: Delivery, current_rules: Callable[[], str | None]) -> None:
        """``current_rules`` returns the SHA-256 of the rules file now, None if it cannot be used."""
        self._engine, self._delivery, self._current_rules = engine, delivery, current_rules
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()

    def work(self, job: Job) -> Report | Message:
        """Return the report, or a message that says why there is none."""
        time_limit = max(_LEAST_TIME, job.ends_at - time.monotonic())
        try:
            report = self._engine.check(job.rules, job.selection, time_limit=time_limit)
        except (GuardError, TimeoutError) as error:
            log.trouble("not_checked", check=job.reference, why=type(error).__name__)
            return explained(error) if isinstance(error, GuardError) else _TOO_LATE
        except CancelledError:
            return STOPPED
        except Exception as error:  # noqa: BLE001 - our own bug is reported, never a pass
            return fault(error, job.reference)
        log.event(
            "checked",
            check=job.reference,
            verdict=report.verdict.value,
            exit_code=int(report.exit_code),
            unknown=sorted({result.reason.value for result in report.results() if result.reason}),
            recorded=report.history.recorded if report.history else None,
            seconds=round(time.monotonic() - job.started_at, 3),
            rules=report.rules_sha256[:12],
        )
        return report

    def tell(self, requester: Requester, job: Job, outcome: Report | Message) -> None:
        """Deliver the outcome to one requester."""
        share = False
        try:
            if isinstance(outcome, Report):
                message, share = self._answer(outcome, requester, job), requester.share
            else:
                message = outcome
        except Exception as error:  # noqa: BLE001 - failing to show a report is our own bug
            message = fault(error, job.reference)
        self._delivery.bring(message, requester, share=share, check=job.reference)

    def _answer(self, report: Report, requester: Requester, job: Job) -> Message:
        """Return the message for the report, with a button to share it unless the channel sees it anyway."""
        now = self._current_rules()
        answer = verdict_message(report, requester=requester.user, again=job.words)
        if not requester.share:
            reference = self._keep(answer, job.rules.sha256)
            answer = verdict_message(report, requester=requester.user, again=job.words, share=reference)
        return KeptAnswer(answer=answer, rules_sha256=job.rules.sha256).message(now)

    def take(self, reference: str) -> KeptAnswer | None:
        """Return an earlier answer to share; None if it was taken already or is too old."""
        kept = self._kept.pop(reference, None)
        return kept if kept and kept.age < _LONGEST_KEPT else None

    def put_back(self, reference: str, kept: KeptAnswer) -> None:
        """Make an answer available again, because sharing it failed."""
        self._kept[reference] = kept

    def _keep(self, message: Message, rules_sha256: str) -> str:
        reference = secrets.token_hex(8)
        self._kept[reference] = KeptAnswer(answer=message, rules_sha256=rules_sha256)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return reference


def explained(error: GuardError) -> Message:
    """Return the message for an expected error: what is wrong, and what to do."""
    return notice("Nothing was checked", *(as_sentence(text) for text in (error.message, error.hint) if text))


def fault(error: Exception, reference: str) -> Message:
    """Log where our own bug is, and return the message for it."""
    log.bug("fault", error, check=reference)
    return notice(
        "The audience guard crashed",
        "There is no verdict. Do not send.",
        f"The person who runs it finds the details in its log, under {reference}.",
    )
