"""The proof that a count is fresh: baseline, trigger, and polls until the server's own stamp has moved.

A number is believed only when a refresh that we triggered ended after we had looked. What this cannot see: another
user's refresh that starts unseen between baseline and trigger, replicas that lag, and a stamp moved by a channel that
somebody else refreshes meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.blueshift.answers import is_of_this_run, whole_seconds
from guard.blueshift.api import attempts
from guard.blueshift.failures import BadAnswerError, RequestError, UnavailableError
from guard.blueshift.pauses import grown
from guard.outcome import Count, Reason, Unavailable
from guard.words import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.blueshift.answers import Answer
    from guard.blueshift.api import Api, Target
    from guard.blueshift.pauses import RefreshTimes
    from guard.model import Channel, Refresh
    from guard.progress import Progress

_LONGEST_WAIT = 4  # times max_poll_interval, before the first look at a refresh that is likely to take long
_ANSWER_TIME = 1.0  # seconds that are kept at the end of a wait for its last look to be answered


class Prover:
    """Proves counts, one call after another for the same segment: its channels and variants share one stamp."""

    def __init__(self, api: Api, refresh: Refresh, times: Mapping[Channel, RefreshTimes], progress: Progress) -> None:
        self._api = api
        self._refresh = refresh
        self._times = times
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
            return _counted(answer, channel)
        except UnavailableError as error:
            return replace(error.unavailable, detail=self._api.scrub(error.unavailable.detail))

    async def _start(self, target: Target, channel: Channel) -> tuple[Answer, Answer]:
        """Return the baseline and the answer to the trigger that came right after it."""
        due, failures = 0.0, 0
        while True:
            baseline = await self._baseline(target, channel, due, first=not failures)
            try:
                return baseline, await self._api.trigger(target, channel)
            except RequestError as error:
                failures += 1
                if failures >= attempts(error):
                    raise
                due = self._api.retry_at(error, failures)

    async def _baseline(self, target: Target, channel: Channel, due: float, *, first: bool) -> Answer:
        """Return what stands before the trigger, once nobody else's refresh runs.

        A stamp in the very second of the answer could not be told from the one to come: stamps may have whole seconds.
        """
        answer = await self._api.read(target, first=first, due=due)
        if answer.refreshing:
            self._waits[target, channel] = "somebody else's refresh of this segment to end"
            with self._progress.refresh():
                answer = await self._sit_out(target, channel)
        if answer.stamp and (answer.date is None or whole_seconds(answer.stamp) >= whole_seconds(answer.date)):
            await asyncio.sleep(1.0)
        return answer

    async def _sit_out(self, target: Target, channel: Channel) -> Answer:
        """Return the first answer after somebody else's refresh."""
        began = self._clock.time()
        elapsed, pause = 0.0, self._refresh.poll_interval
        while elapsed < self._refresh.timeout:
            due = min(self._clock.time() + self._pause(channel, elapsed, pause), began + self._refresh.timeout)
            answer = await self._api.read(target, due=due)
            if not answer.refreshing:
                return answer
            elapsed = self._clock.time() - began
            pause = grown(pause, self._refresh)
        raise UnavailableError(
            Reason.TIMEOUT,
            f"somebody else's refresh of this segment did not end within {duration(self._refresh.timeout)}",
        )

    async def _finish(self, target: Target, channel: Channel, baseline: Answer, triggered: Answer) -> Answer:
        """Return the first answer whose stamp says that our refresh has ended."""
        began = self._clock.time()
        deadline = began + self._refresh.timeout
        last_look = deadline - min(_ANSWER_TIME, self._refresh.timeout / 10)
        run_ends = self._api.deadline - _ANSWER_TIME
        before = max(whole_seconds(baseline.stamp), whole_seconds(triggered.stamp))
        answer, elapsed, pause = triggered, 0.0, self._refresh.poll_interval
        while began + elapsed < last_look:
            now = self._clock.time()
            due = min(now + self._pause(channel, elapsed, pause), last_look)
            try:
                async with asyncio.timeout_at(deadline):
                    answer = await self._api.read(target, due=run_ends if now < run_ends < due else due)
            except TimeoutError:
                break
            seconds = self._clock.time() - began
            if not answer.refreshing and whole_seconds(answer.stamp) > before:
                self._times[channel].note(answer, triggered, at_least=elapsed, at_most=seconds)
                return answer
            pause = grown(pause, self._refresh) if elapsed else pause
            elapsed = seconds
        raise self._too_late(answer)

    def _pause(self, channel: Channel, elapsed: float, usual: float) -> float:
        """Return the seconds to the next look; the more refreshes run, the less often each is looked at.

        Looks take at most half of the bucket, so that those who wait do not keep others from beginning.
        """
        crowded = 2 * self._progress.refreshing * self._api.interval
        return self._times[channel].pause(elapsed, max(usual, crowded), _LONGEST_WAIT * self._refresh.max_poll_interval)

    def _too_late(self, answer: Answer) -> UnavailableError:
        """Say what was seen last: a refresh that still runs, one that ended without a trace, or no count ever."""
        waited = duration(self._refresh.timeout)
        if answer.refreshing:
            return UnavailableError(Reason.TIMEOUT, f"the refresh did not end within {waited}")
        if answer.stamp is None:
            return UnavailableError(
                Reason.NOT_COUNTED, f"Blueshift has never computed this segment's counts, and did not within {waited}"
            )
        return UnavailableError(Reason.TIMEOUT, f"Blueshift showed no new count within {waited}, only the old one")


def _counted(answer: Answer, channel: Channel) -> Count:
    value = answer.count(channel)
    if answer.stamp is None:
        raise UnavailableError(Reason.NOT_COUNTED, "Blueshift has never computed this segment's counts")
    if not is_of_this_run(answer):
        raise BadAnswerError(f"the new count bears the stamp {answer.stamp:%Y-%m-%d %H:%M}, long before this run")
    age = (answer.date - answer.stamp).total_seconds() if answer.date else None
    return Count(value=value, counted_at=answer.stamp, age_seconds=None if age is None else max(0, int(age)))
