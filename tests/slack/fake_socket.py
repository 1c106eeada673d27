"""The fake Slack's side of Socket Mode, and the ways in which a connection can die."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from tests.slack.fake_web_api import HOST

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

    from tests.slack.fake_web_api import RecordedCalls

Death = Literal["fin", "reset", "silent", "close"]

_ACK_WITHIN = 5.0
_CLOSE_WITHIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """An acknowledgement: what it said (None: nothing), and how many seconds it took."""

    payload: dict[str, Any] | None
    seconds: float


class FakeSocket:
    """A context manager that serves Socket Mode; it sends on the newest live connection."""

    def __init__(self, record: RecordedCalls) -> None:
        self.opened = 0
        self._changed = record.changed
        self._tickets = itertools.count(1)
        self._addresses: set[str] = set()
        self._live: list[ServerConnection] = []
        self._silenced: list[ServerConnection] = []
        self._acks: defaultdict[str, list[tuple[dict[str, Any] | None, float]]] = defaultdict(list)

    def __enter__(self) -> Self:
        # Slack's pings are of no use here, and would make what a test sees depend on its pace.
        self._server = serve(
            self._talk, HOST, 0, process_request=self._admit, ping_interval=None, close_timeout=_CLOSE_WITHIN
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack-link")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._silenced:
            connection.protocol_mutex.release()
        for connection in self._server.connections:
            connection.close_socket()
        self._server.shutdown()
        self._thread.join()

    def new_address(self) -> str:
        """Return an address that one can connect to, as ``apps.connections.open`` tells it."""
        path = f"/link?ticket=a-ticket-{next(self._tickets)}"
        self._addresses.add(path)
        return f"ws://{HOST}:{self._server.socket.getsockname()[1]}{path}"

    def wait_for_socket(self, seconds: float = 20) -> None:
        """Wait until there is a connection that was neither killed nor asked to leave."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._live, seconds):
                raise AssertionError(f"nobody connected within {seconds} s")

    def send(self, envelope: dict[str, Any]) -> Ack:
        """Send an envelope on the newest connection; raise AssertionError when nothing acknowledges it within 5 s."""
        with self._changed:
            assert self._live, "nobody is connected"
            acks = self._acks[envelope["envelope_id"]]
            before, started = len(acks), time.monotonic()
            connection = self._live[-1]
        connection.send(json.dumps(envelope))
        with self._changed:
            if not self._changed.wait_for(lambda: len(acks) > before, _ACK_WITHIN):
                raise AssertionError(f"not acknowledged within {_ACK_WITHIN} s: {envelope}")
            payload, at = acks[before]
        return Ack(payload=payload, seconds=at - started)

    def say_disconnect(self) -> None:
        """Tell the app to connect anew; nothing more is sent on the connection it has."""
        with self._changed:
            assert self._live, "nobody is connected"
            connection = self._live.pop()
        connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}))

    def kill(self, how: Death) -> None:
        """Let every connection die; each counts as gone from here on.

        ``fin`` ends the stream without a close frame, ``reset`` breaks the connection off, ``silent`` reads and answers
        nothing any more, not even pings, and ``close`` is a close as it should be.
        """
        with self._changed:
            doomed, self._live = self._live, []
        for connection in doomed:
            match how:
                case "fin":
                    connection.socket.shutdown(socket.SHUT_RDWR)
                case "reset":
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.socket.close()  # first: its reading thread would say goodbye with a FIN
                    connection.close_socket()
                case "silent":
                    # Its reading thread needs this lock for all that it does with what it reads, pongs included.
                    connection.protocol_mutex.acquire()
                    self._silenced.append(connection)
                case "close":
                    connection.close()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        return None if request.path in self._addresses else connection.respond(403, "no such ticket")

    def _talk(self, connection: ServerConnection) -> None:
        """Greet a client that connected, and collect what it acknowledges for as long as it lives."""
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0GUARD"}, "debug_info": {}}
        with contextlib.suppress(ConnectionClosed):
            connection.send(json.dumps(hello))
            with self._changed:
                self.opened += 1
                self._live.append(connection)
                self._changed.notify_all()
            for message in connection:
                self._acknowledge(json.loads(message))
        with self._changed:
            if connection in self._live:
                self._live.remove(connection)

    def _acknowledge(self, message: dict[str, Any]) -> None:
        with self._changed:
            self._acks[message["envelope_id"]].append((message.get("payload"), time.monotonic()))
            self._changed.notify_all()
