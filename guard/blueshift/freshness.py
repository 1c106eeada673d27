"""Proves that a count is fresh: read a baseline, trigger a refresh, and poll until the server's stamp has moved.

A number counts only if a refresh that we triggered ended after the baseline. Three things stay unseen: another user's
refresh that starts between baseline and trigger, replicas that lag, and a stamp that moved because somebody else
refreshed another channel.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.blueshift.answers import is_of_this_run, whole_seconds
from guard.blueshift.api import attempts
from guard.blueshift.errors import BadAnswerError, RequestError, UnavailableError
from guard.blueshift.poll_intervals import about, grown, out_of_step, sometime
from guard.core.results import Before, Count, Reason, Unavailable
from guard.core.text import duration
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.blueshift.answers import Answer
    from guard.blueshift.api import Api, Target
    from guard.blueshift.pending_refreshes import PendingRefreshes
    from guard.blueshift.poll_intervals import RefreshTimes
    from guard.core.model import Channel, Refresh
    from guard.core.progress import Progress

_LONGEST_WAIT = 4  # times max_poll_interval, between two polls of a refresh that is likely to take long
_BLIND_PRECISION = 0.05  # of the time so far: the poll interval until the first refresh has ended
_LATE_PRECISION = 0.1  # of the time so far: the poll interval for a refresh that takes longer than others did
_SECOND = 1.0
_NEVER_COUNTED = "Blueshift has never computed this segment's counts"
_ANSWER_TIME = 1.0  # seconds reserved at the end of a wait for the answer to its last poll


class Prover:
    """Proves counts; make one call at a time for a segment, because its channels and variants share one stamp."""

    def __init__(
        self,
        api: Api,
        refresh: Refresh,
        times: Mapping[Channel, RefreshTimes],
        pending: PendingRefreshes,
        progress: Progress,
    ) -> None:
        self._api = api
        self._refresh = refresh
        self._times = times
        self._pending = pending
        self._progress = progress
        self._clock = asyncio.get_running_loop()
        self._waits: dict[tuple[Target, Channel], str] = {}
        self._at_work: dict[str, tuple[Target, Channel]] = {}
        self._first_looks: dict[Target, Answer] = {}
        self._triggered: set[str] = set()

    def waits_for(self, target: Target, channel: Channel) -> str:
        """Return what an unfinished count waits for, as in "Blueshift was still counting email".

        A count that has not begun waits for the running count of its segment.
        """
        before = self._at_work.get(target.uuid)
        if (target, channel) in self._waits or before not in self._waits:
            return self._waits.get((target, channel), "its turn had not come")
        same = before[1] is channel  # with the other value of bypass_global
        after = "another of the same segment" if same else before[1].facts.label
        return f"{self._waits[before]}, and {'this count' if same else channel.facts.label} was to come after {after}"

    def before(self, target: Target, channel: Channel) -> Before | None:
        """Return what Blueshift showed before this run counted the segment, or None if it showed no such count."""
        look = self._first_looks.get(target)
        if look is None or look.refreshing or look.stamp is None:
            return None
        try:
            return Before(count=look.count(channel), counted_at=look.stamp)
        except BadAnswerError:
            return None

    async def count(self, target: Target, channel: Channel) -> Count | Unavailable:
        """Return the channel's count, proven fresh, or why there is none; raises only ``RunEndedError``."""
        self._at_work[target.uuid] = target, channel
        try:
            baseline, triggered, answer = await self._prove(target, channel)
            count = _counted(answer, channel)
        except UnavailableError as error:
            unavailable = replace(error.unavailable, detail=self._api.scrub(error.unavailable.detail))
            log("given_up", segment=target, channel=channel, reason=unavailable.reason, why=unavailable.detail)
            return unavailable
        log(
            "proven",
            segment=target,
            channel=channel,
            count=count.value,
            stamp=answer.stamp,
            baseline_stamp=baseline.stamp,
            trigger_stamp=triggered.stamp,
        )
        return count

    async def _prove(self, target: Target, channel: Channel) -> tuple[Answer, Answer, Answer]:
        """Return the answers that prove the count: the baseline, the trigger's, and the last poll's.

        Every pending refresh of the segment may still move the stamp. So the stamp has to move once more than there are
        pending refreshes, each time after a new trigger for this channel.
        """
        baseline = await self._baseline(target, channel, first=True)
        moves_left = self._pending.count(target)
        while True:
            baseline, triggered = await self._start(target, channel, baseline)
            self._waits[target, channel] = f"Blueshift was still counting {channel.facts.label}"
            with self._progress.refresh():
                answer = await self._finish(target, channel, baseline, triggered)
            if not moves_left:
                return baseline, triggered, answer
            log("may_come_twice", segment=target, channel=channel, stamp=answer.stamp, moves_left=moves_left)
            moves_left -= 1
            baseline = await self._let_the_second_pass(target, channel, answer)

    async def _start(self, target: Target, channel: Channel, baseline: Answer) -> tuple[Answer, Answer]:
        """Trigger right after the baseline; if that fails, read a new baseline and retry. Return both answers."""
        failures = 0
        while True:
            try:
                triggered = await self._trigger(target, channel, baseline)
            except RequestError as error:
                failures += 1
                if failures >= attempts(error):
                    raise
                due = self._api.retry_at(error, failures)
                log("starting_over", segment=target, channel=channel, in_seconds=due - self._clock.time(), why=error)
                baseline = await self._baseline(target, channel, first=False, due=due)
            else:
                log("triggered", segment=target, channel=channel, stamp=triggered.stamp)
                return baseline, triggered

    async def _trigger(self, target: Target, channel: Channel, baseline: Answer) -> Answer:
        """Return the answer to the trigger, and note it as pending, answered or not."""
        async with self._api.trigger_slot(baseline.asked_at) as sent_at:
            self._triggered.add(target.uuid)
            try:
                triggered = await self._api.trigger(target, channel, sent_at)
            except RequestError as error:
                if error.was_sent:
                    self._pending.sent(target, channel, sent_at)
                raise
            except BaseException:
                self._pending.sent(target, channel, sent_at)
                raise
        self._pending.seen(target, whole_seconds(triggered.stamp))
        self._pending.sent(target, channel, sent_at)
        return triggered

    async def _baseline(self, target: Target, channel: Channel, *, first: bool, due: float = 0.0) -> Answer:
        """Return the state before the trigger, once no other refresh runs."""
        self._waits[target, channel] = "Blueshift had not answered"
        answer = await self._api.read(target, first=first, due=due)
        if target.uuid not in self._triggered:
            self._first_looks.setdefault(target, answer)
        log("first_look", segment=target, channel=channel, refreshing=answer.refreshing, stamp=answer.stamp)
        self._pending.seen(target, whole_seconds(answer.stamp))
        if answer.refreshing:
            self._waits[target, channel] = f"{self._name_of_refresh(target)} had not ended"
            with self._progress.refresh():
                answer = await self._wait_for_other_refresh(target)
        self._waits[target, channel] = "Blueshift had not answered"
        if answer.stamp is None and answer.date is None:
            raise BadAnswerError("the answer has neither a stamp nor a Date, so a new count would look like an old one")
        return await self._let_the_second_pass(target, channel, answer)

    async def _let_the_second_pass(self, target: Target, channel: Channel, answer: Answer) -> Answer:
        """Return the answer once every later stamp differs from its own, after a second if necessary.

        Stamps may be in whole seconds, so a new stamp may equal one of the same second. An answer without a stamp or a
        date counts as of the same second. The second is added to ``asked_at``, so the answer does not look older.
        """
        if answer.date is not None and _stamped(answer) < whole_seconds(answer.date):
            return answer
        log("second_let_pass", segment=target, channel=channel, stamp=answer.stamp)
        await asyncio.sleep(_SECOND)
        return replace(answer, asked_at=answer.asked_at + _SECOND)

    async def _wait_for_other_refresh(self, target: Target) -> Answer:
        """Wait until another refresh has ended; return the first answer after it."""
        began = self._clock.time()
        elapsed, interval = 0.0, self._refresh.poll_interval
        while elapsed < self._refresh.timeout:
            due = min(self._clock.time() + about(self._crowded(interval)), began + self._refresh.timeout)
            answer = await self._api.read(target, due=due)
            log("other_refresh", segment=target, refreshing=answer.refreshing, stamp=answer.stamp)
            self._pending.seen(target, whole_seconds(answer.stamp))
            if not answer.refreshing:
                return answer
            elapsed = self._clock.time() - began
            interval = grown(interval, self._refresh)
        raise UnavailableError(
            Reason.TIMEOUT,
            f"{self._name_of_refresh(target)} did not end within {duration(self._refresh.timeout)}",
        )

    def _name_of_refresh(self, target: Target) -> str:
        channel = self._pending.channel(target)
        return f"this segment's refresh of {channel}" if channel else "somebody else's refresh of this segment"

    async def _finish(self, target: Target, channel: Channel, baseline: Answer, triggered: Answer) -> Answer:
        """Poll until the stamp shows that a refresh has ended since the trigger; return that answer."""
        began = self._clock.time()
        deadline = began + self._refresh.timeout
        last_poll = deadline - min(_ANSWER_TIME, self._refresh.timeout / 10)
        run_ends = self._api.deadline - _ANSWER_TIME
        before = max(_stamped(baseline), whole_seconds(triggered.stamp))
        answer, elapsed, interval = triggered, 0.0, self._refresh.poll_interval
        while began + elapsed < last_poll:
            now = self._clock.time()
            latest = run_ends if now < run_ends < last_poll else last_poll
            due = await self._next_poll(channel, began, elapsed, interval, latest)
            try:
                async with asyncio.timeout_at(deadline):
                    answer = await self._api.read(target, due=due)
            except TimeoutError:
                break
            seconds, stamp = self._clock.time() - began, whole_seconds(answer.stamp)
            if not answer.refreshing and stamp > before:
                self._times[channel].note(answer, triggered, at_least=elapsed, at_most=seconds)
                self._pending.ended(target, stamp)
                return answer
            self._pending.seen(target, stamp)
            log("not_yet", segment=target, channel=channel, refreshing=answer.refreshing, stamp=answer.stamp)
            interval = grown(interval, self._refresh) if elapsed else interval
            elapsed = seconds
        raise self._too_late(baseline, triggered, answer)

    async def _next_poll(self, channel: Channel, began: float, elapsed: float, usual: float, latest: float) -> float:
        """Return the loop's time of the next poll of a running refresh, ``latest`` at most.

        By then the refresh is likely to have ended, as earlier ones of the channel did. Until one has, the next poll is
        due after about the ``usual`` interval; the first refresh that ends wakes everybody who waits here.
        """
        times = self._times[channel]
        if not times.are_known:
            await times.wait_for_first(min(began + elapsed + self._blind_interval(elapsed, usual), latest))
            now = self._clock.time()
            return min(now + times.left(now - began), latest)
        left = times.left(elapsed)
        if elapsed and not left:
            return min(began + elapsed + self._late_interval(elapsed, usual), latest)
        interval = min(left, _LONGEST_WAIT * self._refresh.max_poll_interval)
        return min(began + elapsed + interval, latest)

    def _blind_interval(self, elapsed: float, usual: float) -> float:
        """Return the seconds to the next poll while no refresh has ended yet.

        One poll that finds the end helps all, so the more refreshes run, the longer each interval.
        """
        if not elapsed:
            return about(self._crowded(usual))
        shared = _BLIND_PRECISION * elapsed * self._progress.refreshing
        return max(
            out_of_step(self._crowded(usual)), sometime(min(shared, _LONGEST_WAIT * self._refresh.max_poll_interval))
        )

    def _late_interval(self, elapsed: float, usual: float) -> float:
        """Return the seconds to the next poll of a refresh that takes longer than most others did."""
        return out_of_step(self._crowded(min(usual, max(self._refresh.poll_interval, _LATE_PRECISION * elapsed))))

    def _crowded(self, usual: float) -> float:
        """Return the usual interval, or a longer one if all polls together would use more than half the rate."""
        return max(usual, 2 * self._progress.refreshing * self._api.interval)

    def _too_late(self, baseline: Answer, triggered: Answer, answer: Answer) -> UnavailableError:
        """Return the error for a timeout, by what the last poll showed."""
        within = f"within {duration(self._refresh.timeout)}"
        reason = Reason.TIMEOUT
        if answer.refreshing:
            detail = f"the refresh did not end {within}"
        elif answer.stamp is None:
            reason, detail = Reason.NOT_COUNTED, f"{_NEVER_COUNTED}, not even {within}"
        elif baseline.stamp is None and triggered.stamp is None:
            detail = f"Blueshift showed a count {within}, but its stamp is older than the request; check again"
        else:
            detail = f"Blueshift showed no new count {within}, only the old one"
        return UnavailableError(reason, detail)


def _stamped(baseline: Answer) -> float:
    """Return the second of the baseline's stamp, or, without a stamp, the second of its date."""
    return whole_seconds(baseline.stamp or baseline.date)


def _counted(answer: Answer, channel: Channel) -> Count:
    value = answer.count(channel)
    if answer.stamp is None:
        raise UnavailableError(Reason.NOT_COUNTED, _NEVER_COUNTED)
    if not is_of_this_run(answer):
        raise BadAnswerError(f"the new count has the stamp {answer.stamp:%Y-%m-%d %H:%M}, long before this run")
    age = (answer.date - answer.stamp).total_seconds() if answer.date else None
    return Count(value=value, counted_at=answer.stamp, age_seconds=None if age is None else max(0, int(age)))
