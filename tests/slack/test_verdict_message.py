"""The answer in Slack: what it says, in which order, and that Slack takes it whatever the report holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.evaluate import evaluate
from guard.core.model import Channel, Selection
from guard.core.plan import plan
from guard.core.results import Count, Reason, Report, SegmentReadings, SegmentResult, Unavailable
from guard.rules import load_rules
from guard.slack.blocks import size
from guard.slack.verdict_message import CHECK_AGAIN, SHARE, Message, prefaced, verdict_message, without_buttons
from tests.report.builders import (
    ANY_REPORT,
    MOMENT,
    campaign,
    check,
    email,
    guard,
    many,
    outcomes,
    report,
    segment,
)
from tests.slack.block_kit import (
    NASTY,
    SHOWN,
    assert_valid,
    blocks,
    header,
    heads,
    labels,
    mrkdwn,
    paragraphs,
    rows,
    small_print,
)

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "answer.json"
ASKER = "U0123456789"
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


def count(value: int, *, at: datetime = MOMENT) -> Count:
    return Count(value=value, counted_at=at, age_seconds=12)


# The whole message


def test_a_typical_answer() -> None:
    rules = load_rules(ROOT / "rules.example.yaml")
    selection = Selection(campaigns=("spring-sale",))
    planned = plan(rules, selection)

    unfinished = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
    segments, campaigns = evaluate(
        planned,
        {
            "newsletter-active": SegmentReadings(
                uuid=planned.segments[0].uuid,
                channels={Channel.USERS: count(1_900_000), Channel.EMAIL: count(1_870_000), Channel.SMS: count(40_000)},
            ),
            "sms-optin": SegmentReadings(uuid=planned.segments[1].uuid, channels={Channel.SMS: unfinished}),
        },
    )
    found = replace(report(*segments, campaigns=campaigns, selection=selection), version="0.1.0")
    message = verdict_message(found, requester=ASKER, again="--campaign spring-sale", share="--campaign spring-sale")
    assert_valid(message.payload())
    text = json.dumps(message.payload(), ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_bytes(text.encode())
    assert text == GOLDEN.read_bytes().decode(), "the answer differs; UPDATE_GOLDEN=1 rewrites it"


def test_the_parts_have_their_order() -> None:
    message = verdict_message(many(failed=22), requester=ASKER, again="a", share="b")
    order = ["header", "section", "table", "context", "section", "section", "section", "context", "context", "actions"]
    assert [block["type"] for block in message.blocks] == order


@pytest.mark.parametrize("outcome", outcomes())
def test_slack_takes_every_outcome(outcome: str) -> None:
    found = outcomes()[outcome]
    message = verdict_message(found, requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    assert f"{found.verdict.upper()}: " in header(message)
    assert "exit 1" not in json.dumps(message.payload())
    assert len(blocks(message, "table")) == bool(found.segments)


# What was checked


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        pytest.param(Selection(), "all segments", id="everything"),
        pytest.param(Selection(campaigns=("spring-sale",)), "campaign spring-sale", id="a-campaign"),
        pytest.param(Selection(segments=("a",), tags=("b",)), "segment a, tag b", id="two"),
        pytest.param(Selection(segments=("a", "b"), tags=("c",)), "segment a, segment b and 1 more", id="three"),
        pytest.param(Selection(campaigns=("x" * 200,)), f"campaign {'x' * 50}…", id="a-long-one"),
    ],
)
def test_the_header_says_what_was_checked(selection: Selection, told: str) -> None:
    message = verdict_message(replace(outcomes()["fail-too-few"], selection=selection))
    assert header(message) == f"❌ FAIL: {told}"


def test_what_follows_comes_second() -> None:
    assert paragraphs(verdict_message(outcomes()["pass"])) == ["All 2 guards passed; every count is fresh."]
    assert paragraphs(verdict_message(outcomes()["unknown"]))[0] == (
        "Not proven: 1 of 2 guards could not be found out; do not send on this report."
    )


def test_a_report_of_nothing_does_not_pass() -> None:
    message = verdict_message(report())
    assert header(message) == "❓ UNKNOWN: all segments"
    assert paragraphs(message) == ["Not proven: nothing was checked; do not send on this report."]
    assert blocks(message, "table") == []


def test_the_counted_segment_is_named() -> None:
    message = verdict_message(outcomes()["named"])
    assert heads(message)[-1] == "Segment in Blueshift"
    assert [row[-1] for row in rows(message)] == [
        'named "Win back", uuid unknown',
        '2dd093e6-8c6f-4e14-8a2c-744477e1fdef named "Promo, week 3"',
    ]


# The table


def test_the_worst_comes_first() -> None:
    message = verdict_message(outcomes()["everything"])
    assert [row[:3] for row in rows(message)] == [
        ["❌ FAIL", "newsletter-active", "email"],
        ["❌ FAIL", "everybody", "email"],
        ["❌ FAIL", "campaign summer-sale", "sms total"],
        ["❓ UNKNOWN", "win-back", "email"],
        ["⚠️ WARN", "app-users", "push"],
        ["✅ PASS", "cart-abandoners", "email"],
        ["✅ PASS", "newsletter-active", "sms"],
        ["✅ PASS", "campaign spring-sale", "sms total"],
    ]


@pytest.mark.parametrize(
    ("outcome", "cells"),
    [
        ("fail-too-few", ["1,900", "min 10,000, max 50,000", "8,100 people below (81%)", "10 s old at 09:01:12 UTC"]),
        ("unknown", ["unknown", "min 10,000, max 50,000", "-", "-"]),
    ],
)
def test_a_row_has_the_numbers(outcome: str, cells: list[str]) -> None:
    assert rows(verdict_message(outcomes()[outcome]))[0][3:] == [*cells, "2dd093e6-8c6f-4e14-8a2c-744477e1fdef"]


@pytest.mark.parametrize(
    ("age", "told"),
    [
        pytest.param(0, "0 s old at 09:01:02 UTC", id="counted-just-now"),
        pytest.param(3600, "1 h old at 10:01:02 UTC", id="an-hour-old"),
        pytest.param(None, "counted 2026-11-23 09:01:02 UTC", id="of-unknown-age"),
    ],
)
def test_a_count_says_its_age(age: int | None, told: str) -> None:
    one = guard(check("min", 1, 50), count=50, age=age)
    assert heads(verdict_message(report(segment(one))))[-2] == "Age"
    assert rows(verdict_message(report(segment(one))))[0][-2] == told


def test_the_time_is_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    counted = replace(guard(check("min", 1, 50), count=50), count=count(50, at=MOMENT.astimezone(east)))
    assert rows(verdict_message(report(segment(counted))))[0][-2] == "12 s old at 09:00:12 UTC"


@pytest.mark.parametrize(
    ("failed", "passed", "notes"),
    [(22, 1_500, ["1,502 more: 2 fail, 1,500 pass", "19 more that did not pass: see the table"]), (1, 19, [])],
)
def test_rows_left_out_are_counted(failed: int, passed: int, notes: list[str]) -> None:
    message = verdict_message(many(failed=failed, passed=passed))
    assert [text for text in small_print(message) if "more" in text] == notes


# What to do


def test_an_explanation_says_what_to_do() -> None:
    assert paragraphs(verdict_message(outcomes()["everything"]))[1].splitlines() == [
        "❌ newsletter-active, email",
        "it reaches 1,900, which is 8,100 below the min of 10,000 (81% below)",
        "Next: compare with the last send; a filter may have broken, or an import may have failed",
        "Ask: crm@example.com",
    ]


def explained(*segments: SegmentResult) -> list[str]:
    """Return whom the paragraphs of an answer are about, and how many more it says there are."""
    message = verdict_message(report(*segments))
    more = [text for text in small_print(message) if "that did not pass" in text]
    return [each.splitlines()[0] for each in paragraphs(message)[1:]] + more


def failed(number: int) -> list[SegmentResult]:
    return [segment(email(0), key=f"failed-{each}") for each in range(1, number + 1)]


TOO_FEW = "Next: compare with the last send; a filter may have broken, or an import may have failed."
TOO_SLOW = "Next: see whether Blueshift can count the segment at all; a slow one needs a longer refresh timeout."
UNKNOWN = [segment(email(None), key=f"unknown-{each}") for each in (1, 2)]
THREE_FAILED = ["❌ failed-1, email", "❌ failed-2, email", "❌ failed-3, email"]


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        pytest.param(failed(3), THREE_FAILED, id="three-that-failed"),
        pytest.param(failed(4), [*THREE_FAILED, "1 more that did not pass: see the table"], id="four-that-failed"),
        pytest.param(
            [*UNKNOWN, *failed(3)],
            [*THREE_FAILED[:2], "❓ unknown-1, email", "2 more that did not pass: see the table"],
            id="an-unknown-one-is-among-them",
        ),
        pytest.param(
            [*UNKNOWN, *failed(1)], [THREE_FAILED[0], "❓ unknown-1, email", "❓ unknown-2, email"], id="all-of-them"
        ),
    ],
)
def test_at_most_three_are_explained(segments: list[SegmentResult], told: list[str]) -> None:
    assert explained(*segments) == told


def test_the_gravest_bound_is_explained() -> None:
    both = guard(check("warn.min", 200, 50), check("min", 100, 50), count=50)
    assert "the min of 100" in paragraphs(verdict_message(report(segment(both))))[1]


# The small print


def test_the_small_print_has_the_facts() -> None:
    assert small_print(verdict_message(outcomes()["pass"], requester=ASKER)) == [
        f"Asked by <@{ASKER}>",
        "2026-11-23 09:00:00 UTC, took 1 min 12 s",
        "Approximate counts by Blueshift (api.getblueshift.com)",
        "rules.yaml, version 0123456789ab",
        "audience-guard 0.1.0",
    ]


@pytest.mark.parametrize(
    "requester",
    [None, "", "U", "u0123456789", "C0123456789", "U012>", "U012> <!channel", "U012\n", "!channel", "U" * 5_000],
)
def test_only_a_user_id_is_mentioned(requester: str | None) -> None:
    message = verdict_message(outcomes()["pass"], requester=requester)
    assert mrkdwn(list(message.blocks)) == []
    assert_valid(message.payload())


# The buttons


@pytest.mark.parametrize(
    ("again", "share", "shown"),
    [
        pytest.param(None, None, [], id="none"),
        pytest.param("a", None, ["Check again"], id="again"),
        pytest.param(None, "b", ["Share in channel"], id="share"),
        pytest.param("a", "b", ["Check again", "Share in channel"], id="both"),
        pytest.param("x" * 1_998, "x" * 1_999, ["Check again"], id="a-value-that-is-too-long"),
        pytest.param("", '"' * 1_100, [], id="values-that-slack-refuses-or-that-take-too-much"),
    ],
)
def test_buttons_need_a_value(again: str | None, share: str | None, shown: list[str]) -> None:
    message = verdict_message(outcomes()["pass"], again=again, share=share)
    assert labels(message) == shown
    assert_valid(message.payload())


def test_a_button_holds_its_value() -> None:
    (row,) = blocks(verdict_message(outcomes()["pass"], again="--all", share="an-answer"), "actions")
    values = {button["action_id"]: button["value"] for button in row["elements"]}
    assert values == {CHECK_AGAIN: "--all", SHARE: "an-answer"}


# What notifications and screen readers get


def test_the_text_begins_with_the_verdict() -> None:
    found = replace(outcomes()["fail-too-few"], selection=Selection(campaigns=("spring-sale_2",)))
    assert verdict_message(found).text.startswith(
        "❌ FAIL: campaign spring-sale_2. Do not send: 1 of 2 guards failed. "
    )
    assert (
        verdict_message(outcomes()["pass"]).text == "✅ PASS: all segments. All 2 guards passed; every count is fresh."
    )


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("everything", f"email: it reaches 1,900, which is 8,100 below the min of 10,000 (81% below). {TOO_FEW}"),
        ("unknown", f"email: it is unknown: the refresh did not end within 10 min. {TOO_SLOW}"),
        (
            "fail-share",
            f"email: it reaches 47.5%, which is 12.5% below the share·min of 60.0% (5,000 people below). {TOO_FEW}",
        ),
        ("warn", f"push: it reaches 90, which is 10 below the min of 100 (10% below). {TOO_FEW}"),
    ],
)
def test_the_text_ends_with_the_worst(outcome: str, told: str) -> None:
    message = verdict_message(outcomes()[outcome])
    assert message.text.endswith(f". newsletter-active, {told}")
    assert_valid(message.payload())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("<!channel>", "&lt;!channel&gt;", id="a-mention"),
        pytest.param("https://example.com", "https·//example·com", id="a-link"),
        pytest.param("a@example.com", "a·example·com", id="an-address"),
        pytest.param("*a* _b_ ~c~ `d`", "·a· ·b· ·c· ·d·", id="formatting"),
        pytest.param(":tada: :100: a", "·tada: ·100: a", id="emoji"),
        pytest.param("a&b", "a&amp;b", id="an-ampersand"),
    ],
)
def test_slack_obeys_nothing_in_the_text(name: str, told: str) -> None:
    found = replace(outcomes()["pass"], selection=Selection(tags=(name,)))
    assert verdict_message(found).text == f"✅ PASS: tag {told}. All 2 guards passed; every count is fresh."


# Remarks before it


def test_a_remark_comes_first() -> None:
    message = prefaced(verdict_message(outcomes()["pass"]), "Only you see it.")
    assert message.text.startswith("Only you see it. ✅ PASS")
    assert [block["type"] for block in message.blocks[:2]] == ["section", "header"]
    assert paragraphs(message)[0] == "Only you see it."
    assert_valid(message.payload())


def test_buttons_can_be_taken_away() -> None:
    message = verdict_message(outcomes()["pass"], again="a", share="b")
    assert without_buttons(message) == verdict_message(outcomes()["pass"])


# Elsewhere


def test_a_payload_has_text_and_blocks() -> None:
    message = Message(text="a", blocks=({"type": "divider"},))
    assert message.payload() == {"text": "a", "blocks": [{"type": "divider"}]}


def test_messages_need_no_network_code() -> None:
    code = "import sys, guard.slack.verdict_message, guard.slack.notices; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "guard.slack.notices" in loaded
    assert not {"httpx", "slack_bolt", "slack_sdk", "pydantic", "yaml", "asyncio", "rich", "jinja2"} & set(loaded)


# Whatever the report holds

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
def test_slack_obeys_nothing_in_a_name(text: str, guards: int) -> None:
    value = '"' * 999
    message = verdict_message(everything_is(text, guards=guards), requester=ASKER, again=value, share=value)
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == [f"Asked by <@{ASKER}>"]
    assert len(rows(message)) >= 2
    assert labels(message) == ["Check again", "Share in channel"]
    assert_valid(prefaced(prefaced(message, REMARK), REMARK).payload())


@pytest.mark.parametrize(("failed", "passed"), [(10_000, 0), (100, 9_900), (0, 10_000)])
def test_slack_takes_ten_thousand_guards(failed: int, passed: int) -> None:
    message = verdict_message(many(failed=failed, passed=passed, key="x" * 50), requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    assert 15 < len(rows(message)) <= 20
    assert {row[0] for row in rows(message)} == ({"❌ FAIL"} if failed else {"✅ PASS"})


def test_rows_that_do_not_fit_are_counted() -> None:
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
