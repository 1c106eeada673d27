"""The sandbox's HTTP server, on loopback only: a thread for each connection, with keep-alive."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import struct
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Self

from guard.core.errors import UsageError
from guard.sandbox.api import Api, Request
from guard.sandbox.faults import RESET, steps
from guard.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.sandbox.faults import Response
    from guard.sandbox.scenario import Scenario

HOST = "127.0.0.1"
_log = logging.getLogger("guard.sandbox")
_IDLE_TIMEOUT = 60.0
_STOP_INTERVAL = 0.02
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for 0 seconds


class Sandbox:
    """A stand-in for Blueshift's API; use it as a context manager: ``with Sandbox(scenario) as sandbox: ...``.

    Port 0 takes any free port; the address is ``sandbox.url``. ``clock`` returns seconds since 1970. Entering raises
    UsageError if the port is not available; leaving closes every connection.
    """

    def __init__(self, scenario: Scenario, *, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.world = World(scenario, clock=clock)
        self._api = Api(scenario, self.world)
        self._port = port
        self._latency = scenario.latency

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self._port, self._api, self._latency)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(
                f"the sandbox cannot listen on {HOST}:{self._port}: {why}",
                hint="choose another port; 0 takes any free port",
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_STOP_INTERVAL,), name="sandbox")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def url(self) -> str:
        """The server's address, such as ``http://127.0.0.1:8080``; known after entering."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """The last hundred thousand requests answered, oldest first."""
        return self._api.requests

    def serve_forever(self) -> None:
        """Block until an exception, such as the KeyboardInterrupt of Ctrl-C."""
        self._thread.join()


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, api: Api, latency: float) -> None:
        self.api = api
        self._latency = latency
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self.to_be_reset: set[socket.socket] = set()  # when their threads end, instead of a close
        super().__init__((HOST, port), _Handler)

    def pause(self, seconds: float | None = None) -> None:
        """Wait, by default for the scenario's latency; raise ConnectionError when the server stops."""
        if self._stopping.wait(self._latency if seconds is None else seconds):
            raise ConnectionAbortedError

    def stop(self) -> None:
        """Take no more connections, break the open ones, and wait for their threads."""
        self.shutdown()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._stopping.set()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        if request in self.to_be_reset:
            self.to_be_reset.discard(request)
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may go away in the middle of an answer.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # otherwise the base class answers unreadable requests without headers
    disable_nagle_algorithm = True
    wbufsize = -1  # buffer an answer and send it in one write
    timeout = _IDLE_TIMEOUT

    def do_GET(self) -> None:
        self._skip_body()
        self.server.pause()
        asked = f"{self.requestline}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self._send(self.server.api.answer(self.command, self.path, self.headers["Authorization"], asked=asked))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as inherited
        if code == HTTPStatus.NOT_IMPLEMENTED:  # the base class finds no do_METHOD; the API answers that
            self.do_GET()
        else:
            self.close_connection = True
            self._send(self.server.api.malformed(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Keep quiet: stderr belongs to the command."""

    def _skip_body(self) -> None:
        """Read past a short body to the next request; close the connection after a long one."""
        length = self.headers.get("Content-Length", "0")
        if re.fullmatch("[0-9]{1,5}", length) and "Transfer-Encoding" not in self.headers:
            self.rfile.read(int(length))
        else:
            self.close_connection = True

    def _send(self, response: Response) -> None:
        """Send the response; close the connection after a fault."""
        self.close_connection = self.close_connection or response.fault is not None
        asked = (self.command, self.path) if self.command else ("none", "none")  # an unreadable request has neither
        _log.debug("answer method=%s path=%s status=%d fault=%s", *asked, response.status, response.fault or "none")
        body = b"" if self.command == "HEAD" else response.body
        for step in steps(response.fault, self._head(response), body):
            if step is RESET:
                self.server.to_be_reset.add(self.connection)
            elif isinstance(step, float):
                self.server.pause(step)
            else:
                self.wfile.write(step)
                self.wfile.flush()

    def _head(self, response: Response) -> bytes:
        phrase = self.responses[response.status][0] if response.status in self.responses else ""
        headers = {**response.headers, "Content-Length": str(len(response.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        return f"{self.protocol_version} {response.status:d} {phrase}\r\n{lines}\r\n".encode("latin-1")
