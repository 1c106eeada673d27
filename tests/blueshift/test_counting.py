"""What ends a run, and what does not."""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.account import open_account
from guard.blueshift.counting import connect
from guard.blueshift.freshness import Prover
from guard.core.model import Channel, Pacing, Refresh
from guard.core.progress import Progress
from guard.core.results import Reason, SegmentReadings
from guard.sandbox.scenario import Scenario, ScenarioSegment
from guard.sandbox.server import Sandbox
from tests.blueshift.in_process import Server, refuse, reply, uuid_of, want

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

UUIDS = [uuid_of(number) for number in range(5)]
PEOPLE = {Channel.EMAIL: 40}
SEGMENTS = tuple(ScenarioSegment(uuid=each, name=each, counts=PEOPLE, fresh=PEOPLE) for each in UUIDS)
ALL_WANTED = [want(each) for each in UUIDS]
PAGE, REFUSAL = b"<!doctype html><title>Blocked</title>", b'{"message": "Not authorized"}'


def serve(
    interfere: Callable[[httpx.Request, int], httpx.Response | None] = lambda _request, _number: None, **values: Any
) -> Server:
    return Server(Scenario(segments=SEGMENTS, **values), interfere)


def serve_at(number: int, answer: httpx.Response) -> Server:
    """Return a server that gives another answer to one request, by its number."""
    return serve(lambda _request, asked: answer if asked == number else None)


def reasons(found: dict[str, SegmentReadings]) -> list[Reason | None]:
    return [getattr(each.channels[Channel.EMAIL], "reason", None) for each in found.values()]


def count_one(server: Server) -> Any:
    """Return the reading of the first segment's email."""
    return server.count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]


@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        *(pytest.param(code, PAGE, Reason.NETWORK, id=f"firewall-{code}") for code in (401, 403, 404)),
        pytest.param(503, b"", Reason.SERVER_ERROR, id="503"),
    ],
)
def test_a_failing_segment_is_apart(code: int, body: bytes, reason: Reason) -> None:
    server = serve(lambda request, _number: reply(body, code) if UUIDS[2] in str(request.url) else None)

    assert reasons(server.count(*ALL_WANTED)) == [None, None, reason, None, None]


def test_a_firewall_ends_the_run() -> None:
    server = serve(lambda _request, _number: reply(PAGE, 403))

    found = server.count(*ALL_WANTED, pacing=Pacing(requests_per_second=1, concurrency=1))

    assert reasons(found) == [Reason.NETWORK] * 5
    assert server.asked == 3


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_ends_the_run_at_once(code: int) -> None:
    """What was proven before stays."""
    server = serve(lambda _request, number: reply(REFUSAL, code) if number > 9 else None)

    found = server.count(*ALL_WANTED, pacing=Pacing(requests_per_second=1))

    assert set(reasons(found)) == {None, Reason.REFUSED_KEY}
    assert server.asked == 10


def test_a_silent_host_ends_the_run() -> None:
    server = serve(refuse)

    assert reasons(server.count(*ALL_WANTED)) == [Reason.NETWORK] * 5
    assert 11 < server.seconds < 20
    assert server.asked <= 25


def test_every_third_answer_may_fail() -> None:
    server = serve(lambda _request, number: reply(b"", 503) if number % 3 == 0 else None)

    assert reasons(server.count(*ALL_WANTED)) == [None] * 5


@pytest.mark.parametrize(("code", "asked"), [(400, 1), (404, 2), (422, 1), (302, 1), (204, 1)])
def test_other_errors_are_hardly_retried(code: int, asked: int) -> None:
    server = serve(lambda _request, _number: reply(b"", code))

    count_one(server)

    assert server.asked == asked


def test_an_unknown_uuid_is_named() -> None:
    found = count_one(Server(Scenario()))

    assert found.reason is Reason.NOT_FOUND
    assert found.detail.startswith(f"the account has no segment {UUIDS[0]}: blueshift.test answered 404 Not Found")
    assert "ampaign" not in found.detail


@pytest.mark.parametrize(
    ("headers", "time_limit", "seconds", "asked"),
    [({"Retry-After": "3600"}, 600, 1, 10), ({}, 3600, 180, 59)],
    ids=["pause-beyond-the-run", "endless"],
)
def test_429s_end_the_run(headers: dict[str, str], time_limit: float, seconds: float, asked: int) -> None:
    server = serve(lambda _request, _number: reply(b"", 429, headers))

    assert reasons(server.count(*ALL_WANTED, time_limit=time_limit)) == [Reason.RATE_LIMITED] * 5
    assert server.seconds < seconds
    assert server.asked <= asked


@pytest.mark.parametrize(
    ("number", "code", "retry_after", "seconds"),
    [
        *(pytest.param(3, 429, pause, 10, id=f"429-{pause}") for pause in ("0", "2", "soon", "-1", "1e99")),
        pytest.param(1, 503, "60", 3600, id="503-a-minute"),
    ],
)
def test_one_failure_does_no_harm(number: int, code: int, retry_after: str, seconds: float) -> None:
    server = serve_at(number, reply(b"", code, {"Retry-After": retry_after}))

    assert reasons(server.count(*ALL_WANTED)) == [None] * 5
    assert server.seconds < seconds


@pytest.mark.parametrize("number", [1, 6])
def test_a_long_retry_after_costs_one_segment(number: int) -> None:
    server = serve_at(number, reply(b"", 503, {"Retry-After": "100000"}))

    assert sorted(map(str, reasons(server.count(*ALL_WANTED, time_limit=600)))) == ["None"] * 4 + ["server_error"]
    assert server.seconds < 60


def test_nothing_is_sent_during_a_pause() -> None:
    server = serve_at(3, reply(b"", 429, {"Retry-After": "20"}))

    server.count(*ALL_WANTED, pacing=Pacing(requests_per_second=1))

    times = [each.time for each in server.requests]
    assert max(later - earlier for earlier, later in pairwise(times)) >= 20


def test_the_concurrency_is_a_limit() -> None:
    server = serve(latency=1.0)

    server.count(*ALL_WANTED, pacing=Pacing(requests_per_second=100, concurrency=2))

    assert server.most_in_flight == 2


@pytest.mark.parametrize("rate", [1, 5, 50])
def test_the_bucket_never_bursts(rate: int) -> None:
    server = serve()

    server.count(*ALL_WANTED, pacing=Pacing(requests_per_second=rate))

    times = [each.time for each in server.requests]
    assert all(sum(start <= each < start + 1 for each in times) <= rate + 1 for start in times)


def test_a_bug_is_unknown_and_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Prover, "count", fail)

    found = count_one(serve())

    assert found.reason is Reason.INTERNAL
    assert found.detail == "audience-guard itself failed (ZeroDivisionError); see --debug"


def test_polls_learn_from_earlier_ends() -> None:
    segments = tuple(
        ScenarioSegment(uuid=uuid_of(number), name="", counts=PEOPLE, fresh=PEOPLE, refresh=30) for number in range(60)
    )
    server = Server(Scenario(segments=segments))

    server.count(*(want(each.uuid) for each in segments), pacing=Pacing(requests_per_second=3))

    looks = [sum(each.uuid in request.path for request in server.requests) - 2 for each in segments]
    assert max(looks[-10:]) <= 3 < max(looks)


def test_a_long_refresh_delays_no_quick_one() -> None:
    slow = ScenarioSegment(uuid=UUIDS[0], name="slow", counts=PEOPLE, fresh=PEOPLE, refresh=500)
    quick = ScenarioSegment(uuid=UUIDS[1], name="quick", counts=PEOPLE, fresh=PEOPLE, refresh=2)
    server = Server(Scenario(segments=(slow, quick)))

    server.count(want(UUIDS[0]), want(UUIDS[1]), want(UUIDS[0], key="again", bypass_global=True))

    asked = [each.time for each in server.requests if UUIDS[1] in each.path]
    assert asked[-1] - asked[0] < 70


@pytest.mark.parametrize(
    ("rate", "latency", "concurrency", "number"),
    [
        pytest.param(100, 0.9, 1, 5, id="one-slot"),
        pytest.param(5, 0.01, 10, 20, id="low-rate"),
    ],
)
def test_a_trigger_follows_its_baseline(rate: float, latency: float, concurrency: int, number: int) -> None:
    """The trigger goes ahead of everything that waits."""
    uuids = [uuid_of(each) for each in range(number)]
    segments = tuple(ScenarioSegment(uuid=each, name=each, counts=PEOPLE, fresh=PEOPLE) for each in uuids)
    server = Server(Scenario(segments=segments, latency=latency))

    found = server.count(*map(want, uuids), pacing=Pacing(requests_per_second=rate, concurrency=concurrency))

    asked = [(each.path, each.query["refresh"]) for each in server.requests]
    assert reasons(found) == [None] * number
    for position, (path, refresh) in enumerate(asked):
        if refresh == "true":
            assert asked[position - 1] == (path, "false"), "something came between a baseline and its trigger"


def test_two_threads_share_a_segments_lock() -> None:
    people = {Channel.USERS: 50, Channel.EMAIL: 50}
    fresh = {Channel.USERS: 5000, Channel.EMAIL: 5000}
    segment = ScenarioSegment(uuid=UUIDS[0], name="", counts=people, fresh=fresh, refresh=0.3)

    async def count(url: str, channel: Channel) -> Any:
        account = open_account({"BLUESHIFT_API_KEY": "any"}, base_url=url)
        async with connect(account, Pacing(requests_per_second=50)) as blueshift:
            wanted = [want(UUIDS[0], channel)]
            found = await blueshift.count(wanted, refresh=Refresh(), time_limit=30, progress=Progress())
        return found[UUIDS[0]].channels[channel]

    with Sandbox(Scenario(segments=(segment,))) as sandbox, ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda channel: asyncio.run(count(sandbox.url, channel)), people))

    assert [each.value for each in found] == [5000, 5000]


OLDER = "Blueshift showed a count within 10 min, but its stamp is older than the request; check again"


@pytest.mark.parametrize(
    ("stamps", "reason", "detail"),
    [
        pytest.param(
            [f'"2026-01-0{day}T00:00:00Z"' for day in (1, 2, 3)],
            Reason.BAD_ANSWER,
            "the new count has the stamp 2026-01-03 00:00, long before this run",
            id="later-but-of-another-day",
        ),
        *(
            pytest.param(["null", "null", f'"{old}"'], Reason.TIMEOUT, OLDER, id=old)
            for old in ("2020-01-01T00:00:00Z", "2027-01-14T02:00:00Z", "2027-01-15T08:00:00.900Z")
        ),
    ],
)
def test_an_old_stamp_is_not_a_proof(stamps: list[str], reason: Reason, detail: str) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        stamp = stamps[min(number, 3) - 1]
        body = f'{{"refresh_status": "ready", "email_users": 50, "approxusers_updated_at": {stamp}}}'
        return reply(body.encode(), headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"})

    found = count_one(serve(interfere))

    assert (found.reason, found.detail) == (reason, detail)


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
def test_an_echoed_key_is_not_quoted(body: str, secret: str) -> None:
    echo = body.replace("KEY", secret).encode()

    detail = count_one(serve(lambda _request, _number: reply(echo))).detail

    assert not [start for start in range(len(secret) - 5) if secret[start : start + 5] in detail]


def test_progress_is_told() -> None:
    server = serve()

    server.count(*ALL_WANTED)

    assert (server.progress.total, server.progress.done, server.progress.refreshing) == (5, 5, 0)
