"""Waiting for a refresh: when the polls come, when they end, and what a timeout says."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.blueshift.account import Account, ApiKey
from guard.blueshift.answers import Answer
from guard.blueshift.api import Target
from guard.blueshift.counting import connect
from guard.blueshift.errors import UnavailableError
from guard.blueshift.freshness import Prover, _counted
from guard.blueshift.pending_refreshes import PendingRefreshes
from guard.core.model import Channel, Pacing, Refresh, Region
from guard.core.progress import Progress
from guard.core.results import Count, Reason, Unavailable
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment, Stamps

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from guard.blueshift.counting import Wanted

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]
    Leap = Callable[[Coroutine[Any, Any, Any]], Any]

LAUNCH_DAY = 1_800_000_000.5
ONE = "00000000-0000-4000-8000-000000000001"
EMAIL = Channel.EMAIL


def scenario(latency: float = 0.0, **values: Any) -> Scenario:
    segment = ScenarioSegment(**{"uuid": ONE, "name": "One", "counts": {EMAIL: 40}, "fresh": {EMAIL: 400}} | values)
    return Scenario(segments=(segment,), latency=latency)


def several(number: int, **values: Any) -> ScenarioSegment:
    uuid = f"00000000-0000-4000-8000-{number:012}"
    people = {EMAIL: 400, Channel.SMS: 300}
    return ScenarioSegment(uuid=uuid, name=uuid, counts=people, fresh=people, **values)


def stuck(latency: float = 0.0) -> Scenario:
    return scenario(latency, stuck=frozenset({EMAIL}))


def looks(server: Any) -> list[float]:
    """Return the times of the polls, in seconds after the trigger's answer."""
    times = [each.time - LAUNCH_DAY for each in server.requests]
    triggered = next(at for at, each in enumerate(server.requests) if each.query["refresh"] == "true")
    latency = server.scenario.latency
    return [at - times[triggered] - latency for at in times[triggered + 1 :]]


def answer(number: int, **fields: Any) -> httpx.Response:
    body = {"refresh_status": "ready", "email_users": number} | fields
    date = {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}
    return httpx.Response(200, headers=date, stream=httpx.ByteStream(httpx.Response(200, json=body).content))


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)


@pytest.mark.parametrize("moved_by", ["08:00:00.000", "07:59:59.999", "07:30:00.000"])
def test_the_stamp_must_be_later_than_the_baselines_too(serve: Serve, want: Want, moved_by: str) -> None:
    """A replica that lags answers the trigger with an old stamp; then the baseline's own comes back, or nearly."""
    stamps = ["2027-01-15T08:00:00.900Z", "2027-01-15T07:00:00Z", f"2027-01-15T{moved_by}Z"]

    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        return answer(number, approxusers_updated_at=stamps[min(number, 3) - 1])

    found = serve(scenario(), interfere).count(want(ONE), refresh=Refresh(timeout=10))[ONE]

    assert found.channels[EMAIL] == Unavailable(
        reason=Reason.TIMEOUT, detail="Blueshift showed no new count within 10 s, only the old one"
    )


@pytest.mark.usefixtures("steady")
def test_polls_come_less_and_less_often_up_to_a_limit(serve: Serve, want: Want) -> None:
    server = serve(stuck())

    server.count(want(ONE), refresh=Refresh(timeout=300, poll_interval=2, max_poll_interval=15))

    first, *gaps = [later - earlier for earlier, later in pairwise([0.0, *looks(server)])]
    assert first == pytest.approx(2)
    assert all(earlier <= later + 0.001 for earlier, later in pairwise(gaps[:-1]))
    assert 10 < max(gaps) <= 15


@pytest.mark.parametrize(("timeout", "last"), [(5.0, 4.5), (600.0, 599.0)])
@pytest.mark.parametrize("latency", [0.0, 0.25])
def test_the_last_poll_comes_in_time_for_its_answer(
    serve: Serve, want: Want, timeout: float, last: float, latency: float
) -> None:
    server = serve(stuck(latency))

    server.count(want(ONE), refresh=Refresh(timeout=timeout))

    *_, but_one, final = looks(server)
    assert last - latency <= final <= last + 0.01
    assert but_one < last - 0.01


def test_a_refresh_that_ends_shortly_before_its_timeout_is_seen(serve: Serve, want: Want) -> None:
    server = serve(scenario(refresh=598.5))

    assert server.count(want(ONE), refresh=Refresh(timeout=600))[ONE].channels[EMAIL].value == 400


def test_a_refresh_that_ends_shortly_before_the_run_does_is_seen(serve: Serve, want: Want) -> None:
    server = serve(scenario(refresh=18.5))

    assert server.count(want(ONE), time_limit=20)[ONE].channels[EMAIL].value == 400


def test_before_the_run_ends_there_is_a_last_poll(serve: Serve, want: Want) -> None:
    server = serve(stuck())

    server.count(want(ONE), time_limit=20)

    last = server.requests[-1].time - LAUNCH_DAY
    assert last == pytest.approx(19)
    assert sum(each.time == server.requests[-1].time for each in server.requests) == 1


def test_unanswered_polls_end_at_the_timeout_too(serve: Serve, want: Want) -> None:
    def fail(_request: httpx.Request, number: int) -> httpx.Response | None:
        if number > 2:
            raise httpx.ConnectError("no route")
        return None

    server = serve(scenario(), fail)

    found = server.count(want(ONE), refresh=Refresh(timeout=4))[ONE].channels[EMAIL]

    assert found == Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 4 s")
    assert server.seconds == pytest.approx(4, abs=0.1)


def test_after_a_failed_trigger_the_next_baseline_waits(serve: Serve, want: Want) -> None:
    server = serve(scenario(answers=Answers(triggers=(503,))))

    server.count(want(ONE))

    _, failed, again, *_ = [each.time for each in server.requests]
    assert 0.75 <= again - failed <= 1.5


# Another user's refresh


def refreshing(_request: httpx.Request, number: int) -> httpx.Response:
    return answer(number, refresh_status="refreshing")


def test_a_count_that_has_not_begun_waits_for_its_turn(leap: Leap) -> None:
    async def main() -> str:
        api: Any = SimpleNamespace(trouble=lambda _target: None)
        return Prover(api, Refresh(), {}, PendingRefreshes(), Progress()).waits_for(Target(uuid="a"), Channel.EMAIL)

    assert leap(main()) == "its turn"


def test_at_the_deadline_another_refresh_is_named(serve: Serve, want: Want) -> None:
    found = serve(scenario(), refreshing).count(want(ONE), time_limit=5)[ONE].channels[EMAIL]

    assert found.detail == (
        "the time for the whole run was up while waiting for somebody else's refresh of this segment to end"
    )


@pytest.mark.parametrize("timeout", [0.5, 60.0])
def test_another_refresh_is_polled_until_the_timeout(serve: Serve, want: Want, timeout: float) -> None:
    times: list[float] = []

    def watch(request: httpx.Request, number: int) -> httpx.Response:
        times.append(asyncio.get_running_loop().time())
        return refreshing(request, number)

    server = serve(scenario(), watch)

    found = server.count(want(ONE), refresh=Refresh(timeout=timeout))[ONE].channels[EMAIL]

    assert found.reason is Reason.TIMEOUT
    assert server.seconds == times[-1] == timeout
    assert all(later - earlier >= min(1.8, timeout) for earlier, later in pairwise(times[:-1]))


def test_a_slow_baseline_does_not_shorten_the_wait_for_another_refresh(serve: Serve, want: Want) -> None:
    server = serve(scenario(latency=5.0), refreshing)

    server.count(want(ONE), refresh=Refresh(timeout=60, poll_interval=1, max_poll_interval=1))

    assert 5 + 60 <= server.seconds <= 5 + 60 + 5.1


def test_the_next_channel_waits_for_an_unfinished_refresh(serve: Serve, want: Want) -> None:
    people = {EMAIL: 40, Channel.SMS: 30}
    server = serve(scenario(counts=people, fresh=people, stuck=frozenset({EMAIL})))

    found = server.count(want(ONE, EMAIL, Channel.SMS), refresh=Refresh(timeout=30))[ONE].channels

    assert found[EMAIL].detail == "the refresh did not end within 30 s"
    assert found[Channel.SMS] == Unavailable(
        reason=Reason.TIMEOUT, detail="this segment's refresh of email did not end within 30 s"
    )
    assert sum(each.query["refresh"] == "true" for each in server.requests) == 1


def test_a_refresh_that_the_next_channel_sees_end_does_not_delay_it(serve: Serve, want: Want) -> None:
    people = {EMAIL: 400, Channel.SMS: 300}
    server = serve(scenario(counts=people, fresh=people, refresh=35.0))

    found = server.count(want(ONE, EMAIL, Channel.SMS), refresh=Refresh(timeout=30))[ONE].channels

    assert found[EMAIL].reason is Reason.TIMEOUT
    assert sum(each.query["refresh"] == "true" for each in server.requests) == 2


@pytest.mark.usefixtures("steady")
def test_a_long_refresh_is_polled_less_and_less_often(serve: Serve, want: Want) -> None:
    quick = "00000000-0000-4000-8000-000000000002"
    two = ScenarioSegment(uuid=quick, name="Two", counts={EMAIL: 40}, fresh={EMAIL: 40}, refresh=5)
    server = serve(Scenario(segments=(*stuck().segments, two)))

    server.count(want(quick), want(ONE), refresh=Refresh(timeout=300))

    times = [each.time for each in server.requests if ONE in each.path][2:]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps[:3]) < 5 < min(gaps[-4:-1]) <= max(gaps) <= 15


@pytest.mark.usefixtures("steady")
def test_after_the_first_end_the_others_are_polled_in_their_own_time(serve: Serve, want: Want) -> None:
    segments = [several(number, refresh=30) for number in range(12)]
    server = serve(Scenario(segments=tuple(segments)))

    server.count(*(want(each.uuid) for each in segments), pacing=Pacing(requests_per_second=4))

    last_looks = {each.path: each.time for each in server.requests}
    since_the_first_ended = [each for each in server.requests if each.time > min(last_looks.values())]
    assert len(since_the_first_ended) == 12 - 1


@pytest.mark.usefixtures("steady")
def test_quick_refreshes_are_polled_soon(serve: Serve, want: Want) -> None:
    segments = [several(number, refresh=0) for number in range(2)]
    late = want(segments[1].uuid, Channel.SMS, EMAIL)  # its email begins after the first one has ended
    server = serve(Scenario(segments=tuple(segments), stamps=Stamps.SECONDS))

    server.count(want(segments[0].uuid), late)

    *_, triggered, looked = server.requests
    assert triggered.query["channels"] == EMAIL
    assert looked.time - triggered.time < 1


# The count


def test_a_stamp_of_the_same_second_costs_one_second(serve: Serve, want: Want) -> None:
    stamp = "2027-01-15T08:00:00Z"
    server = serve(
        scenario(), lambda _request, number: answer(1, approxusers_updated_at=stamp) if number == 1 else None
    )

    server.count(want(ONE))

    assert server.requests[0].time - LAUNCH_DAY == pytest.approx(1, abs=0.02)


def test_a_count_without_a_stamp_is_not_counted() -> None:
    unstamped = Answer(refreshing=False, stamp=None, date=None, counts={"email_users": 0})

    with pytest.raises(UnavailableError, match=r"^Blueshift has never computed this segment's counts$") as raised:
        _counted(unstamped, EMAIL)

    assert raised.value.unavailable.reason is Reason.NOT_COUNTED


@pytest.mark.parametrize(
    ("date", "age"),
    [
        pytest.param("Fri, 15 Jan 2027 08:01:30 GMT", 90, id="by-the-servers-clock"),
        pytest.param("Fri, 15 Jan 2027 07:59:59 GMT", 0, id="never-negative"),
        pytest.param(None, None, id="unknown-without-a-date"),
    ],
)
def test_a_count_has_the_servers_stamp_and_its_age(
    serve: Serve, want: Want, date: str | None, age: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.blueshift.answers._FURTHEST_OFF", timedelta(days=100_000))

    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        told = answer(number, approxusers_updated_at=f"2027-01-15T0{6 + (number > 2) * 2}:00:00Z")
        told.headers = httpx.Headers({"Date": date} if date else {})
        return told

    assert serve(scenario(), interfere).count(want(ONE))[ONE].channels[EMAIL] == Count(
        value=3, counted_at=datetime(2027, 1, 15, 8, tzinfo=UTC), age_seconds=age
    )


def test_even_a_short_key_is_not_quoted(leap: Leap, want: Want) -> None:
    account = Account(base_url="https://blueshift.test", region=Region.US, key=ApiKey("seven77"))
    numbers = iter(range(1, 10))

    def echo(_request: httpx.Request) -> httpx.Response:
        stamp = f"2027-01-15T07:0{next(numbers)}:00Z"
        return answer(0, email_users="seven77", approxusers_updated_at=stamp)

    async def main() -> Any:
        async with connect(account, Pacing(), transport=httpx.MockTransport(echo)) as blueshift:
            return await blueshift.count([want(ONE)], refresh=Refresh(), time_limit=60, progress=Progress())

    assert leap(main())[ONE].channels[EMAIL].detail == 'email_users is "***", which is not a number of people'
