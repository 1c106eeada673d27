"""The proof that a count is fresh: baseline, trigger, and polls until the server's own stamp has moved.

A number is believed only when a refresh that we triggered ended after we had looked. What this cannot see: another
user's refresh that starts unseen between baseline and trigger, replicas that lag, and a stamp moved by a channel that
somebody else refreshes meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from guard.blueshift.answers import is_of_this_run, whole_seconds
from guard.blueshift.api import attempts
from guard.blueshift.debug_log import log
from guard.blueshift.failures import BadAnswerError, RequestError, RunEndedError, UnavailableError
from guard.blueshift.pauses import about, grown, out_of_step, sometime
from guard.outcome import Count, Reason, Unavailable
from guard.words import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.blueshift.answers import Answer
    from guard.blueshift.api import Api, Target
    from guard.blueshift.pauses import RefreshTimes
    from guard.blueshift.unended import Unended
    from guard.model import Channel, Refresh
    from guard.progress import Progress

_LONGEST_WAIT = 4  # times max_poll_interval, between two looks at a refresh that is likely to take long
_BLIND_PRECISION = 0.05  # of the time so far; how closely the end of the first refresh is watched for
_LATE_PRECISION = 0.1  # of the time so far; how closely a refresh is watched that takes longer than others did
_ANSWER_TIME = 1.0  # seconds that are kept at the end of a wait for its last look to be answered


class Prover:
    """Proves counts, one call after another for the same segment: its channels and variants share one stamp."""

    def __init__(
        self,
        api: Api,
        refresh: Refresh,
        times: Mapping[Channel, RefreshTimes],
        unended: Unended,
        progress: Progress,
    ) -> None:
        self._api = api
        self._refresh = refresh
        self._times = times
        self._unended = unended
        self._progress = progress
        self._clock = asyncio.get_running_loop()
        self._waits: dict[tuple[Target, Channel], str] = {}

    def waits_for(self, target: Target, channel: Channel) -> str:
        """Return what a count that has not ended is waiting for, as the end of "while waiting for ..."."""
        trouble = self._api.trouble(target)
        return self._waits.get((target, channel), "its turn") + (f" ({trouble})" if trouble else "")

    async def count(self, target: Target, channel: Channel) -> Count | Unavailable:
        """Return the channel's count, proven fresh, or why there is none; raises ``RunEndedError`` alone."""
        self._waits[target, channel] = "Blueshift's answer"
        try:
            baseline, triggered = await self._start(target, channel)
            self._waits[target, channel] = "the refresh to end"
            with self._progress.refresh():
                answer = await self._finish(target, channel, baseline, triggered)
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

    async def _start(self, target: Target, channel: Channel) -> tuple[Answer, Answer]:
        """Return the baseline and the answer to the trigger that came right after it."""
        due, failures = 0.0, 0
        while True:
            baseline = await self._baseline(target, channel, due, first=not failures)
            try:
                triggered = await self._trigger(target, channel, baseline)
            except RequestError as error:
                failures += 1
                if failures >= attempts(error):
                    raise
                due = self._api.retry_at(error, failures)
                log("starting_over", segment=target, channel=channel, in_seconds=due - self._clock.time(), why=error)
            else:
                log("triggered", segment=target, channel=channel, stamp=triggered.stamp)
                return baseline, triggered

    async def _trigger(self, target: Target, channel: Channel, baseline: Answer) -> Answer:
        """Return the answer to the trigger, and keep in mind that a refresh may have been started, answered or not."""
        async with self._api.turn_to_trigger() as sent_at:
            note = partial(self._unended.triggered, target, channel, at=sent_at)
            seen, before = whole_seconds(baseline.stamp), _stamped(baseline)
            try:
                triggered = await self._api.trigger(target, channel, sent_at)
            except RunEndedError:
                raise  # refused, for its key or its rate
            except BaseException as error:
                if not isinstance(error, RequestError) or error.may_have_been_heard:
                    note(seen=seen, before=before)
                raise
        stamp = whole_seconds(triggered.stamp)
        note(seen=max(seen, stamp), before=max(before, stamp))
        return triggered

    async def _baseline(self, target: Target, channel: Channel, due: float, *, first: bool) -> Answer:
        """Return what stands before the trigger, once no other refresh runs: nobody else's, and no channel's before.

        A stamp in the very second of the answer could not be told from the one to come: stamps may have whole seconds.
        Nor can one that the answer does not hold: it may be as young as the answer is.
        """
        answer = await self._undisturbed(target, channel, due, first=first)
        if answer.stamp is None and answer.date is None:
            raise BadAnswerError(
                "the answer holds neither a stamp nor a Date, so no new count could be told from an old one"
            )
        if answer.date is None or _stamped(answer) >= whole_seconds(answer.date):
            log("second_let_pass", segment=target, channel=channel, stamp=answer.stamp)
            await asyncio.sleep(1.0)
        return answer

    async def _undisturbed(self, target: Target, channel: Channel, due: float, *, first: bool) -> Answer:
        """Return the first answer at which no other refresh runs, nor may be queued unseen."""
        while True:
            shown_by = self._unended.shown_by(target)
            if shown_by > self._clock.time():
                self._waits[target, channel] = "a refresh that may have been started twice to show"
                log("may_come_twice", segment=target, channel=channel, in_seconds=shown_by - self._clock.time())
            answer = await self._api.read(target, first=first, due=max(due, shown_by))
            log("first_look", segment=target, channel=channel, refreshing=answer.refreshing, stamp=answer.stamp)
            if self._is_under_way(answer, target, channel):
                self._waits[target, channel] = f"{self._whose(target)} to end"
                with self._progress.refresh():
                    answer = await self._sit_out(target, channel)
            if self._unended.of_another(target, channel):
                self._unended.ended(target)
            self._unended.looked(target)
            if self._unended.shown_by(target) <= self._clock.time():
                self._waits[target, channel] = "Blueshift's answer"
                return answer

    async def _sit_out(self, target: Target, channel: Channel) -> Answer:
        """Return the first answer after the other refresh."""
        began = self._clock.time()
        elapsed, pause = 0.0, self._refresh.poll_interval
        while elapsed < self._refresh.timeout:
            due = min(self._clock.time() + about(self._crowded(pause)), began + self._refresh.timeout)
            answer = await self._api.read(target, due=due)
            log("other_refresh", segment=target, refreshing=answer.refreshing, stamp=answer.stamp)
            if not self._is_under_way(answer, target, channel):
                return answer
            elapsed = self._clock.time() - began
            pause = grown(pause, self._refresh)
        raise UnavailableError(
            Reason.TIMEOUT,
            f"{self._whose(target)} did not end within {duration(self._refresh.timeout)}",
        )

    def _is_under_way(self, answer: Answer, target: Target, channel: Channel) -> bool:
        """Whether another refresh runs, or may be queued unseen: its end would move the stamp and pass for ours."""
        unended = self._unended.of_another(target, channel)
        return answer.refreshing or (unended is not None and whole_seconds(answer.stamp) <= unended.before)

    def _whose(self, target: Target) -> str:
        channel = self._unended.channel(target)
        return f"this segment's refresh of {channel}" if channel else "somebody else's refresh of this segment"

    async def _finish(self, target: Target, channel: Channel, baseline: Answer, triggered: Answer) -> Answer:
        """Return the first answer whose stamp says that our refresh has ended."""
        began = self._clock.time()
        deadline = began + self._refresh.timeout
        last_look = deadline - min(_ANSWER_TIME, self._refresh.timeout / 10)
        run_ends = self._api.deadline - _ANSWER_TIME
        before = max(_stamped(baseline), whole_seconds(triggered.stamp))
        answer, elapsed, pause = triggered, 0.0, self._refresh.poll_interval
        while began + elapsed < last_look:
            now = self._clock.time()
            latest = run_ends if now < run_ends < last_look else last_look
            due = await self._next_look(channel, began, elapsed, pause, latest)
            try:
                async with asyncio.timeout_at(deadline):
                    answer = await self._api.read(target, due=due)
            except TimeoutError:
                break
            seconds = self._clock.time() - began
            if not answer.refreshing and whole_seconds(answer.stamp) > before:
                self._times[channel].note(answer, triggered, at_least=elapsed, at_most=seconds)
                self._unended.ended(target)
                return answer
            log("not_yet", segment=target, channel=channel, refreshing=answer.refreshing, stamp=answer.stamp)
            pause = grown(pause, self._refresh) if elapsed else pause
            elapsed = seconds
        raise self._too_late(baseline, triggered, answer)

    async def _next_look(self, channel: Channel, began: float, elapsed: float, usual: float, latest: float) -> float:
        """Return the loop's time, ``latest`` at most, to look again at a refresh that ran still when last looked at.

        That is when it is likely to have ended, as others of the channel did. Until one of them has, a look is due
        after about the ``usual`` pause; but the first that is seen to have ended tells everybody who waits here.
        """
        times = self._times[channel]
        if not times.are_known:
            await times.wait_for_first(min(began + elapsed + self._blind_pause(elapsed, usual), latest))
            now = self._clock.time()
            return min(now + times.left(now - began), latest)
        left = times.left(elapsed)
        if elapsed and not left:
            return min(began + elapsed + self._late_pause(elapsed, usual), latest)
        pause = min(left, _LONGEST_WAIT * self._refresh.max_poll_interval)
        return min(began + elapsed + pause, latest)

    def _blind_pause(self, elapsed: float, usual: float) -> float:
        """Return the seconds to the next look while nobody knows how long refreshes take.

        What one look finds out is news for all, so the more wait, the less often each of them looks.
        """
        if not elapsed:
            return about(self._crowded(usual))
        shared = _BLIND_PRECISION * elapsed * self._progress.refreshing
        return max(
            out_of_step(self._crowded(usual)), sometime(min(shared, _LONGEST_WAIT * self._refresh.max_poll_interval))
        )

    def _late_pause(self, elapsed: float, usual: float) -> float:
        """Return the seconds to the next look at a refresh that takes longer than most others did."""
        return out_of_step(self._crowded(min(usual, max(self._refresh.poll_interval, _LATE_PRECISION * elapsed))))

    def _crowded(self, usual: float) -> float:
        """Return the usual pause, or a longer one where the looks of all who wait would take over half the bucket."""
        return max(usual, 2 * self._progress.refreshing * self._api.interval)

    def _too_late(self, baseline: Answer, triggered: Answer, answer: Answer) -> UnavailableError:
        """Say what was seen last: a refresh that still runs, one that ended without a trace, or no count ever."""
        waited = duration(self._refresh.timeout)
        if answer.refreshing:
            return UnavailableError(Reason.TIMEOUT, f"the refresh did not end within {waited}")
        if answer.stamp is None:
            return UnavailableError(
                Reason.NOT_COUNTED, f"Blueshift has never computed this segment's counts, and did not within {waited}"
            )
        if baseline.stamp is None and triggered.stamp is None:
            return UnavailableError(
                Reason.TIMEOUT,
                f"Blueshift showed a count within {waited}, but stamped before the look, by its own clock; ask again",
            )
        return UnavailableError(Reason.TIMEOUT, f"Blueshift showed no new count within {waited}, only the old one")


def _stamped(baseline: Answer) -> float:
    """Return the latest second that the stamp can be of at the look: its own, or the look's where it holds none."""
    return whole_seconds(baseline.stamp or baseline.date)


def _counted(answer: Answer, channel: Channel) -> Count:
    value = answer.count(channel)
    if answer.stamp is None:
        raise UnavailableError(Reason.NOT_COUNTED, "Blueshift has never computed this segment's counts")
    if not is_of_this_run(answer):
        raise BadAnswerError(f"the new count bears the stamp {answer.stamp:%Y-%m-%d %H:%M}, long before this run")
    age = (answer.date - answer.stamp).total_seconds() if answer.date else None
    return Count(value=value, counted_at=answer.stamp, age_seconds=None if age is None else max(0, int(age)))
