"""Slack's Web API, asked by the real client: waits that are short are waited for, long ones are not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError

from guard.slack.settings import Settings, SocketMode
from guard.slack.web_api import error_code, open_client
from tests.slack.fake_web_api import BOT_TOKEN

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from tests.slack.fake_slack import FakeSlack


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    settings = Settings(
        mode=SocketMode(app_token=SecretStr("xapp-unused")),
        bot_token=SecretStr(BOT_TOKEN),
        api_url=slack.api_url,
        allowed_users=frozenset(),
        allowed_channels=frozenset(),
    )
    return open_client(settings)


def test_loopback_needs_no_proxy(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "fd00::/8")

    request.getfixturevalue("client").chat_postMessage(channel="U0ASKER", text="hello")

    assert len(slack.posted) == 1


def test_a_short_wait_is_waited_for(slack: FakeSlack, client: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    slack.refuse("chat.postMessage", "ratelimited", times=1, retry_after=3)

    client.chat_postMessage(channel="U0ASKER", text="hello")

    assert [int(wait) for wait in waits] == [3]
    assert len(slack.posted) == 1


def test_a_long_wait_is_not(slack: FakeSlack, client: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    slack.refuse("chat.postMessage", "ratelimited", retry_after=3600)

    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel="U0ASKER", text="hello")

    assert error_code(raised.value) == "ratelimited"
    assert slack.posted == []


@pytest.mark.parametrize("said", ["<html>a page</html>", "two words", "x" * 100, 7])
def test_only_slacks_error_codes_are_shown(said: object) -> None:
    error = SlackApiError("it failed", {"ok": False, "error": said})  # type: ignore[no-untyped-call]  # as in the SDK

    assert error_code(error) == "no valid answer"
