"""Calls and retries: what is sent again, when, and what ends the run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from guard.blueshift.api import Api, Target
from guard.blueshift.client import Response
from guard.blueshift.errors import BadAnswerError, RequestError, RunEndedError, UnavailableError
from guard.blueshift.rate_limiter import RateLimiter
from guard.core.model import Channel, Pacing
from guard.core.progress import Progress
from guard.core.results import Reason, Unavailable
from guard.run import run_to_its_end
from tests.blueshift.in_process import leap, uuid_of

if TYPE_CHECKING:
    from collections.abc import Callable


TARGETS = [Target(uuid=uuid_of(number)) for number in range(4)]
BAD_REQUEST = RequestError(Reason.BAD_ANSWER, "422", transient=False)


class FakeClient:
    """A client that raises the given failures first, and then always gives the same answer."""

    def __init__(
        self, *failures: Exception, body: bytes = b'{"refresh_status": "ready"}', request_id: str = ""
    ) -> None:
        self.failures = list(failures)
        self._body = body
        self._request_id = request_id
        self.sent_at: list[float] = []

    async def get(self, *_: object, **__: object) -> Response:
        self.sent_at.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
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


def test_a_large_page_does_not_block() -> None:
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


@pytest.mark.usefixtures("steady")
async def test_a_failing_request_is_sent_five_times() -> None:
    client = FakeClient(*[outage()] * 5)

    with pytest.raises(RequestError, match="it is down"):
        await api_over(client).read(TARGETS[0])

    assert client.sent_at == pytest.approx([0, 1, 3, 7, 15])


@pytest.mark.parametrize(("jitter", "wait"), [(min, 0.75), (max, 1.25)], ids=["at-the-earliest", "at-the-latest"])
async def test_the_first_retry_waits_a_second(
    monkeypatch: pytest.MonkeyPatch, jitter: Callable[..., float], wait: float
) -> None:
    monkeypatch.setattr(random, "uniform", jitter)

    assert api_over(FakeClient()).retry_at(outage(), 1) == pytest.approx(wait)


async def test_a_retry_obeys_the_server() -> None:
    api = api_over(FakeClient(), deadline=60.0)
    assert api.retry_at(outage(retry_after=60.0), 1) == 60.0
    with pytest.raises(RequestError):
        api.retry_at(outage(retry_after=60.1), 1)


async def ends(api: Api, targets: list[Target]) -> list[str]:
    """Return the errors of reading each target, or ``answered``."""
    found = []
    for target in targets:
        try:
            await api.read(target)
        except (RequestError, RunEndedError) as error:
            found.append(repr(error))
        else:
            found.append("answered")
    return found


DOWN, ENDED = "RequestError('it is down')", "RunEndedError('it is down')"


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        pytest.param([outage()] * 15, [DOWN, DOWN, ENDED], id="three-failing-segments"),
        pytest.param([BAD_REQUEST] * 4, ["RequestError('422')"] * 4, id="bad-requests-are-no-outage"),
        pytest.param([outage(Reason.NETWORK)] * 5, [ENDED], id="unreachable"),
        pytest.param([outage(Reason.RATE_LIMITED)] * 8, [ENDED], id="rate-limited"),
    ],
)
async def test_without_any_answer_the_run_ends(failures: list[Exception], expected: list[str]) -> None:
    assert await ends(api_over(FakeClient(*failures)), TARGETS[: len(expected)]) == expected


async def test_after_an_answer_no_run_ends() -> None:
    client = FakeClient(*[outage()] * 4)
    api = api_over(client)

    first = await ends(api, TARGETS[:1])
    client.failures = [outage()] * 15

    assert [*first, *await ends(api, TARGETS[1:])] == ["answered", DOWN, DOWN, DOWN]


# The trigger


@pytest.mark.parametrize(
    ("rate", "held_back", "sent"),
    [
        pytest.param(0.2, 10.0, True, id="two-slots-at-a-low-rate"),
        pytest.param(0.2, 12.0, False, id="longer-at-a-low-rate"),
        pytest.param(100, 2.0, True, id="two-seconds"),
        pytest.param(100, 2.1, False, id="more-than-two-seconds"),
    ],
)
async def test_a_trigger_waits_only_so_long(rate: float, held_back: float, *, sent: bool) -> None:
    rate_limiter, client = RateLimiter(Pacing(requests_per_second=rate)), FakeClient()
    rate_limiter.slow_down(sent_at=0, retry_after=held_back)
    api = api_over(client, rate_limiter)

    try:
        async with api.trigger_slot(baseline_at=0.0) as sent_at:
            await api.trigger(TARGETS[0], Channel.EMAIL, sent_at)
    except RequestError as error:
        told = (error.unavailable.reason, error.unavailable.detail, error.transient)
        assert told == (Reason.RATE_LIMITED, "the rate limit left no room to start a count", True)

    assert asyncio.get_running_loop().time() == held_back
    assert bool(client.sent_at) is sent


async def trigger_after_a_look(answered_in: float) -> float:
    """Return when the trigger is sent, right after a baseline that took that many seconds."""
    api = api_over(FakeClient())
    baseline_at = asyncio.get_running_loop().time()
    await asyncio.sleep(answered_in)
    async with api.trigger_slot(baseline_at) as sent_at:
        return sent_at


def test_a_baseline_is_as_old_as_its_request() -> None:
    assert leap(trigger_after_a_look(2.0)) == 2.0

    with pytest.raises(RequestError) as raised:
        leap(trigger_after_a_look(9.5))

    error = raised.value
    assert (error.unavailable.reason, error.transient, error.was_sent) == (Reason.NETWORK, True, False)
    assert str(error) == "Blueshift took 9.5 s to answer the request before the count, too long to rely on it"


# What is told


@pytest.mark.parametrize(
    ("request_id", "told"), [("abc-1", " (x-request-id abc-1)"), ("", "")], ids=["with-an-id", "without"]
)
async def test_a_bad_answer_has_its_id(request_id: str, told: str) -> None:
    body = b'{"refresh_status": "a-key-for-tests"}'

    with pytest.raises(BadAnswerError) as raised:
        await api_over(FakeClient(body=body, request_id=request_id)).read(TARGETS[0])

    assert str(raised.value) == f'refresh_status is "***", which is not understood{told}'


async def test_a_failure_is_kept_until_an_answer() -> None:
    client = FakeClient()
    api = api_over(client)
    await api.read(TARGETS[1])
    told = [_told(api, 0)]
    client.failures.append(BAD_REQUEST)
    for _ in range(2):
        with contextlib.suppress(UnavailableError):
            await api.read(TARGETS[0])
        told += [_told(api, 0), _told(api, 1)]

    assert told == [None, "422", None, None, None]


async def test_a_first_failure_counts_for_all() -> None:
    api = api_over(FakeClient(RequestError(Reason.NETWORK, "no route", transient=False)))
    with contextlib.suppress(RunEndedError, UnavailableError):
        await api.read(TARGETS[0])
    told = [_told(api, 1), _told(api, None)]
    await api.read(TARGETS[2])

    assert [*told, _told(api, 1), _told(api, 0)] == ["no route", "no route", None, "no route"]


def _told(api: Api, number: int | None) -> str | None:
    trouble = api.trouble(None if number is None else TARGETS[number])
    return trouble.detail if trouble else None


async def test_progress_shows_the_latest_failure() -> None:
    progress = Progress()
    api = api_over(FakeClient(BAD_REQUEST), progress=progress)
    with pytest.raises(RequestError):
        await api.read(TARGETS[0])
    seen = [progress.trouble]
    await api.read(TARGETS[1])

    assert [*seen, progress.trouble] == ["422", ""]


async def test_a_pause_beyond_the_run_is_told() -> None:
    client, rate_limiter = FakeClient(), RateLimiter(Pacing())
    await asyncio.sleep(10)
    rate_limiter.slow_down(sent_at=10, retry_after=90)

    with pytest.raises(RunEndedError) as raised:
        await api_over(client, rate_limiter, deadline=60.0).read(TARGETS[0])

    assert raised.value.unavailable == Unavailable(
        reason=Reason.RATE_LIMITED,
        detail="Blueshift refuses requests for another 1 min 30 s, beyond the end of this run",
    )
    assert client.sent_at == []


async def test_requests_and_429s_are_counted() -> None:
    api = api_over(FakeClient(outage(Reason.RATE_LIMITED), outage(), outage(Reason.RATE_LIMITED)))
    await api.read(TARGETS[0])

    assert (api.requests, api.refused_for_rate) == (4, 2)
