"""The faults that an answer can be given with, by the words that a scenario file calls them.

A fault spoils the answer to a request that was carried out: what was triggered is triggered, as in the real world.
``contents`` knows what a fault puts into an answer, ``wire`` how one goes over the connection.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with an answer."""

    # The connection ends, by a reset or by an orderly close.
    RESET_BEFORE_HEADERS = "reset-before-headers"
    RESET_BETWEEN_HEADERS = "reset-between-headers"
    RESET_AFTER_HEADERS = "reset-after-headers"
    RESET_IN_BODY = "reset-in-body"
    CLOSE_BEFORE_HEADERS = "close-before-headers"
    CLOSE_IN_BODY = "close-in-body"
    CLOSE_WITHOUT_LENGTH = "close-without-length"

    # The answer takes its time, or never ends.
    HANG_BEFORE_HEADERS = "hang-before-headers"
    HANG_AFTER_HEADERS = "hang-after-headers"
    HANG_IN_BODY = "hang-in-body"
    DRIP = "drip"
    ENDLESS = "endless"
    ENDLESS_CONTINUE = "endless-continue"
    ENDLESS_HINTS = "endless-hints"

    # The headers are not as they should be.
    HUGE_HEADERS = "huge-headers"
    TWO_LENGTHS = "two-lengths"

    # The body is not what was asked for.
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

    # The answer looks well, and is not true.
    OLD = "old"
    SWALLOWED = "swallowed"
