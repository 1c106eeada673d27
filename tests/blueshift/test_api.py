"""Calls and retries: what is sent again, when, and what ends the run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.api import Api, Target
from guard.blueshift.client import Response
from guard.blueshift.errors import BadAnswerError, RequestError, RunEndedError, UnavailableError
from guard.blueshift.rate_limiter import RateLimiter
from guard.core.model import Channel, Pacing
from guard.core.progress import Progress
from guard.core.results import Reason
from guard.run import run_to_its_end

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Leap = Callable[[Coroutine[Any, Any, Any]], Any]

TARGETS = [Target(uuid=f"00000000-0000-4000-8000-{number:012d}") for number in range(4)]


class FakeClient:
    """A client that raises the given failures first, and then always gives the same answer."""

    base_url = "https://blueshift.test"

    def __init__(
        self, *failures: Exception, body: bytes = b'{"refresh_status": "ready"}', request_id: str = ""
    ) -> None:
        self._failures = list(failures)
        self._body = body
        self._request_id = request_id
        self.sent_at: list[float] = []

    def fail(self, failure: Exception) -> None:
        self._failures.append(failure)

    async def get(self, *_: object, **__: object) -> Response:
        self.sent_at.append(asyncio.get_running_loop().time())
        if self._failures:
            raise self._failures.pop(0)
        return Response(body=self._body, date=datetime.now(UTC), request_id=self._request_id, scrub=self.scrub)

    def scrub(self, text: str) -> str:
        return text.replace("a-key-for-tests", "***")


def api_over(
    client: FakeClient,
    rate_limiter: RateLimiter | None = None,
    progress: Progress | None = None,
    *,
    deadline: float = 3600.0,
) -> Api:
    pace = rate_limiter or RateLimiter(Pacing())
    return Api(client, pace, progress or Progress(), deadline=deadline)  # type: ignore[arg-type] # it has what is asked of one


def outage(reason: Reason = Reason.SERVER_ERROR, retry_after: float | None = None) -> RequestError:
    return RequestError(reason, "it is down", transient=True, retry_after=retry_after)


@pytest.fixture
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)


def test_a_large_page_does_not_block_the_event_loop() -> None:
    went_on: list[bool] = []
    items = [{"name": f"Segment {number}", "uuid": target.uuid} for number, target in enumerate(TARGETS)]
    client = FakeClient(body=json.dumps(items * 500).encode())

    async def main() -> None:
        loop, ran = asyncio.get_running_loop(), threading.Event()

        def scrub(text: str) -> str:
            loop.call_soon_threadsafe(ran.set)
            went_on.append(ran.wait(timeout=0 if went_on else 5))
            return text

        client.scrub = scrub  # type: ignore[method-assign]
        assert len(await api_over(client, deadline=loop.time() + 60).list_page(0, archived=False)) == 2_000

    run_to_its_end(main())

    assert went_on
    assert all(went_on)


@pytest.mark.usefixtures("_no_jitter")
def test_a_failing_request_is_sent_five_times(leap: Leap) -> None:
    client = FakeClient(*[outage()] * 5)

    async def main() -> None:
        with pytest.raises(RequestError, match="it is down"):
            await api_over(client).read(TARGETS[0])

    leap(main())

    assert client.sent_at == pytest.approx([0, 1, 3, 7, 15])


@pytest.mark.parametrize(("jitter", "wait"), [(min, 0.75), (max, 1.25)], ids=["at-the-earliest", "at-the-latest"])
def test_the_first_retry_comes_after_about_a_second(
    leap: Leap, monkeypatch: pytest.MonkeyPatch, jitter: Callable[..., float], wait: float
) -> None:
    monkeypatch.setattr(random, "uniform", jitter)

    async def main() -> float:
        return api_over(FakeClient()).retry_at(outage(), 1)

    assert leap(main()) == pytest.approx(wait)


def test_a_retry_waits_as_long_as_the_server_asks(leap: Leap) -> None:
    async def main() -> None:
        api = api_over(FakeClient(), deadline=60.0)
        assert api.retry_at(outage(retry_after=60.0), 1) == 60.0
        with pytest.raises(RequestError):
            api.retry_at(outage(retry_after=60.1), 1)

    leap(main())


def test_three_failing_segments_and_no_answer_end_the_run(leap: Leap) -> None:
    async def main() -> None:
        api = api_over(FakeClient(*[outage()] * 15))
        for target in TARGETS[:2]:
            with pytest.raises(RequestError):
                await api.read(target)
        with pytest.raises(RunEndedError, match="it is down"):
            await api.read(TARGETS[2])

    leap(main())


def test_after_one_answer_failures_do_not_end_the_run(leap: Leap) -> None:
    async def main() -> None:
        api = api_over(FakeClient(*[outage()] * 4))
        await api.read(TARGETS[0])
        client = FakeClient(*[outage()] * 15)
        api._client = client  # type: ignore[assignment] # it has what is asked of one
        for target in TARGETS[1:]:
            with pytest.raises(RequestError):
                await api.read(target)

    leap(main())


def test_bad_requests_are_not_an_outage(leap: Leap) -> None:
    async def main() -> None:
        api = api_over(FakeClient(*[RequestError(Reason.BAD_ANSWER, "422", transient=False)] * 4))
        for target in TARGETS:
            with pytest.raises(RequestError):
                await api.read(target)

    leap(main())


@pytest.mark.parametrize("reason", [Reason.NETWORK, Reason.RATE_LIMITED])
def test_an_unreachable_host_ends_the_run_at_once(leap: Leap, reason: Reason) -> None:
    async def main() -> None:
        with pytest.raises(RunEndedError):
            await api_over(FakeClient(*[outage(reason)] * 8)).read(TARGETS[0])

    leap(main())


@pytest.mark.parametrize(
    ("held_back", "sent"),
    [pytest.param(10.0, True, id="for-two-slots"), pytest.param(12.0, False, id="for-longer")],
)
def test_at_a_low_rate_a_trigger_may_wait_for_two_slots(leap: Leap, held_back: float, *, sent: bool) -> None:
    assert leap(held_back_trigger(Pacing(requests_per_second=0.2), held_back)) is sent


@pytest.mark.parametrize(
    ("held_back", "sent"), [pytest.param(2.0, True, id="two-seconds"), pytest.param(2.1, False, id="more")]
)
def test_a_trigger_is_not_sent_after_more_than_two_seconds(leap: Leap, held_back: float, *, sent: bool) -> None:
    assert leap(held_back_trigger(Pacing(requests_per_second=100), held_back)) is sent


async def trigger_after_a_look(answered_in: float) -> float:
    """Return when the trigger is sent, right after a baseline that took that many seconds."""
    api = api_over(FakeClient())
    baseline_at = asyncio.get_running_loop().time()
    await asyncio.sleep(answered_in)
    async with api.trigger_slot(baseline_at) as sent_at:
        return sent_at


def test_a_baseline_is_as_old_as_its_request(leap: Leap) -> None:
    assert leap(trigger_after_a_look(2.0)) == 2.0

    with pytest.raises(RequestError) as raised:
        leap(trigger_after_a_look(9.5))

    error = raised.value
    assert (error.unavailable.reason, error.transient, error.was_sent) == (Reason.NETWORK, True, False)
    assert str(error) == "Blueshift took 9.5 s to answer the request before the count, too long to rely on it"


async def held_back_trigger(pacing: Pacing, seconds: float) -> bool:
    """Trigger during a pause, and return whether the trigger is sent afterwards."""
    rate_limiter, client = RateLimiter(pacing), FakeClient()
    rate_limiter.slow_down(sent_at=0, retry_after=seconds)
    try:
        api = api_over(client, rate_limiter)
        async with api.trigger_slot(baseline_at=0.0) as sent_at:
            await api.trigger(TARGETS[0], Channel.EMAIL, sent_at)
    except RequestError as error:
        told = (error.unavailable.reason, error.unavailable.detail, error.transient)
        assert told == (Reason.RATE_LIMITED, "the rate limit left no room to start a count", True)
    assert asyncio.get_running_loop().time() == seconds
    return bool(client.sent_at)


@pytest.mark.parametrize(
    ("request_id", "told"), [("abc-1", " (x-request-id abc-1)"), ("", "")], ids=["with-an-id", "without"]
)
def test_a_bad_answer_is_reported_without_the_key_and_with_its_id(leap: Leap, request_id: str, told: str) -> None:
    body = b'{"refresh_status": "a-key-for-tests"}'

    async def main() -> None:
        with pytest.raises(BadAnswerError) as raised:
            await api_over(FakeClient(body=body, request_id=request_id)).read(TARGETS[0])
        assert str(raised.value) == f'refresh_status is "***", which is not understood{told}'

    leap(main())


def test_the_latest_failure_of_a_segment_is_kept_until_it_is_answered(leap: Leap) -> None:
    async def main() -> list[str | None]:
        client = FakeClient()
        api = api_over(client)
        await api.read(TARGETS[1])
        told = [_told(api, 0)]
        client.fail(RequestError(Reason.BAD_ANSWER, "422", transient=False))
        for _ in range(2):
            with contextlib.suppress(UnavailableError):
                await api.read(TARGETS[0])
            told += [_told(api, 0), _told(api, 1)]
        return told

    assert leap(main()) == [None, "422", None, None, None]


def test_until_anything_is_answered_a_failure_counts_for_all(leap: Leap) -> None:
    async def main() -> list[str | None]:
        api = api_over(FakeClient(RequestError(Reason.NETWORK, "no route", transient=False)))
        with contextlib.suppress(RunEndedError, UnavailableError):
            await api.read(TARGETS[0])
        told = [_told(api, 1), _told(api, None)]
        await api.read(TARGETS[2])
        return [*told, _told(api, 1), _told(api, 0)]

    assert leap(main()) == ["no route", "no route", None, "no route"]


def _told(api: Api, number: int | None) -> str | None:
    trouble = api.trouble(None if number is None else TARGETS[number])
    return trouble.detail if trouble else None


def test_progress_shows_the_failure_until_anything_is_answered(leap: Leap) -> None:
    progress = Progress()

    async def main() -> list[str]:
        api = api_over(FakeClient(RequestError(Reason.BAD_ANSWER, "422", transient=False)), progress=progress)
        with pytest.raises(RequestError):
            await api.read(TARGETS[0])
        seen = [progress.trouble]
        await api.read(TARGETS[1])
        return [*seen, progress.trouble]

    assert leap(main()) == ["422", ""]


def test_a_pause_beyond_the_run_says_how_long_it_is(leap: Leap) -> None:
    client = FakeClient()

    async def main() -> None:
        await asyncio.sleep(10)
        rate_limiter = RateLimiter(Pacing())
        rate_limiter.slow_down(sent_at=10, retry_after=90)
        with pytest.raises(RunEndedError) as raised:
            await api_over(client, rate_limiter, deadline=60.0).read(TARGETS[0])
        told = raised.value.unavailable
        assert told.reason is Reason.RATE_LIMITED
        assert told.detail == "Blueshift refuses requests for another 1 min 30 s, beyond the end of this run"

    leap(main())

    assert client.sent_at == []


def test_requests_and_429s_are_counted(leap: Leap) -> None:
    async def main() -> tuple[int, int]:
        api = api_over(FakeClient(outage(Reason.RATE_LIMITED), outage(), outage(Reason.RATE_LIMITED)))
        await api.read(TARGETS[0])
        return api.requests, api.refused_for_rate

    assert leap(main()) == (4, 2)
