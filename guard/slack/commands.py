"""What the app says at once to a question or a button; nothing here knows how Slack brought it."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.core.errors import GuardError, RulesError, UsageError
from guard.core.plan import plan
from guard.core.text import duration, plural
from guard.slack import log
from guard.slack.command_text import parse
from guard.slack.job_queue import BusyError, ClosedError, Job, JobQueue
from guard.slack.jobs import STOPPED, explained, fault
from guard.slack.notices import help_page, no_rules, notice, problems

if TYPE_CHECKING:
    from guard.core.plan import Plan
    from guard.slack.delivery import Delivery
    from guard.slack.job_queue import Admission, Requester
    from guard.slack.jobs import Jobs, KeptAnswer
    from guard.slack.rules_file import RulesFile
    from guard.slack.verdict_message import Message

_WAITING = 16  # checks that may wait for a worker
_MINUTE = 60
_SOON = 10.0  # seconds; whoever joins at the very end still waits for the report
_TIME_TO_END = 6.0  # seconds that running checks get when the app is stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Who may ask, and where; an empty set lets everybody."""

    users: frozenset[str]
    channels: frozenset[str]

    def refusal(self, requester: Requester) -> str | None:
        """Return why the requester may not ask, or None."""
        if requester.is_stranger:
            return "Audience checks can be asked for by people of this workspace alone."
        if self.users and requester.user not in self.users:
            return "You are not among the people who may ask for audience checks here."
        if self.channels and requester.channel not in self.channels:
            return "Audience checks cannot be asked for in this channel."
        return None


class Commands:
    """Says at once that a check was started, whose outcome follows, or why none was; nothing here raises.

    At most ``workers`` checks run at a time, and ``time_limit`` is in seconds, from the question to its answer.
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
    ) -> None:
        self._rules, self._permission = rules, permission
        self._jobs, self._delivery = jobs, delivery
        self._time_limit = time_limit
        self._job_queue = JobQueue(
            workers=workers, waiting=_WAITING, work=jobs.work, tell=jobs.tell, stopped=lambda _: STOPPED
        )

    def ask(self, text: str, requester: Requester) -> Message:
        """Return what to say at once to a question."""
        try:
            return self._refused(requester) or self._asked(text, requester)
        except BusyError as busy:
            log.event("busy", user=requester.user, channel=requester.channel, before=busy.before)
            return notice(
                "Busy", f"{plural(busy.before, 'check')} before you, so none was started.", "Ask again later."
            )
        except ClosedError:
            log.event("asked_while_stopping", user=requester.user, channel=requester.channel)
            return STOPPED
        except GuardError as error:
            log.event("not_started", user=requester.user, channel=requester.channel, why=type(error).__name__)
            return explained(error)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, also of a fault of our own
            return fault(error, secrets.token_hex(4))

    def ask_again(self, words: str, requester: Requester) -> None:
        """Ask once more, for a button; what there is to say at once is brought."""
        message = self.ask(words, requester)
        self._job_queue.later(lambda: self._delivery.bring(message, requester))

    def share(self, reference: str, requester: Requester) -> None:
        """Bring an answer that was given before to the channel, for a button."""
        refused = self._refused(requester)
        kept = None if refused else self._jobs.take(reference)
        log.event(
            "share", user=requester.user, channel=requester.channel, allowed=refused is None, found=kept is not None
        )
        if kept is not None:
            self._job_queue.later(lambda: self._share(reference, kept, requester))
            return
        message = refused or notice(
            "That answer was shared already, or is too old", "Ask again, with the word share at the end."
        )
        self._job_queue.later(lambda: self._delivery.bring(message, requester))

    def _share(self, reference: str, kept: KeptAnswer, requester: Requester) -> None:
        if not self._delivery.bring(kept.message(self._rules.sha256()), requester, share=True):
            self._jobs.put_back(reference, kept)

    @property
    def is_open(self) -> bool:
        """Whether checks are started still."""
        return self._job_queue.is_open

    def close(self) -> None:
        """Start no more checks, let those under way end for a while, and have everybody else told."""
        self._delivery.hurry()
        self._job_queue.close(_TIME_TO_END)

    def _refused(self, requester: Requester) -> Message | None:
        refusal = self._permission.refusal(requester)
        if refusal is None:
            return None
        log.event("refused", user=requester.user, channel=requester.channel)
        return notice("Not allowed", refusal, "Whoever runs the audience guard can change that.")

    def _asked(self, text: str, requester: Requester) -> Message:
        try:
            rules = self._rules.read()
        except UsageError as error:
            log.trouble("rules_unusable", user=requester.user, channel=requester.channel, why=type(error).__name__)
            return problems(error) if isinstance(error, RulesError) else no_rules(error)
        ask = parse(text, rules)
        if ask.selection is None:
            log.event("help", user=requester.user, channel=requester.channel)
            return help_page(rules)
        planned = plan(rules, ask.selection)
        admission = self._job_queue.ask(
            Job(rules=rules, selection=ask.selection, words=ask.words, ends_at=requester.asked_at + self._time_limit),
            replace(requester, share=ask.share),
        )
        log.event(
            "asked",
            user=requester.user,
            channel=requester.channel,
            check=admission.job.reference,
            joined=admission.joined,
            before=admission.before,
        )
        return _accepted(admission, planned, requester)


def _accepted(admission: Admission, planned: Plan, requester: Requester) -> Message:
    """Say what is being counted, and for how long that may take."""
    job = admission.job
    counts = sum(len(planned.channels(segment)) for segment in planned.segments)
    what = f"{plural(counts, 'fresh count')} of {plural(len(planned.segments), 'segment')}."
    at_most = (
        f"The answer comes here within {_roughly(max(job.ends_at - requester.asked_at, _SOON))}, usually much sooner."
    )
    if admission.joined:
        return notice(f"Being counted already: {job.words}", f"The same was asked for before: {what}", at_most)
    if admission.before:
        before = f"{plural(admission.before, 'check')} before it, then {what}"
        return notice(f"Waiting: {job.words}", before, at_most)
    return notice(f"Counting: {job.words}", f"Blueshift is asked for {what}", at_most)


def _roughly(seconds: float) -> str:
    """Return a duration in whole minutes, or in seconds below two of them.

    The difference of two readings of a clock is not exact: 20 minutes can come out a hair longer, and are 20 still.
    """
    whole = round(seconds)
    return duration(whole if whole < 2 * _MINUTE else math.ceil(whole / _MINUTE) * _MINUTE)
