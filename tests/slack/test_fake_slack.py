"""The stand-in for Slack, held against Slack's own Python SDK."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack.fake_web_api import BOT_TOKEN

if TYPE_CHECKING:
    from tests.slack.fake_slack import FakeSlack

BLOCK = {"type": "divider"}


@pytest.fixture
def web(slack: FakeSlack) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=slack.api_url, timeout=5, retry_handlers=[])


def post(url: str, payload: Any, *, timeout: float = 5) -> httpx.Response:
    return httpx.post(url, json=payload, timeout=timeout, trust_env=False)


# The Web API


def test_a_message_is_recorded(slack: FakeSlack, web: WebClient) -> None:
    assert web.auth_test()["team_id"] == "T0TEAM"
    web.chat_postMessage(channel="U0ASKER", text="done", blocks=[BLOCK])
    assert [(each["channel"], each["text"], each["blocks"]) for each in slack.posted] == [("U0ASKER", "done", [BLOCK])]


@pytest.mark.parametrize("method", ["auth.test", "chat.postMessage", "apps.connections.open"])
def test_a_wrong_token_gets_nothing(slack: FakeSlack, method: str) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("xoxb-another-token", base_url=slack.api_url).api_call(method, params={"channel": "C0", "text": "x"})
    assert slack.record.received()[0].error == "invalid_auth"
    assert slack.posted == []


def test_a_method_fails_as_often_as_told(slack: FakeSlack, web: WebClient) -> None:
    slack.refuse("chat.postMessage", "channel_not_found", times=1)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        web.chat_postMessage(channel="U0ASKER", text="done")
    assert slack.posted == []
    assert web.chat_postMessage(channel="U0ASKER", text="done")["ok"]


def test_a_rate_limit_says_how_long_to_wait(slack: FakeSlack, web: WebClient) -> None:
    slack.refuse("chat.postMessage", "ratelimited", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="U0ASKER", text="done")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"


def test_slack_can_go_and_come_back(slack: FakeSlack, web: WebClient) -> None:
    with slack.web.unreachable(), pytest.raises(OSError, match="refused"):
        web.auth_test()
    assert web.auth_test()["ok"]


# Response URLs and webhooks


def test_a_response_url_works_five_times(slack: FakeSlack) -> None:
    url = slack.response_url("one")
    assert [post(url, {"text": str(use)}).status_code for use in range(6)] == [200, 200, 200, 200, 200, 404]
    assert [each["text"] for each in slack.answers("one")] == ["0", "1", "2", "3", "4"]
    assert slack.answers(url) == slack.answers("one")
    assert slack.record.received()[-1].error == "used_url"
    assert slack.answers("two") == []


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        pytest.param({}, "no_text", id="empty"),
        pytest.param([], "invalid_payload", id="list"),
        pytest.param({"text": "x", "response_type": "public"}, "invalid_response_type", id="response-type"),
        pytest.param({"blocks": [BLOCK] * 51}, "invalid_blocks", id="too-many-blocks"),
        pytest.param({"blocks": "x"}, "invalid_blocks", id="no-blocks"),
    ],
)
def test_a_wrong_response_is_refused(slack: FakeSlack, payload: Any, error: str) -> None:
    assert post(slack.response_url("one"), payload).json() == {"ok": False, "error": error}
    assert slack.answers("one") == []


@pytest.mark.parametrize(
    ("place", "error", "status", "body"),
    [
        ("response/one", "expired_url", 404, '{"ok": false, "error": "expired_url"}'),
        ("response/one", "invalid_blocks", 200, '{"ok": false, "error": "invalid_blocks"}'),
        ("response/one", "server_error", 500, "something went wrong"),
        ("response/one", "ratelimited", 429, '{"ok": false, "error": "ratelimited"}'),
        ("webhook/one", "invalid_token", 403, "invalid_token"),
        ("webhook/one", "no_service", 404, "no_service"),
        ("webhook/one", "channel_is_archived", 410, "channel_is_archived"),
    ],
)
def test_an_address_fails_in_slacks_words(slack: FakeSlack, place: str, error: str, status: int, body: str) -> None:
    url = slack.api_url.replace("api/", place)
    slack.refuse(url, error, times=1)
    answer = post(url, {"text": "x"})
    assert (answer.status_code, answer.text) == (status, body)
    assert slack.answers("one") == slack.notified("one") == []
    assert post(url, {"text": "x"}).status_code == 200
    assert len(slack.answers("one") + slack.notified("one")) == 1


@pytest.mark.parametrize(("how", "error"), [("hang", httpx.ReadTimeout), ("reset", httpx.ReadError)])
def test_an_address_can_give_no_answer(slack: FakeSlack, how: str, error: type[Exception]) -> None:
    slack.refuse("response/one", how)
    with pytest.raises(error, match=r"timed out|reset"):
        post(slack.response_url("one"), {"text": "x"}, timeout=5 if how == "reset" else 0.03)
    assert slack.answers("one") == []


def test_waiting_ends_with_what_came_in(slack: FakeSlack) -> None:
    later = threading.Thread(target=post, args=(slack.response_url("one"), {"text": "hello"}))
    later.start()
    assert slack.record.wait_for(lambda: slack.answers("one")) == [{"text": "hello"}]
    later.join()
    with pytest.raises(AssertionError, match=r"response/one: accepted: .*hello"):
        slack.record.wait_for(lambda: slack.answers("two"), seconds=0.01)
