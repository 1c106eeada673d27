"""The stand-in's end of Socket Mode, held against Slack's own client, and its deaths against a plain one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from tests.slack.fake_web_api import APP_TOKEN, BOT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_sdk.socket_mode.client import BaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

    from tests.slack.fake_slack import FakeSlack


@pytest.fixture
def client(slack: FakeSlack) -> Iterator[SocketModeClient]:
    """Connect the SDK's client; it acknowledges each request with the text of the command, or with nothing."""

    def acknowledge(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        text = request.payload.get("text")
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, {"text": text} if text else None))

    client = SocketModeClient(APP_TOKEN, web_client=WebClient(BOT_TOKEN, base_url=slack.api_url), ping_interval=0.2)
    client.socket_mode_request_listeners.append(acknowledge)
    with closing(client):
        client.connect()
        slack.wait_for_socket()
        yield client


def test_every_envelope_comes_back_acknowledged_a_repeated_one_too(slack: FakeSlack, client: SocketModeClient) -> None:
    assert client.is_connected()
    assert slack.send_socket(slack.command("spring-sale")).payload == {"text": "spring-sale"}
    assert slack.send_socket(slack.press("check_again", "x")).payload is None
    acks = [slack.send_socket(slack.command("x"), envelope_id="the-same") for _ in range(2)]
    assert [ack.payload for ack in acks] == [{"text": "x"}, {"text": "x"}]


@pytest.mark.usefixtures("client")
def test_a_client_that_is_asked_to_connect_anew_does(slack: FakeSlack) -> None:
    slack.disconnect_message()
    slack.wait_for_socket()
    assert slack.opened == 2
    assert slack.send_socket(slack.command("x")).payload == {"text": "x"}


def test_no_socket_without_a_ticket(slack: FakeSlack) -> None:
    slack.refuse_sockets()
    with pytest.raises(SlackApiError, match="internal_error"):
        WebClient(base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN)
    with pytest.raises(AssertionError, match="nobody connected"):
        slack.wait_for_socket(0.01)


@pytest.fixture
def address(slack: FakeSlack) -> str:
    return str(WebClient(base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN)["url"])


def test_an_address_that_was_not_handed_out_is_refused(address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(address.replace(urlsplit(address).query, "ticket=mine"), proxy=None)


def test_a_socket_can_be_closed_as_it_should_be(slack: FakeSlack, address: str) -> None:
    with connect(address, proxy=None) as socket:
        slack.wait_for_socket()
        slack.kill_sockets("close")
        assert "hello" in socket.recv()
        with pytest.raises(ConnectionClosedOK):
            socket.recv(2)


@pytest.mark.parametrize(("how", "reset"), [("fin", False), ("reset", True)])
def test_a_socket_can_die_without_a_close_frame(slack: FakeSlack, address: str, how: Any, reset: bool) -> None:
    with connect(address, proxy=None) as socket:
        assert "hello" in socket.recv()
        slack.wait_for_socket()
        slack.kill_sockets(how)
        with pytest.raises(ConnectionClosedError) as caught:
            socket.recv(2)
    assert caught.value.rcvd is None
    assert isinstance(caught.value.__cause__, ConnectionResetError) == reset


def test_a_socket_can_fall_silent(slack: FakeSlack, address: str) -> None:
    with connect(address, proxy=None, close_timeout=0.01) as socket:
        slack.wait_for_socket()
        assert socket.ping().wait(2)
        slack.kill_sockets("silent")
        assert not socket.ping().wait(0.03)
        with pytest.raises(AssertionError, match="nobody is connected"):
            slack.send_socket(slack.command("x"))
