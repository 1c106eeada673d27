from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from guard.core.errors import UsageError
from guard.sandbox.faults import Fault
from guard.sandbox.scenario import Answers, Scenario, ScenarioSegment
from guard.sandbox.scripted_answers import ScriptedAnswer
from guard.sandbox.server import Sandbox

Serve = Callable[[Scenario], tuple[Sandbox, httpx.Client]]

UUID = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
COUNTS = f"/api/v1/segments/{UUID}/matching_users.json"
LIST = "/api/v1/segments/list"
NOON = 1_800_014_400.789
REQUEST = f"GET {COUNTS} HTTP/1.1\r\nHost: here\r\nAuthorization: Basic YTo=\r\n\r\n".encode()
PLAYED = Scenario(segments=(ScenarioSegment(uuid=UUID, name="Newsletter"),))


def connect(sandbox: Sandbox) -> socket.socket:
    address = httpx.URL(sandbox.url)
    return socket.create_connection((address.host, address.port or 0), timeout=5)


@pytest.mark.parametrize("path", [COUNTS, LIST, "/nowhere"])
def test_every_answer_is_json_with_an_id_of_its_own_and_the_server_s_date(serve: Serve, path: str) -> None:
    _, client = serve(Scenario(segments=PLAYED.segments, clock_skew=3600.0))
    first, second = client.get(path), client.get(path)
    assert first.headers["Content-Type"].startswith("application/json")
    assert first.headers["Date"] == "Fri, 15 Jan 2027 13:00:00 GMT"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_many_requests_share_one_connection(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    with connect(sandbox) as connection:
        for _ in range(20):
            connection.sendall(REQUEST)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_what_is_no_request_is_refused_as_json(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    with connect(sandbox) as connection:
        connection.sendall(b"GET one two three\r\n\r\n")
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


def test_clients_at_the_same_time_are_all_answered(serve: Serve) -> None:
    _, client = serve(PLAYED)
    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(lambda _: client.get(COUNTS).status_code, range(80)))
    assert statuses == [200] * 80


def test_nobody_is_answered_once_the_sandbox_has_stopped() -> None:
    with Sandbox(PLAYED) as sandbox:
        connection = connect(sandbox)
        connection.sendall(REQUEST)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    with connection:
        assert connection.recv(65_536) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(sandbox)


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    threads_before = threading.active_count()
    with Sandbox(Scenario(latency=3600.0)) as sandbox:
        connection = connect(sandbox)
        connection.sendall(REQUEST)
        for _ in range(200):  # until the request has a thread of its own, beside the server's
            if threading.active_count() == threads_before + 2:
                break
            time.sleep(0.01)
    with connection:
        assert connection.recv(65_536) == b""
    assert threading.active_count() == threads_before


def with_fault(fault: Fault) -> Scenario:
    answers = Answers(any=(ScriptedAnswer(fault=fault),))
    return Scenario(segments=(ScenarioSegment(uuid=UUID, name="Newsletter", answers=answers),))


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE_HEADERS, Fault.RESET_IN_BODY])
def test_a_reset_is_one_on_the_wire(serve: Serve, fault: Fault) -> None:
    sandbox, _ = serve(with_fault(fault))
    with connect(sandbox) as connection:
        connection.sendall(REQUEST)
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: connection.recv(65_536), b""))


def test_an_early_close_is_no_reset(serve: Serve) -> None:
    sandbox, _ = serve(with_fault(Fault.CLOSE_IN_BODY))
    with connect(sandbox) as connection:
        connection.sendall(REQUEST)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not received.endswith(b"}")


@pytest.mark.parametrize("fault", [Fault.HANG_IN_BODY, Fault.ENDLESS, Fault.ENDLESS_CONTINUE])
def test_stopping_does_not_wait_for_an_answer_that_never_ends(fault: Fault) -> None:
    with Sandbox(with_fault(fault)) as sandbox:
        connection = connect(sandbox)
        connection.sendall(REQUEST)
        assert connection.recv(16).startswith(b"HTTP/1.1 ")
    with connection:
        assert len(list(iter(lambda: connection.recv(65_536), b""))) < 1000


def test_an_echo_tells_the_request_s_own_headers(serve: Serve) -> None:
    _, client = serve(with_fault(Fault.ECHO))
    assert "Authorization: Basic " in client.get(COUNTS).json()["message"]


def test_a_port_in_use_is_a_usage_error_with_a_hint(serve: Serve) -> None:
    sandbox, _ = serve(PLAYED)
    taken = httpx.URL(sandbox.url).port or 0
    with (
        pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{taken}") as raised,
        Sandbox(Scenario(), port=taken),
    ):
        pass
    assert raised.value.hint is not None
    assert "another port" in raised.value.hint
