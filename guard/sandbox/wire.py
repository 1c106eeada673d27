"""How an answer goes over the connection, step by step, with whatever fault it goes there with."""

from __future__ import annotations

import itertools
from enum import Enum
from typing import TYPE_CHECKING, Final

from guard.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOMENT = 0.05  # seconds; long enough for what was sent before to be read
_DRIP = 0.1
_SERIES = 0.01
_FOR_EVER = 86_400.0
_ONE_LINE = 1_000
_LINES = 200
_CHUNK = b"4000\r\n" + b" " * 0x4000 + b"\r\n"


class Reset(Enum):
    """The step that resets the connection; none comes after it."""

    RESET = "reset"


RESET: Final = Reset.RESET
Step = bytes | float | Reset
"""Bytes to send at once, seconds to wait, or a reset."""


def steps(fault: Fault | None, head: bytes, body: bytes) -> Iterator[Step]:
    """Return how the answer goes over the wire; ``head`` ends in its empty line.

    After a fault the connection is of no use any more, and whoever takes the steps closes it.
    """
    play = _PLAYS.get(fault) if fault else None
    return play(head, body) if play else iter([head + body])


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _without_length(head: bytes) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(b"content-length:"))


def _with_header(head: bytes, header: bytes) -> bytes:
    return head.removesuffix(b"\r\n") + header + b"\r\n\r\n"


def _drip(head: bytes, body: bytes) -> Iterator[Step]:
    for byte in head + body:
        yield bytes([byte])
        yield _DRIP


def _endless(head: bytes, _body: bytes) -> Iterator[Step]:
    yield _with_header(_without_length(head), b"Transfer-Encoding: chunked")
    for _ in itertools.repeat(None):
        yield _CHUNK
        yield _SERIES


def _interim(status: bytes) -> Callable[[bytes, bytes], Iterator[Step]]:
    def play(_head: bytes, _body: bytes) -> Iterator[Step]:
        for _ in itertools.repeat(None):
            yield b"HTTP/1.1 " + status + b"\r\n\r\n"
            yield _SERIES

    return play


def _huge_headers(head: bytes, body: bytes) -> Iterator[Step]:
    lines = b"\r\n".join(b"X-Padding: " + b"x" * _ONE_LINE for _ in range(_LINES))
    yield _with_header(head, lines) + body


_PLAYS: dict[Fault, Callable[[bytes, bytes], Iterator[Step]]] = {
    Fault.RESET_BEFORE_HEADERS: lambda _head, _body: iter([RESET]),
    Fault.RESET_BETWEEN_HEADERS: lambda head, _body: iter([_half(head), _MOMENT, RESET]),
    Fault.RESET_AFTER_HEADERS: lambda head, _body: iter([head, _MOMENT, RESET]),
    Fault.RESET_IN_BODY: lambda head, body: iter([head + _half(body), _MOMENT, RESET]),
    Fault.CLOSE_BEFORE_HEADERS: lambda _head, _body: iter([]),
    Fault.CLOSE_IN_BODY: lambda head, body: iter([head + _half(body)]),
    Fault.CLOSE_WITHOUT_LENGTH: lambda head, body: iter([_without_length(head) + _half(body)]),
    Fault.HANG_BEFORE_HEADERS: lambda _head, _body: iter([_FOR_EVER]),
    Fault.HANG_AFTER_HEADERS: lambda head, _body: iter([head, _FOR_EVER]),
    Fault.HANG_IN_BODY: lambda head, body: iter([head + _half(body), _FOR_EVER]),
    Fault.DRIP: _drip,
    Fault.ENDLESS: _endless,
    Fault.ENDLESS_CONTINUE: _interim(b"100 Continue"),
    Fault.ENDLESS_HINTS: _interim(b"103 Early Hints"),
    Fault.HUGE_HEADERS: _huge_headers,
    Fault.TWO_LENGTHS: lambda head, body: iter([_with_header(head, b"Content-Length: 5") + body]),
}
