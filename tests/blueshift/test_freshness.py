"""The proof against the sandbox: what is believed, what is not, and the order of the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.core.model import Channel, Pacing, Refresh
from guard.core.results import Count, Reason, Unavailable
from guard.sandbox.scenario import Answers, RateLimit, Scenario, ScenarioSegment, Stamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.blueshift.counting import Wanted
    from guard.sandbox.api import Request

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]

ONE = "00000000-0000-4000-8000-000000000001"
OLD = {Channel.USERS: 50, Channel.EMAIL: 40, Channel.SMS: 30}
NEW = {Channel.USERS: 500, Channel.EMAIL: 400, Channel.SMS: 300}
ON_THE_WIRE = {"users": Channel.USERS, "email": Channel.EMAIL, "sms": Channel.SMS}


def scenario(stamps: Stamps = Stamps.SECONDS, **values: Any) -> Scenario:
    segment = ScenarioSegment(**{"uuid": ONE, "name": "One", "counts": OLD, "fresh": NEW} | values)
    return Scenario(segments=(segment,), stamps=stamps, latency=0.05)


def steps(requests: tuple[Request, ...]) -> list[str]:
    return [each.query.get("channels", "read") for each in requests]


def test_a_count_is_read_triggered_and_polled(serve: Serve, want: Want) -> None:
    server = serve(scenario())

    found = server.count(want(ONE))[ONE]

    assert found.channels[Channel.EMAIL].value == 400
    assert steps(server.requests) == ["read", "email", "read"]
    assert [each.query["refresh"] for each in server.requests] == ["false", "true", "false"]


@pytest.mark.parametrize("stamps", list(Stamps))
@pytest.mark.parametrize("lag", [0.0, 0.5, 3.0, 20.0])
@pytest.mark.parametrize("counted", [0.0, 0.3, 3600.0, None])
def test_ready_with_the_old_count_is_never_believed(
    serve: Serve, want: Want, stamps: Stamps, lag: float, counted: float | None
) -> None:
    server = serve(scenario(stamps, lag=lag, counted=counted, refresh=0.2))

    assert server.count(want(ONE))[ONE].channels[Channel.EMAIL].value == 400


def test_a_segments_channels_are_proven_one_after_another(serve: Serve, want: Want) -> None:
    server = serve(scenario())

    found = server.count(want(ONE, Channel.USERS, Channel.EMAIL), want(ONE, Channel.SMS, key="all", bypass_global=True))

    assert steps(server.requests) == ["read", "users", "read", "read", "email", "read", "read", "sms", "read"]
    assert [each.query.get("bypass_global") for each in server.requests] == [None] * 6 + ["true"] * 3
    assert [found[ONE].channels[each].value for each in (Channel.USERS, Channel.EMAIL)] == [500, 400]


def test_the_same_count_wanted_twice_is_taken_once(serve: Serve, want: Want) -> None:
    server = serve(scenario())

    found = server.count(want(ONE), want(ONE, key="again"))

    assert found["again"].channels == found[ONE].channels
    assert len(server.requests) == 3


def test_the_trigger_goes_ahead_of_everything_that_waits(serve: Serve, want: Want) -> None:
    uuids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(20)]
    segments = tuple(ScenarioSegment(uuid=each, name=each, counts=OLD, fresh=NEW) for each in uuids)
    server = serve(Scenario(segments=segments, latency=0.01))

    server.count(*(want(each) for each in uuids), pacing=Pacing(requests_per_second=5))

    asked = [(each.path, each.query["refresh"]) for each in server.requests]
    for position, (path, refresh) in enumerate(asked):
        if refresh == "true":
            assert asked[position - 1] == (path, "false"), "something came between a baseline and its trigger"


def test_another_refresh_is_waited_for_and_not_believed(serve: Serve, want: Want) -> None:
    running = iter(["refreshing", "refreshing"])

    def interfere(request: httpx.Request, _number: int) -> httpx.Response | None:
        status = None if request.url.params["refresh"] == "true" else next(running, None)
        return answer(refresh_status=status, email_users=1) if status else None

    server = serve(scenario(), interfere)

    assert server.count(want(ONE))[ONE].channels[Channel.EMAIL].value == 400
    assert server.asked == 5


def test_another_endless_refresh_times_out(serve: Serve, want: Want) -> None:
    server = serve(scenario(), lambda _request, _number: answer(refresh_status="refreshing"))

    found = server.count(want(ONE), refresh=Refresh(timeout=60))[ONE].channels[Channel.EMAIL]

    assert found == Unavailable(
        reason=Reason.TIMEOUT, detail="somebody else's refresh of this segment did not end within 1 min"
    )
    assert server.seconds < 62


@pytest.mark.parametrize(
    ("stamp", "waits"),
    [
        pytest.param("2027-01-15T08:00:00Z", True, id="in-the-second-of-the-answer"),
        pytest.param("2027-01-15T07:59:59.999Z", False, id="in-the-second-before"),
    ],
)
def test_the_trigger_waits_until_the_stamps_second_has_passed(
    serve: Serve, want: Want, stamp: str, *, waits: bool
) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response | None:
        return answer(approxusers_updated_at=stamp) if number == 1 else None

    server = serve(scenario(), interfere)

    server.count(want(ONE))

    assert (server.requests[0].time - 1_800_000_000.5 > 1.0) is waits


def test_a_stuck_refresh_ends_at_its_timeout(serve: Serve, want: Want) -> None:
    server = serve(scenario(stuck=frozenset({Channel.EMAIL})))

    found = server.count(want(ONE), refresh=Refresh(timeout=600))[ONE].channels[Channel.EMAIL]

    assert found == Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
    assert 590 < server.seconds <= 601


def test_zeros_without_a_stamp_are_not_counts(serve: Serve, want: Want) -> None:
    def interfere(_request: httpx.Request, _number: int) -> httpx.Response:
        return answer(email_users=0, approxusers_updated_at=None)

    found = serve(scenario(), interfere).count(want(ONE), refresh=Refresh(timeout=5))[ONE]

    assert found.channels[Channel.EMAIL].reason is Reason.NOT_COUNTED


def test_a_real_zero_is_a_count(serve: Serve, want: Want) -> None:
    server = serve(scenario(fresh={Channel.EMAIL: 0}, counted=None))

    assert server.count(want(ONE))[ONE].channels[Channel.EMAIL].value == 0


@pytest.mark.parametrize(
    "stamp",
    ["2027-01-15T08:00:00.900Z", "2027-01-15T07:00:00Z", "2027-01-15T10:00:00.999+02:00", None],
    ids=["same-second", "backwards", "same-second-elsewhere", "gone"],
)
def test_a_stamp_that_did_not_move_to_a_later_second_proves_nothing(
    serve: Serve, want: Want, stamp: str | None
) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        return answer(approxusers_updated_at="2027-01-15T08:00:00.100Z" if number < 3 else stamp)

    found = serve(scenario(), interfere).count(want(ONE), refresh=Refresh(timeout=10))[ONE]

    assert isinstance(found.channels[Channel.EMAIL], Unavailable)


def test_the_stamp_must_be_later_than_the_triggers_too(serve: Serve, want: Want) -> None:
    stamps = ["2027-01-15T07:00:00Z", "2027-01-15T07:30:00Z", "2027-01-15T07:30:00Z"]

    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        return answer(approxusers_updated_at=stamps[min(number, 3) - 1])

    found = serve(scenario(), interfere).count(want(ONE), refresh=Refresh(timeout=10))[ONE]

    assert isinstance(found.channels[Channel.EMAIL], Unavailable)


def test_a_moved_stamp_is_not_believed_while_a_refresh_still_runs(serve: Serve, want: Want) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        status = "refreshing" if 1 < number < 5 else "ready"
        return answer(
            refresh_status=status, email_users=number, approxusers_updated_at=f"2027-01-15T07:{number:02d}:00Z"
        )

    found = serve(scenario(), interfere).count(want(ONE))[ONE]

    assert found.channels[Channel.EMAIL].value == 5


def test_two_runs_at_once_share_a_segments_lock(serve: Serve, want: Want) -> None:
    server = serve(scenario())

    server.count(want(ONE), want(ONE), at_once=True)

    assert steps(server.requests) == ["read", "email", "read"] * 2


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_a_skewed_server_clock_does_not_matter(serve: Serve, want: Want, skew: float) -> None:
    own = scenario()
    server = serve(Scenario(segments=own.segments, latency=0.05, clock_skew=skew))

    found = server.count(want(ONE))[ONE].channels[Channel.EMAIL]

    assert isinstance(found, Count)
    assert found.age_seconds in {0, 1, 2}


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_failed_trigger_starts_over_at_the_baseline(serve: Serve, want: Want, status: int) -> None:
    server = serve(scenario(answers=Answers(triggers=(status,))))

    assert server.count(want(ONE))[ONE].channels[Channel.EMAIL].value == 400
    assert steps(server.requests) == ["read", "email", "read", "email", "read"]


def test_triggers_are_bounded(serve: Serve, want: Want) -> None:
    server = serve(scenario(answers=Answers(triggers=(503,) * 50)))

    assert server.count(want(ONE))[ONE].channels[Channel.EMAIL].reason is Reason.SERVER_ERROR
    assert steps(server.requests) == ["read", "email"] * 5


def test_a_delayed_trigger_needs_a_new_baseline(serve: Serve, want: Want) -> None:
    two = "00000000-0000-4000-8000-000000000002"
    segments = (*scenario().segments, ScenarioSegment(uuid=two, name="Two", counts=OLD, fresh=NEW))

    limits = iter([httpx.Response(429, headers={"Retry-After": "30"}, stream=httpx.ByteStream(b""))])

    def limit_once(request: httpx.Request, _number: int) -> httpx.Response | None:
        return next(limits, None) if two in request.url.path else None

    server = serve(Scenario(segments=segments, latency=0.05), limit_once)

    found = server.count(want(two), want(ONE))

    assert [each.channels[Channel.EMAIL].value for each in found.values()] == [400, 400]
    mine = [each for each in server.requests if ONE in each.path]
    trigger = next(position for position, each in enumerate(mine) if each.query["refresh"] == "true")
    assert mine[trigger].time - mine[trigger - 1].time < 2


def test_a_bad_channel_does_not_affect_others(serve: Serve, want: Want) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response | None:
        return answer(sms_users="many", approxusers_updated_at=f"2027-01-15T08:{number:02d}:00Z")

    found = serve(scenario(), interfere).count(want(ONE, Channel.SMS, Channel.EMAIL))[ONE].channels

    assert found[Channel.SMS] == Unavailable(
        reason=Reason.BAD_ANSWER, detail='sms_users is "many", which is not a number of people'
    )
    assert found[Channel.EMAIL].value == 40


def test_the_run_ends_at_its_deadline_and_keeps_what_was_proven(serve: Serve, want: Want) -> None:
    two = "00000000-0000-4000-8000-000000000002"
    stuck = ScenarioSegment(uuid=two, name="Two", counts=OLD, stuck=frozenset(OLD))
    server = serve(Scenario(segments=(*scenario().segments, stuck)))

    found = server.count(want(ONE), want(two), time_limit=20)

    assert server.seconds == pytest.approx(20)
    assert found[ONE].channels[Channel.EMAIL].value == 400
    assert found[two].channels[Channel.EMAIL] == Unavailable(
        reason=Reason.DEADLINE, detail="the time for the whole run was up while waiting for the refresh to end"
    )


def test_at_the_deadline_the_latest_failure_is_reported(serve: Serve, want: Want) -> None:
    def refuse(_request: httpx.Request, _number: int) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    found = serve(scenario(), refuse).count(want(ONE), time_limit=3)[ONE].channels[Channel.EMAIL]

    assert found.detail == (
        "the time for the whole run was up while waiting for Blueshift's answer "
        "(blueshift.test could not be reached: connection refused)"
    )
    assert (found.reason, found.cause) == (Reason.DEADLINE, Reason.NETWORK)


@pytest.mark.parametrize(("status", "cause"), [(503, Reason.SERVER_ERROR), (408, Reason.NETWORK)])
def test_at_the_deadline_the_last_answer_is_the_cause(serve: Serve, want: Want, status: int, cause: Reason) -> None:
    server = serve(scenario(answers=Answers(any=(status,) * 9)))

    found = server.count(want(ONE), time_limit=2)[ONE].channels[Channel.EMAIL]

    assert (found.reason, found.cause) == (Reason.DEADLINE, cause)


def test_a_count_that_never_began_reports_the_same_failure(serve: Serve, want: Want) -> None:
    def refuse(_request: httpx.Request, _number: int) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    uuids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(30)]

    found = serve(scenario(), refuse).count(*(want(each) for each in uuids), time_limit=2)

    unavailable = [each.channels[Channel.EMAIL] for each in found.values()]
    assert {(each.reason, each.cause) for each in unavailable} == {(Reason.DEADLINE, Reason.NETWORK)}


def test_at_the_deadline_of_a_slow_count_nothing_is_blamed(serve: Serve, want: Want) -> None:
    stuck = ScenarioSegment(uuid=ONE, name="One", counts=OLD, stuck=frozenset(OLD))

    found = serve(Scenario(segments=(stuck,))).count(want(ONE), time_limit=5)[ONE].channels[Channel.EMAIL]

    assert (found.reason, found.cause) == (Reason.DEADLINE, None)


def test_a_stricter_limit_than_ours_costs_little(serve: Serve, want: Want) -> None:
    uuids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(50)]
    segments = tuple(ScenarioSegment(uuid=each, name=each, counts=OLD, fresh=NEW) for each in uuids)
    server = serve(Scenario(segments=segments, latency=0.05, rate_limit=RateLimit(requests_per_second=2)))

    found = server.count(*(want(each) for each in uuids), pacing=Pacing(requests_per_second=20))

    assert all(each.channels[Channel.EMAIL].value == 400 for each in found.values())
    assert server.seconds < 1.3 * (3 * 50 / 2)


def test_a_thousand_segments_take_hardly_longer_than_the_rate_allows(serve: Serve, want: Want) -> None:
    uuids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(1000)]
    segments = tuple(ScenarioSegment(uuid=each, name=each, counts=OLD, fresh=NEW) for each in uuids)
    server = serve(Scenario(segments=segments, latency=0.05))

    server.count(*(want(each) for each in uuids), pacing=Pacing(requests_per_second=400, concurrency=24))

    assert server.seconds < 1.25 * (3 * 1000 / 400 + 1)
    assert len(server.requests) <= 4 * 1000


def answer(**fields: Any) -> httpx.Response:
    body = {"refresh_status": "ready", "email_users": 40, "sms_users": 30} | fields
    return httpx.Response(
        200,
        headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"},
        stream=httpx.ByteStream(httpx.Response(200, json=body).content),
    )


def test_the_second_of_waiting_does_not_make_a_baseline_too_old(serve: Serve, want: Want) -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response | None:
        return answer(approxusers_updated_at="2027-01-15T08:00:00Z") if number == 1 else None

    segment = ScenarioSegment(uuid=ONE, name="One", counts=OLD, fresh=NEW)
    server = serve(Scenario(segments=(segment,), latency=1.5), interfere)

    server.count(want(ONE))

    assert steps(server.requests)[:2] == ["email", "read"]  # the first read got no answer from the sandbox
