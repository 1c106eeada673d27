"""The fake Slack's HTTP side: Web API, response URLs and incoming webhooks, and how each can fail."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Outcome = TypeVar("Outcome")

HOST = "127.0.0.1"
BOT_TOKEN = "xoxb-a-token-for-tests"
APP_TOKEN = "xapp-a-token-for-tests"
USES_OF_A_RESPONSE_URL = 5
MOST_BLOCKS = 50

_TOKENS = {"auth.test": BOT_TOKEN, "chat.postMessage": BOT_TOKEN, "apps.connections.open": APP_TOKEN}
_STATUSES = {
    "response": {"expired_url": 404, "used_url": 404, "invalid_payload": 400},
    "webhook": {"invalid_token": 403, "no_service": 404, "channel_is_archived": 410},
}
_LONGEST_HANG = 60.0
_STOP_INTERVAL = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A request: where it went, what it held, and why it was refused (None: it was accepted).

    ``place`` is a method of the Web API (``chat.postMessage``), ``response/NAME`` or ``webhook/NAME``; ``at`` is in
    seconds on the monotonic clock.
    """

    place: str
    payload: dict[str, Any]
    error: str | None
    at: float = field(default_factory=time.monotonic)


class RecordedCalls:
    """A list that many threads extend; ``changed`` is its lock, and is notified of every call."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._received: list[RecordedCall] = []

    def add(self, received: RecordedCall) -> None:
        with self.changed:
            self._received.append(received)
            self.changed.notify_all()

    def received(self) -> list[RecordedCall]:
        with self.changed:
            return list(self._received)

    def accepted(self, place: str) -> list[dict[str, Any]]:
        """Return the payloads that the place accepted: what people see there."""
        return [each.payload for each in self.received() if each.place == place and each.error is None]

    def wait_for(self, predicate: Callable[[], Outcome], seconds: float = 20) -> Outcome:
        """Return the predicate's answer as soon as it is true; raise AssertionError if it stays false."""
        with self.changed:
            if outcome := self.changed.wait_for(predicate, seconds):
                return outcome
            lines = [f"  {each.place}: {each.error or 'accepted'}: {each.payload}" for each in self._received]
        raise AssertionError("\n".join([f"not within {seconds} s; received:", *(lines or ["  nothing"])]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    body: str = '{"ok": true}'
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Answer:
        return cls(body=json.dumps(value), headers={"Content-Type": "application/json; charset=utf-8"})


@dataclass(slots=True, kw_only=True)
class _Fault:
    """How a place fails: Slack's word for it, or ``server_error``, ``hang``, ``reset``."""

    error: str
    times: float
    retry_after: int

    def answer(self, place: str) -> Answer:
        if self.error == "ratelimited":
            return Answer(status=429, body=_failure(self.error), headers={"Retry-After": str(self.retry_after)})
        if self.error == "server_error":
            return Answer(status=500, body="something went wrong")
        return refusal(place, self.error)


def _failure(error: str) -> str:
    return json.dumps({"ok": False, "error": error})


def refusal(place: str, error: str) -> Answer:
    """Return Slack's way of saying no there: a webhook does it in plain text, the others in JSON."""
    kind = place.partition("/")[0]
    if kind == "webhook":
        return Answer(status=_STATUSES[kind].get(error, 400), body=error)
    return Answer(status=_STATUSES.get(kind, {}).get(error, 200), body=_failure(error))


class FakeWebApi:
    """Serves while it is entered. ``open_link`` gives the address of a new Socket Mode connection."""

    def __init__(self, record: RecordedCalls, open_link: Callable[[], str]) -> None:
        self.port = 0
        self._record = record
        self._open_link = open_link
        self._faults: dict[str, _Fault] = {}

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_STOP_INTERVAL,), name="slack-web")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuse every connection meanwhile."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def refuse(self, place: str, error: str, *, times: float, retry_after: int) -> None:
        with self._record.changed:
            self._faults[place] = _Fault(error=error, times=times, retry_after=retry_after)

    def answer(self, place: str, payload: dict[str, Any] | None, token: str) -> tuple[Answer, str | None]:
        """Return the answer to a request, which goes on record, and the manner of giving it, when that is a fault."""
        # Under one lock from the count of a response URL's uses to its record: six at once must not find four.
        with self._record.changed:
            fault = self._next_fault(place)
            if fault:
                error, answer = fault.error, fault.answer(place)
            elif wrong := self._objection(place, payload, token):
                error, answer = wrong, refusal(place, wrong)
            else:
                error, answer = None, self._acceptance(place, payload or {})
            self._record.add(RecordedCall(place=place, payload=payload or {}, error=error))
        return answer, fault.error if fault else None

    def _next_fault(self, place: str) -> _Fault | None:
        fault = self._faults.get(place)
        if fault:
            fault.times -= 1
            if fault.times < 1:
                del self._faults[place]
        return fault

    def _objection(self, place: str, payload: dict[str, Any] | None, token: str) -> str | None:
        kind = place.partition("/")[0]
        if kind in _TOKENS and token != _TOKENS[kind]:
            return "invalid_auth"
        match kind:
            case "response":
                used = len(self._record.accepted(place)) >= USES_OF_A_RESPONSE_URL
                return "used_url" if used else _objection_to_response(payload)
            case "webhook":
                return _objection_to_message(payload)
            case "chat.postMessage":
                return _objection_to_message(payload) if (payload or {}).get("channel") else "channel_not_found"
            case "auth.test" | "apps.connections.open":
                return None
            case _:
                return "unknown_method"

    def _acceptance(self, place: str, payload: dict[str, Any]) -> Answer:
        match place.partition("/")[0]:
            case "webhook":
                return Answer(body="ok")
            case "chat.postMessage":
                return Answer.of({"ok": True, "channel": payload["channel"], "ts": "1700000000.000100"})
            case "auth.test":
                team = {"url": f"{self.url}/", "team": "Launches", "team_id": "T0TEAM", "is_enterprise_install": False}
                return Answer.of({"ok": True, "user": "guard", "user_id": "U0GUARD", "bot_id": "B0GUARD", **team})
            case "apps.connections.open":
                return Answer.of({"ok": True, "url": self._open_link()})
            case _:
                return Answer()


def _objection_to_response(payload: dict[str, Any] | None) -> str | None:
    if payload and payload.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        return "invalid_response_type"
    return None if payload and payload.get("delete_original") is True else _objection_to_message(payload)


def _objection_to_message(payload: dict[str, Any] | None) -> str | None:
    if payload is None:
        return "invalid_payload"
    blocks = payload.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    if not all(isinstance(block, dict) and "type" in block for block in blocks):
        return "invalid_blocks"
    return None if blocks or payload.get("text") else "no_text"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 128

    def __init__(self, web: FakeWebApi) -> None:
        self.web = web
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, web.port), _Handler)

    def stop(self) -> None:
        """Take no more connections, break off those that are open, and wait for their threads."""
        self.shutdown()
        self.stopping.set()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may go away in the middle of an answer.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        place = self.path.removeprefix("/").removeprefix("api/")
        payload = _payload(self.headers.get_content_type(), body, form=self.path.startswith("/api/"))
        bearer = re.fullmatch("Bearer (.+)", self.headers.get("Authorization", ""))
        token = bearer[1] if bearer else str((payload or {}).get("token", ""))
        answer, manner = self.server.web.answer(place, payload, token)
        match manner:
            case "hang":
                self.close_connection = True
                self.server.stopping.wait(_LONGEST_HANG)
            case "reset":
                self._reset()
            case _:
                self.send_response_only(answer.status)
                body = answer.body.encode()
                headers = {"Content-Type": "text/plain", "Content-Length": str(len(body)), **answer.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Keep quiet: a test's output is its own."""

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The handler's files keep the connection from closing, and with it the reset from being sent, so go past them.
        socket.socket(fileno=self.connection.detach()).close()


def _payload(content_type: str, body: bytes, *, form: bool) -> dict[str, Any] | None:
    """Return the object in a body, None when there is none; ``form`` allows it to be a form."""
    try:
        if form and content_type != "application/json":
            return dict(parse_qsl(body.decode()))
        value = json.loads(body) if content_type == "application/json" else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
