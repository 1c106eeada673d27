"""The faults that a scenario can put into an answer: their names in a scenario file, and what each one does.

A fault spoils only the answer. The request itself is carried out: its refresh starts, as on a real server.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DEPTH = 30_000  # levels; they fit into the 64 KiB that a careful client reads
_DIGITS = 5_000
_PADDING = 100_000  # bytes; a normal answer has a few hundred
_BOMB = 32 * 1024 * 1024  # bytes; 32 KB after gzip
_MOMENT = 0.05  # seconds; long enough for the client to read what was sent
_DRIP = 0.1
_SERIES = 0.01
_FOR_EVER = 86_400.0
_ONE_LINE = 1_000
_LINES = 200
_CHUNK = b"4000\r\n" + b" " * 0x4000 + b"\r\n"


class Fault(StrEnum):
    """What is wrong with an answer."""

    # The connection ends too early, by a reset or by a normal close.
    RESET_BEFORE_HEADERS = "reset-before-headers"
    RESET_BETWEEN_HEADERS = "reset-between-headers"
    RESET_AFTER_HEADERS = "reset-after-headers"
    RESET_IN_BODY = "reset-in-body"
    CLOSE_BEFORE_HEADERS = "close-before-headers"
    CLOSE_IN_BODY = "close-in-body"
    CLOSE_WITHOUT_LENGTH = "close-without-length"

    # The answer is slow, or never ends.
    HANG_BEFORE_HEADERS = "hang-before-headers"
    HANG_AFTER_HEADERS = "hang-after-headers"
    HANG_IN_BODY = "hang-in-body"
    DRIP = "drip"
    ENDLESS = "endless"
    ENDLESS_CONTINUE = "endless-continue"
    ENDLESS_HINTS = "endless-hints"

    # The headers are wrong.
    HUGE_HEADERS = "huge-headers"
    TWO_LENGTHS = "two-lengths"

    # The body is wrong.
    EMPTY = "empty"
    HTML = "html"
    NULL = "json-null"
    LIST = "list"
    TEXT = "text"
    MESSAGE = "message"
    ERRORS = "errors"
    ERROR = "error"
    ECHO = "echo"
    ECHO_UTF16 = "echo-utf16"
    ECHO_BASE64 = "echo-base64"
    ECHO_ESCAPED = "echo-escaped"
    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    GZIP_BOMB = "gzip-bomb"
    BAD_UTF8 = "bad-utf8"
    DEEP = "deep"
    LONG_NUMBER = "long-number"
    DUPLICATE_KEYS = "duplicate-keys"

    # The answer looks right and is wrong.
    OLD = "old"
    SWALLOWED = "swallowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response, and the fault to send it with."""

    status: int
    headers: dict[str, str]
    body: bytes
    fault: Fault | None = None


def spoiled(response: Response, *, asked: str) -> Response:
    """Return the response with the headers and body of its fault; ``asked`` is the head of the request."""
    match response.fault:
        case Fault.ECHO | Fault.ECHO_UTF16 | Fault.ECHO_BASE64 | Fault.ECHO_ESCAPED:
            return _echo(response, asked)
        case Fault.GZIP_BOMB:
            return replace(response, headers={**response.headers, "Content-Encoding": "gzip"}, body=_bomb())
        case Fault.HTML:
            return replace(response, headers={**response.headers, "Content-Type": "text/html"}, body=_PORTAL)
        case Fault() as fault if fault in _BODIES:
            return replace(response, body=_BODIES[fault](response.body))
        case _:
            return response


def _echo(response: Response, asked: str) -> Response:
    """Return the response of a server that echoes the request and the key in it."""
    _, _, encoded = asked.partition("Authorization: Basic ")
    encoded = encoded.partition("\r\n")[0]
    key = base64.b64decode(encoded).decode().removesuffix(":")
    if response.fault is Fault.ECHO_ESCAPED:
        return replace(response, body=response.body[:-1] + _fields_beside(key) + b"}")
    if response.fault is Fault.ECHO_BASE64:
        key = encoded = base64.b64encode(key.encode()).decode()
    headers = {**response.headers, "x-request-id": f"{key} {encoded}"}
    body = {"message": f"{key} {asked}", "refresh_status": f"{key} {encoded}", "email_users": [key, encoded]}
    encoding = "utf-16" if response.fault is Fault.ECHO_UTF16 else "utf-8"
    return replace(response, headers=headers, body=json.dumps(body).encode(encoding))


def _fields_beside(key: str) -> bytes:
    """Return extra fields that a client misreads if it decodes escapes before it parses the JSON."""
    by_number = "".join(f"\\u{ord(character):04x}" for character in key)
    return rf', "echo": "{by_number}", "name": "say \"hi\", \"email_users\": 140"'.encode()


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * _BOMB)


_PORTAL = b"<!doctype html><title>Welcome</title><p>Please sign in to this network."
_BODIES: dict[Fault, Callable[[bytes], bytes]] = {
    Fault.EMPTY: lambda _: b"",
    Fault.NULL: lambda _: b"null",
    Fault.LIST: lambda body: b"[" + body + b"]",
    Fault.TEXT: lambda body: json.dumps(body.decode()).encode(),
    Fault.MESSAGE: lambda _: b'{"message": "Please try again later."}',
    Fault.ERRORS: lambda _: b'{"errors": {"name": ["can\'t be blank", "is too short"], "startdate": "is wrong"}}',
    Fault.ERROR: lambda _: b'{"success": false, "error": "Please try again later."}',
    Fault.TRUNCATED: lambda body: body[:-20],
    Fault.OVERSIZED: lambda body: body + b" " * _PADDING,
    Fault.BAD_UTF8: lambda body: body[:-1] + b', "name": "\xff\xfe"}',
    Fault.DEEP: lambda body: body[:-1] + b', "name": ' + b"[" * _DEPTH + b"]" * _DEPTH + b"}",
    Fault.LONG_NUMBER: lambda body: body[:-1] + b', "version": ' + b"9" * _DIGITS + b"}",
    Fault.DUPLICATE_KEYS: lambda body: body[:-1] + b', "email_users": 150, "email_users": 140}',
}


class Reset(Enum):
    """The last step, which resets the connection."""

    RESET = "reset"


RESET: Final = Reset.RESET
Step = bytes | float | Reset
"""Bytes to send at once, seconds to wait, or a reset."""


def steps(fault: Fault | None, head: bytes, body: bytes) -> Iterator[Step]:
    """Return the steps that send the response; ``head`` ends with its empty line.

    After a fault, the caller must close the connection.
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
    chunked = _with_header(_without_length(head), b"Transfer-Encoding: chunked")
    return itertools.chain([chunked], itertools.cycle([_CHUNK, _SERIES]))


def _interim(status: bytes) -> Callable[[bytes, bytes], Iterator[Step]]:
    return lambda _head, _body: itertools.cycle([b"HTTP/1.1 " + status + b"\r\n\r\n", _SERIES])


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
