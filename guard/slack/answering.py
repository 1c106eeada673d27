"""What comes of a check that was started: its report, or why there is none, brought to everybody who asked."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from guard.errors import GuardError, RulesError
from guard.outcome import Report
from guard.slack import log
from guard.slack.message import answer
from guard.slack.notes import note, problems

if TYPE_CHECKING:
    from guard.slack.delivery import Delivery
    from guard.slack.desk import Asker, Check
    from guard.slack.engine import Engine
    from guard.slack.message import Message

_MOST_KEPT = 200
_LEAST_TIME = 1.0  # seconds; a check that waited long still says what it could not find out

STOPPED = note(
    "The audience guard is being restarted",
    "Nothing was found out, so nothing is proven. Ask again in a minute.",
)
"""What everybody is told whose check was not over when the app had to end."""

_TOO_LATE = note(
    "The audience could not be found out",
    "The counting did not end in time, so nothing is proven: do not send on this.",
    "Ask again in a minute.",
)


class Answering:
    """Has checks counted, and brings what came of them; nothing here raises."""

    def __init__(self, engine: Engine, delivery: Delivery) -> None:
        self._engine, self._delivery = engine, delivery
        self._kept: OrderedDict[str, Message] = OrderedDict()

    def work(self, check: Check) -> Report | Message:
        """Return the report of the check, or a message that says why there is none."""
        time_limit = max(_LEAST_TIME, check.ends_at - time.monotonic())
        try:
            report = self._engine.check(check.rules, check.selection, time_limit=time_limit)
        except GuardError as error:
            log.trouble("not_checked", check=check.reference, why=type(error).__name__)
            return explained(error)
        except TimeoutError:
            log.trouble("not_checked", check=check.reference, why="TimeoutError")
            return _TOO_LATE
        except CancelledError:
            return STOPPED
        except Exception as error:  # noqa: BLE001 - a fault of our own is told, and is no pass
            return fault(error, check.reference)
        seconds = round(time.monotonic() - check.started_at, 3)
        log.event(
            "checked",
            check=check.reference,
            verdict=report.verdict.value,
            exit_code=int(report.exit_code),
            seconds=seconds,
            rules=report.rules_sha256[:12],
        )
        return report

    def tell(self, asker: Asker, check: Check, outcome: Report | Message) -> None:
        """Bring the outcome to one of those who asked for it."""
        try:
            if isinstance(outcome, Report):
                shared = answer(outcome, asker=asker.user, again=check.words)
                reference = self._keep(shared)
                private = answer(outcome, asker=asker.user, again=check.words, share=reference)
                outcome = shared if asker.share else private
            self._delivery.bring(outcome, asker, share=asker.share, check=check.reference)
        except Exception as error:  # noqa: BLE001 - a report that cannot be shown is a fault of our own, told as such
            self._delivery.bring(fault(error, check.reference), asker, check=check.reference)

    def kept(self, reference: str) -> Message | None:
        """Return an answer given before, for others to see; None when it was too long ago."""
        return self._kept.get(reference)

    def _keep(self, message: Message) -> str:
        reference = secrets.token_hex(8)
        self._kept[reference] = message
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return reference


def explained(error: GuardError) -> Message:
    """Return what to tell of an error that was expected: what is wrong, and what to do."""
    if isinstance(error, RulesError):
        return problems(error)
    return note("Nothing was checked", error.message, *([error.hint] if error.hint else []))


def fault(error: Exception, reference: str) -> Message:
    """Log where a fault of our own is, and return what to tell of it: nothing is proven."""
    log.bug("fault", error, check=reference)
    return note(
        "The audience guard itself failed",
        "Nothing is proven: do not send on this.",
        f"Whoever runs it finds the fault in its log, under {reference}.",
    )
