"""What an answer of Blueshift says, and what is not an answer."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from guard.blueshift.answers import (
    error_message,
    is_of_this_run,
    parse_answer,
    parse_json,
    parse_list,
    parse_stamp,
    status_name,
    whole_seconds,
)
from guard.blueshift.errors import BadAnswerError
from guard.core.model import LARGEST_COUNT, Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.blueshift.answers import Answer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def parse(count: str = "5", status: str = '"ready"', stamp: str = '"2026-11-23T11:00:00Z"') -> Answer:
    body = f'{{"refresh_status": {status}, "email_users": {count}, "approxusers_updated_at": {stamp}}}'
    return parse_answer(body.encode(), NOON, str)


def refusal(parse_it: Callable[[], object]) -> str:
    """Return the error for an answer that is refused."""
    with pytest.raises(BadAnswerError) as raised:
        parse_it()
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "people"),
    [("0", 0), ("150", 150), ("150.0", 150), ("12000.00", 12000), (str(LARGEST_COUNT), LARGEST_COUNT)],
)
def test_whole_numbers_are_counts(text: str, people: int) -> None:
    assert parse(text).count(Channel.EMAIL) == people


@pytest.mark.parametrize(
    "text",
    [
        '"150"', "150.5", "1e3", "1.5e1", "true", "false", "null", "-5", "-5.0", "NaN", "Infinity", "-Infinity",
        "[150]", "{}", str(2**63), str(LARGEST_COUNT + 1), "1" + "0" * 30, "1" + "0" * 30 + ".0", "9" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_is_a_count(text: str) -> None:
    answer = parse(text)

    assert re.fullmatch(
        "email_users is .*, which is not a number of people", refusal(lambda: answer.count(Channel.EMAIL))
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-5", "-5"),
        ("[150]", "a list"),
        ("{}", "an object"),
        ('"' + "x" * 59 + '"', '"' + "x" * 58 + "…"),
        ('"' + "x" * 58 + '"', '"' + "x" * 58 + '"'),
    ],
)
def test_a_bad_count_is_quoted_shortened(text: str, shown: str) -> None:
    told = refusal(lambda: parse(text).count(Channel.EMAIL))

    assert told == f"email_users is {shown}, which is not a number of people"


def test_a_missing_channel_is_not_zero() -> None:
    assert refusal(lambda: parse().count(Channel.SMS)) == "the answer has no sms_users"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        *((text, text) for text in ('"READY"', '"Ready"', '"done"', "null", "true", "1", '""')),
        ("[]", "a list"),
    ],
)
def test_an_unknown_status_is_a_bad_answer(status: str, shown: str) -> None:
    assert refusal(lambda: parse(status=status)) == f"refresh_status is {shown}, which is not understood"


# Stamps


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-08-25T06:06:59.412Z", datetime(2021, 8, 25, 6, 6, 59, 412_000, tzinfo=UTC)),
        ("2021-08-25T06:06:59Z", datetime(2021, 8, 25, 6, 6, 59, tzinfo=UTC)),
        ("2021-08-25T08:06:59+02:00", datetime(2021, 8, 25, 6, 6, 59, tzinfo=UTC)),
        ("2021-08-25T06:06:59.123456789Z", datetime(2021, 8, 25, 6, 6, 59, 123_456, tzinfo=UTC)),
    ],
)
def test_stamps_with_a_zone_become_utc(text: str, moment: datetime) -> None:
    stamp = parse_stamp(text)

    assert stamp == moment
    assert stamp.tzinfo is UTC


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        *(
            (text, f"{text}, which is not understood")
            for text in ('"2026-11-23T11:00:00"', '"yesterday"', '""', "1629871619", "true")
        ),
        ('"9999-12-31T23:59:59-12:00"', '"9999-12-31T23:59:59-12:00", which is not understood'),
        ("[]", "a list, which is not understood"),
        ('"9999-01-01T00:00:00Z"', '"9999-01-01 00:00:00+00:00", which is in the future'),
        ('"2026-11-25T12:00:01Z"', '"2026-11-25 12:00:01+00:00", which is in the future'),
    ],
)
def test_other_stamps_are_bad_answers(stamp: str, told: str) -> None:
    assert refusal(lambda: parse(stamp=stamp)) == f"approxusers_updated_at is {told}"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (5, "not a text"),
        ("2026-11-23T11:00:00", "no zone"),
        ("9999-12-31T23:59:59-12:00", "outside the calendar"),
        ("soon", "Invalid isoformat string"),
    ],
)
def test_a_bad_stamp_has_a_reason(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        parse_stamp(value)


def test_a_stamp_may_be_two_days_off() -> None:
    assert parse(stamp='"2026-11-25T12:00:00Z"').stamp == NOON + timedelta(days=2)
    assert not is_of_this_run(parse(stamp='"2026-11-21T12:00:00Z"'))
    assert is_of_this_run(parse(stamp='"2026-11-21T12:00:01Z"'))
    assert not is_of_this_run(parse(stamp="null"))


@pytest.mark.parametrize(("days", "believed"), [(-3, False), (-1, True), (1, True), (3, False)])
def test_without_a_date_our_own_clock_is_used(days: int, *, believed: bool) -> None:
    stamp = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = f'{{"refresh_status": "ready", "approxusers_updated_at": "{stamp}"}}'.encode()

    try:
        assert is_of_this_run(parse_answer(body, None, str)) is believed
    except BadAnswerError:
        assert not believed


def test_a_missing_stamp_is_earlier_than_all() -> None:
    assert parse_answer(b'{"refresh_status": "ready"}', NOON, str).stamp is None
    assert parse(stamp="null").stamp is None
    assert whole_seconds(None) < whole_seconds(datetime(1, 1, 2, tzinfo=UTC))


def test_stamps_are_compared_in_whole_seconds() -> None:
    assert whole_seconds(NOON) == whole_seconds(NOON + timedelta(seconds=0.999))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"email_users": 5}', "the answer has no refresh_status"),
        (b"", "the answer is empty"),
        (b"null", "the answer is null instead of an object"),
        (b"[]", "the answer is a list instead of an object"),
        (b"<html>Log in", 'the answer is not JSON: it begins with "<html>Log in"'),
        (b"x" * 60, f'the answer is not JSON: it begins with "{"x" * 60}"'),
        (b"x" * 61, f'the answer is not JSON: it begins with "{"x" * 59}…"'),
        (b'{"refresh_status": "rea', "the answer is not JSON"),
        (b'{"refresh_status": "\xff"}', "the answer is not JSON"),
        (b'{"refresh_status": "ready", "refresh_status": "ready"}', "the answer is not JSON"),
        (b"[" * 60_000, "the answer is nested too deeply"),
    ],
)
def test_another_body_is_a_bad_answer(body: bytes, sentence: str) -> None:
    assert refusal(lambda: parse_answer(body, NOON, str)).startswith(sentence)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_json_must_be_utf_8(encoding: str) -> None:
    body = '{"refresh_status": "ready", "email_users": 150}'.encode(encoding)

    assert refusal(lambda: parse_json(body, str)).startswith("the answer is not JSON: it begins with ")


@pytest.mark.parametrize(("length", "understood"), [(1_000, True), (1_001, False)])
def test_the_length_of_a_name_is_limited(length: int, *, understood: bool) -> None:
    body = f'[{{"name": "{"x" * length}", "uuid": "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"}}]'.encode()

    with contextlib.nullcontext() if understood else pytest.raises(BadAnswerError):
        parse_list(body, str)


@given(
    st.binary(max_size=200)
    | st.text().map(str.encode)
    | st.from_regex(r'\{"refresh_status": .{0,40}\}').map(str.encode)
)
def test_any_bytes_are_an_answer_or_a_bad_one(body: bytes) -> None:
    for parse_body in (lambda: parse_answer(body, NOON, str), lambda: parse_list(body, str)):
        with contextlib.suppress(BadAnswerError):
            parse_body()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message": "Not authorized"}', "Not authorized"),
        (b'{"success": false, "error": "Conflict"}', "Conflict"),
        (b'{"errors": {"name": ["can\'t be blank", "is odd"]}}', "name: can't be blank, is odd"),
        (b'{"errors": {"name": ["odd"], "startdate": "too late"}}', "name: odd; startdate: too late"),
        (b'{"message": ""}', ""),
        (b'{"errors": "odd"}', None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_documented_errors_have_a_message(body: bytes, message: str | None) -> None:
    assert error_message(body) == message


def test_a_status_has_its_phrase() -> None:
    assert status_name(503) == "503 Service Unavailable"
    assert status_name(599) == "599"


ITEM = b'{"name": "One", "uuid": "2dd093e6-8c6f-4e14-8a2c-744477e1fdef", "approxusers": null, "mixin_key": "x"}'


@pytest.mark.parametrize(
    "body",
    [
        b"[" + ITEM + b"]",
        b'{"segments": [' + ITEM + b"]}",
        b'{"total_count": 24.0, "total_pages": 0, "page": 0, "results": [' + ITEM + b"]}",
        b'{"segments": {"results": [' + ITEM + b"]}}",
    ],
)
def test_every_shape_of_the_list_is_understood(body: bytes) -> None:
    assert [each.name for each in parse_list(body, str)] == ["One"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"40", 40),
        (b"40.5", 40.5),
        (b'"' + b"x" * 100 + b'"', "x" * 100),
        (b'"' + b"x" * 101 + b'"', None),
        (b"[[]]", None),
        (b"{}", None),
    ],
)
def test_a_list_keeps_only_small_values(value: bytes, kept: object) -> None:
    (item,) = parse_list(b"[" + ITEM.replace(b"null", value) + b"]", str)

    assert item.shown(Channel.USERS) == kept


def test_a_wrong_list_is_one_error() -> None:
    with pytest.raises(BadAnswerError) as raised:
        parse_list(b"[{}, {}, {}]", str)

    refused = raised.value.__context__
    assert isinstance(refused, ValidationError)
    assert len(refused.errors()) == 2  # the name and the uuid of the first


@pytest.mark.parametrize(
    "body",
    [b"{}", b"null", b'[{"name": "One"}]', b'[{"name": "One", "uuid": "../../admin"}]', b'{"results": 3}'],
)
def test_another_list_is_a_bad_answer(body: bytes) -> None:
    assert refusal(lambda: parse_list(body, str)) == "the list of segments is not understood"


# Echoes of the key: an answer is read unchanged, and quoted without the key


def scrub(text: str) -> str:
    return text.replace("a-key-for-tests", "***")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_body_is_quoted_without_the_key(encoding: str) -> None:
    body = ("<html>" + "x" * 46 + "a-key-for-tests").encode(encoding)

    assert refusal(lambda: parse_json(body, scrub)).endswith('x***"')


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        (f'"{"x" * 50}a-key-for-tests"', f'the answer is "{"x" * 50}***" instead of an object'),
        (f'{{"refresh_status": "{"x" * 50}a-key-for-tests"}}', f'refresh_status is "{"x" * 50}***", which'),
        (r'{"refresh_status": "\u0061-key\u002dfor-tests"}', 'refresh_status is "***", which'),
        ('{"refresh_status": "ready", "approxusers_updated_at": "a-key-for-tests"}', 'updated_at is "***", which'),
        ('{"refresh_status": "ready", "email_users": "a-key-for-tests"}', 'email_users is "***", which'),
    ],
)
def test_texts_are_scrubbed_before_the_cut(body: str, quoted: str) -> None:
    assert quoted in refusal(lambda: parse_answer(body.encode(), NOON, scrub).count(Channel.EMAIL))


@pytest.mark.parametrize("key", ["a-key-for-tests", r"\u0061\u002dkey-for-tests"], ids=["plain", "by-number"])
def test_scrubbing_does_not_change_an_answer(key: str) -> None:
    echo = rf'"echo": "{key}", "name": "x\",\"sms_users\":5,\"y\":\""'

    answer = parse_answer(f'{{"refresh_status": "ready", "email_users": 150, {echo}}}'.encode(), NOON, scrub)

    assert answer.count(Channel.EMAIL) == 150
    assert refusal(lambda: answer.count(Channel.SMS)) == "the answer has no sms_users"


def test_echoes_in_a_list_are_removed() -> None:
    (as_a_name,) = parse_list(b"[" + ITEM + b"]", lambda text: text.replace("One", "***"))
    (as_a_uuid,) = parse_list(b"[" + ITEM + b"]", lambda text: text.replace("2dd093e6-8c6f", "***"))

    assert as_a_name.name == "***"
    assert as_a_uuid.uuid == "***-4e14-8a2c-744477e1fdef"
