"""What ends a run, and what does not."""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.blueshift.account import open_account
from guard.blueshift.counting import Wanted, connect
from guard.blueshift.freshness import Prover
from guard.blueshift.rate_limiter import Priority, RateLimiter
from guard.core.model import Channel, Pacing, Refresh
from guard.core.progress import Progress
from guard.core.results import Reason, SegmentReadings
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]

UUIDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(5)]
PEOPLE = {Channel.EMAIL: 40}
SEGMENTS = tuple(ScenarioSegment(uuid=each, name=each, counts=PEOPLE, fresh=PEOPLE) for each in UUIDS)


def reasons(found: dict[str, SegmentReadings]) -> list[Reason | None]:
    return [getattr(each.channels[Channel.EMAIL], "reason", None) for each in found.values()]


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, headers=headers, stream=httpx.ByteStream(b""))


def refusal(code: int) -> httpx.Response:
    return httpx.Response(code, stream=httpx.ByteStream(b'{"message": "Not authorized"}'))


def page(code: int) -> httpx.Response:
    return httpx.Response(code, stream=httpx.ByteStream(b"<!doctype html><title>Blocked</title>"))


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_firewall_that_stops_one_request_does_not_end_the_run(serve: Serve, want: Want, code: int) -> None:
    server = serve(
        Scenario(segments=SEGMENTS), lambda request, _number: page(code) if UUIDS[2] in str(request.url) else None
    )

    assert reasons(server.count(*map(want, UUIDS))) == [None, None, Reason.NETWORK, None, None]


def test_a_firewall_that_stops_all_ends_the_run_after_three_segments(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS), lambda _request, _number: page(403))

    found = server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=1, concurrency=1))

    assert reasons(found) == [Reason.NETWORK] * 5
    assert server.asked == 3


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_ends_the_run_at_once_and_keeps_what_was_proven(serve: Serve, want: Want, code: int) -> None:
    server = serve(Scenario(segments=SEGMENTS), lambda _request, number: refusal(code) if number > 9 else None)

    found = server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=1))

    assert set(reasons(found)) == {None, Reason.REFUSED_KEY}
    assert server.asked == 10


def test_a_silent_host_ends_the_run_after_one_request(serve: Serve, want: Want) -> None:
    def refuse(_request: httpx.Request, _number: int) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    server = serve(Scenario(segments=SEGMENTS), refuse)

    found = server.count(*map(want, UUIDS))

    assert reasons(found) == [Reason.NETWORK] * 5
    assert 11 < server.seconds < 20
    assert server.asked <= 25


def test_a_failing_segment_does_not_affect_others(serve: Serve, want: Want) -> None:
    server = serve(
        Scenario(segments=SEGMENTS), lambda request, _number: status(503) if UUIDS[2] in str(request.url) else None
    )

    found = server.count(*map(want, UUIDS))

    assert reasons(found) == [None, None, Reason.SERVER_ERROR, None, None]


def test_every_third_answer_may_fail(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS), lambda _request, number: status(503) if number % 3 == 0 else None)

    assert reasons(server.count(*map(want, UUIDS))) == [None] * 5


@pytest.mark.parametrize(("code", "asked"), [(400, 1), (404, 2), (422, 1), (302, 1), (204, 1)])
def test_errors_that_are_not_transient_are_hardly_retried(serve: Serve, want: Want, code: int, asked: int) -> None:
    server = serve(Scenario(), lambda _request, _number: status(code))

    server.count(want(UUIDS[0]))

    assert server.asked == asked


def test_an_unknown_uuid_is_named(serve: Serve, want: Want) -> None:
    found = serve(Scenario()).count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]

    assert found.reason is Reason.NOT_FOUND
    assert found.detail.startswith(f"the account has no segment {UUIDS[0]}: blueshift.test answered 404 Not Found")
    assert "ampaign" not in found.detail


def test_a_pause_beyond_the_end_of_the_run_ends_it(serve: Serve, want: Want) -> None:
    server = serve(Scenario(), lambda _request, _number: status(429, **{"Retry-After": "3600"}))

    found = server.count(*map(want, UUIDS), time_limit=600)

    assert reasons(found) == [Reason.RATE_LIMITED] * 5
    assert server.seconds < 1


def test_endless_429s_end_the_run(serve: Serve, want: Want) -> None:
    server = serve(Scenario(), lambda _request, _number: status(429))

    found = server.count(*map(want, UUIDS), time_limit=3600)

    assert reasons(found) == [Reason.RATE_LIMITED] * 5
    assert server.seconds < 180
    assert server.asked < 60


@pytest.mark.parametrize("pause", ["0", "2", "soon", "-1", "1e99"])
def test_one_429_does_no_harm_whatever_it_asks_for(serve: Serve, want: Want, pause: str) -> None:
    server = serve(
        Scenario(segments=SEGMENTS),
        lambda _request, number: status(429, **{"Retry-After": pause}) if number == 3 else None,
    )

    assert reasons(server.count(*map(want, UUIDS))) == [None] * 5
    assert server.seconds < 10


def test_at_most_so_many_requests_are_in_flight(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS, latency=1.0))

    server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=100, concurrency=2))

    assert server.most_in_flight == 2


@pytest.mark.parametrize("rate", [1, 5, 50])
def test_the_bucket_never_bursts(serve: Serve, want: Want, rate: int) -> None:
    server = serve(Scenario(segments=SEGMENTS))

    server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=rate))

    times = [each.time for each in server.requests]
    assert all(sum(start <= each < start + 1 for each in times) <= rate + 1 for start in times)


def test_a_bug_is_unknown_and_never_a_pass(serve: Serve, want: Want, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Prover, "count", fail)

    found = serve(Scenario(segments=SEGMENTS)).count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]

    assert found.reason is Reason.INTERNAL
    assert found.detail == "audience-guard itself failed (ZeroDivisionError); see --debug"


def test_a_poll_comes_when_earlier_refreshes_ended(serve: Serve, want: Want) -> None:
    segments = tuple(
        ScenarioSegment(uuid=f"00000000-0000-4000-8000-{number:012d}", name="", counts=PEOPLE, fresh=PEOPLE, refresh=30)
        for number in range(60)
    )
    server = serve(Scenario(segments=segments))

    server.count(*(want(each.uuid) for each in segments), pacing=Pacing(requests_per_second=3))

    looks = [sum(each.uuid in request.path for request in server.requests) - 2 for each in segments]
    assert max(looks[-10:]) <= 3 < max(looks)


def test_a_long_refresh_does_not_delay_a_quick_one_for_ever(serve: Serve, want: Want) -> None:
    slow = ScenarioSegment(uuid=UUIDS[0], name="slow", counts=PEOPLE, fresh=PEOPLE, refresh=500)
    quick = ScenarioSegment(uuid=UUIDS[1], name="quick", counts=PEOPLE, fresh=PEOPLE, refresh=2)
    server = serve(Scenario(segments=(slow, quick)))

    server.count(want(UUIDS[0]), want(UUIDS[1]), want(UUIDS[0], key="again", bypass_global=True))

    asked = [each.time for each in server.requests if UUIDS[1] in each.path]
    assert asked[-1] - asked[0] < 70


def test_a_retry_after_of_a_minute_is_respected(serve: Serve, want: Want) -> None:
    server = serve(
        Scenario(segments=SEGMENTS),
        lambda _request, number: status(503, **{"Retry-After": "60"}) if number == 1 else None,
    )

    assert reasons(server.count(*map(want, UUIDS))) == [None] * 5


@pytest.mark.parametrize("number", [1, 6])
def test_one_answer_that_asks_for_more_than_there_is_costs_one_segment_at_most(
    serve: Serve, want: Want, number: int
) -> None:
    server = serve(
        Scenario(segments=SEGMENTS),
        lambda _request, asked: status(503, **{"Retry-After": "100000"}) if asked == number else None,
    )

    assert sorted(map(str, reasons(server.count(*map(want, UUIDS), time_limit=600)))) == ["None"] * 4 + ["server_error"]
    assert server.seconds < 60


def test_a_broken_listing_does_not_affect_other_segments(serve: Serve, want: Want) -> None:
    server = serve(
        Scenario(segments=SEGMENTS), lambda request, _number: status(503) if "list" in request.url.path else None
    )

    found = server.count(Wanted(key="named", uuid=None, name="x", channels=(Channel.EMAIL,)), want(UUIDS[1]))

    assert reasons(found) == [Reason.SERVER_ERROR, None]


def test_nothing_is_sent_during_a_pause(serve: Serve, want: Want) -> None:
    server = serve(
        Scenario(segments=SEGMENTS),
        lambda _request, number: status(429, **{"Retry-After": "20"}) if number == 3 else None,
    )

    server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=1))

    times = [each.time for each in server.requests]
    assert max(later - earlier for earlier, later in pairwise(times)) >= 20


def test_a_cancelled_request_frees_its_slot(leap: Callable[..., Any]) -> None:
    async def main() -> None:
        rate_limiter = RateLimiter(Pacing(requests_per_second=100, concurrency=1))

        async def hold() -> None:
            async with rate_limiter.slot(Priority.BASELINE):
                await asyncio.sleep(1000)

        holding, waiting = asyncio.ensure_future(hold()), asyncio.ensure_future(hold())
        await asyncio.sleep(1)
        waiting.cancel()
        holding.cancel()
        await asyncio.gather(holding, waiting, return_exceptions=True)
        async with asyncio.timeout(1), rate_limiter.slot(Priority.BASELINE):
            pass

    leap(main())


def test_a_trigger_takes_the_slot_of_its_baseline(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS, latency=0.9))

    found = server.count(*map(want, UUIDS), pacing=Pacing(requests_per_second=100, concurrency=1))

    asked = [(each.path, each.query["refresh"]) for each in server.requests]
    assert reasons(found) == [None] * 5
    for position, (path, refresh) in enumerate(asked):
        if refresh == "true":
            assert asked[position - 1] == (path, "false")


def test_two_checks_in_one_process_share_a_segments_lock() -> None:
    uuid, people = UUIDS[0], {Channel.USERS: 50, Channel.EMAIL: 50}
    fresh = {Channel.USERS: 5000, Channel.EMAIL: 5000}
    segment = ScenarioSegment(uuid=uuid, name="", counts=people, fresh=fresh, refresh=0.3)
    channels = (Channel.USERS, Channel.EMAIL)

    async def count(url: str, channel: Channel) -> Any:
        account = open_account({"BLUESHIFT_API_KEY": "any"}, base_url=url)
        async with connect(account, Pacing(requests_per_second=50)) as blueshift:
            wanted = [Wanted(key="it", uuid=uuid, channels=(channel,))]
            found = await blueshift.count(wanted, refresh=Refresh(), time_limit=30, progress=Progress())
        return found["it"].channels[channel]

    with Sandbox(Scenario(segments=(segment,))) as sandbox, ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda channel: asyncio.run(count(sandbox.url, channel)), channels))

    assert [each.value for each in found] == [5000, 5000]


def test_a_later_stamp_of_another_day_is_not_a_proof(serve: Serve, want: Want) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        body = (
            f'{{"refresh_status": "ready", "email_users": 50, "approxusers_updated_at": "2026-01-0{min(number, 3)}"}}'
        )
        body = body.replace('"}', 'T00:00:00Z"}')
        return httpx.Response(
            200, headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, stream=httpx.ByteStream(body.encode())
        )

    found = serve(Scenario(), interfere).count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]

    assert found.reason is Reason.BAD_ANSWER
    assert found.detail == "the new count has the stamp 2026-01-03 00:00, long before this run"


@pytest.mark.parametrize("old", ["2020-01-01T00:00:00Z", "2027-01-14T02:00:00Z", "2027-01-15T08:00:00.900Z"])
def test_an_old_stamp_is_not_a_proof_even_after_null(serve: Serve, want: Want, old: str) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        stamp = "null" if number < 3 else f'"{old}"'
        body = f'{{"refresh_status": "ready", "email_users": 50, "approxusers_updated_at": {stamp}}}'
        return httpx.Response(
            200, headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, stream=httpx.ByteStream(body.encode())
        )

    found = serve(Scenario(), interfere).count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]

    assert found.reason is Reason.TIMEOUT
    assert (
        found.detail == "Blueshift showed a count within 10 min, but its stamp is older than the request; check again"
    )


@pytest.mark.parametrize(
    "body",
    [
        '{"authorization": "Basic KEY", "refresh_status": "KEY"}',
        "Authorization: Basic KEY",
        '{"refresh_status": "ready", "email_users": "KEY"}',
        '"' + "x" * 50 + 'KEY"',
    ],
)
@pytest.mark.parametrize("secret", ["a-key-for-tests", base64.b64encode(b"a-key-for-tests:").decode()])
def test_an_answer_that_echoes_the_key_is_not_quoted(serve: Serve, want: Want, body: str, secret: str) -> None:
    echo = body.replace("KEY", secret).encode()
    server = serve(Scenario(), lambda _request, _number: httpx.Response(200, stream=httpx.ByteStream(echo)))

    detail = server.count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL].detail

    assert not [start for start in range(len(secret) - 5) if secret[start : start + 5] in detail]


def test_progress_is_told(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS))

    server.count(*map(want, UUIDS), refresh=Refresh())

    assert (server.progress.total, server.progress.done, server.progress.refreshing) == (5, 5, 0)


# A change of pacing during a run


async def slots(rate_limiter: RateLimiter, number: int) -> list[float]:
    """Return the times of that many slots, one after another."""
    times = []
    for _ in range(number):
        async with rate_limiter.slot(Priority.BASELINE) as now:
            times.append(now)
    return times


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def test_a_faster_rate_takes_effect_at_once(leap: Callable[..., Any]) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=0.01))
        waiting = asyncio.ensure_future(slots(rate_limiter, 4))
        await asyncio.sleep(10)
        rate_limiter.pace(Pacing(requests_per_second=10))
        return await waiting

    assert leap(main()) == pytest.approx([0, 10.1, 10.2, 10.3])


def test_a_slower_rate_takes_effect_with_the_next_request(leap: Callable[..., Any]) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=100))
        await slots(rate_limiter, 3)
        rate_limiter.pace(Pacing(requests_per_second=0.5))
        return await slots(rate_limiter, 3)

    assert gaps(leap(main())) == pytest.approx([2, 2])


def test_repeating_the_same_pacing_changes_nothing(leap: Callable[..., Any]) -> None:
    pacing = Pacing(requests_per_second=1)

    async def main() -> list[float]:
        rate_limiter = RateLimiter(pacing)
        waiting = asyncio.ensure_future(slots(rate_limiter, 5))
        while not waiting.done():
            rate_limiter.pace(pacing)
            await asyncio.sleep(0.3)
        return waiting.result()

    assert leap(main()) == pytest.approx([0, 1, 2, 3, 4])


def test_a_lower_concurrency_takes_effect_as_slots_are_freed(leap: Callable[..., Any]) -> None:
    async def main() -> list[int]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=1000, concurrency=3))
        held, most = 0, []

        async def hold(seconds: float) -> None:
            nonlocal held
            async with rate_limiter.slot(Priority.BASELINE):
                held += 1
                most.append(held)
                await asyncio.sleep(seconds)
                held -= 1

        first = [asyncio.ensure_future(hold(seconds)) for seconds in (1, 2, 3)]
        await asyncio.sleep(0.5)
        rate_limiter.pace(Pacing(requests_per_second=1000, concurrency=1))
        await asyncio.gather(*first, *(hold(1) for _ in range(3)))
        return most

    assert leap(main()) == [1, 2, 3, 1, 1, 1]


def test_a_higher_concurrency_takes_effect_at_once(leap: Callable[..., Any]) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=1000, concurrency=1))
        async with rate_limiter.slot(Priority.BASELINE):
            waiting = asyncio.ensure_future(slots(rate_limiter, 1))
            await asyncio.sleep(5)
            rate_limiter.pace(Pacing(requests_per_second=1000, concurrency=2))
            return await waiting

    assert leap(main()) == pytest.approx([5])


@pytest.mark.parametrize(("rate", "slowed"), [(10, 2.5), (20, 2.5), (1, 1)])
def test_a_lowered_rate_stays_low_at_any_pacing(leap: Callable[..., Any], rate: float, slowed: float) -> None:
    async def main() -> float:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        rate_limiter.slow_down(sent_at=0, retry_after=None)
        rate_limiter.pace(Pacing(requests_per_second=rate))
        return 1 / rate_limiter.interval

    assert leap(main()) == pytest.approx(slowed)


def test_a_lowered_rate_recovers_to_the_new_one(leap: Callable[..., Any]) -> None:
    async def main() -> float:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        rate_limiter.slow_down(sent_at=0, retry_after=None)
        rate_limiter.pace(Pacing(requests_per_second=4))
        for _ in range(1_000):
            rate_limiter.speed_up()
        return 1 / rate_limiter.interval

    assert leap(main()) == pytest.approx(4)


def test_a_pause_is_kept_whatever_the_pace(leap: Callable[..., Any]) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=1))
        rate_limiter.slow_down(sent_at=0, retry_after=30)
        rate_limiter.pace(Pacing(requests_per_second=100))
        return await slots(rate_limiter, 1)

    assert leap(main()) == pytest.approx([30])
