"""The stand-in's end of Socket Mode, and the ways in which a connection can die."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from tests.slack.fake_web_api import APP_TOKEN

if TYPE_CHECKING:
    from tests.slack.fake_slack import FakeSlack


@pytest.fixture
def address(slack: FakeSlack) -> str:
    return str(WebClient(base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN)["url"])


def test_an_unknown_address_is_refused(slack: FakeSlack, address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(address.replace(urlsplit(address).query, "ticket=mine"), proxy=None)
    with pytest.raises(AssertionError, match="nobody connected"):
        slack.link.wait_for_socket(0.01)


def test_a_socket_can_be_closed(slack: FakeSlack, address: str) -> None:
    with connect(address, proxy=None) as socket:
        slack.link.wait_for_socket()
        slack.link.kill("close")
        assert "hello" in socket.recv()
        with pytest.raises(ConnectionClosedOK):
            socket.recv(2)


@pytest.mark.parametrize(("how", "reset"), [("fin", False), ("reset", True)])
def test_a_socket_can_die(slack: FakeSlack, address: str, how: Any, reset: bool) -> None:
    with connect(address, proxy=None) as socket:
        assert "hello" in socket.recv()
        slack.link.wait_for_socket()
        slack.link.kill(how)
        with pytest.raises(ConnectionClosedError) as caught:
            socket.recv(2)
    assert caught.value.rcvd is None
    assert isinstance(caught.value.__cause__, ConnectionResetError) == reset


def test_a_socket_can_fall_silent(slack: FakeSlack, address: str) -> None:
    with connect(address, proxy=None, close_timeout=0.01) as socket:
        slack.link.wait_for_socket()
        assert socket.ping().wait(2)
        slack.link.kill("silent")
        assert not socket.ping().wait(0.03)
        with pytest.raises(AssertionError, match="nobody is connected"):
            slack.send_socket(slack.command("x"))
