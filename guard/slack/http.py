"""HTTP mode: Slack's signed requests on a threaded WSGI server, and ``/healthz`` for monitoring.

How requests are signed: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import io
import os
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from slack_bolt.adapter.wsgi import SlackRequestHandler
from waitress.server import create_server

from guard.core.errors import UsageError
from guard.slack import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from slack_bolt import App

PATH = "/slack/events"
_HEALTH = "/healthz"
_LARGEST_BODY = 64 * 1024  # bytes; a slash command has about 1 KiB, a button's payload a little more
_THREADS = 8
_MOST_CONNECTIONS = 1_000
_LONGEST_SILENCE = 30  # seconds until an idle connection is closed
_GOOD_FOR = 5 * 60  # seconds, as bolt has it
_UNAUTHORIZED = "401 Unauthorized"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


def _gate(app: App, healthy: Callable[[], bool]) -> WSGIApplication:
    """Pass well-formed signed requests to bolt, which verifies them, and refuse everything else."""
    bolt = SlackRequestHandler(app, path=PATH)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO"), environ["REQUEST_METHOD"]
        if path == _HEALTH:
            return _say(start_response, "200 OK" if healthy() else "503 Service Unavailable")
        if path != PATH:
            return _say(start_response, "404 Not Found")
        if method != "POST":
            return _say(start_response, "405 Method Not Allowed")
        body = environ["wsgi.input"].read(_LARGEST_BODY + 1)
        if len(body) > _LARGEST_BODY:
            return _say(start_response, "413 Content Too Large")
        if not _is_well_formed(environ, body):
            _log_refusal(environ, "it has no signature")
            return _say(start_response, _UNAUTHORIZED)
        environ["wsgi.input"] = io.BytesIO(body)

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            if status == _UNAUTHORIZED:
                _log_refusal(environ, _doubt(environ))
            return start_response(status, headers)

        return bolt(environ, start)

    return answer


def _is_well_formed(environ: WSGIEnvironment, body: bytes) -> bool:
    """Return whether bolt can verify the request; bolt raises on a malformed one instead of refusing it."""
    timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
    signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return _TIMESTAMP.fullmatch(timestamp) is not None and _SIGNATURE.fullmatch(signature) is not None


def _doubt(environ: WSGIEnvironment) -> str:
    """Say what is wrong with a request that bolt refused."""
    off = abs(time.time() - int(environ["HTTP_X_SLACK_REQUEST_TIMESTAMP"]))
    return "it is old, or a clock is wrong" if off > _GOOD_FOR else "it was signed with another secret"


def _log_refusal(environ: WSGIEnvironment, why: str) -> None:
    log.event("unsigned_request", address=environ.get("REMOTE_ADDR"), why=why)


def _say(start_response: StartResponse, status: str) -> Iterable[bytes]:
    text = f"{status}\n".encode()
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))])
    return [text]


class HttpServer:
    """Serves the app at an address; use it as a context manager. Raises ``UsageError`` if it cannot listen there."""

    def __init__(self, app: App, host: str, port: int, *, healthy: Callable[[], bool]) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=128)
        except (OSError, OverflowError, UnicodeError) as error:
            number = error.errno if isinstance(error, OSError) else None
            reason = os.strerror(number) if number else "it is not a valid address"
            raise UsageError(f"the app cannot listen on {host}:{port}: {reason}", hint="give --http another") from None
        shown, self._port = listening.getsockname()[:2]
        self._host = f"[{shown}]" if ":" in shown else shown
        self._server = create_server(
            _gate(app, healthy),
            sockets=[listening],
            threads=_THREADS,
            connection_limit=_MOST_CONNECTIONS,
            channel_timeout=_LONGEST_SILENCE,
            asyncore_use_poll=True,  # select() is limited to about a thousand
            max_request_body_size=_LARGEST_BODY,
            ident=None,
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    @property
    def description(self) -> dict[str, str]:
        """What the log says about it."""
        return {"mode": "http", "address": f"http://{self._host}:{self._port}"}

    @property
    def is_alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.task_dispatcher.shutdown()
        self._server.close()
