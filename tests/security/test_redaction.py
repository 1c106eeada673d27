from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.security.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "an-unspeakable\\key\"of'tests/and-nothing-else"
ENCODED = base64.b64encode(f"{KEY}:".encode()).decode()
BARE = base64.b64encode(KEY.encode()).decode()
HIDDEN = Secret(KEY).scrub


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(KEY, id="as-it-is"),
        pytest.param(ENCODED, id="as-it-is-sent"),
        pytest.param(ENCODED.rstrip("="), id="as-it-is-sent-without-padding"),
        pytest.param(BARE, id="base64-of-the-key-alone"),
        pytest.param(ENCODED.replace("/", "\\/"), id="base64-as-json-may-write-it"),
        pytest.param(json.dumps(KEY)[1:-1], id="json"),
        pytest.param(KEY.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/"), id="json-with-slashes"),
        pytest.param("".join(f"\\u{ord(each):04X}" for each in KEY), id="json-by-number"),
        pytest.param("".join(f"\\x{ord(each):02x}" for each in KEY), id="by-number"),
        pytest.param(quote(KEY, safe=""), id="in-an-address"),
        pytest.param("".join(f"%{ord(each):02x}" for each in KEY), id="in-an-address-by-number"),
        pytest.param(repr(KEY)[1:-1], id="repr-of-text"),
        pytest.param(repr(bytearray(KEY.encode()))[12:-2], id="repr-of-bytes"),
        pytest.param(f"{KEY}{ENCODED}{KEY}", id="side-by-side"),
        pytest.param(re.sub(r"([^0-9a-z])", r"\\\1", KEY), id="markdown"),
        pytest.param(html.escape(KEY), id="html"),
        pytest.param("".join(f"&#{ord(each)};" for each in KEY), id="html-by-number"),
        pytest.param("".join(f"&#x{ord(each):X};" for each in KEY), id="html-by-hexadecimal-number"),
    ],
)
def test_the_key_is_found_in_every_spelling(spelled: str) -> None:
    assert HIDDEN(f'a \\"line\\u0061 <{spelled}> and \\x1b') == 'a \\"line\\u0061 <***> and \\x1b'


def test_a_secret_is_found_in_an_address() -> None:
    assert HIDDEN(f"a?b={quote('unspeak')}&c={''.join(f'%{ord(each):02x}' for each in KEY)}") == "a?b=unspeak&c=***"


@pytest.mark.parametrize("secret", [KEY, ENCODED, BARE])
@pytest.mark.parametrize("written", [str.upper, str.lower, str.swapcase, str.title])
def test_a_secret_is_found_in_any_case(secret: str, written: Callable[[str], str]) -> None:
    assert HIDDEN(f"Ünter <{written(secret)}> İt") == "Ünter <***> İt"


def test_a_character_is_not_cut_in_two() -> None:
    secret = "ein-Schlüssel-für-Prüfungen"

    for start in range(len(secret)):
        assert Secret(secret).scrub(f"ö{secret[start : start + 12]}ö").encode()


@pytest.mark.parametrize("secret", [KEY, ENCODED, BARE])
def test_ten_characters_of_a_secret_are_hidden(secret: str) -> None:
    for start in range(len(secret) - 9):
        assert HIDDEN(f"<{secret[start : start + 10]}>") == "<***>"
    for nine in (secret[:9], secret[-9:]):
        assert HIDDEN(f"<{nine}>") == f"<{nine}>"


@given(st.data())
def test_ten_characters_of_a_piece_never_stay(data: st.DataObject) -> None:
    pieces = st.builds(
        lambda text, start, length: text[start : start + length],
        st.sampled_from([KEY, ENCODED, BARE, json.dumps(KEY)]),
        st.integers(0, len(ENCODED)),
        st.integers(0, len(ENCODED)),
    )
    text = HIDDEN("".join(data.draw(st.lists(pieces | st.text(max_size=3), max_size=8))))

    assert not [
        start
        for secret in (KEY, ENCODED, BARE)
        for start in range(len(secret) - 9)
        if secret[start : start + 10] in text
    ]


@given(st.text().filter(lambda text: len(text) < 10))
def test_other_texts_stay(text: str) -> None:
    assert HIDDEN(text) == text
    assert HIDDEN("\\" * 9 + "u00" + quote(text)) == "\\" * 9 + "u00" + quote(text)


def test_a_key_like_an_escape_is_found() -> None:
    key = r"a\"b\\u0061\x62\\'c"

    assert Secret(key).scrub(f"<{key}> <{json.dumps(key)[1:-1]}>") == "<***> <***>"


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("nine-nine", "<nine-nine> nine-nin", "<***> nine-nin"),
        ("k", "<nine-nine> nine-nin", "<nine-nine> nine-nin"),
        ("nine-nine", "a\\b nine-nine", "a\\b ***"),
        ("nine-nine", "%61 nine-nine", "%61 ***"),
    ],
)
def test_a_short_secret_is_found_as_a_whole(key: str, text: str, shown: str) -> None:
    assert Secret(key).scrub(text) == shown


def test_a_secret_does_not_print() -> None:
    assert "unspeakable" not in f"{Secret(KEY)} {Secret(KEY)!r}"
