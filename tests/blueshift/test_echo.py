"""Answers that echo the key: they are read unchanged, and quoted without the key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.blueshift.answers import parse_answer, parse_json, parse_list
from guard.blueshift.errors import BadAnswerError
from guard.core.model import Channel

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def scrub(text: str) -> str:
    return text.replace("a-key-for-tests", "***")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_body_that_is_not_json_is_quoted_without_the_key(encoding: str) -> None:
    with pytest.raises(BadAnswerError) as raised:
        parse_json(("<html>" + "x" * 46 + "a-key-for-tests").encode(encoding), scrub)

    assert str(raised.value).endswith('x***"')


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
def test_the_key_is_removed_before_a_text_is_cut(body: str, quoted: str) -> None:
    with pytest.raises(BadAnswerError) as raised:
        parse_answer(body.encode(), NOON, scrub).count(Channel.EMAIL)

    assert quoted in str(raised.value)


@pytest.mark.parametrize("key", ["a-key-for-tests", r"\u0061\u002dkey-for-tests"], ids=["plain", "by-number"])
def test_scrubbing_does_not_change_an_answer(key: str) -> None:
    echo = rf'"echo": "{key}", "name": "x\",\"sms_users\":5,\"y\":\""'

    answer = parse_answer(f'{{"refresh_status": "ready", "email_users": 150, {echo}}}'.encode(), NOON, scrub)

    assert answer.count(Channel.EMAIL) == 150
    with pytest.raises(BadAnswerError, match="the answer has no sms_users"):
        answer.count(Channel.SMS)


def test_a_key_echoed_as_a_name_or_uuid_is_removed() -> None:
    uuid = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"
    body = f'[{{"name": "a-key-for-tests", "uuid": "{uuid}"}}]'.encode()

    assert [each.name for each in parse_list(body, scrub)] == ["***"]
    assert [each.uuid for each in parse_list(body, lambda text: text.replace(uuid, "***"))] == ["***"]
