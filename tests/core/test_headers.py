"""The headers that tell a time; ``Retry-After`` is tried where it is obeyed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from guard.core.headers import http_date

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", NOON),
        ("Mon, 23 Nov 2026 14:00:00 +0200", NOON),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_a_date_header_is_a_moment_or_nothing(text: str | None, moment: datetime | None) -> None:
    assert http_date(text) == moment
