"""A fake Slack on loopback: the API that an app calls, the requests that Slack sends, and their failures."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from tests.slack.fake_socket import FakeSocket
from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN, FakeWebApi, RecordedCalls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.slack.fake_socket import Ack

SIGNING_SECRET = "a-signing-secret-for-tests"
VERIFICATION_TOKEN = "a-verification-token-for-tests"
SECRETS = (BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, VERIFICATION_TOKEN, "/response/", "/webhook/", "a-ticket-")
"""What an app must never show, or part of it: its tokens, and every address at which anybody can post."""

_APP_ANSWERS_WITHIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the app answered to a request over HTTP, and in how many seconds."""

    status: int
    body: str
    seconds: float


class FakeSlack:
    """A workspace with one app in it, which lives while it is entered: ``with FakeSlack() as slack: ...``.

    A *place* is somewhere an app can post: a method of the Web API (``chat.postMessage``), ``response/NAME``,
    ``webhook/NAME``, or the whole address of one of the latter two. ``record``, ``link`` and ``web`` are its parts.
    """

    def __init__(self) -> None:
        self.record = RecordedCalls()
        self.link = FakeSocket(self.record)
        self.web = FakeWebApi(self.record, self.link.new_address)
        self._numbers = itertools.count(1)
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self.link)
        self._running.enter_context(self.web)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    # Where the app finds Slack

    @property
    def api_url(self) -> str:
        return f"{self.web.url}/api/"

    def response_url(self, name: str) -> str:
        return f"{self.web.url}/response/{name}"

    def webhook_url(self, name: str) -> str:
        return f"{self.web.url}/webhook/{name}"

    # What the app did

    @property
    def posted(self) -> list[dict[str, Any]]:
        """The messages that chat.postMessage accepted."""
        return self.record.accepted("chat.postMessage")

    def answers(self, response: str) -> list[dict[str, Any]]:
        """Return what a response URL accepted, by its name or address: what the requester sees."""
        return self.record.accepted(f"response/{response.rpartition('/')[2]}")

    def notified(self, webhook: str) -> list[dict[str, Any]]:
        """Return what an incoming webhook accepted, by its name or address."""
        return self.record.accepted(f"webhook/{webhook.rpartition('/')[2]}")

    # How Slack fails

    def refuse(self, place: str, error: str, *, times: float = float("inf"), retry_after: int = 1) -> None:
        """Let a place fail from now on, or so many times.

        ``error`` is Slack's own word, answered as Slack does there (``channel_not_found``, ``expired_url``,
        ``invalid_blocks``, ``invalid_token``, ``no_service``, ``channel_is_archived``; ``ratelimited`` is a 429 with
        ``retry_after``), or ``server_error`` (a 500), ``hang`` (no answer for a minute), ``reset`` (of the connection).
        """
        self.web.refuse(place.removeprefix(f"{self.web.url}/"), error, times=times, retry_after=retry_after)

    # What people do

    def command(
        self,
        text: str,
        *,
        user: str = "U0ASKER",
        channel: str = "C0LAUNCH",
        response_url: str | None = None,
        **fields: str,
    ) -> dict[str, str]:
        """Return the fields of a slash command; without one it gets a response URL of its own."""
        number = next(self._numbers)
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": "T0TEAM",
            "team_domain": "launches",
            "channel_id": channel,
            "channel_name": "spring-launch",
            "user_id": user,
            "user_name": user.lower(),
            "command": "/audience-check",
            "text": text,
            "api_app_id": "A0GUARD",
            "is_enterprise_install": "false",
            "response_url": response_url or self.response_url(f"command-{number}"),
            "trigger_id": f"{number}.a-trigger",
        } | fields

    def press(
        self,
        action_id: str,
        value: str,
        *,
        user: str = "U0ASKER",
        channel: str = "C0LAUNCH",
        response_url: str | None = None,
    ) -> dict[str, Any]:
        """Return the payload of a button pressed on an answer that only the requester sees."""
        number = next(self._numbers)
        at = f"{time.time():.6f}"
        action = {"action_id": action_id, "block_id": "a-block", "value": value, "type": "button", "action_ts": at}
        return {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": "T0TEAM"},
            "api_app_id": "A0GUARD",
            "token": VERIFICATION_TOKEN,
            "container": {"type": "message", "message_ts": at, "channel_id": channel, "is_ephemeral": True},
            "trigger_id": f"{number}.a-trigger",
            "team": {"id": "T0TEAM", "domain": "launches"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel, "name": "spring-launch"},
            "state": {"values": {}},
            "response_url": response_url or self.response_url(f"press-{number}"),
            "actions": [action | {"text": {"type": "plain_text", "text": "A button", "emoji": True}}],
        }

    def send_http(
        self,
        url: str,
        fields: Mapping[str, Any],
        *,
        timestamp: int | str | None = None,
        secret: str = SIGNING_SECRET,
        signature: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Response:
        """Post a command or a button's payload to an app, signed as Slack signs; what is given takes Slack's place.

        A header given as None is left out. The same fields at the same ``timestamp`` (seconds since 1970) are a replay.
        """
        content = _content(fields) if body is None else body
        stamp = str(int(time.time())) if timestamp is None else str(timestamp)
        sent: dict[str, str | None] = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": _signature(content, stamp, secret) if signature is None else signature,
            **(headers or {}),
        }
        return _post(url, content, {name: value for name, value in sent.items() if value is not None})

    def signature(self, fields: Mapping[str, Any], *, timestamp: float) -> str:
        """Return Slack's signature of a command or a button's payload that is sent at that time."""
        return _signature(_content(fields), str(timestamp), SIGNING_SECRET)

    def send_socket(self, payload: Mapping[str, Any], *, envelope_id: str | None = None) -> Ack:
        """Send a command or a button's payload over the newest Socket Mode connection; the same envelope is a repeat.

        Return the acknowledgement; raise AssertionError when there is none within 5 seconds.
        """
        envelope = {
            "type": "interactive" if "type" in payload else "slash_commands",
            "envelope_id": envelope_id or f"envelope-{next(self._numbers)}",
            "payload": payload,
            "accepts_response_payload": True,
        }
        return self.link.send(envelope)


def _content(fields: Mapping[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(fields)} if "type" in fields else fields).encode()


def _signature(content: bytes, stamp: str, secret: str) -> str:
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + content, hashlib.sha256).hexdigest()


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> Response:
    parts = urlsplit(url)
    started = time.monotonic()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_APP_ANSWERS_WITHIN)
    with contextlib.closing(connection):
        connection.request("POST", parts.path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode()
    return Response(status=answer.status, body=text, seconds=time.monotonic() - started)
