from __future__ import annotations

import base64
import gzip
import itertools
import json
import zlib

import pytest

from guard.sandbox.faults import RESET, Fault, Response, Step, spoiled, steps

WELL = b'{"refresh_status": "ready", "email_users": 150}'
CREDENTIALS = base64.b64encode(b"a-key-for-tests:").decode()
ASKED = f"GET / HTTP/1.1\r\nAuthorization: Basic {CREDENTIALS}\r\nAccept: */*\r\n"

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: y\r\n\r\n"
BODY = b"0123456789"


def with_fault(fault: Fault | None) -> Response:
    return spoiled(
        Response(status=200, headers={"Content-Type": "application/json"}, body=WELL, fault=fault), asked=ASKED
    )


@pytest.mark.parametrize("fault", [None, Fault.DRIP, Fault.OLD, Fault.SWALLOWED])
def test_other_faults_leave_the_body_alone(fault: Fault | None) -> None:
    assert with_fault(fault).body == WELL


@pytest.mark.parametrize(
    "fault", [Fault.EMPTY, Fault.HTML, Fault.TRUNCATED, Fault.BAD_UTF8, Fault.DEEP, Fault.GZIP_BOMB]
)
def test_some_bodies_are_not_json(fault: Fault) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json.loads(with_fault(fault).body)


@pytest.mark.parametrize("fault", [Fault.NULL, Fault.LIST, Fault.TEXT])
def test_some_bodies_are_not_an_object(fault: Fault) -> None:
    assert not isinstance(json.loads(with_fault(fault).body), dict)


@pytest.mark.parametrize(("fault", "keys"), [(Fault.MESSAGE, 1), (Fault.ERRORS, 1), (Fault.ERROR, 2)])
def test_each_error_has_a_documented_body(fault: Fault, keys: int) -> None:
    assert len(json.loads(with_fault(fault).body)) == keys


def test_a_repeated_key_has_two_values() -> None:
    pairs: list[tuple[str, int]] = []
    json.loads(with_fault(Fault.DUPLICATE_KEYS).body, object_pairs_hook=pairs.extend)
    assert len({value for key, value in pairs if key == "email_users"}) == 2


def test_an_oversized_body_is_padded() -> None:
    body = with_fault(Fault.OVERSIZED).body
    assert len(body) > 64 * 1024
    assert json.loads(body) == json.loads(WELL)


def test_some_bodies_fit_into_64_kib() -> None:
    for fault in (Fault.DEEP, Fault.GZIP_BOMB, Fault.LONG_NUMBER):
        assert len(with_fault(fault).body) < 64 * 1024
    bomb = with_fault(Fault.GZIP_BOMB)
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(zlib.decompress(bomb.body, wbits=31)) == len(gzip.decompress(bomb.body)) > 30_000_000


def test_an_echo_has_the_key() -> None:
    answer = with_fault(Fault.ECHO)
    for text in (answer.body.decode(), answer.headers["x-request-id"]):
        assert "a-key-for-tests" in text
        assert CREDENTIALS in text


def test_an_echo_can_be_utf_16() -> None:
    assert json.loads(with_fault(Fault.ECHO_UTF16).body.decode("utf-16"))["refresh_status"].startswith("a-key-for-")


def test_an_echo_can_be_base64_alone() -> None:
    answer = with_fault(Fault.ECHO_BASE64)
    for text in (json.loads(answer.body)["refresh_status"], answer.headers["x-request-id"]):
        assert {base64.b64decode(each) for each in text.split()} == {b"a-key-for-tests"}


def test_an_echo_can_stand_beside_good_fields() -> None:
    body = with_fault(Fault.ECHO_ESCAPED).body
    assert b"a-key" not in body
    assert json.loads(body) == {**json.loads(WELL), "echo": "a-key-for-tests", "name": 'say "hi", "email_users": 140'}


def first_steps(fault: Fault | None) -> list[Step]:
    return list(itertools.islice(steps(fault, HEAD, BODY), 200))


def sent(fault: Fault | None) -> bytes:
    return b"".join(step for step in first_steps(fault) if isinstance(step, bytes))


@pytest.mark.parametrize("fault", [None, Fault.HTML, Fault.OLD])
def test_other_faults_are_sent_in_one_piece(fault: Fault | None) -> None:
    assert first_steps(fault) == [HEAD + BODY]


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        (Fault.RESET_BEFORE_HEADERS, b""),
        (Fault.RESET_BETWEEN_HEADERS, HEAD[: len(HEAD) // 2]),
        (Fault.RESET_AFTER_HEADERS, HEAD),
        (Fault.RESET_IN_BODY, HEAD + b"01234"),
        (Fault.CLOSE_BEFORE_HEADERS, b""),
        (Fault.CLOSE_IN_BODY, HEAD + b"01234"),
        (Fault.CLOSE_WITHOUT_LENGTH, b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n01234"),
        (Fault.HANG_BEFORE_HEADERS, b""),
        (Fault.HANG_AFTER_HEADERS, HEAD),
        (Fault.HANG_IN_BODY, HEAD + b"01234"),
    ],
)
def test_an_answer_breaks_off(fault: Fault, before: bytes) -> None:
    """It ends with a reset, a close, or a hang of more than an hour."""
    found = first_steps(fault)
    assert sent(fault) == before
    assert (RESET in found) == (found[-1:] == [RESET]) == fault.startswith("reset")
    assert any(isinstance(step, float) and step > 3600 for step in found[-1:]) == fault.startswith("hang")


def test_a_drip_is_a_byte_and_a_pause() -> None:
    assert sent(Fault.DRIP) == HEAD + BODY
    assert {len(step) if isinstance(step, bytes) else type(step) for step in first_steps(Fault.DRIP)} == {1, float}


@pytest.mark.parametrize("fault", [Fault.ENDLESS, Fault.ENDLESS_CONTINUE, Fault.ENDLESS_HINTS])
def test_some_answers_never_end(fault: Fault) -> None:
    assert len(first_steps(fault)) == 200


def test_headers_can_be_huge() -> None:
    assert sent(Fault.HUGE_HEADERS).startswith(HEAD.removesuffix(b"\r\n"))
    assert len(sent(Fault.HUGE_HEADERS)) > 200_000
    assert sent(Fault.HUGE_HEADERS).endswith(b"\r\n\r\n" + BODY)


def test_two_lengths_disagree() -> None:
    assert sent(Fault.TWO_LENGTHS).count(b"Content-Length: ") == 2
