from __future__ import annotations

import itertools

import pytest

from guard.sandbox.faults import Fault
from guard.sandbox.wire import RESET, Step, steps

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: y\r\n\r\n"
BODY = b"0123456789"


def first_steps(fault: Fault | None) -> list[Step]:
    return list(itertools.islice(steps(fault, HEAD, BODY), 200))


def sent(fault: Fault | None) -> bytes:
    return b"".join(step for step in first_steps(fault) if isinstance(step, bytes))


@pytest.mark.parametrize("fault", [None, Fault.HTML, Fault.OLD])
def test_an_answer_without_a_fault_of_the_wire_leaves_in_one_piece(fault: Fault | None) -> None:
    assert first_steps(fault) == [HEAD + BODY]


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        (Fault.RESET_BEFORE_HEADERS, b""),
        (Fault.RESET_BETWEEN_HEADERS, HEAD[: len(HEAD) // 2]),
        (Fault.RESET_AFTER_HEADERS, HEAD),
        (Fault.RESET_IN_BODY, HEAD + b"01234"),
    ],
)
def test_a_reset_is_the_last_step(fault: Fault, before: bytes) -> None:
    assert sent(fault) == before
    assert first_steps(fault)[-1] is RESET


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        (Fault.CLOSE_BEFORE_HEADERS, b""),
        (Fault.CLOSE_IN_BODY, HEAD + b"01234"),
        (Fault.CLOSE_WITHOUT_LENGTH, b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n01234"),
    ],
)
def test_what_is_closed_early_is_not_reset(fault: Fault, before: bytes) -> None:
    assert sent(fault) == before
    assert RESET not in first_steps(fault)


@pytest.mark.parametrize(
    ("fault", "before"),
    [
        (Fault.HANG_BEFORE_HEADERS, b""),
        (Fault.HANG_AFTER_HEADERS, HEAD),
        (Fault.HANG_IN_BODY, HEAD + b"01234"),
    ],
)
def test_a_hang_lasts_longer_than_anybody_waits(fault: Fault, before: bytes) -> None:
    *_, last = first_steps(fault)
    assert sent(fault) == before
    assert isinstance(last, float)
    assert last > 3600


def test_a_drip_is_a_byte_and_a_pause_again_and_again() -> None:
    assert sent(Fault.DRIP) == HEAD + BODY
    assert {len(step) if isinstance(step, bytes) else type(step) for step in first_steps(Fault.DRIP)} == {1, float}


@pytest.mark.parametrize("fault", [Fault.ENDLESS, Fault.ENDLESS_CONTINUE, Fault.ENDLESS_HINTS])
def test_what_is_endless_does_not_end(fault: Fault) -> None:
    assert len(first_steps(fault)) == 200


def test_headers_can_be_larger_than_any_client_reads() -> None:
    assert sent(Fault.HUGE_HEADERS).startswith(HEAD.removesuffix(b"\r\n"))
    assert len(sent(Fault.HUGE_HEADERS)) > 200_000
    assert sent(Fault.HUGE_HEADERS).endswith(b"\r\n\r\n" + BODY)


def test_two_lengths_disagree() -> None:
    assert sent(Fault.TWO_LENGTHS).count(b"Content-Length: ") == 2
