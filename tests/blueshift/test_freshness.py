"""The proof against the sandbox: what is believed, what is not, and the order of the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.model import Channel, Pacing, Refresh
from guard.core.results import Count, Reason, Unavailable
from guard.sandbox.scenario import Answers, RateLimit, Scenario, ScenarioSegment, Stamps
from tests.blueshift.in_process import LAUNCH_DAY, Server, answer, answers, refuse, reply, stamps, uuid_of, want

if TYPE_CHECKING:
    import httpx

    from guard.sandbox.api import Request

ONE, TWO = uuid_of(1), uuid_of(2)
OLD = {Channel.USERS: 50, Channel.EMAIL: 40, Channel.SMS: 30}
NEW = {Channel.USERS: 500, Channel.EMAIL: 400, Channel.SMS: 300}
UP = "when the time for the whole run was up"


def segment(uuid: str = ONE, **values: Any) -> ScenarioSegment:
    return ScenarioSegment(**{"uuid": uuid, "name": uuid, "counts": OLD, "fresh": NEW} | values)


def scenario(stamps: Stamps = Stamps.SECONDS, **values: Any) -> Scenario:
    return Scenario(segments=(segment(**values),), stamps=stamps, latency=0.05)


def email(server: Server, **options: Any) -> Any:
    """Return the reading of the segment's email."""
    return server.count(want(ONE), **options)[ONE].channels[Channel.EMAIL]


def steps(requests: tuple[Request, ...]) -> list[str]:
    return [each.query.get("channels", "read") for each in requests]


def test_a_count_is_read_triggered_and_polled() -> None:
    server = Server(scenario())

    assert email(server).value == 400
    assert steps(server.requests) == ["read", "email", "read"]
    assert [each.query["refresh"] for each in server.requests] == ["false", "true", "false"]


@pytest.mark.parametrize("stamps", list(Stamps))
@pytest.mark.parametrize("lag", [0.0, 0.5, 3.0, 20.0])
@pytest.mark.parametrize("counted", [0.0, 0.3, 3600.0, None])
def test_ready_with_the_old_count_is_not_believed(stamps: Stamps, lag: float, counted: float | None) -> None:
    assert email(Server(scenario(stamps, lag=lag, counted=counted, refresh=0.2))).value == 400


def test_channels_are_proven_one_after_another() -> None:
    server = Server(scenario())

    found = server.count(want(ONE, Channel.USERS, Channel.EMAIL), want(ONE, Channel.SMS, key="all", bypass_global=True))

    assert steps(server.requests) == ["read", "users", "read", "read", "email", "read", "read", "sms", "read"]
    assert [each.query.get("bypass_global") for each in server.requests] == [None] * 6 + ["true"] * 3
    people = found[ONE].channels
    assert [people[each].value for each in (Channel.USERS, Channel.EMAIL)] == [500, 400]


def test_a_count_wanted_twice_is_taken_once() -> None:
    server = Server(scenario())

    found = server.count(want(ONE), want(ONE, key="again"))

    assert found["again"].channels == found[ONE].channels
    assert len(server.requests) == 3


def test_two_runs_at_once_share_a_lock() -> None:
    server = Server(scenario())

    server.count(want(ONE), want(ONE), at_once=True)

    assert steps(server.requests) == ["read", "email", "read"] * 2


def test_another_refresh_is_waited_for() -> None:
    running = iter(["refreshing", "refreshing"])

    def interfere(request: httpx.Request, _number: int) -> httpx.Response | None:
        status = None if request.url.params["refresh"] == "true" else next(running, None)
        return answer(refresh_status=status, email_users=1) if status else None

    server = Server(scenario(), interfere)

    assert email(server).value == 400
    assert server.asked == 5


@pytest.mark.parametrize(
    ("stamp", "waited"),
    [
        pytest.param("2027-01-15T08:00:00Z", 1, id="in-the-second-of-the-answer"),
        pytest.param("2027-01-15T07:59:59.999Z", 0, id="in-the-second-before"),
    ],
)
def test_the_trigger_waits_a_second(stamp: str, waited: float) -> None:
    server = Server(Scenario(segments=(segment(),)), answers({"approxusers_updated_at": stamp}, None))

    server.count(want(ONE))

    assert server.requests[0].time - LAUNCH_DAY == pytest.approx(waited, abs=0.02)


def test_the_second_makes_no_baseline_too_old() -> None:
    slow = Scenario(segments=(segment(),), latency=1.5)
    server = Server(slow, answers({"approxusers_updated_at": "2027-01-15T08:00:00Z"}, None))

    server.count(want(ONE))

    assert steps(server.requests)[:2] == ["email", "read"]  # the first read got no answer from the sandbox


def test_a_stuck_refresh_ends_at_its_timeout() -> None:
    server = Server(scenario(stuck=frozenset({Channel.EMAIL})))

    found = email(server, refresh=Refresh(timeout=600))

    assert found == Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
    assert 590 < server.seconds <= 601


def test_zeros_without_a_stamp_are_not_counts() -> None:
    server = Server(scenario(), answers({"email_users": 0, "approxusers_updated_at": None}))

    assert email(server, refresh=Refresh(timeout=5)).reason is Reason.NOT_COUNTED


def test_a_real_zero_is_a_count() -> None:
    assert email(Server(scenario(fresh={Channel.EMAIL: 0}, counted=None))).value == 0


FIRST = "2027-01-15T08:00:00.100Z"
LATE, EARLY = "2027-01-15T08:00:00.900Z", "2027-01-15T07:00:00Z"
ONLY_OLD = Unavailable(reason=Reason.TIMEOUT, detail="Blueshift showed no new count within 10 s, only the old one")


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param([FIRST, FIRST, LATE], id="same-second"),
        pytest.param([FIRST, FIRST, EARLY], id="backwards"),
        pytest.param([FIRST, FIRST, "2027-01-15T10:00:00.999+02:00"], id="same-second-elsewhere"),
        pytest.param([EARLY, "2027-01-15T07:30:00Z"], id="moved-by-the-trigger"),
        pytest.param([LATE, EARLY, "2027-01-15T08:00:00.000Z"], id="back-in-the-baselines-second"),
        pytest.param([LATE, EARLY, "2027-01-15T07:59:59.999Z"], id="back-to-the-second-before"),
        pytest.param([LATE, EARLY, "2027-01-15T07:30:00.000Z"], id="back-to-half-an-hour-before"),
    ],
)
def test_an_unmoved_stamp_proves_nothing(shown: list[str | None]) -> None:
    """It has to be later than the baseline's and the trigger's; a replica that lags may show an older one."""
    assert email(Server(scenario(), stamps(*shown)), refresh=Refresh(timeout=10)) == ONLY_OLD


def test_a_stamp_that_is_gone_proves_nothing() -> None:
    found = email(Server(scenario(), stamps(FIRST, FIRST, None)), refresh=Refresh(timeout=10))

    assert isinstance(found, Unavailable)


def test_a_running_refresh_is_not_believed() -> None:
    def interfere(_request: httpx.Request, number: int) -> httpx.Response:
        status = "refreshing" if 1 < number < 5 else "ready"
        return answer(
            refresh_status=status, email_users=number, approxusers_updated_at=f"2027-01-15T07:{number:02d}:00Z"
        )

    assert email(Server(scenario(), interfere)).value == 5


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_a_skewed_server_clock_does_not_matter(skew: float) -> None:
    found = email(Server(Scenario(segments=(segment(),), latency=0.05, clock_skew=skew)))

    assert isinstance(found, Count)
    assert found.age_seconds in {0, 1, 2}


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_failed_trigger_starts_over(status: int) -> None:
    server = Server(scenario(answers=Answers(triggers=(status,))))

    assert email(server).value == 400
    assert steps(server.requests) == ["read", "email", "read", "email", "read"]
    _, failed, again, *_ = [each.time for each in server.requests]
    assert 0.75 <= again - failed <= 1.5


def test_triggers_are_bounded() -> None:
    server = Server(scenario(answers=Answers(triggers=(503,) * 50)))

    assert email(server).reason is Reason.SERVER_ERROR
    assert steps(server.requests) == ["read", "email"] * 5


def test_a_delayed_trigger_needs_a_new_baseline() -> None:
    limits = iter([reply(b"", 429, {"Retry-After": "30"})])

    def limit_once(request: httpx.Request, _number: int) -> httpx.Response | None:
        return next(limits, None) if TWO in request.url.path else None

    server = Server(Scenario(segments=(segment(), segment(TWO)), latency=0.05), limit_once)

    found = server.count(want(TWO), want(ONE))

    assert [each.channels[Channel.EMAIL].value for each in found.values()] == [400, 400]
    mine = [each for each in server.requests if ONE in each.path]
    trigger = next(position for position, each in enumerate(mine) if each.query["refresh"] == "true")
    assert mine[trigger].time - mine[trigger - 1].time < 2


def test_a_bad_channel_affects_no_other() -> None:
    bad = [
        {"sms_users": "many", "approxusers_updated_at": f"2027-01-15T08:{number:02d}:00Z"} for number in range(1, 20)
    ]

    found = Server(scenario(), answers(*bad)).count(want(ONE, Channel.SMS, Channel.EMAIL))[ONE].channels

    assert found[Channel.SMS] == Unavailable(
        reason=Reason.BAD_ANSWER, detail='sms_users is "many", which is not a number of people'
    )
    assert found[Channel.EMAIL].value == 40


# The deadline of the run


def test_what_was_proven_survives_the_deadline() -> None:
    server = Server(Scenario(segments=(segment(), segment(TWO, stuck=frozenset(OLD)))))

    found = server.count(want(ONE), want(TWO), time_limit=20)

    assert server.seconds == pytest.approx(20)
    assert found[ONE].channels[Channel.EMAIL].value == 400
    assert found[TWO].channels[Channel.EMAIL] == Unavailable(
        reason=Reason.DEADLINE, detail=f"Blueshift was still counting email {UP}", cause=None
    )


def test_the_deadline_tells_the_failure() -> None:
    assert email(Server(scenario(), refuse), time_limit=3) == Unavailable(
        reason=Reason.DEADLINE,
        detail=f"Blueshift had not answered {UP} (blueshift.test could not be reached: connection refused)",
        cause=Reason.NETWORK,
    )


@pytest.mark.parametrize(("status", "cause"), [(503, Reason.SERVER_ERROR), (408, Reason.NETWORK)])
def test_the_last_answer_is_the_cause(status: int, cause: Reason) -> None:
    found = email(Server(scenario(answers=Answers(any=(status,) * 9))), time_limit=2)

    assert (found.reason, found.cause) == (Reason.DEADLINE, cause)


def test_waiting_counts_share_the_cause() -> None:
    found = Server(scenario(), refuse).count(*(want(uuid_of(each)) for each in range(30)), time_limit=2)

    unavailable = [each.channels[Channel.EMAIL] for each in found.values()]
    assert {(each.reason, each.cause) for each in unavailable} == {(Reason.DEADLINE, Reason.NETWORK)}


# Many segments


@pytest.mark.parametrize(
    ("number", "pacing", "rate_limit", "seconds"),
    [
        pytest.param(50, Pacing(requests_per_second=20), 2, 1.3 * (3 * 50 / 2), id="stricter-limit"),
        pytest.param(
            1000, Pacing(requests_per_second=400, concurrency=24), None, 1.25 * (3 * 1000 / 400 + 1), id="a-thousand"
        ),
    ],
)
def test_many_segments_take_as_long_as_the_rate(
    number: int, pacing: Pacing, rate_limit: float | None, seconds: float
) -> None:
    uuids = [uuid_of(each) for each in range(number)]
    limit = None if rate_limit is None else RateLimit(requests_per_second=rate_limit)
    server = Server(Scenario(segments=tuple(map(segment, uuids)), latency=0.05, rate_limit=limit))

    found = server.count(*map(want, uuids), pacing=pacing)

    assert all(each.channels[Channel.EMAIL].value == 400 for each in found.values())
    assert server.seconds < seconds
    assert rate_limit or len(server.requests) <= 4 * number
