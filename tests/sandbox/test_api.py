from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from guard.core.model import Channel
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import Answers, RateLimit, Scenario, ScenarioSegment, Stamps
from guard.sandbox.scripted_answers import AGAIN, ERROR_STATUSES, WELL, ScriptedAnswer
from guard.sandbox.server import Sandbox

Serve = Callable[[Scenario], tuple[Sandbox, httpx.Client]]

UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
COUNTS = f"/api/v1/segments/{UUID}/matching_users.json"
LIST = "/api/v1/segments/list"
KEY = "a-key-for-tests"
EVERY_CHANNEL = {
    Channel.USERS: 15_000,
    Channel.EMAIL: 12_000,
    Channel.SMS: 8_000,
    Channel.PUSH: 5_000,
    Channel.IN_APP: 3_000,
}
SEGMENT = ScenarioSegment(uuid=UUID, name="Newsletter", counts=EVERY_CHANNEL, counted=60.0, refresh=3600.0)
PLAYED = Scenario(segments=(SEGMENT,))


def named(name: str, number: int, *, archived: bool = False) -> ScenarioSegment:
    return ScenarioSegment(uuid=f"{number:08}-0000-4000-8000-000000000000", name=name, archived=archived)


def limited(rate_limit: RateLimit) -> Scenario:
    return Scenario(segments=(SEGMENT,), rate_limit=rate_limit)


def status_of(client: httpx.Client, query: str) -> int:
    return client.get(f"{COUNTS}?{query}").status_code


def names_in(answer: httpx.Response) -> list[str]:
    return [item["name"] for item in answer.json()]


# Counts


def test_counts_are_answered_as_the_reference_shows_them(serve: Serve) -> None:
    _, client = serve(PLAYED)
    answer = client.get(COUNTS)
    assert answer.status_code == 200
    assert answer.json() == {
        "refresh_status": "ready",
        "approxusers": 15_000,
        "email_users": 12_000,
        "sms_users": 8_000,
        "push_users": 5_000,
        "in_app_users": 3_000,
        "approxusers_updated_at": "2027-01-15T11:59:00.789Z",
    }


def test_a_channel_without_a_count_is_no_key_of_the_answer(serve: Serve) -> None:
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", counts={Channel.EMAIL: 7})
    _, client = serve(Scenario(segments=(segment,)))
    assert set(client.get(COUNTS).json()) == {"refresh_status", "email_users", "approxusers_updated_at"}


def test_a_segment_that_was_never_counted_has_zeros_and_a_null_stamp(serve: Serve) -> None:
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", counted=None)
    _, client = serve(Scenario(segments=(segment,)))
    answer = client.get(COUNTS).json()
    assert answer["approxusers"] == answer["in_app_users"] == 0
    assert answer["approxusers_updated_at"] is None


def test_stamps_in_seconds_have_no_milliseconds(serve: Serve) -> None:
    _, client = serve(Scenario(segments=(SEGMENT,), stamps=Stamps.SECONDS))
    assert client.get(COUNTS).json()["approxusers_updated_at"] == "2027-01-15T11:59:00.000Z"


@pytest.mark.parametrize(
    ("query", "channel"),
    [
        ("refresh=true&channels=users", Channel.USERS),
        ("refresh=true&channels=email", Channel.EMAIL),
        ("refresh=true&channels=push", Channel.PUSH),
        ("refresh=true&channels=sms", Channel.SMS),
        ("refresh=true&channels=inApp", Channel.IN_APP),
        pytest.param("refresh=true", Channel.USERS, id="the-total-alone-without-a-channel"),
    ],
)
def test_a_trigger_starts_a_refresh_of_its_channel(serve: Serve, query: str, channel: Channel) -> None:
    fresh = {each: count + 1 for each, count in EVERY_CHANNEL.items()}
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", counts=EVERY_CHANNEL, fresh=fresh, refresh=0.0)
    sandbox, client = serve(Scenario(segments=(segment,)))
    assert client.get(f"{COUNTS}?{query}").json()["refresh_status"] == "refreshing"
    after = sandbox.world.read(UUID).counts
    assert {each for each in Channel if after[each] != EVERY_CHANNEL[each]} == {channel}


def test_a_read_starts_nothing(serve: Serve) -> None:
    sandbox, client = serve(PLAYED)
    client.get(f"{COUNTS}?refresh=false&channels=email")
    assert not sandbox.world.read(UUID).refreshing


def test_bypass_global_counts_more_people(serve: Serve) -> None:
    segment = ScenarioSegment(
        uuid=UUID, name="Newsletter", counts=EVERY_CHANNEL, outside_global_inclusion={Channel.EMAIL: 500}
    )
    _, client = serve(Scenario(segments=(segment,)))
    assert client.get(f"{COUNTS}?bypass_global=true").json()["email_users"] == 12_500
    assert client.get(f"{COUNTS}?bypass_global=false").json()["email_users"] == 12_000


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("refresh=yes", "refresh"),
        ("refresh=", "refresh"),
        ("refresh=true&bypass_global=1", "bypass_global"),
        ("refresh=true&channels=in_app", "channels"),
        ("refresh=true&channels=email,push", "channels"),
        ("refresh=true&channels=email&channels=push", "base"),
    ],
)
def test_a_bad_parameter_is_told_by_its_name_and_starts_nothing(serve: Serve, query: str, parameter: str) -> None:
    sandbox, client = serve(PLAYED)
    answer = client.get(f"{COUNTS}?{query}")
    assert not sandbox.world.read(UUID).refreshing
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [parameter]


@pytest.mark.parametrize("path", [COUNTS.replace("2dd0", "ffff"), "/api/v1/segments", "/", COUNTS + "/more"])
def test_what_is_not_there_is_not_found(serve: Serve, path: str) -> None:
    _, client = serve(PLAYED)
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Campaign not found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_another_method_is_not_allowed_and_the_connection_goes_on(serve: Serve, method: str) -> None:
    _, client = serve(PLAYED)
    assert client.request(method, COUNTS, content=b"{}").status_code == 405
    assert client.get(COUNTS).status_code == 200


def test_a_head_request_gets_no_body(serve: Serve) -> None:
    _, client = serve(PLAYED)
    answer = client.head(COUNTS)
    assert (answer.status_code, answer.content) == (405, b"")
    assert client.get(COUNTS).status_code == 200


# Keys


@pytest.mark.parametrize(
    "auth",
    [
        pytest.param(("another-key", ""), id="another-key"),
        pytest.param((KEY, "x"), id="a-password"),
        pytest.param(("", ""), id="an-empty-key"),
        pytest.param(None, id="no-key"),
    ],
)
def test_a_stranger_is_not_authorized(serve: Serve, auth: tuple[str, str] | None) -> None:
    sandbox, _ = serve(Scenario(key=KEY, segments=(SEGMENT,)))
    answer = httpx.get(sandbox.url + COUNTS, auth=auth, trust_env=False)
    assert (answer.status_code, answer.json()) == (401, {"message": "Not authorized"})


@pytest.mark.parametrize("header", ["Bearer YTo=", "Basic", "Basic ???", "Basic YQ==", "Basic /w=="])
def test_a_header_that_is_no_basic_authorization_is_not_authorized(serve: Serve, header: str) -> None:
    sandbox, _ = serve(PLAYED)
    answer = httpx.get(sandbox.url + COUNTS, headers={"Authorization": header}, trust_env=False)
    assert answer.status_code == 401


def test_the_scenario_s_key_is_accepted_and_without_one_any_key(serve: Serve) -> None:
    for scenario in (Scenario(key=KEY, segments=(SEGMENT,)), Scenario(segments=(SEGMENT,))):
        _, client = serve(scenario)
        assert client.get(COUNTS).status_code == 200


# Errors


@pytest.mark.parametrize("status", ERROR_STATUSES)
def test_a_scenario_s_error_comes_first_with_a_documented_body_and_starts_nothing(serve: Serve, status: int) -> None:
    segment = ScenarioSegment(uuid=UUID, name="Newsletter", refresh=3600.0, answers=Answers(triggers=(status,)))
    sandbox, client = serve(Scenario(segments=(segment,)))
    assert status_of(client, "refresh=false") == 200
    refused = client.get(f"{COUNTS}?refresh=true")
    assert not sandbox.world.read(UUID).refreshing
    assert status_of(client, "refresh=true") == 200
    assert sandbox.world.read(UUID).refreshing
    assert refused.status_code == status
    assert set(refused.json()) in ({"message"}, {"errors"}, {"success", "error"})


def played_with(*reads: ScriptedAnswer, trigger: ScriptedAnswer = WELL) -> Scenario:
    answers = Answers(reads=reads, triggers=(trigger, AGAIN))
    return Scenario(segments=(ScenarioSegment(uuid=UUID, name="Newsletter", counts=EVERY_CHANNEL, answers=answers),))


def test_an_answer_says_otherwise_in_the_fields_that_a_scenario_names(serve: Serve) -> None:
    says = {"email_users": '"150"', "sms_users": "[1, 2]", "approxusers_updated_at": "absent"}
    _, client = serve(played_with(ScriptedAnswer(says=says)))
    answer = client.get(COUNTS).json()
    assert (answer["email_users"], answer["sms_users"], answer["push_users"]) == ("150", [1, 2], 5_000)
    assert "approxusers_updated_at" not in answer


def test_what_is_said_needs_to_be_no_json(serve: Serve) -> None:
    _, client = serve(played_with(ScriptedAnswer(says={"email_users": "0150"})))
    assert '"email_users": 0150,' in client.get(COUNTS).text


@pytest.mark.parametrize("status", [202, 206, 299])
def test_another_status_can_come_with_what_was_asked_for(serve: Serve, status: int) -> None:
    _, client = serve(played_with(ScriptedAnswer(status=status)))
    answer = client.get(COUNTS)
    assert (answer.status_code, answer.json()["email_users"]) == (status, 12_000)


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_that_have_no_body_come_without(serve: Serve, status: int) -> None:
    _, client = serve(played_with(ScriptedAnswer(status=status)))
    answer = client.get(COUNTS)
    assert (answer.status_code, answer.content) == (status, b"")


def test_headers_of_an_answer_are_the_scenario_s(serve: Serve) -> None:
    _, client = serve(
        played_with(ScriptedAnswer(status=429, retry_after="soon"), ScriptedAnswer(status=302, location="/elsewhere"))
    )
    assert client.get(COUNTS).headers["Retry-After"] == "soon"
    assert client.get(COUNTS).headers["Location"] == "/elsewhere"


def test_a_fault_spoils_the_answer_and_not_what_was_done(serve: Serve) -> None:
    sandbox, client = serve(played_with(trigger=ScriptedAnswer(fault=Fault.HTML)))
    assert client.get(f"{COUNTS}?refresh=true").text.startswith("<!doctype html>")
    assert sandbox.world.read(UUID).refreshing


def test_a_swallowed_trigger_is_answered_as_one_that_was_not(serve: Serve) -> None:
    sandbox, client = serve(played_with(trigger=ScriptedAnswer(fault=Fault.SWALLOWED)))
    assert client.get(f"{COUNTS}?refresh=true").json()["refresh_status"] == "refreshing"
    assert not sandbox.world.read(UUID).refreshing


@pytest.mark.parametrize(
    ("stamps", "told"),
    [(Stamps.NANOSECONDS, "2027-01-15T11:59:00.789999999Z"), (Stamps.OFFSET, "2027-01-15T13:59:00.789+02:00")],
)
def test_stamps_can_be_told_in_other_ways(serve: Serve, stamps: Stamps, told: str) -> None:
    _, client = serve(Scenario(segments=(SEGMENT,), stamps=stamps))
    assert client.get(COUNTS).json()["approxusers_updated_at"] == told


def test_more_requests_than_the_rate_limit_are_told_how_long_to_wait(serve: Serve) -> None:
    _, client = serve(limited(RateLimit(requests_per_second=2, retry_after=1.5)))
    answers = [client.get(COUNTS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "2"]
    assert answers[2].json() == {"message": "Rate limit exceeded"}


def test_a_rate_limit_without_retry_after_tells_nothing(serve: Serve) -> None:
    _, client = serve(limited(RateLimit(requests_per_second=1)))
    client.get(COUNTS)
    refused = client.get(COUNTS)
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers


# The list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Loyal", "Loyal app users", "Old and loyal", "Win-back"]),
        ("name=loyal", ["Loyal", "Loyal app users", "Old and loyal"]),
        ("name=app%20users", ["Loyal app users"]),
        ("name=nobody", []),
        ("archived=0", ["Loyal", "Loyal app users", "Win-back"]),
        ("archived=1", ["Old and loyal"]),
        ("per_page=3", ["Loyal", "Loyal app users", "Old and loyal"]),
        ("per_page=3&page=0", ["Loyal", "Loyal app users", "Old and loyal"]),
        ("per_page=3&page=1", ["Win-back"]),
        ("per_page=3&page=2", []),
        ("name=loyal&archived=0&per_page=1&page=1", ["Loyal app users"]),
        ("name=&archived=&per_page=&page=", ["Loyal", "Loyal app users", "Old and loyal", "Win-back"]),
        ("per_page=3&page=", ["Loyal", "Loyal app users", "Old and loyal"]),
    ],
)
def test_the_list_is_an_array_of_what_was_asked_for(serve: Serve, query: str, expected: list[str]) -> None:
    segments = (
        named("Loyal", 1),
        named("Loyal app users", 2),
        named("Old and loyal", 3, archived=True),
        named("Win-back", 4),
    )
    _, client = serve(Scenario(segments=segments))
    assert names_in(client.get(f"{LIST}?{query}")) == expected


def test_an_item_of_the_list_has_the_known_fields_and_no_others(serve: Serve) -> None:
    _, client = serve(PLAYED)
    (item,) = client.get(LIST).json()
    assert list(item) == [
        "name",
        "uuid",
        "mixin_key",
        "created_at",
        "updated_at",
        "status",
        "approxusers",
        "email_users",
        "sms_users",
        "push_users",
        "approxusers_updated_at",
        "version",
    ]
    assert (item["uuid"], item["email_users"], item["approxusers_updated_at"]) == (
        UUID,
        12_000,
        "2027-01-15T11:59:00.789Z",
    )


@pytest.mark.parametrize("query", ["archived=2", "archived=true", "page=-1", "page=x", "per_page=0", "per_page=1e3"])
def test_a_bad_parameter_of_the_list_is_a_bad_request(serve: Serve, query: str) -> None:
    _, client = serve(PLAYED)
    assert client.get(f"{LIST}?{query}").status_code == 400
