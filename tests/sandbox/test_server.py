from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from guard.core.errors import UsageError
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import Answers, Scenario
from guard.sandbox.scripted_answers import ScriptedAnswer
from guard.sandbox.server import Sandbox
from tests.sandbox.builders import COUNTS, LIST, NOON, account

if TYPE_CHECKING:
    from tests.sandbox.builders import Serve

REQUEST = f"GET {COUNTS} HTTP/1.1\r\nHost: here\r\nAuthorization: Basic YTo=\r\n\r\n".encode()
PLAYED = account()


def ask(sandbox: Sandbox, request: bytes = REQUEST) -> socket.socket:
    address = httpx.URL(sandbox.url)
    connection = socket.create_connection((address.host, address.port or 0), timeout=5)
    connection.sendall(request)
    return connection


def rest(connection: socket.socket) -> list[bytes]:
    """Return what comes until the end of the connection."""
    return list(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("path", [COUNTS, LIST, "/nowhere"])
def test_every_answer_has_an_id_and_a_date(serve: Serve, path: str) -> None:
    _, client = serve(Scenario(segments=PLAYED.segments, clock_skew=3600.0))
    first, second = client.get(path), client.get(path)
    assert first.headers["Content-Type"].startswith("application/json")
    assert first.headers["Date"] == "Fri, 15 Jan 2027 13:00:00 GMT"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_many_requests_share_one_connection(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    with ask(sandbox) as connection:
        for _ in range(20):
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
            connection.sendall(REQUEST)


def test_a_malformed_request_is_refused(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    with ask(sandbox, b"GET one two three\r\n\r\n") as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert connection.recv(65_536) == b""


def test_requests_are_remembered_in_order(serve: Serve) -> None:
    sandbox, client = serve(PLAYED)
    client.get(f"{COUNTS}?refresh=true&channels=email")
    client.post("/nowhere")
    first, second = sandbox.requests
    assert (first.method, first.path, first.query) == ("GET", COUNTS, {"refresh": "true", "channels": "email"})
    assert (first.status, first.time) == (200, NOON)
    assert (second.method, second.path, second.status) == ("POST", "/nowhere", 405)


def test_many_clients_are_answered_at_once(serve: Serve) -> None:
    _, client = serve(PLAYED)
    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(lambda _: client.get(COUNTS).status_code, range(80)))
    assert statuses == [200] * 80


def test_a_stopped_sandbox_answers_nobody() -> None:
    with Sandbox(PLAYED) as sandbox:
        connection = ask(sandbox)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    with connection:
        assert connection.recv(65_536) == b""
    with pytest.raises(ConnectionRefusedError):
        ask(sandbox)


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    threads_before = threading.active_count()
    with Sandbox(Scenario(latency=3600.0)) as sandbox:
        connection = ask(sandbox)
        for _ in range(200):  # until the request has a thread of its own, beside the server's
            if threading.active_count() == threads_before + 2:
                break
            time.sleep(0.01)
    with connection:
        assert connection.recv(65_536) == b""
    assert threading.active_count() == threads_before


def with_fault(fault: Fault) -> Scenario:
    return account(answers=Answers(any=(ScriptedAnswer(fault=fault),)))


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE_HEADERS, Fault.RESET_IN_BODY])
def test_a_reset_is_sent(serve: Serve, fault: Fault) -> None:
    sandbox, _ = serve(with_fault(fault))
    with ask(sandbox) as connection, pytest.raises(ConnectionResetError):
        rest(connection)


def test_an_early_close_is_not_a_reset(serve: Serve) -> None:
    sandbox, _ = serve(with_fault(Fault.CLOSE_IN_BODY))
    with ask(sandbox) as connection:
        received = b"".join(rest(connection))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not received.endswith(b"}")


@pytest.mark.parametrize("fault", [Fault.HANG_IN_BODY, Fault.ENDLESS, Fault.ENDLESS_CONTINUE])
def test_stopping_does_not_wait_for_an_endless_answer(fault: Fault) -> None:
    with Sandbox(with_fault(fault)) as sandbox:
        connection = ask(sandbox)
        assert connection.recv(16).startswith(b"HTTP/1.1 ")
    with connection:
        assert len(rest(connection)) < 1000


def test_an_echo_has_the_headers_of_the_request(serve: Serve) -> None:
    _, client = serve(with_fault(Fault.ECHO))
    assert "Authorization: Basic " in client.get(COUNTS).json()["message"]


def test_a_port_in_use_is_a_usage_error(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    taken = httpx.URL(sandbox.url).port or 0
    with (
        pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{taken}") as raised,
        Sandbox(Scenario(), port=taken),
    ):
        pass
    assert raised.value.hint is not None
    assert "another port" in raised.value.hint
