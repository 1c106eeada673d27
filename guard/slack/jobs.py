"""What comes of a check that was started: its report, or why there is none, brought to everybody who asked."""

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
from guard.slack.notices import notice
from guard.slack.verdict_message import prefaced, verdict_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.slack.delivery import Delivery
    from guard.slack.engine import Engine
    from guard.slack.job_queue import Job, Requester
    from guard.slack.verdict_message import Message

_MOST_KEPT = 200
_LONGEST_KEPT = 30 * 60.0  # seconds; an older answer says nothing about a send of now
_NEW = 60.0  # seconds
_LEAST_TIME = 1.0  # seconds; a check that waited long still says what it could not find out

STOPPED = notice(
    "The audience guard is being restarted",
    "Nothing was found out, so nothing is proven. Ask again in a minute.",
)
"""What everybody is told whose check was not over when the app had to end."""

_TOO_LATE = notice(
    "The audience could not be found out",
    "The counting did not end in time, so nothing is proven: do not send on this.",
    "Ask again in a minute.",
)


_OTHER_RULES = "The rules have changed since this was checked, so it may not hold any more: check again."
_NO_RULES = "The rules file cannot be read now, so this may not hold any more: check again when it can."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer that may be shared, by which rules it was given (their SHA-256), and when (``time.monotonic()``)."""

    answer: Message
    rules_sha256: str
    given_at: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        """The seconds since it was given."""
        return time.monotonic() - self.given_at

    def message(self, rules_sha256: str | None) -> Message:
        """Return what to show others: an answer that is not new, or is by other rules than those of now, says so first.

        ``rules_sha256`` is that of the rules of now, None where they cannot be read.
        """
        remarks = []
        if self.age >= _NEW:
            remarks.append(f"This was checked {duration(self.age)} ago.")
        if rules_sha256 != self.rules_sha256:
            remarks.append(_OTHER_RULES if rules_sha256 else _NO_RULES)
        return prefaced(self.answer, " ".join(remarks)) if remarks else self.answer


class Jobs:
    """Has checks counted, and brings what came of them; nothing here raises."""

    def __init__(self, engine: Engine, delivery: Delivery, rules_of_now: Callable[[], str | None]) -> None:
        """``rules_of_now`` returns the SHA-256 of the rules as they stand, None where they cannot be used."""
        self._engine, self._delivery, self._rules_of_now = engine, delivery, rules_of_now
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()

    def work(self, job: Job) -> Report | Message:
        """Return the report of the check, or a message that says why there is none."""
        time_limit = max(_LEAST_TIME, job.ends_at - time.monotonic())
        try:
            report = self._engine.check(job.rules, job.selection, time_limit=time_limit)
        except GuardError as error:
            log.trouble("not_checked", check=job.reference, why=type(error).__name__)
            return explained(error)
        except TimeoutError:
            log.trouble("not_checked", check=job.reference, why="TimeoutError")
            return _TOO_LATE
        except CancelledError:
            return STOPPED
        except Exception as error:  # noqa: BLE001 - a fault of our own is told, and is no pass
            return fault(error, job.reference)
        seconds = round(time.monotonic() - job.started_at, 3)
        log.event(
            "checked",
            check=job.reference,
            verdict=report.verdict.value,
            exit_code=int(report.exit_code),
            unknown=sorted({result.reason.value for result in report.results() if result.reason}),
            seconds=seconds,
            rules=report.rules_sha256[:12],
        )
        return report

    def tell(self, requester: Requester, job: Job, outcome: Report | Message) -> None:
        """Bring the outcome to one of those who asked for it."""
        try:
            if not isinstance(outcome, Report):
                self._delivery.bring(outcome, requester, check=job.reference)
                return
            counted_by, now = job.rules.sha256, self._rules_of_now()
            shared = verdict_message(outcome, requester=requester.user, again=job.words)
            if requester.share:
                message = KeptAnswer(answer=shared, rules_sha256=counted_by).message(now)
                self._delivery.bring(message, requester, share=True, check=job.reference)
                return
            private = verdict_message(
                outcome, requester=requester.user, again=job.words, share=self._keep(shared, counted_by)
            )
            message = KeptAnswer(answer=private, rules_sha256=counted_by).message(now)
            self._delivery.bring(message, requester, check=job.reference)
        except Exception as error:  # noqa: BLE001 - a report that cannot be shown is a fault of our own, told as such
            self._delivery.bring(fault(error, job.reference), requester, check=job.reference)

    def take(self, reference: str) -> KeptAnswer | None:
        """Return an answer given before, for others to see; None when it was taken already, or was too long ago."""
        kept = self._kept.pop(reference, None)
        return kept if kept and kept.age < _LONGEST_KEPT else None

    def put_back(self, reference: str, kept: KeptAnswer) -> None:
        """Let an answer be taken once more, since it did not reach the others."""
        self._kept[reference] = kept

    def _keep(self, message: Message, rules_sha256: str) -> str:
        reference = secrets.token_hex(8)
        self._kept[reference] = KeptAnswer(answer=message, rules_sha256=rules_sha256)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return reference


def explained(error: GuardError) -> Message:
    """Return what to tell of an error that was expected: what is wrong, and what to do."""
    return notice("Nothing was checked", *(_as_sentence(text) for text in (error.message, error.hint) if text))


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def fault(error: Exception, reference: str) -> Message:
    """Log where a fault of our own is, and return what to tell of it: nothing is proven."""
    log.bug("fault", error, check=reference)
    return notice(
        "The audience guard itself failed",
        "Nothing is proven: do not send on this.",
        f"Whoever runs it finds the fault in its log, under {reference}.",
    )
