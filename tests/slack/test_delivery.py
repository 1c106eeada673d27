"""Delivery tries one way after the other, and never raises."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from guard.slack import delivery as module
from guard.slack.delivery import Delivery
from guard.slack.notices import notice
from guard.slack.verdict_message import Message, verdict_message
from guard.slack.webhook import Refusal, post
from tests.slack.fake_parts import NEVER_ASKED_FOR, PASSED, RESPONSE_URL, requester

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.slack.job_queue import Requester

MESSAGE = notice("Counted", NEVER_ASKED_FOR)
REFUSED = Refusal(why="answered 404 (expired_url)")
UNCERTAIN = Refusal(why="gave no answer within 10 s", may_have_arrived=True)
TWICE = "Slack did not confirm the first try, so you may see this twice."


class Client(WebClient):
    """Sends nothing: ``first`` comes of the response_url (None: accepted), and ``errors`` of the direct messages."""

    timeout = 30

    def __init__(self) -> None:
        self.first: Refusal | BaseException | None = REFUSED
        self.errors: list[BaseException] = []
        self.posted: list[tuple[str, Mapping[str, Any]]] = []
        self.sent: list[dict[str, Any]] = []
        self.time_limits: list[float] = []

    async def post(self, url: str, payload: Mapping[str, Any], *, time_limit: float) -> Refusal | None:
        self.posted.append((url, payload))
        self.time_limits.append(time_limit)
        if isinstance(self.first, BaseException):
            raise self.first
        return self.first

    def chat_postMessage(self, **values: Any) -> Any:  # noqa: N802 - the SDK's name
        self.sent.append(values)
        if self.errors:
            raise self.errors.pop(0)

    def bring(
        self, whom: Requester | None = None, *, message: Message = MESSAGE, share: bool = False, hurry: bool = False
    ) -> bool:
        delivery = Delivery(self)
        if hurry:
            delivery.hurry()
        return delivery.bring(message, whom or requester("U7"), share=share, check="a1b2")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture) -> Client:  # noqa: ARG001 - no address may be logged
    client = Client()
    monkeypatch.setattr(module, "post", client.post)
    return client


def answered(**response: object) -> SlackApiError:
    return SlackApiError(f"quotes {RESPONSE_URL}", response)  # type: ignore[no-untyped-call]  # slack_sdk's


def refused(error: str) -> SlackApiError:
    return answered(ok=False, error=error)


@pytest.mark.parametrize(("share", "kind"), [(False, "ephemeral"), (True, "in_channel")])
def test_the_response_url_comes_first(client: Client, logged: pytest.LogCaptureFixture, share: bool, kind: str) -> None:
    client.first = None

    assert client.bring(share=share)

    assert client.posted == [(RESPONSE_URL, {**MESSAGE.payload(), "response_type": kind, "replace_original": False})]
    assert client.sent == []
    assert logged.messages == ["answered"]


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (REFUSED, "answered 404 (expired_url)"),
        (ZeroDivisionError(RESPONSE_URL), "could not be asked (ZeroDivisionError)"),
    ],
    ids=["refused", "crashed"],
)
def test_a_direct_message_comes_next(
    client: Client, logged: pytest.LogCaptureFixture, first: Refusal | BaseException, why: str
) -> None:
    client.first = first

    assert not client.bring()

    assert client.sent == [{"channel": "U7", "text": MESSAGE.text, "blocks": list(MESSAGE.blocks)}]
    assert logged.messages == ["response_url_refused", "answered"]
    assert vars(logged.records[0])["fields"]["why"] == why


@pytest.mark.parametrize(
    ("first", "share", "remark"),
    [
        pytest.param(
            REFUSED, True, "This could not be posted in the channel, so only you see it.", id="not-in-the-channel"
        ),
        pytest.param(UNCERTAIN, True, TWICE, id="perhaps-in-the-channel"),
        pytest.param(UNCERTAIN, False, TWICE, id="perhaps-twice"),
    ],
)
def test_a_remark_explains_the_way(
    client: Client, logged: pytest.LogCaptureFixture, first: Refusal, share: bool, remark: str
) -> None:
    client.first = first

    assert client.bring(share=share) is first.may_have_arrived

    [sent] = client.sent
    assert sent["blocks"][0]["text"]["text"] == remark
    assert sent["blocks"][1:] == list(MESSAGE.blocks)
    assert sent["text"] == f"{remark} {MESSAGE.text}"
    assert vars(logged.records[-1])["fields"]["shared"] is False


def test_a_direct_message_has_no_buttons(client: Client) -> None:
    client.bring(message=verdict_message(PASSED, again="weekly", share="an-answer"))

    assert "actions" not in [block["type"] for block in client.sent[0]["blocks"]]
    assert "actions" in [block["type"] for block in client.posted[0][1]["blocks"]]


def test_a_stopping_app_waits_less(client: Client) -> None:
    client.bring()
    client.bring(hurry=True)

    assert client.time_limits == [10, 4]
    assert client.timeout == 4


@pytest.mark.parametrize(("age", "posted"), [(29 * 60 - 5, 1), (29 * 60 + 1, 0)])
def test_an_expired_address_is_not_tried(client: Client, age: float, posted: int) -> None:
    client.first = None

    client.bring(requester("U7", asked_at=time.monotonic() - age))

    assert (len(client.posted), len(client.sent)) == (posted, 1 - posted)


@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_refused_blocks_are_left_out(client: Client, logged: pytest.LogCaptureFixture, error: str) -> None:
    client.errors = [refused(error)]

    client.bring()

    assert [each["blocks"] for each in client.sent] == [list(MESSAGE.blocks), None]
    assert logged.messages == ["response_url_refused", "answered"]


@pytest.mark.parametrize(
    "errors",
    [
        [refused("channel_not_found")],
        [refused("invalid_blocks"), refused("invalid_blocks")],
        [answered(status=200, headers={}, body=RESPONSE_URL)],
        [SlackRequestError(RESPONSE_URL)],
        [URLError(OSError(RESPONSE_URL))],
        [ConnectionResetError(RESPONSE_URL)],
        [http.client.IncompleteRead(RESPONSE_URL.encode())],
        [UnicodeDecodeError("utf-8", b"\xff", 0, 1, RESPONSE_URL)],
        [ZeroDivisionError(RESPONSE_URL)],
    ],
    ids=lambda errors: "-".join(type(error).__name__ for error in errors),
)
def test_what_never_arrives_is_logged(
    client: Client, logged: pytest.LogCaptureFixture, errors: list[BaseException]
) -> None:
    client.errors = list(errors)

    client.bring()

    assert len(client.sent) == len(errors)
    assert logged.messages == ["response_url_refused", "not_answered"]
    assert vars(logged.records[-1])["fields"]["check"] == "a1b2"


def test_no_address_means_a_direct_message(
    client: Client, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "post", post)

    client.bring(requester("U7", response_url=""))

    assert [each["channel"] for each in client.sent] == ["U7"]
    assert logged.messages == ["response_url_refused", "answered"]
