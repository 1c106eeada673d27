"""Socket Mode: a WebSocket from the app to Slack, with a watch over it, because it can die silently.

What Slack sends over it: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.response import SocketModeResponse

from guard.core.errors import GuardError
from guard.slack import log
from guard.slack.replay_protection import ReplayProtection
from guard.slack.web_api import explaining

if TYPE_CHECKING:
    from slack_bolt import App
    from slack_sdk.socket_mode.builtin import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

_PING_INTERVAL = 2.0  # seconds; after four intervals without an answer, the client connects again
_LONGEST_OUTAGE = 60.0  # seconds without a connection until the app ends, so that its supervisor restarts it
_LONGEST_CLOSE = 2.0  # seconds


class SocketConnection:
    """Serves the app over Socket Mode; use it as a context manager, and read ``is_alive`` regularly.

    Raises ``UsageError`` when Slack refuses the app token, and ``GuardError`` when Slack cannot be reached.
    """

    def __init__(self, app: App, app_token: str) -> None:
        self._handler = _ReplayProtectedHandler(app, app_token)
        self._handler.client.proxy = app.client.proxy
        self._connected_at = time.monotonic()
        self._was_connected = False

    @property
    def is_alive(self) -> bool:
        """Whether there is a connection, or was one in the last minute; logs every change."""
        connected = self._handler.client.is_connected()
        if connected:
            self._connected_at = time.monotonic()
        if connected is not self._was_connected:
            log.event("connected" if connected else "disconnected")
            self._was_connected = connected
        return time.monotonic() - self._connected_at < _LONGEST_OUTAGE

    @property
    def description(self) -> dict[str, str]:
        """What the log says about it."""
        return {"mode": "socket"}

    def __enter__(self) -> Self:
        client = self._handler.client
        with explaining("SLACK_APP_TOKEN"):
            # Not left to the client, which would retry for ever when Slack limits the rate.
            client.wss_uri = client.web_client.apps_connections_open(app_token=client.app_token)["url"]
            client.connect()
        if not client.is_connected():
            self.__exit__()
            raise GuardError(
                "Slack's WebSocket could not be opened",
                hint="check the network and HTTPS_PROXY; the address begins with wss://",
            )
        return self

    def __exit__(self, *details: object) -> None:
        # One of the client's threads may hang on Slack, so do not wait long.
        closing = threading.Thread(target=self._handler.client.close, daemon=True)
        closing.start()
        closing.join(_LONGEST_CLOSE)


class _ReplayProtectedHandler(SocketModeHandler):
    """Acknowledges every envelope, but handles a repeated one only once."""

    def __init__(self, app: App, app_token: str) -> None:
        super().__init__(app, app_token, ping_interval=_PING_INTERVAL)
        self._seen = ReplayProtection()

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as bolt does
        if self._seen.is_new(req.envelope_id):
            super().handle(client, req)
        else:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
