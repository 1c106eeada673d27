"""What ends a whole run, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.blueshift.fresh import Prover
from guard.model import Channel, Pacing, Refresh
from guard.outcome import Reason, SegmentReadings
from guard.sandbox.scenario import Scenario, ScenarioSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.blueshift.counting import Wanted

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]

UUIDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(5)]
PEOPLE = {Channel.EMAIL: 40}
SEGMENTS = tuple(ScenarioSegment(uuid=each, name=each, counts=PEOPLE, fresh=PEOPLE) for each in UUIDS)


def reasons(found: dict[str, SegmentReadings]) -> list[Reason | None]:
    return [getattr(each.channels[Channel.EMAIL], "reason", None) for each in found.values()]


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, headers=headers, stream=httpx.ByteStream(b""))


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_ends_the_run_at_once_and_keeps_what_was_proven(serve: Serve, want: Want, code: int) -> None:
    server = serve(
        Scenario(segments=SEGMENTS), lambda request, _number: status(code) if UUIDS[4] in str(request.url) else None
    )
    late = want(UUIDS[4])

    found = server.count(want(UUIDS[0]), late, pacing=Pacing(requests_per_second=1))

    assert reasons(found)[1] is Reason.REFUSED_KEY
    assert sum(each.status == code for each in server.requests) == 0
    assert server.seconds < 5


def test_a_host_that_never_answers_ends_the_run_after_one_requests_tries(serve: Serve, want: Want) -> None:
    def refuse(_request: httpx.Request, _number: int) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    server = serve(Scenario(segments=SEGMENTS), refuse)

    found = server.count(*map(want, UUIDS))

    assert reasons(found) == [Reason.NETWORK] * 5
    assert 11 < server.seconds < 20
    assert server.asked <= 25


def test_an_outage_of_one_segment_is_its_own(serve: Serve, want: Want) -> None:
    server = serve(
        Scenario(segments=SEGMENTS), lambda request, _number: status(503) if UUIDS[2] in str(request.url) else None
    )

    found = server.count(*map(want, UUIDS))

    assert reasons(found) == [None, None, Reason.SERVER_ERROR, None, None]


def test_every_third_answer_may_fail(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS), lambda _request, number: status(503) if number % 3 == 0 else None)

    assert reasons(server.count(*map(want, UUIDS))) == [None] * 5


@pytest.mark.parametrize(("code", "asked"), [(400, 1), (404, 2), (422, 1), (302, 1), (204, 1)])
def test_what_will_not_get_better_is_hardly_tried_again(serve: Serve, want: Want, code: int, asked: int) -> None:
    server = serve(Scenario(), lambda _request, _number: status(code))

    server.count(want(UUIDS[0]))

    assert server.asked == asked


def test_an_unknown_uuid_is_named(serve: Serve, want: Want) -> None:
    found = serve(Scenario()).count(want(UUIDS[0]))[UUIDS[0]].channels[Channel.EMAIL]

    assert found.reason is Reason.NOT_FOUND
    assert found.detail.startswith(f"Blueshift has no segment {UUIDS[0]}: blueshift.test answered 404 Not Found")


def test_a_pause_beyond_the_end_of_the_run_is_not_sat_out(serve: Serve, want: Want) -> None:
    server = serve(Scenario(), lambda _request, _number: status(429, **{"Retry-After": "3600"}))

    found = server.count(*map(want, UUIDS), time_limit=600)

    assert reasons(found) == [Reason.RATE_LIMITED] * 5
    assert server.seconds < 1


def test_a_limit_that_never_lifts_is_given_up(serve: Serve, want: Want) -> None:
    server = serve(Scenario(), lambda _request, _number: status(429))

    found = server.count(*map(want, UUIDS), time_limit=3600)

    assert reasons(found) == [Reason.RATE_LIMITED] * 5
    assert server.seconds < 180
    assert server.asked < 60


@pytest.mark.parametrize("pause", ["0", "2", "soon", "-1", "1e99"])
def test_one_limited_answer_is_survived_whatever_it_asks_for(serve: Serve, want: Want, pause: str) -> None:
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


def test_progress_is_told(serve: Serve, want: Want) -> None:
    server = serve(Scenario(segments=SEGMENTS))

    server.count(*map(want, UUIDS), refresh=Refresh())

    assert (server.progress.total, server.progress.done, server.progress.refreshing) == (5, 5, 0)
