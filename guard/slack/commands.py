"""What the app answers at once to a command or a button, whichever way Slack delivered it."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.errors import GuardError, RulesError, UsageError
from guard.core.plan import plan
from guard.core.text import duration, plural, shortened
from guard.slack import log
from guard.slack.command_text import parse
from guard.slack.job_queue import BusyError, ClosedError, Job, JobQueue
from guard.slack.jobs import STOPPED, explained, fault
from guard.slack.notices import help_page, no_rules, notice, problems
from guard.slack.trends import NO_STORE, trend_message

if TYPE_CHECKING:
    from guard.core.model import Rules
    from guard.core.plan import Plan
    from guard.history.store import Store
    from guard.slack.delivery import Delivery
    from guard.slack.job_queue import Admission, Requester
    from guard.slack.jobs import Jobs, KeptAnswer
    from guard.slack.rules_file import RulesFile
    from guard.slack.verdict_message import Message

_WAITING = 16  # checks that may wait for a worker
_MINUTE = 60
_SOON = 10.0  # seconds; somebody who joins at the last moment still waits for the report
_TIME_TO_END = 6.0  # seconds for running checks when the app stops
_NOT_KEPT = notice("That answer was shared already, or is too old", "Ask again, with the word share at the end.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Who may ask, and where; an empty set means everybody or everywhere."""

    users: frozenset[str]
    channels: frozenset[str]

    def refusal(self, requester: Requester) -> str | None:
        """Return why this person may not ask, or None."""
        if requester.is_stranger:
            return "Only people of this workspace can ask for audience checks."
        if self.users and requester.user not in self.users:
            return "You are not allowed to ask for audience checks here."
        if self.channels and requester.channel not in self.channels:
            return "You cannot ask for audience checks in this channel."
        return None


class Commands:
    """Answers each command at once: a check was started, or why not. Never raises.

    At most ``workers`` checks run at a time. ``time_limit`` is in seconds, from the command to its answer.
    """

    def __init__(
        self,
        *,
        rules: RulesFile,
        permission: Permission,
        jobs: Jobs,
        delivery: Delivery,
        workers: int,
        time_limit: float,
        store: Store | None = None,
    ) -> None:
        self._store = store
        self._rules, self._permission = rules, permission
        self._jobs, self._delivery = jobs, delivery
        self._time_limit = time_limit
        self._job_queue = JobQueue(
            workers=workers, waiting=_WAITING, work=jobs.work, tell=jobs.tell, stopped=lambda _: STOPPED
        )

    def ask(self, text: str, requester: Requester) -> Message:
        """Return the immediate answer to a command."""
        try:
            return self._refused(requester) or self._asked(text, requester)
        except BusyError as busy:
            log.event("busy", **requester.who, before=busy.before)
            ahead = f"{plural(busy.before, 'check')} are ahead of yours, so yours was not started."
            return notice("Busy", ahead, "Ask again later.")
        except ClosedError:
            log.event("asked_while_stopping", **requester.who)
            return STOPPED
        except GuardError as error:
            log.event("not_started", **requester.who, why=type(error).__name__)
            return explained(error)
        except Exception as error:  # noqa: BLE001 - the person who asked learns of our own bugs too
            return fault(error, secrets.token_hex(4))

    def ask_again(self, words: str, requester: Requester) -> None:
        """Ask once more, for a button, and deliver the immediate answer."""
        message = self.ask(words, requester)
        self._job_queue.later(lambda: self._delivery.bring(message, requester))

    def share(self, reference: str, requester: Requester) -> None:
        """Post an earlier answer in the channel, for a button."""
        refused = self._refused(requester)
        kept = None if refused else self._jobs.take(reference)
        log.event("share", **requester.who, allowed=refused is None, found=kept is not None)
        if kept is not None:
            self._job_queue.later(lambda: self._share(reference, kept, requester))
        else:
            self._job_queue.later(lambda: self._delivery.bring(refused or _NOT_KEPT, requester))

    def _share(self, reference: str, kept: KeptAnswer, requester: Requester) -> None:
        if not self._delivery.bring(kept.message(self._rules.sha256()), requester, share=True):
            self._jobs.put_back(reference, kept)

    @property
    def is_open(self) -> bool:
        """Whether the app still starts checks."""
        return self._job_queue.is_open

    def close(self) -> None:
        """Start no more checks, give running ones a few seconds, and tell everybody else."""
        self._delivery.hurry()
        self._job_queue.close(_TIME_TO_END)

    def _refused(self, requester: Requester) -> Message | None:
        refusal = self._permission.refusal(requester)
        if refusal is None:
            return None
        log.event("refused", **requester.who)
        return notice("Not allowed", refusal, "The person who runs the audience guard can change that.")

    def _asked(self, text: str, requester: Requester) -> Message:
        try:
            rules = self._rules.read()
        except UsageError as error:
            log.trouble("rules_unusable", **requester.who, why=type(error).__name__)
            return problems(error) if isinstance(error, RulesError) else no_rules(error)
        ask = parse(text, rules)
        if ask.history is not None:
            return self._history(rules, ask.history, replace(requester, share=ask.share))
        if ask.selection is None:
            log.event("help", **requester.who)
            return help_page(rules)
        planned = plan(rules, ask.selection)
        admission = self._job_queue.ask(
            Job(rules=rules, selection=ask.selection, words=ask.words, ends_at=requester.asked_at + self._time_limit),
            replace(requester, share=ask.share),
        )
        check, joined, before = admission.job.reference, admission.joined, admission.before
        log.event("asked", **requester.who, check=check, joined=joined, before=before)
        return _accepted(admission, planned, requester)

    def _history(self, rules: Rules, key: str, requester: Requester) -> Message:
        """Look the trends up after the first answer: a store may need longer than Slack waits."""
        log.event("history", **requester.who, known=self._store is not None)
        store = self._store
        if store is None:
            return NO_STORE

        def answer() -> None:
            try:
                message = trend_message(store, rules, key)
            except Exception as error:  # noqa: BLE001 - the person who asked learns of our own bugs too
                message = fault(error, secrets.token_hex(4))
            self._delivery.bring(message, requester, share=requester.share)

        self._job_queue.later(answer)
        return notice(f"Looking up the history of {shortened(key)}")


def _accepted(admission: Admission, planned: Plan, requester: Requester) -> Message:
    """Say what is being counted, and how long that may take."""
    job = admission.job
    counts = sum(len(planned.channels(segment)) for segment in planned.segments)
    what = f"{plural(counts, 'fresh count')} of {plural(len(planned.segments), 'segment')}."
    time = _roughly(max(job.ends_at - requester.asked_at, _SOON))
    at_most = f"The answer comes here within {time}, usually much sooner."
    if admission.joined:
        return notice(f"Already counting: {job.words}", f"Somebody asked for the same before: {what}", at_most)
    if admission.before:
        before = f"{plural(admission.before, 'check')} before it, then {what}"
        return notice(f"Waiting: {job.words}", before, at_most)
    return notice(f"Counting: {job.words}", f"Asking Blueshift for {what}", at_most)


def _roughly(seconds: float) -> str:
    """Return a duration in whole minutes, or in seconds below two minutes.

    Clock differences are not exact: a duration slightly over 20 minutes is still 20 minutes.
    """
    whole = round(seconds)
    return duration(whole if whole < 2 * _MINUTE else math.ceil(whole / _MINUTE) * _MINUTE)
