"""The answer in Slack: what it says, in which order, and that Slack takes it whatever the report holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.evaluate import evaluate
from guard.core.model import Channel, Selection
from guard.core.plan import plan
from guard.core.results import Before, Count, Reason, Report, SegmentReadings, SegmentResult, Unavailable, Verdict
from guard.core.text import printable
from guard.report.decision import decision, headline
from guard.report.wording import SYMBOLS
from guard.rules import load_rules
from guard.slack.blocks import size, unformatted
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
    selection = Selection(campaigns=("spring-sale", "come-back"))
    planned = plan(rules, selection)

    unfinished = Unavailable(reason=Reason.TIMEOUT, detail="the refresh did not end within 10 min")
    segments, campaigns = evaluate(
        planned,
        {
            "newsletter-active": SegmentReadings(
                uuid=planned.segments[0].uuid,
                channels={Channel.USERS: count(1_900_000), Channel.EMAIL: count(1_870_000), Channel.SMS: count(40_000)},
                before={Channel.USERS: Before(count=62_000, counted_at=MOMENT - timedelta(hours=20))},
            ),
            "sms-optin": SegmentReadings(uuid=planned.segments[1].uuid, channels={Channel.SMS: unfinished}),
            "win-back": SegmentReadings(
                uuid=planned.segments[2].uuid,
                channels={Channel.PUSH: count(2_512)},
                before={Channel.PUSH: Before(count=2_450, counted_at=MOMENT - timedelta(hours=12))},
            ),
        },
    )
    found = replace(report(*segments, campaigns=campaigns, selection=selection), account=rules.account)
    value = "--campaign spring-sale --campaign come-back"
    message = verdict_message(found, requester=ASKER, again=value, share=value)
    assert_valid(message.payload())
    text = json.dumps(message.payload(), ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_bytes(text.encode())
    assert text == GOLDEN.read_bytes().decode(), "the answer differs; UPDATE_GOLDEN=1 rewrites it"


def test_the_parts_have_their_order() -> None:
    message = verdict_message(many(failed=30), requester=ASKER, again="a", share="b")
    order = ["header", *["section"] * 7, "table", "context", "context", "actions"]
    assert [block["type"] for block in message.blocks] == order


@pytest.mark.parametrize("outcome", outcomes())
def test_slack_takes_every_outcome(outcome: str) -> None:
    found = outcomes()[outcome]
    message = verdict_message(found, requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    assert header(message) == printable(f"{SYMBOLS[found.verdict]} {headline(found)}")
    assert message.text.startswith(unformatted(decision(found)))
    assert "(exit " not in json.dumps(message.payload())
    assert len(explained(message)) + len(rows(message)) + left_out(message) == len(list(found.results()))


def explained(message: Message) -> list[str]:
    """Return whom the paragraphs below the first are about."""
    return [each.splitlines()[0] for each in paragraphs(message)[1:]]


def left_out(message: Message) -> int:
    """Return how many results the message only counts."""
    said = [re.match(r"([\d,]+) more: ", text) for text in small_print(message)]
    return sum(int(found[1].replace(",", "")) for found in said if found)


# The decision


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("pass", "✅ May be sent: 1 segment is within bounds, counted fresh"),
        ("fail-too-few", "❌ Do not send to newsletter-active: email 1,900, minimum 10,000"),
        ("totals-unknown", "❓ Do not send spring-sale yet: sms could not be counted (and 1 more problem)"),
        ("warn", "⚠️ Look before you send to newsletter-active: push 90, minimum 100"),
        (
            "everything",
            "❌ Do not send summer-sale, spring-sale: summer-sale sms 7,000, maximum 5,000 (and 2 more problems)",
        ),
        ("nothing", "❓ Do not send yet: nothing was checked"),
    ],
)
def test_the_header_is_the_decision(outcome: str, told: str) -> None:
    assert header(verdict_message(outcomes()[outcome])) == told


def test_a_long_name_is_cut_in_the_header() -> None:
    message = verdict_message(report(segment(email(0), key="x" * 200)))
    assert header(message) == f"❌ Do not send to {'x' * 59}…: email 0, minimum 10,000"


def test_an_old_pass_is_none() -> None:
    old = replace(outcomes()["pass"], rendered_at=MOMENT + timedelta(days=3))
    message = verdict_message(old)
    assert header(message).startswith("❓ Was fine then: ")
    assert paragraphs(message)[0] == "❓ COUNT AGAIN segment newsletter-active"
    assert "count again before you send" in message.text
    assert "May" not in message.text


def test_what_may_go_comes_second() -> None:
    assert paragraphs(verdict_message(outcomes()["pass"])) == ["✅ MAY GO segment newsletter-active"]
    assert paragraphs(verdict_message(outcomes()["everything"]))[0].splitlines() == [
        "❌ DO NOT SEND campaign spring-sale, because of newsletter-active (email)",
        "❌ DO NOT SEND campaign summer-sale, because of sms total, newsletter-active (email)",
        "❌ DO NOT SEND segment everybody (email), which is in no campaign",
        "❓ DO NOT SEND YET segment win-back (email), which is in no campaign",
        "⚠️ MAY GO AFTER A LOOK segment app-users (push), which is in no campaign",
        "✅ MAY GO segment cart-abandoners, which is in no campaign",
    ]


def test_a_report_of_nothing_does_not_pass() -> None:
    message = verdict_message(report())
    assert message.text == "Do not send yet: nothing was checked."
    assert paragraphs(message) == []
    assert blocks(message, "table") == []


def test_the_counted_segment_is_named() -> None:
    told = paragraphs(verdict_message(outcomes()["named"]))[2].splitlines()
    assert told[0] == "❓ win-back / email"
    assert 'segment: named "Win back", uuid unknown' in told


# The table


def test_the_worst_comes_first() -> None:
    message = verdict_message(outcomes()["everything"])
    assert explained(message) == [
        "❌ campaign summer-sale / sms total",
        "❌ newsletter-active / email",
        "❌ everybody / email",
        "❓ win-back / email",
        "⚠️ app-users / push",
    ]
    assert [row[:2] for row in rows(message)] == [
        ["✅ PASS", "campaign spring-sale / sms total"],
        ["✅ PASS", "newsletter-active / sms"],
        ["✅ PASS", "cart-abandoners / email"],
    ]


@pytest.mark.parametrize(
    ("found", "cells"),
    [
        (many(failed=7), ["1,900, minimum 10,000: 81% below", "-", "counted fresh at 09:01:02 UTC"]),
        (
            report(*[segment(email(0), key=f"failed-{each}") for each in range(6)], segment(email(None))),
            [
                "not counted in time: the refresh did not end within 10 min; allowed 10,000 to 50,000",
                "-",
                "-",
            ],
        ),
        (
            outcomes()["pass"],
            [
                "30,000, allowed 10,000 to 50,000",
                "was 28,500, counted 1 h 1 min before: 5.3% more now",
                "counted fresh at 09:01:02 UTC",
            ],
        ),
    ],
    ids=["fail", "unknown", "pass"],
)
def test_a_row_has_the_numbers(found: Report, cells: list[str]) -> None:
    message = verdict_message(found)
    assert heads(message) == ["Verdict", "What", "Result", "Before", "Counted"]
    assert rows(message)[0][2:] == cells


def test_a_row_says_what_it_was_before() -> None:
    before = Before(count=20_500, counted_at=MOMENT - timedelta(minutes=56))
    one = replace(guard(check("min", 1, 50), count=50), before=before)
    assert rows(verdict_message(report(segment(one))))[0][3] == "was 20,500, counted 57 min before: 99.8% fewer now"


@pytest.mark.parametrize(
    ("age", "told"),
    [
        pytest.param(0, "counted fresh at 09:01:02 UTC", id="counted-just-now"),
        pytest.param(3600, "counted fresh at 09:01:02 UTC (1 h old)", id="an-hour-old"),
        pytest.param(None, "counted 2026-11-23 09:01:02 UTC", id="of-unknown-age"),
    ],
)
def test_a_count_says_its_age(age: int | None, told: str) -> None:
    one = guard(check("min", 1, 50), count=50, age=age)
    assert rows(verdict_message(report(segment(one))))[0][-1] == told


def test_the_time_is_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    counted = replace(guard(check("min", 1, 50), count=50), count=count(50, at=MOMENT.astimezone(east)))
    assert rows(verdict_message(report(segment(counted))))[0][-1] == "counted fresh at 09:00:00 UTC"


@pytest.mark.parametrize(
    ("failed", "passed", "notes"),
    [(28, 1_500, ["1,502 more: 2 fail, 1,500 pass"]), (6, 20, [])],
)
def test_rows_left_out_are_counted(failed: int, passed: int, notes: list[str]) -> None:
    message = verdict_message(many(failed=failed, passed=passed))
    assert [text for text in small_print(message) if "more" in text] == notes


# What to do


def test_an_explanation_says_what_to_do() -> None:
    assert paragraphs(verdict_message(outcomes()["everything"]))[2].splitlines() == [
        "❌ newsletter-active / email",
        "1,900, minimum 10,000: 81% below",
        "no earlier count known",
        "next: open the segment in Blueshift: a filter may have broken, or an import may have failed",
        "ask: crm@example.com",
        "stops: spring-sale, summer-sale",
        "counted fresh at 09:01:02 UTC",
        "segment: 2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
        "rule: rules.yaml:28",
    ]


def failed(number: int) -> list[SegmentResult]:
    return [segment(email(0), key=f"failed-{each}") for each in range(1, number + 1)]


TOO_FEW = "Next: open the segment in Blueshift: a filter may have broken, or an import may have failed."
UNKNOWN = [segment(email(None), key=f"unknown-{each}") for each in (1, 2)]
SIX_FAILED = [f"❌ failed-{each} / email" for each in range(1, 7)]
TWO_UNKNOWN = ["❓ unknown-1 / email", "❓ unknown-2 / email"]


@pytest.mark.parametrize(
    ("segments", "told", "then"),
    [
        pytest.param(failed(6), SIX_FAILED, [], id="six-that-failed"),
        pytest.param(failed(7), SIX_FAILED, ["❌ FAIL"], id="seven-that-failed"),
        pytest.param([*UNKNOWN, *failed(6)], SIX_FAILED, ["❓ UNKNOWN"] * 2, id="an-unknown-waits"),
        pytest.param([*UNKNOWN, *failed(4)], [*SIX_FAILED[:4], *TWO_UNKNOWN], [], id="all"),
    ],
)
def test_at_most_six_are_explained(segments: list[SegmentResult], told: list[str], then: list[str]) -> None:
    message = verdict_message(report(*segments))
    assert explained(message) == told
    assert [row[0] for row in rows(message)] == then


def test_the_gravest_bound_is_explained() -> None:
    both = guard(check("warn.min", 200, 50), check("min", 100, 50), count=50)
    told = paragraphs(verdict_message(report(segment(both))))[1]
    assert "50, minimum 100: 50% below" in told
    assert "200" not in told


# The small print


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("history", "History: 26 runs since 2026-06-02; this run is recorded"),
        ("history-begins", "History: it begins with this run"),
        ("history-lost", "History: the store could not be read; this run was not recorded"),
    ],
)
def test_the_small_print_tells_the_history(outcome: str, words: str) -> None:
    assert words in small_print(verdict_message(outcomes()[outcome]))
    assert not [text for text in small_print(verdict_message(outcomes()["pass"])) if "History" in text]


def test_the_small_print_has_the_facts() -> None:
    named = replace(outcomes()["pass"], account="Acme EU")
    assert small_print(verdict_message(named, requester=ASKER)) == [
        f"Asked by <@{ASKER}>",
        "2026-11-23 09:00:00 UTC, took 1 min 12 s",
        "Approximate counts by Blueshift: Acme EU (api.getblueshift.com)",
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


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (
            "everything",
            (
                "Do not send summer-sale, spring-sale: summer-sale sms 7,000, maximum 5,000 (and 2 more problems). "
                "Do not send to everybody either. Not yet: win-back. After a look: app-users. "
                "Next: see which of its segments is too large: a filter or an exclusion may be missing. "
                "Ask: crm·example·com. May go: segment cart-abandoners, which is in no campaign."
            ),
        ),
        (
            "unknown",
            (
                "Do not send to newsletter-active yet: email could not be counted. Next: open the segment in "
                "Blueshift: can it be counted there? if so, raise refresh·timeout in the rules. Ask: crm·example·com. "
                "May go: segment sms-optin."
            ),
        ),
        (
            "fail-share",
            (
                "Do not send to newsletter-active: email 47.5% of the users, minimum share 60%. "
                f"{TOO_FEW} Ask: crm·example·com."
            ),
        ),
        (
            "warn",
            f"Look before you send to newsletter-active: push 90, minimum 100. {TOO_FEW} Ask: crm·example·com.",
        ),
        ("pass", "May be sent: 1 segment is within bounds, counted fresh. May go: segment newsletter-active."),
    ],
)
def test_the_text_alone_says_what_to_do(outcome: str, told: str) -> None:
    message = verdict_message(outcomes()[outcome])
    assert message.text == told
    assert_valid(message.payload())


def test_the_text_keeps_capitals() -> None:
    refused = segment(email(None, reason=Reason.REFUSED_KEY), owner="CRM team, Ana")
    text = verdict_message(report(refused)).text
    assert "Next: check that BLUESHIFT_API_KEY is a User API key" in text
    assert "Ask: CRM team, Ana." in text


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
    text = verdict_message(report(segment(email(0), key=name), segment(email(30_000), key=f"a {name}"))).text
    assert text.startswith(f"Do not send to {told}: email 0")
    assert text.endswith(f"May go: segment a {told}.")


# Remarks before it


def test_a_remark_comes_first() -> None:
    message = prefaced(verdict_message(outcomes()["pass"]), "Only you see it.")
    assert message.text.startswith("Only you see it. May be sent")
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
    told: dict[str, Any] = {"key": text, "owner": text, "description": text, "tags": (text,)}
    one = segment(guard(*bounds, count=0, detail=text), **told)
    fine = [segment(guard(check("min", 1, 5, message=text), count=5), **told) for _ in range(6)]
    every = [check("max", 5, 7, message=text), check("max", 5, None, message=text), check("max", 5, 3, message=text)]
    return replace(
        report(
            *[one] * guards,
            *fine,
            campaigns=tuple(campaign(each, key=text) for each in every for _ in range(6)),
            rules_path=text,
            selection=Selection(segments=(text,) * 3, tags=(text,), campaigns=(text,)),
        ),
        account=text,
        host=text,
        version=text,
        rules_sha256=text,
    )


@settings(deadline=None)
@given(found=ANY_REPORT, requester=st.none() | st.text() | st.just(ASKER))
def test_slack_takes_any_report(found: Report, requester: str | None) -> None:
    message = verdict_message(found, requester=requester, again="a", share="b")
    assert_valid(message.payload())
    order = [each[:1] for each in (*explained(message), *(row[0] for row in rows(message)))]
    gravity = [SYMBOLS[verdict][:1] for verdict in reversed(Verdict)]
    assert order == sorted(order, key=gravity.index)
    assert order[:1] == ([SYMBOLS[found.verdict][:1]] if order else [])


@pytest.mark.parametrize("guards", [1, 30])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_obeys_nothing_in_a_name(text: str, guards: int) -> None:
    value = '"' * 999
    message = verdict_message(everything_is(text, guards=guards), requester=ASKER, again=value, share=value)
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == [f"Asked by <@{ASKER}>"]
    assert 3 <= len(explained(message)) <= 6
    assert labels(message) == ["Check again", "Share in channel"]
    assert_valid(prefaced(prefaced(message, REMARK), REMARK).payload())


@pytest.mark.parametrize(("failed", "passed"), [(10_000, 0), (100, 9_900), (0, 10_000)])
def test_slack_takes_ten_thousand_guards(failed: int, passed: int) -> None:
    message = verdict_message(many(failed=failed, passed=passed, key="x" * 50), requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    assert 10 < len(rows(message)) <= 20
    assert {row[0] for row in rows(message)} == ({"❌ FAIL"} if failed else {"✅ PASS"})


def test_three_of_two_hundred_are_found() -> None:
    message = verdict_message(many(passed=197, failed=3), requester=ASKER, again="a", share="b")
    assert_valid(message.payload())
    names = "segment-197, segment-198, segment-199"
    assert message.text.startswith(
        f"Do not send to {names}: segment-197 email 1,900, minimum 10,000 (and 2 more problems). Next: "
    )
    assert explained(message) == [f"❌ {each} / email" for each in names.split(", ")]
    assert paragraphs(message)[0].endswith("segment-4 and 192 more")


def test_rows_that_do_not_fit_are_counted() -> None:
    found = everything_is('"' * 10_000, guards=20)
    value = '"' * 999
    message = verdict_message(found, requester=ASKER, again=value, share=value)
    assert size(prefaced(message, REMARK).blocks) > 11_000, "this is a message about as large as they come"
    assert len(explained(message)) + len(rows(message)) + left_out(message) == len(list(found.results()))
    assert left_out(message) > 1
    assert len(explained(message)) >= 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param(NASTY, SHOWN, id="as-it-is-with-what-cannot-be-printed-written-out"),
        pytest.param("x" * 100, "x" * 59 + "…", id="a-long-one-cut"),
        pytest.param("", "-", id="an-empty-one-as-a-dash"),
        pytest.param(" \u3000", "-", id="blanks-as-a-dash"),
    ],
)
def test_a_name_is_shown_with_its_channel(name: str, shown: str) -> None:
    assert explained(verdict_message(report(segment(email(0), key=name)))) == [f"❌ {shown} / email"]
    assert rows(verdict_message(report(segment(email(30_000), key=name))))[0][1] == f"{shown} / email"
