from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest

from guard.sandbox.contents import Answer, spoiled
from guard.sandbox.faults import Fault

WELL = b'{"refresh_status": "ready", "email_users": 150}'
CREDENTIALS = base64.b64encode(b"a-key-for-tests:").decode()
ASKED = f"GET / HTTP/1.1\r\nAuthorization: Basic {CREDENTIALS}\r\nAccept: */*\r\n"


def with_fault(fault: Fault | None) -> Answer:
    return spoiled(
        Answer(status=200, headers={"Content-Type": "application/json"}, body=WELL, fault=fault), asked=ASKED
    )


@pytest.mark.parametrize("fault", [None, Fault.DRIP, Fault.OLD, Fault.SWALLOWED])
def test_other_faults_leave_the_contents_alone(fault: Fault | None) -> None:
    assert with_fault(fault).body == WELL


@pytest.mark.parametrize(
    "fault", [Fault.EMPTY, Fault.HTML, Fault.TRUNCATED, Fault.BAD_UTF8, Fault.DEEP, Fault.GZIP_BOMB]
)
def test_some_contents_are_no_json(fault: Fault) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json.loads(with_fault(fault).body)


@pytest.mark.parametrize("fault", [Fault.NULL, Fault.LIST, Fault.TEXT])
def test_some_contents_are_json_and_no_object(fault: Fault) -> None:
    assert not isinstance(json.loads(with_fault(fault).body), dict)


@pytest.mark.parametrize(("fault", "keys"), [(Fault.MESSAGE, 1), (Fault.ERRORS, 1), (Fault.ERROR, 2)])
def test_there_is_every_documented_body_of_an_error(fault: Fault, keys: int) -> None:
    assert len(json.loads(with_fault(fault).body)) == keys


def test_a_repeated_key_has_two_values() -> None:
    pairs: list[tuple[str, int]] = []
    json.loads(with_fault(Fault.DUPLICATE_KEYS).body, object_pairs_hook=pairs.extend)
    assert len({value for key, value in pairs if key == "email_users"}) == 2


def test_an_oversized_body_is_the_right_one_with_much_behind_it() -> None:
    body = with_fault(Fault.OVERSIZED).body
    assert len(body) > 64 * 1024
    assert json.loads(body) == json.loads(WELL)


def test_what_hides_from_a_limit_on_what_is_read_fits_into_64_kib() -> None:
    for fault in (Fault.DEEP, Fault.GZIP_BOMB, Fault.LONG_NUMBER):
        assert len(with_fault(fault).body) < 64 * 1024
    bomb = with_fault(Fault.GZIP_BOMB)
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(zlib.decompress(bomb.body, wbits=31)) == len(gzip.decompress(bomb.body)) > 30_000_000


def test_an_echo_tells_the_key_in_every_form_and_place() -> None:
    answer = with_fault(Fault.ECHO)
    for text in (answer.body.decode(), answer.headers["x-request-id"]):
        assert "a-key-for-tests" in text
        assert CREDENTIALS in text


def test_an_echo_tells_the_key_in_another_encoding_or_in_base64_alone() -> None:
    assert json.loads(with_fault(Fault.ECHO_UTF16).body.decode("utf-16"))["refresh_status"].startswith("a-key-for-")
    answer = with_fault(Fault.ECHO_BASE64)
    for text in (json.loads(answer.body)["refresh_status"], answer.headers["x-request-id"]):
        assert {base64.b64decode(each) for each in text.split()} == {b"a-key-for-tests"}


def test_a_good_answer_can_echo_the_key_beside_its_own_fields() -> None:
    body = with_fault(Fault.ECHO_ESCAPED).body
    assert b"a-key" not in body
    assert json.loads(body) == {**json.loads(WELL), "echo": "a-key-for-tests", "name": 'say "hi", "email_users": 140'}
