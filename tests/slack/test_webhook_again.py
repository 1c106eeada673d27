"""One message to Slack that got no good answer: whether it is sent again, and whether it may be there all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.slack.fake_webhook import PAYLOAD, URL, hang, may_have_arrived, posted

if TYPE_CHECKING:
    from pytest_httpx import HTTPXMock


# The second try


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"), [(500, None, 1.0), (503, "3", 3.0), (429, "0", 0.0), (429, "9", 9.0)]
)
def test_what_may_pass_is_tried_once_more_when_the_server_allows_it(
    httpx_mock: HTTPXMock, status: int, retry_after: str | None, seconds: float
) -> None:
    httpx_mock.add_response(status_code=status, headers={} if retry_after is None else {"Retry-After": retry_after})
    httpx_mock.add_response(text="ok")

    assert posted() == (None, seconds)


@pytest.mark.parametrize(
    "retry_after", ["10", "3600", "9" * 5000, "-1", "soon", "1e1", "Mon, 23 Nov 2126 09:00:00 GMT"]
)
def test_what_the_server_wants_later_is_not_tried_again(httpx_mock: HTTPXMock, retry_after: str) -> None:
    httpx_mock.add_response(status_code=429, text="rate_limited", headers={"Retry-After": retry_after})

    assert posted() == ("answered 429 (rate_limited)", 0.0)


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_message_whose_blocks_are_refused_is_sent_as_text(httpx_mock: HTTPXMock, status: int, code: str) -> None:
    httpx_mock.add_response(status_code=status, json={"ok": False, "error": code})
    httpx_mock.add_response(text="ok")

    assert posted() == (None, 0.0)
    assert json.loads(httpx_mock.get_requests()[1].content) == {"text": PAYLOAD["text"]}


def test_a_text_that_is_refused_as_well_is_not_sent_again(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"ok": False, "error": "invalid_blocks"}, is_reusable=True)

    assert posted() == ("refused it (invalid_blocks)", 0.0)
    assert len(httpx_mock.get_requests()) == 2


def test_there_is_no_third_try(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=503, is_reusable=True)

    assert posted() == ("answered 503", 1.0)
    assert len(httpx_mock.get_requests()) == 2


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ProxyError])
def test_a_connection_that_fails_is_tried_once_more(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error("[Errno 111] Connection refused"))
    httpx_mock.add_response(text="ok")

    assert posted() == (None, 1.0)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
def test_what_may_have_arrived_is_not_sent_again(httpx_mock: HTTPXMock, error: type[httpx.TransportError]) -> None:
    httpx_mock.add_exception(error(f"broken at {URL}"))

    assert posted() == ("could not be asked, or broke off before its answer was complete", 0.0)
    assert len(httpx_mock.get_requests()) == 1


def test_a_certificate_for_another_host_is_told_without_the_host(httpx_mock: HTTPXMock) -> None:
    text = "Hostname mismatch, certificate is not valid for 'Hooks.Example.com'."
    httpx_mock.add_exception(httpx.ConnectError(text), is_reusable=True)

    assert posted()[0] == "could not be reached: Hostname mismatch, certificate is not valid for 'the host'."


# Whether it may be there all the same


@pytest.mark.parametrize(("status", "may"), [(404, False), (429, False), (500, False), (503, False), (504, True)])
def test_an_answer_of_a_gateway_that_gave_up_leaves_open_whether_it_arrived(
    httpx_mock: HTTPXMock, status: int, may: bool
) -> None:
    httpx_mock.add_response(status_code=status, is_reusable=True)

    assert may_have_arrived() is may


@pytest.mark.parametrize(("error", "may"), [(httpx.ConnectError, False), (httpx.ReadError, True)])
def test_a_connection_that_broke_off_leaves_open_whether_it_arrived(
    httpx_mock: HTTPXMock, error: type[httpx.TransportError], may: bool
) -> None:
    httpx_mock.add_exception(error("broken"), is_reusable=True)

    assert may_have_arrived() is may


def test_no_answer_in_time_leaves_open_whether_it_arrived(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_callback(hang)

    assert may_have_arrived()
