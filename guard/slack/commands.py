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
from guard.slack.job_queue import BusyError, Check, ClosedError, Desk
from guard.slack.jobs import STOPPED, explained, fault
from guard.slack.notices import help_page, no_rules, note, problems

if TYPE_CHECKING:
    from guard.core.plan import Plan
    from guard.slack.delivery import Delivery
    from guard.slack.job_queue import Admission, Asker
    from guard.slack.jobs import Answering, Kept
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

    def refusal(self, asker: Asker) -> str | None:
        """Return why the asker may not ask, or None."""
        if asker.is_stranger:
            return "Audience checks can be asked for by people of this workspace alone."
        if self.users and asker.user not in self.users:
            return "You are not among the people who may ask for audience checks here."
        if self.channels and asker.channel not in self.channels:
            return "Audience checks cannot be asked for in this channel."
        return None


class Conversation:
    """Says at once that a check was started, whose outcome follows, or why none was; nothing here raises.

    At most ``workers`` checks run at a time, and ``time_limit`` is in seconds, from the question to its answer.
    """

    def __init__(
        self,
        *,
        rules: RulesFile,
        permission: Permission,
        answering: Answering,
        delivery: Delivery,
        workers: int,
        time_limit: float,
    ) -> None:
        self._rules, self._permission = rules, permission
        self._answering, self._delivery = answering, delivery
        self._time_limit = time_limit
        self._desk = Desk(
            workers=workers, waiting=_WAITING, work=answering.work, tell=answering.tell, stopped=lambda _: STOPPED
        )

    def ask(self, text: str, asker: Asker) -> Message:
        """Return what to say at once to a question."""
        try:
            return self._refused(asker) or self._asked(text, asker)
        except BusyError as busy:
            log.event("busy", user=asker.user, channel=asker.channel, before=busy.before)
            return note("Busy", f"{plural(busy.before, 'check')} before you, so none was started.", "Ask again later.")
        except ClosedError:
            log.event("asked_while_stopping", user=asker.user, channel=asker.channel)
            return STOPPED
        except GuardError as error:
            log.event("not_started", user=asker.user, channel=asker.channel, why=type(error).__name__)
            return explained(error)
        except Exception as error:  # noqa: BLE001 - whoever asked is told, also of a fault of our own
            return fault(error, secrets.token_hex(4))

    def ask_again(self, words: str, asker: Asker) -> None:
        """Ask once more, for a button; what there is to say at once is brought."""
        message = self.ask(words, asker)
        self._desk.later(lambda: self._delivery.bring(message, asker))

    def share(self, reference: str, asker: Asker) -> None:
        """Bring an answer that was given before to the channel, for a button."""
        refused = self._refused(asker)
        kept = None if refused else self._answering.take(reference)
        log.event("share", user=asker.user, channel=asker.channel, allowed=refused is None, found=kept is not None)
        if kept is not None:
            self._desk.later(lambda: self._share(reference, kept, asker))
            return
        message = refused or note(
            "That answer was shared already, or is too old", "Ask again, with the word share at the end."
        )
        self._desk.later(lambda: self._delivery.bring(message, asker))

    def _share(self, reference: str, kept: Kept, asker: Asker) -> None:
        if not self._delivery.bring(kept.message(self._rules.sha256()), asker, share=True):
            self._answering.put_back(reference, kept)

    @property
    def is_open(self) -> bool:
        """Whether checks are started still."""
        return self._desk.is_open

    def close(self) -> None:
        """Start no more checks, let those under way end for a while, and have everybody else told."""
        self._delivery.hurry()
        self._desk.close(_TIME_TO_END)

    def _refused(self, asker: Asker) -> Message | None:
        refusal = self._permission.refusal(asker)
        if refusal is None:
            return None
        log.event("refused", user=asker.user, channel=asker.channel)
        return note("Not allowed", refusal, "Whoever runs the audience guard can change that.")

    def _asked(self, text: str, asker: Asker) -> Message:
        try:
            rules = self._rules.read()
        except UsageError as error:
            log.trouble("rules_unusable", user=asker.user, channel=asker.channel, why=type(error).__name__)
            return problems(error) if isinstance(error, RulesError) else no_rules(error)
        ask = parse(text, rules)
        if ask.selection is None:
            log.event("help", user=asker.user, channel=asker.channel)
            return help_page(rules)
        planned = plan(rules, ask.selection)
        admission = self._desk.ask(
            Check(rules=rules, selection=ask.selection, words=ask.words, ends_at=asker.asked_at + self._time_limit),
            replace(asker, share=ask.share),
        )
        log.event(
            "asked",
            user=asker.user,
            channel=asker.channel,
            check=admission.check.reference,
            joined=admission.joined,
            before=admission.before,
        )
        return _accepted(admission, planned, asker)


def _accepted(admission: Admission, planned: Plan, asker: Asker) -> Message:
    """Say what is being counted, and for how long that may take."""
    check = admission.check
    counts = sum(len(planned.channels(segment)) for segment in planned.segments)
    what = f"{plural(counts, 'fresh count')} of {plural(len(planned.segments), 'segment')}."
    at_most = (
        f"The answer comes here within {_roughly(max(check.ends_at - asker.asked_at, _SOON))}, usually much sooner."
    )
    if admission.joined:
        return note(f"Being counted already: {check.words}", f"The same was asked for before: {what}", at_most)
    if admission.before:
        before = f"{plural(admission.before, 'check')} before it, then {what}"
        return note(f"Waiting: {check.words}", before, at_most)
    return note(f"Counting: {check.words}", f"Blueshift is asked for {what}", at_most)


def _roughly(seconds: float) -> str:
    """Return a duration in whole minutes, or in seconds below two of them.

    The difference of two readings of a clock is not exact: 20 minutes can come out a hair longer, and are 20 still.
    """
    whole = round(seconds)
    return duration(whole if whole < 2 * _MINUTE else math.ceil(whole / _MINUTE) * _MINUTE)
