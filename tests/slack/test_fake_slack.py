"""The stand-in for Slack, held against Slack's own Python SDK."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from tests.slack.fake_slack import SIGNING_SECRET
from tests.slack.fake_web_api import BOT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.slack.fake_slack import FakeSlack

BLOCK = {"type": "divider"}


@pytest.fixture
def web(slack: FakeSlack) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=slack.api_url, timeout=5, retry_handlers=[])


@pytest.fixture
def post() -> Iterator[Callable[..., httpx.Response]]:
    with httpx.Client(trust_env=False, timeout=5) as client:
        yield lambda url, payload, **options: client.post(url, json=payload, **options)


# The Web API


def test_a_message_posted_with_the_bot_token_is_recorded(slack: FakeSlack, web: WebClient) -> None:
    assert web.auth_test()["team_id"] == "T0TEAM"
    web.chat_postMessage(channel="U0ASKER", text="done", blocks=[BLOCK])
    assert [(each["channel"], each["text"], each["blocks"]) for each in slack.posted] == [("U0ASKER", "done", [BLOCK])]


def test_a_message_posted_as_a_form_reads_as_one_posted_as_json(slack: FakeSlack) -> None:
    form = {"token": BOT_TOKEN, "channel": "U0ASKER", "blocks": '[{"type": "divider"}]'}
    assert httpx.post(f"{slack.api_url}chat.postMessage", data=form, trust_env=False).json()["ok"]
    assert slack.posted[0]["blocks"] == [BLOCK]


@pytest.mark.parametrize("method", ["auth.test", "chat.postMessage", "apps.connections.open"])
def test_a_wrong_token_gets_nothing(slack: FakeSlack, method: str) -> None:
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("xoxb-another-token", base_url=slack.api_url).api_call(method, params={"channel": "C0", "text": "x"})
    assert slack.received[0].error == "invalid_auth"
    assert slack.posted == []


def test_a_method_fails_as_it_was_told_and_as_often(slack: FakeSlack, web: WebClient) -> None:
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


def test_slack_can_be_unreachable_and_come_back_at_the_same_address(slack: FakeSlack, web: WebClient) -> None:
    with slack.unreachable(), pytest.raises(OSError, match="refused"):
        web.auth_test()
    assert web.auth_test()["ok"]


# Response URLs and webhooks


def test_a_response_url_works_five_times(slack: FakeSlack, post: Callable[..., httpx.Response]) -> None:
    url = slack.response_url("one")
    assert [post(url, {"text": str(use)}).status_code for use in range(6)] == [200, 200, 200, 200, 200, 404]
    assert [each["text"] for each in slack.answers("one")] == ["0", "1", "2", "3", "4"]
    assert slack.answers(url) == slack.answers("one")
    assert slack.received[-1].error == "used_url"
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
def test_a_response_that_slack_would_not_show_is_refused(
    slack: FakeSlack, post: Callable[..., httpx.Response], payload: Any, error: str
) -> None:
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
def test_an_address_fails_in_slacks_own_words(
    slack: FakeSlack, post: Callable[..., httpx.Response], place: str, error: str, status: int, body: str
) -> None:
    url = slack.api_url.replace("api/", place)
    slack.refuse(url, error)
    answer = post(url, {"text": "x"})
    assert (answer.status_code, answer.text) == (status, body)
    assert slack.answers("one") == slack.notified("one") == []
    slack.accept(place)
    assert post(url, {"text": "x"}).status_code == 200
    assert len(slack.answers("one") + slack.notified("one")) == 1


def test_an_address_can_hang(slack: FakeSlack, post: Callable[..., httpx.Response]) -> None:
    slack.refuse("response/one", "hang")
    with pytest.raises(httpx.ReadTimeout):
        post(slack.response_url("one"), {"text": "x"}, timeout=0.03)
    assert slack.answers("one") == []


def test_an_address_can_break_the_connection_off(slack: FakeSlack, post: Callable[..., httpx.Response]) -> None:
    slack.refuse("response/one", "reset")
    with pytest.raises(httpx.ReadError, match="reset"):
        post(slack.response_url("one"), {"text": "x"})


def test_an_address_can_drip_its_answer(slack: FakeSlack, post: Callable[..., httpx.Response]) -> None:
    slack.refuse("webhook/one", "drip")
    with pytest.raises(httpx.ReadTimeout):
        post(slack.webhook_url("one"), {"text": "x"}, timeout=0.03)
    assert slack.notified("one") == [{"text": "x"}]


def test_waiting_ends_with_what_came_in(slack: FakeSlack, post: Callable[..., httpx.Response]) -> None:
    later = threading.Thread(target=post, args=(slack.response_url("one"), {"text": "hello"}))
    later.start()
    assert slack.wait_for(lambda: slack.answers("one")) == [{"text": "hello"}]
    later.join()
    with pytest.raises(AssertionError, match=r"response/one: accepted: .*hello"):
        slack.wait_for(lambda: slack.answers("two"), seconds=0.01)


# HTTP mode


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Keep quiet."""


@contextmanager
def _verifying_app() -> Iterator[tuple[str, list[bytes]]]:
    """Serve an app that asks the SDK whether a request is from Slack; give its address and the bodies it believed."""
    believed: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        good = SignatureVerifier(SIGNING_SECRET).is_valid_request(body, headers)
        if good:
            believed.append(body)
        start_response("200 OK" if good else "401 Unauthorized", [])
        return [b"seen"]

    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/slack/events", believed
        finally:
            server.shutdown()
            thread.join()


def test_a_request_is_signed_as_slack_signs(slack: FakeSlack) -> None:
    with _verifying_app() as (url, believed):
        command, press = slack.command("spring-sale ä&b"), slack.press("check_again", "spring-sale")
        assert slack.send_http(url, command).status == 200
        assert slack.send_http(url, press).body == "seen"
    assert parse_qs(believed[0].decode())["text"] == ["spring-sale ä&b"]
    assert b"payload=%7B" in believed[1]
    assert command["trigger_id"] != press["trigger_id"]


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"secret": "another-secret"}, id="secret"),
        pytest.param({"timestamp": int(time.time()) - 400}, id="old"),
        pytest.param({"signature": "v0=0"}, id="signature"),
        pytest.param({"headers": {"X-Slack-Signature": None}}, id="unsigned"),
    ],
)
def test_a_request_can_be_forged(slack: FakeSlack, forged: dict[str, Any]) -> None:
    with _verifying_app() as (url, believed):
        assert slack.send_http(url, slack.command("x"), **forged).status == 401
    assert believed == []


def test_a_request_can_be_replayed(slack: FakeSlack) -> None:
    command, now = slack.command("x"), int(time.time())
    with _verifying_app() as (url, believed):
        assert [slack.send_http(url, command, timestamp=now).status for _ in range(2)] == [200, 200]
    assert believed[0] == believed[1]
