from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import httpx
import pytest

from guard.core.model import Channel
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import Answers, RateLimit, Scenario, ScenarioSegment, Stamps
from guard.sandbox.scripted_answers import AGAIN, ERROR_STATUSES, WELL, ScriptedAnswer
from tests.sandbox.builders import COUNTS, KEY, LIST, UUID, account, segment

if TYPE_CHECKING:
    from tests.sandbox.builders import Serve

EVERY_CHANNEL = {
    Channel.USERS: 15_000,
    Channel.EMAIL: 12_000,
    Channel.SMS: 8_000,
    Channel.PUSH: 5_000,
    Channel.IN_APP: 3_000,
}
SEGMENT = segment(counts=EVERY_CHANNEL, counted=60.0, refresh=3600.0)
PLAYED = Scenario(segments=(SEGMENT,))


def played_with(*reads: ScriptedAnswer, trigger: ScriptedAnswer = WELL) -> Scenario:
    return account(counts=EVERY_CHANNEL, answers=Answers(reads=reads, triggers=(trigger, AGAIN)))


def basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


# Counts


def test_counts_are_as_in_the_reference(serve: Serve) -> None:
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


def test_a_channel_without_a_count_is_left_out(serve: Serve) -> None:
    _, client = serve(account(counts={Channel.EMAIL: 7}))
    assert set(client.get(COUNTS).json()) == {"refresh_status", "email_users", "approxusers_updated_at"}


def test_a_segment_never_counted_has_zeros(serve: Serve) -> None:
    _, client = serve(account(counted=None))
    answer = client.get(COUNTS).json()
    assert answer["approxusers"] == answer["in_app_users"] == 0
    assert answer["approxusers_updated_at"] is None


@pytest.mark.parametrize(
    ("stamps", "stamp"),
    [
        (Stamps.SECONDS, "2027-01-15T11:59:00.000Z"),
        (Stamps.NANOSECONDS, "2027-01-15T11:59:00.789999999Z"),
        (Stamps.OFFSET, "2027-01-15T13:59:00.789+02:00"),
    ],
)
def test_stamps_have_other_formats(serve: Serve, stamps: Stamps, stamp: str) -> None:
    _, client = serve(Scenario(segments=(SEGMENT,), stamps=stamps))
    assert client.get(COUNTS).json()["approxusers_updated_at"] == stamp


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
def test_a_trigger_refreshes_its_channel(serve: Serve, query: str, channel: Channel) -> None:
    fresh = {each: count + 1 for each, count in EVERY_CHANNEL.items()}
    sandbox, client = serve(account(counts=EVERY_CHANNEL, fresh=fresh, refresh=0.0))
    assert client.get(f"{COUNTS}?{query}").json()["refresh_status"] == "refreshing"
    after = sandbox.world.read(UUID).counts
    assert {each for each in Channel if after[each] != EVERY_CHANNEL[each]} == {channel}


def test_a_read_starts_nothing(serve: Serve) -> None:
    sandbox, client = serve(PLAYED)
    client.get(f"{COUNTS}?refresh=false&channels=email")
    assert not sandbox.world.read(UUID).refreshing


def test_bypass_global_counts_more_people(serve: Serve) -> None:
    _, client = serve(account(counts=EVERY_CHANNEL, outside_global_inclusion={Channel.EMAIL: 500}))
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
def test_a_bad_parameter_is_named(serve: Serve, query: str, parameter: str) -> None:
    """It starts nothing."""
    sandbox, client = serve(PLAYED)
    answer = client.get(f"{COUNTS}?{query}")
    assert not sandbox.world.read(UUID).refreshing
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [parameter]


@pytest.mark.parametrize("path", [COUNTS.replace("2dd0", "ffff"), "/api/v1/segments", "/", COUNTS + "/more"])
def test_another_path_is_not_found(serve: Serve, path: str) -> None:
    _, client = serve(PLAYED)
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Campaign not found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_another_method_is_not_allowed(serve: Serve, method: str) -> None:
    """The connection stays usable."""
    _, client = serve(PLAYED)
    assert client.request(method, COUNTS, content=b"{}").status_code == 405
    assert client.get(COUNTS).status_code == 200


def test_a_head_request_gets_no_body(serve: Serve) -> None:
    _, client = serve(PLAYED)
    answer = client.head(COUNTS)
    assert (answer.status_code, answer.content) == (405, b"")
    assert client.get(COUNTS).status_code == 200


# Keys


@pytest.mark.parametrize("key", [KEY, None], ids=["the-key-of-the-scenario", "any-key"])
def test_a_key_is_accepted(serve: Serve, key: str | None) -> None:
    _, client = serve(Scenario(key=key, segments=(SEGMENT,)))
    assert client.get(COUNTS).status_code == 200


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        pytest.param(KEY, {"Authorization": basic(b"another-key:")}, id="another-key"),
        pytest.param(KEY, {"Authorization": basic(f"{KEY}:x".encode())}, id="a-password"),
        pytest.param(KEY, {"Authorization": basic(b":")}, id="an-empty-key"),
        pytest.param(KEY, {}, id="no-key"),
        pytest.param(None, {"Authorization": "Bearer YTo="}, id="bearer"),
        pytest.param(None, {"Authorization": "Basic"}, id="nothing"),
        pytest.param(None, {"Authorization": "Basic ???"}, id="no-base64"),
        pytest.param(None, {"Authorization": basic(b"a")}, id="no-colon"),
        pytest.param(None, {"Authorization": basic(b"\xff")}, id="no-utf-8"),
    ],
)
def test_a_stranger_is_not_authorized(serve: Serve, key: str | None, headers: dict[str, str]) -> None:
    sandbox, _ = serve(Scenario(key=key, segments=(SEGMENT,)))
    answer = httpx.get(sandbox.url + COUNTS, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()) == (401, {"message": "Not authorized"})


# Scripted answers


@pytest.mark.parametrize("status", ERROR_STATUSES)
def test_a_scripted_error_comes_first(serve: Serve, status: int) -> None:
    """It has a documented body, and starts nothing."""
    sandbox, client = serve(account(refresh=3600.0, answers=Answers(triggers=(status,))))
    assert client.get(f"{COUNTS}?refresh=false").status_code == 200
    refused = client.get(f"{COUNTS}?refresh=true")
    assert not sandbox.world.read(UUID).refreshing
    assert client.get(f"{COUNTS}?refresh=true").status_code == 200
    assert sandbox.world.read(UUID).refreshing
    assert refused.status_code == status
    assert set(refused.json()) in ({"message"}, {"errors"}, {"success", "error"})


def test_a_scripted_answer_changes_fields(serve: Serve) -> None:
    says = {"email_users": '"150"', "sms_users": "[1, 2]", "approxusers_updated_at": "absent"}
    _, client = serve(played_with(ScriptedAnswer(says=says)))
    answer = client.get(COUNTS).json()
    assert (answer["email_users"], answer["sms_users"], answer["push_users"]) == ("150", [1, 2], 5_000)
    assert "approxusers_updated_at" not in answer


def test_a_changed_field_need_not_be_json(serve: Serve) -> None:
    _, client = serve(played_with(ScriptedAnswer(says={"email_users": "0150"})))
    assert '"email_users": 0150,' in client.get(COUNTS).text


@pytest.mark.parametrize("status", [202, 206, 299])
def test_another_status_can_have_the_counts(serve: Serve, status: int) -> None:
    _, client = serve(played_with(ScriptedAnswer(status=status)))
    answer = client.get(COUNTS)
    assert (answer.status_code, answer.json()["email_users"]) == (status, 12_000)


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(serve: Serve, status: int) -> None:
    _, client = serve(played_with(ScriptedAnswer(status=status)))
    answer = client.get(COUNTS)
    assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize(
    ("header", "text", "scripted"),
    [
        ("Retry-After", "soon", ScriptedAnswer(status=429, retry_after="soon")),
        ("Location", "/elsewhere", ScriptedAnswer(status=302, location="/elsewhere")),
    ],
)
def test_a_scripted_header_is_sent(serve: Serve, header: str, text: str, scripted: ScriptedAnswer) -> None:
    _, client = serve(played_with(scripted))
    assert client.get(COUNTS).headers[header] == text


def test_a_fault_spoils_only_the_answer(serve: Serve) -> None:
    sandbox, client = serve(played_with(trigger=ScriptedAnswer(fault=Fault.HTML)))
    assert client.get(f"{COUNTS}?refresh=true").text.startswith("<!doctype html>")
    assert sandbox.world.read(UUID).refreshing


def test_a_swallowed_trigger_looks_like_another(serve: Serve) -> None:
    sandbox, client = serve(played_with(trigger=ScriptedAnswer(fault=Fault.SWALLOWED)))
    assert client.get(f"{COUNTS}?refresh=true").json()["refresh_status"] == "refreshing"
    assert not sandbox.world.read(UUID).refreshing


@pytest.mark.parametrize(
    ("limit", "served", "retry_after"),
    [
        pytest.param(RateLimit(requests_per_second=2, retry_after=1.5), 2, "2", id="rounded-up"),
        pytest.param(RateLimit(requests_per_second=1), 1, None, id="no-retry-after"),
    ],
)
def test_the_rate_limit_is_kept(serve: Serve, limit: RateLimit, served: int, retry_after: str | None) -> None:
    _, client = serve(Scenario(segments=(SEGMENT,), rate_limit=limit))
    *well, refused = [client.get(COUNTS) for _ in range(served + 1)]
    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in well] == [(200, None)] * served
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, retry_after)
    assert refused.json() == {"message": "Rate limit exceeded"}


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
def test_the_list_is_filtered_and_paged(serve: Serve, query: str, expected: list[str]) -> None:
    names = ("Loyal", "Loyal app users", "Old and loyal", "Win-back")
    segments = tuple(
        ScenarioSegment(uuid=f"{index:08}-0000-4000-8000-000000000000", name=name, archived=name == "Old and loyal")
        for index, name in enumerate(names)
    )
    _, client = serve(Scenario(segments=segments))
    assert [item["name"] for item in client.get(f"{LIST}?{query}").json()] == expected


def test_an_item_of_the_list_has_the_known_fields(serve: Serve) -> None:
    _, client = serve(PLAYED)
    (item,) = client.get(LIST).json()
    own = {"uuid": UUID, "email_users": 12_000, "approxusers_updated_at": "2027-01-15T11:59:00.789Z"}
    assert {key: item[key] for key in own} == own
    assert list(item) == [
        *("name", "uuid", "mixin_key", "created_at", "updated_at", "status"),
        *("approxusers", "email_users", "sms_users", "push_users", "approxusers_updated_at", "version"),
    ]


@pytest.mark.parametrize("query", ["archived=2", "archived=true", "page=-1", "page=x", "per_page=0", "per_page=1e3"])
def test_a_bad_parameter_of_the_list_is_refused(serve: Serve, query: str) -> None:
    _, client = serve(PLAYED)
    assert client.get(f"{LIST}?{query}").status_code == 400
