"""HTTP mode: what gets in, and what does not; the real app behind a real socket."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
UNSIGNED = "it has no signature"
STALE = "it is old, or a clock is wrong"
FORGED = "it was signed with another secret"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("http"), "http") as workspace:
        yield workspace.open()


def connected(there: Workspace) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection(urlsplit(there.address).netloc, timeout=10))


def ask(there: Workspace, path: str, method: str = "GET") -> int:
    """Return the status of a bare request."""
    with connected(there) as connection:
        connection.request(method, path)
        return connection.getresponse().status


@pytest.mark.parametrize(
    ("forgery", "why"),
    [
        pytest.param({"secret": "another-secret"}, FORGED, id="forged"),
        pytest.param({"headers": {"X-Slack-Signature": None}}, UNSIGNED, id="unsigned"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": None}}, UNSIGNED, id="without-a-timestamp"),
        pytest.param({"timestamp": int(time.time()) - 360}, STALE, id="six-minutes-old"),
        pytest.param({"timestamp": int(time.time()) + 3600}, STALE, id="of-the-future"),
        pytest.param({"timestamp": "yesterday"}, UNSIGNED, id="timestamp-no-number"),
        pytest.param({"timestamp": "9" * 5000}, UNSIGNED, id="timestamp-huge"),
        pytest.param({"timestamp": "9" * 12}, STALE, id="timestamp-far-off"),
        pytest.param({"timestamp": ""}, UNSIGNED, id="timestamp-empty"),
        pytest.param({"timestamp": "-1"}, UNSIGNED, id="timestamp-negative"),
        pytest.param({"timestamp": f"{time.time():.1f}"}, UNSIGNED, id="timestamp-fractional"),
        pytest.param({"headers": {"X-Slack-Request-Timestamp": "\xb2\xb3"}}, UNSIGNED, id="timestamp-of-other-digits"),
        pytest.param({"signature": "v0=\xe9" + "0" * 63}, UNSIGNED, id="signature-not-ascii"),
        pytest.param({"signature": ""}, UNSIGNED, id="signature-empty"),
        pytest.param({"body": b"text=\xff\xfe"}, UNSIGNED, id="body-not-utf-8"),
        pytest.param(
            {"body": b"ssl_check=1", "headers": {"X-Slack-Signature": None}}, UNSIGNED, id="ssl-check-unsigned"
        ),
        pytest.param({"body": b"ssl_check=1", "secret": "another-secret"}, FORGED, id="ssl-check-forged"),
    ],
)
def test_only_slack_is_heard(there: Workspace, forgery: dict[str, Any], why: str) -> None:
    asked, refused = len(there.app.events("asked")), len(there.app.events("unsigned_request"))
    fields = there.slack.command("good a-word-that-no-log-may-hold")
    response = there.slack.send_http(there.url, fields, **forgery)
    assert response.status == 401
    line = there.app.wait_for_event("unsigned_request", times=refused + 1)
    assert (line["address"], line["why"]) == ("127.0.0.1", why)
    assert len(there.app.events("asked")) == asked
    assert there.slack.answers(fields["response_url"]) == []
    assert "a-word-that-no-log-may-hold" not in there.app.stderr


def test_a_certificate_check_asks_for_nothing(there: Workspace) -> None:
    asked = len(there.app.events("asked"))
    for _ in range(2):
        response = there.slack.send_http(there.url, {"ssl_check": "1", "token": "x"})
        assert (response.status, response.body) == (200, "")
    assert len(there.app.events("asked")) == asked


def test_a_replay_is_not_answered(there: Workspace) -> None:
    fields, now = there.slack.command("good"), int(time.time())
    first, second = (there.slack.send_http(there.url, fields, timestamp=now) for _ in range(2))
    assert (first.status, "Counting" in first.body) == (200, True)
    assert (second.status, second.body) == (200, "")
    there.slack.record.wait_for(lambda: there.slack.answers(fields["response_url"]))
    there.answer(there.ask("good"))
    assert len(there.slack.answers(fields["response_url"])) == 1


def test_a_forgery_makes_no_replay(there: Workspace) -> None:
    fields, now = there.slack.command("good"), int(time.time())
    content = urlencode(fields | {"text": "bad"}).encode()
    genuine = there.slack.signature(fields, timestamp=now)
    assert there.slack.send_http(there.url, fields, timestamp=now, signature=genuine, body=content).status == 401
    assert there.slack.send_http(there.url, fields, timestamp=now).body, "a replay is answered with nothing"
    there.slack.record.wait_for(lambda: there.slack.answers(fields["response_url"]))


@pytest.mark.parametrize(
    ("header", "value", "sent"),
    [
        pytest.param("Content-Length", str(64 * KIB + 1), b"", id="refused-before-it-is-read"),
        pytest.param("Transfer-Encoding", "chunked", b"fffff\r\n".ljust(64 * KIB, b"x"), id="in-pieces"),
    ],
)
def test_a_body_over_64_kib_is_refused(there: Workspace, header: str, value: str, sent: bytes) -> None:
    with connected(there) as connection:
        connection.putrequest("POST", urlsplit(there.url).path)
        connection.putheader(header, value)
        connection.endheaders(sent or None)
        assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/slack/events/", 404),
        ("GET", "/slack/events", 405),
        ("PUT", "/slack/events", 405),
        ("GET", "/healthz", 200),
    ],
)
def test_paths_and_methods(there: Workspace, method: str, path: str, status: int) -> None:
    assert ask(there, path, method) == status


def test_slow_clients_delay_no_others(there: Workspace) -> None:
    parts = urlsplit(there.address)
    with contextlib.ExitStack() as open_connections:
        for _ in range(120):
            slow = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
            open_connections.enter_context(slow)
            slow.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ntext=")
        assert ask(there, "/healthz") == 200
        assert "spring-sale" in there.ask("help").text


def test_every_line_of_the_log_is_an_event(there: Workspace) -> None:
    there.answer(there.ask("good"))
    lines = there.app.stderr.splitlines()
    assert len(there.app.log) == len(lines)
    assert all({"time", "level", "event"} <= set(line) for line in there.app.log)
    assert there.app.stdout == ""


def test_an_address_in_use_is_a_usage_error(there: Workspace) -> None:
    taken = there.address.removeprefix("http://")
    second = there.start("--http", taken)
    assert second.ended() == 2
    assert f"cannot listen on {taken}: Address already in use\n" in second.stderr
