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
from guard.slack.webhook import Refusal
from tests.slack.fake_parts import PASSED, RESPONSE_URL, requester

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.slack.job_queue import Requester

MESSAGE = notice("Counted", "as asked")
REFUSED = Refusal(why="answered 404 (expired_url)")
UNCERTAIN = Refusal(why="gave no answer within 10 s", may_have_arrived=True)


class Client(WebClient):
    """Slack's Web API, which sends nothing: what it does with one message after another is in ``outcomes``."""

    timeout = 30

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[dict[str, Any]] = []

    def chat_postMessage(self, **values: Any) -> Any:  # noqa: N802 - the SDK's name
        self.sent.append(values)
        if outcome := self.outcomes.pop(0) if self.outcomes else None:
            raise outcome


class Hooks:
    """What was posted to a response_url, and what comes of it: None is accepted."""

    def __init__(self) -> None:
        self.outcome: Refusal | BaseException | None = None
        self.posted: list[tuple[str, Mapping[str, Any]]] = []
        self.time_limits: list[float] = []

    async def post(self, url: str, payload: Mapping[str, Any], *, time_limit: float) -> Refusal | None:
        self.posted.append((url, payload))
        self.time_limits.append(time_limit)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def refused(error: str) -> SlackApiError:
    return answered(ok=False, error=error)


def answered(**response: object) -> SlackApiError:
    return SlackApiError(f"quotes {RESPONSE_URL}", response)  # type: ignore[no-untyped-call]  # slack_sdk's


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Hooks:
    hooks = Hooks()
    monkeypatch.setattr(module, "post", hooks.post)
    return hooks


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Keep a log; neither an address nor a text may stand in it."""
    with caplog.at_level("INFO", logger="guard.slack"):
        yield
    written = str([vars(record) for record in caplog.records])
    assert not [text for text in ("hooks.example", "an_address", "as asked") if text in written]


def bring(
    client: Client,
    whom: Requester | None = None,
    *,
    message: Message = MESSAGE,
    share: bool = False,
    hurry: bool = False,
) -> bool:
    delivery = Delivery(client)
    if hurry:
        delivery.hurry()
    return delivery.bring(message, whom or requester("U7"), share=share, check="a1b2")


def remark(client: Client) -> str:
    """Return the remark before the message in the only direct message."""
    [sent] = client.sent
    first, *others = sent["blocks"]
    assert others == list(MESSAGE.blocks)
    assert sent["text"] == f"{first['text']['text']} {MESSAGE.text}"
    return str(first["text"]["text"])


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return caplog.messages


@pytest.mark.usefixtures("logged")
def test_a_message_goes_to_the_asker_alone_and_replaces_nothing(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()

    assert bring(client)

    assert hooks.posted == [
        (RESPONSE_URL, {**MESSAGE.payload(), "response_type": "ephemeral", "replace_original": False})
    ]
    assert client.sent == []
    assert events(caplog) == ["answered"]


@pytest.mark.usefixtures("logged")
def test_a_message_that_is_shared_goes_to_the_channel(hooks: Hooks) -> None:
    assert bring(Client(), share=True)

    assert hooks.posted[0][1]["response_type"] == "in_channel"


@pytest.mark.usefixtures("logged")
def test_where_the_address_refuses_it_is_sent_to_the_asker_directly(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.outcome, client = REFUSED, Client()

    assert not bring(client)

    assert client.sent == [{"channel": "U7", "text": MESSAGE.text, "blocks": list(MESSAGE.blocks)}]
    assert events(caplog) == ["response_url_refused", "answered"]
    assert vars(caplog.records[0])["fields"]["why"] == "answered 404 (expired_url)"


@pytest.mark.usefixtures("logged")
def test_what_the_channel_was_to_see_says_first_that_only_the_asker_sees_it(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.outcome, client = REFUSED, Client()

    assert not bring(client, share=True)

    assert remark(client) == "This could not be posted in the channel, so only you see it."
    assert vars(caplog.records[-1])["fields"]["shared"] is False


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("share", [True, False])
def test_what_may_have_got_through_says_first_that_it_may_be_there_twice_and_counts_as_brought(
    hooks: Hooks, share: bool
) -> None:
    hooks.outcome, client = UNCERTAIN, Client()

    assert bring(client, share=share)

    assert remark(client) == "Slack did not confirm the first try, so you may see this twice."


@pytest.mark.usefixtures("logged")
def test_a_direct_message_has_no_buttons(hooks: Hooks) -> None:
    hooks.outcome, client = REFUSED, Client()

    bring(client, message=verdict_message(PASSED, again="weekly", share="an-answer"))

    assert "actions" not in [block["type"] for block in client.sent[0]["blocks"]]
    assert "actions" in [block["type"] for block in hooks.posted[0][1]["blocks"]]


@pytest.mark.usefixtures("logged")
def test_each_way_takes_ten_seconds_at_most_and_four_when_the_app_is_stopped(hooks: Hooks) -> None:
    client = Client()

    bring(client)
    bring(client, hurry=True)

    assert hooks.time_limits == [10, 4]
    assert client.timeout == 4


@pytest.mark.usefixtures("logged")
def test_an_address_that_has_expired_is_not_tried(hooks: Hooks) -> None:
    client = Client()

    bring(client, requester("U7", asked_at=time.monotonic() - 29 * 60 - 1))

    assert (hooks.posted, len(client.sent)) == ([], 1)


@pytest.mark.usefixtures("logged")
def test_an_address_that_has_not_expired_yet_is_tried(hooks: Hooks) -> None:
    bring(Client(), requester("U7", asked_at=time.monotonic() - 29 * 60 + 5))

    assert len(hooks.posted) == 1


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_a_message_whose_blocks_slack_refuses_is_sent_as_text(
    hooks: Hooks, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    hooks.outcome, client = REFUSED, Client(refused(error))

    bring(client)

    assert [each["blocks"] for each in client.sent] == [list(MESSAGE.blocks), None]
    assert events(caplog) == ["response_url_refused", "answered"]


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    "error",
    [
        refused("channel_not_found"),
        answered(status=200, headers={}, body=RESPONSE_URL),
        SlackRequestError(RESPONSE_URL),
        URLError(OSError(RESPONSE_URL)),
        ConnectionResetError(RESPONSE_URL),
        http.client.IncompleteRead(RESPONSE_URL.encode()),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, RESPONSE_URL),
        ZeroDivisionError(RESPONSE_URL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_cannot_be_brought_at_all_is_logged_and_never_raised(
    hooks: Hooks, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    hooks.outcome, client = REFUSED, Client(error)

    bring(client)

    assert len(client.sent) == 1
    assert events(caplog) == ["response_url_refused", "not_answered"]
    assert vars(caplog.records[-1])["fields"]["check"] == "a1b2"


@pytest.mark.usefixtures("logged")
def test_blocks_and_text_that_are_both_refused_are_tried_once_each(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.outcome, client = REFUSED, Client(refused("invalid_blocks"), refused("invalid_blocks"))

    bring(client)

    assert len(client.sent) == 2
    assert events(caplog)[-1] == "not_answered"


@pytest.mark.usefixtures("logged")
def test_a_fault_on_the_first_way_leaves_the_second(hooks: Hooks, caplog: pytest.LogCaptureFixture) -> None:
    hooks.outcome, client = ZeroDivisionError(RESPONSE_URL), Client()

    bring(client)

    assert len(client.sent) == 1
    assert events(caplog) == ["response_url_refused", "answered"]


@pytest.mark.usefixtures("logged")
def test_a_question_that_came_without_an_address_is_answered_directly(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()

    bring(client, requester("U7", response_url=""))

    assert [each["channel"] for each in client.sent] == ["U7"]
    assert events(caplog) == ["response_url_refused", "answered"]
