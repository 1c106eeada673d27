"""An answer, and what a fault puts into it instead of what was asked for."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from guard.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

_DEPTH = 30_000  # levels, which fit into the 64 KiB that a careful client reads
_DIGITS = 5_000
_PADDING = 100_000  # bytes; an honest answer has a few hundred
_BOMB = 32 * 1024 * 1024  # bytes, which gzip packs into 32 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer before it goes over the wire, and the fault that it goes there with."""

    status: int
    headers: dict[str, str]
    body: bytes
    fault: Fault | None = None


def spoiled(answer: Answer, *, asked: str) -> Answer:
    """Return the answer with the contents that its fault stands for; ``asked`` is the head of the request."""
    match answer.fault:
        case Fault.ECHO | Fault.ECHO_UTF16 | Fault.ECHO_BASE64 | Fault.ECHO_ESCAPED:
            return _echo(answer, asked)
        case Fault.GZIP_BOMB:
            return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=_bomb())
        case Fault.HTML:
            return replace(answer, headers={**answer.headers, "Content-Type": "text/html"}, body=_PORTAL)
        case Fault() as fault if fault in _BODIES:
            return replace(answer, body=_BODIES[fault](answer.body))
        case _:
            return answer


def _echo(answer: Answer, asked: str) -> Answer:
    """Return the answer of a server that tells what it was sent, also the key that it found in there."""
    _, _, encoded = asked.partition("Authorization: Basic ")
    encoded = encoded.partition("\r\n")[0]
    key = base64.b64decode(encoded).decode().removesuffix(":")
    if answer.fault is Fault.ECHO_ESCAPED:
        return replace(answer, body=answer.body[:-1] + _fields_beside(key) + b"}")
    if answer.fault is Fault.ECHO_BASE64:
        key = encoded = base64.b64encode(key.encode()).decode()
    headers = {**answer.headers, "x-request-id": f"{key} {encoded}"}
    body = {"message": f"{key} {asked}", "refresh_status": f"{key} {encoded}", "email_users": [key, encoded]}
    encoding = "utf-16" if answer.fault is Fault.ECHO_UTF16 else "utf-8"
    return replace(answer, headers=headers, body=json.dumps(body).encode(encoding))


def _fields_beside(key: str) -> bytes:
    """Return fields beside a good answer's own, which are others to whoever reads escapes before the JSON."""
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
