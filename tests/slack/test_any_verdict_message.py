"""Slack takes the answer whatever the report holds, and obeys nothing in it that comes from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.model import Selection
from guard.slack.blocks import size
from guard.slack.verdict_message import prefaced, verdict_message
from tests.report.builders import ANY_REPORT, campaign, check, guard, many, report, segment
from tests.slack.block_kit import assert_valid, blocks, labels, mrkdwn, rows, small_print

if TYPE_CHECKING:
    from guard.core.results import Report

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'
SHOWN = r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'  # as it is written out
HOSTILE = [
    pytest.param(NASTY, id="everything-at-once"),
    pytest.param("<!channel> <@U0123456789> <#C0123456789> @here #general", id="mentions"),
    pytest.param("<https://example.com|us> https://example.com example.com a@example.com", id="links"),
    pytest.param("*a* _b_ ~c~ `d` ```e``` :tada: :100:", id="formatting"),
    pytest.param("> a\n> b", id="a-quote"),
    pytest.param("&lt;!channel&gt; &amp;lt;", id="entities"),
    pytest.param("\ud800 \udfff", id="lone-surrogates"),
    pytest.param("\x00\x1b\x7f\x9f\u202e\u2066", id="control-characters"),
    pytest.param("", id="nothing"),
    pytest.param(" \n\u3000\xa0", id="blanks"),
    pytest.param('"' * 10_000, id="very-many-quotes"),
    pytest.param("\\" * 10_000, id="very-many-backslashes"),
    pytest.param("\x00" * 10_000, id="very-many-nulls"),
    pytest.param("🎉" * 10_000, id="very-many-emoji"),
    pytest.param("x" * 10_000, id="very-long"),
]
ASKER = "U0123456789"
REMARK = "This could not be posted in the channel, so only you see it."


def everything_is(text: str, *, guards: int = 1) -> Report:
    """Return a report in which every text that comes from elsewhere is this one."""
    bounds = [
        check("min", 2**53 - 1, 0, message=text),
        check("max", 0, 2**53 - 1, message=text),
        check("warn.min", 2**53 - 1, 0, message=text),
        check("warn.max", 0, 2**53 - 1, message=text),
    ]
    one = segment(guard(*bounds, count=0, detail=text), key=text, owner=text, description=text, tags=(text,))
    return replace(
        report(
            *[one] * guards,
            campaigns=(campaign(check("max", 5, 7, message=text), key=text),),
            rules_path=text,
            selection=Selection(segments=(text,) * 3, tags=(text,), campaigns=(text,)),
        ),
        host=text,
        version=text,
        rules_sha256=text,
    )


@settings(deadline=None)
@given(found=ANY_REPORT, requester=st.none() | st.text() | st.just(ASKER))
def test_slack_takes_any_report(found: Report, requester: str | None) -> None:
    message = verdict_message(found, requester=requester, again="a", share="b")
    assert_valid(message.payload())
    findings = list(found.results())
    assert len(blocks(message, "table")) == bool(findings)
    assert len(rows(message)) == min(len(findings), 20)


@pytest.mark.parametrize("guards", [1, 30])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_takes_whatever_a_name_holds_and_obeys_none_of_it(text: str, guards: int) -> None:
    value = '"' * 999
    message = verdict_message(everything_is(text, guards=guards), requester=ASKER, again=value, share=value)
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == [f"Asked by <@{ASKER}>"]
    assert len(rows(message)) >= 2
    assert labels(message) == ["Check again", "Share in channel"]
    assert_valid(prefaced(prefaced(message, REMARK), REMARK).payload())


@pytest.mark.parametrize(("failed", "passed"), [(10_000, 0), (100, 9_900), (0, 10_000)])
def test_slack_takes_ten_thousand_guards_and_the_reader_sees_the_worst(failed: int, passed: int) -> None:
    message = verdict_message(many(failed=failed, passed=passed, key="x" * 50), requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    assert 15 < len(rows(message)) <= 20
    assert {row[0] for row in rows(message)} == ({"❌ FAIL"} if failed else {"✅ PASS"})


def test_rows_that_do_not_fit_are_counted_with_those_left_out() -> None:
    message = verdict_message(everything_is('"' * 10_000, guards=20))
    left_out = 21 - len(rows(message))
    assert size(prefaced(message, REMARK).blocks) > 11_000, "this is a message about as large as they come"
    assert left_out > 1
    assert small_print(message)[0] == f"{left_out} more: {left_out} fail"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param(NASTY, SHOWN, id="as-it-is-with-what-cannot-be-printed-written-out"),
        pytest.param("x" * 100, "x" * 59 + "…", id="a-long-one-cut"),
        pytest.param("", "-", id="an-empty-one-as-a-dash"),
        pytest.param(" \u3000", "-", id="blanks-as-a-dash"),
    ],
)
def test_a_name_is_shown_in_its_row(name: str, shown: str) -> None:
    assert rows(verdict_message(everything_is(name)))[0][1] == shown
