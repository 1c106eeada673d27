"""The answer in Slack: what it says, and in which order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from guard.core.evaluate import evaluate
from guard.core.model import Channel, Selection
from guard.core.plan import plan
from guard.core.results import Count, Reason, SegmentReadings, SegmentResult, Unavailable
from guard.rules import load_rules
from guard.slack.verdict_message import CHECK_AGAIN, SHARE, Message, prefaced, verdict_message, without_buttons
from tests.report.builders import MOMENT, check, email, guard, many, outcomes, report, segment
from tests.slack.block_kit import assert_valid, blocks, header, heads, labels, mrkdwn, paragraphs, rows, small_print

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "answer.json"
ASKER = "U0123456789"


def count(value: int, *, at: datetime = MOMENT) -> Count:
    return Count(value=value, counted_at=at, age_seconds=12)


# The whole message


def test_a_typical_answer_reads_as_agreed() -> None:
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


def test_the_parts_come_in_the_order_in_which_they_are_needed() -> None:
    message = verdict_message(many(failed=22), requester=ASKER, again="a", share="b")
    order = ["header", "section", "table", "context", "section", "section", "section", "context", "context", "actions"]
    assert [block["type"] for block in message.blocks] == order


@pytest.mark.parametrize("outcome", outcomes())
def test_slack_takes_every_kind_of_outcome(outcome: str) -> None:
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


def test_what_follows_for_the_send_comes_second_and_speaks_of_no_exit_code() -> None:
    assert paragraphs(verdict_message(outcomes()["pass"])) == ["All 2 guards passed; every count is fresh."]
    assert paragraphs(verdict_message(outcomes()["unknown"]))[0] == (
        "Not proven: 1 of 2 guards could not be found out; do not send on this report."
    )


def test_a_report_of_nothing_is_no_pass_and_has_no_table() -> None:
    message = verdict_message(report())
    assert header(message) == "❓ UNKNOWN: all segments"
    assert paragraphs(message) == ["Not proven: nothing was checked; do not send on this report."]
    assert blocks(message, "table") == []


def test_the_segment_that_was_counted_is_named_also_for_a_pass() -> None:
    message = verdict_message(outcomes()["named"])
    assert heads(message)[-1] == "Segment in Blueshift"
    assert [row[-1] for row in rows(message)] == [
        'named "Win back", uuid unknown',
        '2dd093e6-8c6f-4e14-8a2c-744477e1fdef named "Promo, week 3"',
    ]


# The table


def test_the_worst_comes_first_whether_guard_or_total() -> None:
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


def test_a_row_says_what_was_observed_the_bounds_the_distance_and_the_age() -> None:
    assert rows(verdict_message(outcomes()["fail-too-few"]))[0][3:] == [
        "1,900",
        "min 10,000, max 50,000",
        "8,100 people below (81%)",
        "10 s old at 09:01:12 UTC",
        "2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
    ]


@pytest.mark.parametrize(
    ("age", "told"),
    [
        pytest.param(0, "0 s old at 09:01:02 UTC", id="counted-just-now"),
        pytest.param(3600, "1 h old at 10:01:02 UTC", id="an-hour-old"),
        pytest.param(None, "counted 2026-11-23 09:01:02 UTC", id="of-unknown-age"),
    ],
)
def test_a_count_says_how_old_it_was_and_when(age: int | None, told: str) -> None:
    one = guard(check("min", 1, 50), count=50, age=age)
    assert heads(verdict_message(report(segment(one))))[-2] == "Age"
    assert rows(verdict_message(report(segment(one))))[0][-2] == told


def test_the_moment_is_told_by_the_clock_of_greenwich() -> None:
    east = timezone(timedelta(hours=2))
    counted = replace(guard(check("min", 1, 50), count=50), count=count(50, at=MOMENT.astimezone(east)))
    assert rows(verdict_message(report(segment(counted))))[0][-2] == "12 s old at 09:00:12 UTC"


def test_what_could_not_be_found_out_shows_no_number() -> None:
    assert rows(verdict_message(outcomes()["unknown"]))[0][3:7] == ["unknown", "min 10,000, max 50,000", "-", "-"]


def test_what_is_left_out_is_counted_by_its_verdict() -> None:
    message = verdict_message(many(failed=22, passed=1_500))
    assert small_print(message)[0] == "1,502 more: 2 fail, 1,500 pass"


def test_a_table_that_holds_everything_speaks_of_no_more() -> None:
    assert not any("more" in text for text in small_print(verdict_message(many(failed=1, passed=19))))


# What to do


def test_an_explanation_says_what_is_wrong_what_to_do_and_whom_to_ask() -> None:
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
def test_three_at_most_are_explained_an_unknown_one_among_them(segments: list[SegmentResult], told: list[str]) -> None:
    assert explained(*segments) == told


def test_the_gravest_bound_is_the_one_that_is_explained() -> None:
    both = guard(check("warn.min", 200, 50), check("min", 100, 50), count=50)
    assert "the min of 100" in paragraphs(verdict_message(report(segment(both))))[1]


def test_what_passed_is_not_explained() -> None:
    assert len(paragraphs(verdict_message(outcomes()["pass"]))) == 1


# The small print


def test_the_small_print_says_who_asked_and_what_the_answer_rests_on() -> None:
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
def test_nobody_is_mentioned_but_a_user_by_id(requester: str | None) -> None:
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
def test_there_are_the_buttons_that_were_asked_for(again: str | None, share: str | None, shown: list[str]) -> None:
    message = verdict_message(outcomes()["pass"], again=again, share=share)
    assert labels(message) == shown
    assert_valid(message.payload())


def test_a_button_brings_back_its_value() -> None:
    (row,) = blocks(verdict_message(outcomes()["pass"], again="--all", share="an-answer"), "actions")
    values = {button["action_id"]: button["value"] for button in row["elements"]}
    assert values == {CHECK_AGAIN: "--all", SHARE: "an-answer"}


# What notifications and screen readers get


def test_the_text_tells_the_verdict_and_what_follows() -> None:
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
        (
            "everything",
            (
                "newsletter-active, email: it reaches 1,900, which is 8,100 below the min of 10,000 (81% below). "
                "Next: compare with the last send; a filter may have broken, or an import may have failed."
            ),
        ),
        (
            "unknown",
            (
                "newsletter-active, email: it is unknown: the refresh did not end within 10 min. "
                "Next: see whether Blueshift can count the segment at all; a slow one needs a longer refresh timeout."
            ),
        ),
        (
            "fail-share",
            (
                "newsletter-active, email: it reaches 47.5%, which is 12.5% below the share·min of 60.0% "
                "(5,000 people below). "
                "Next: compare with the last send; a filter may have broken, or an import may have failed."
            ),
        ),
        (
            "warn",
            (
                "newsletter-active, push: it reaches 90, which is 10 below the min of 100 (10% below). "
                "Next: compare with the last send; a filter may have broken, or an import may have failed."
            ),
        ),
    ],
)
def test_the_text_tells_the_worst_finding_its_numbers_and_what_to_do(outcome: str, told: str) -> None:
    message = verdict_message(outcomes()[outcome])
    assert message.text.endswith(f". {told}")
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
def test_nothing_in_the_text_is_obeyed(name: str, told: str) -> None:
    found = replace(outcomes()["pass"], selection=Selection(tags=(name,)))
    assert verdict_message(found).text == f"✅ PASS: tag {told}. All 2 guards passed; every count is fresh."


# Remarks before it


def test_a_remark_stands_before_all_else() -> None:
    message = prefaced(verdict_message(outcomes()["pass"]), "Only you see it.")
    assert message.text.startswith("Only you see it. ✅ PASS")
    assert [block["type"] for block in message.blocks[:2]] == ["section", "header"]
    assert paragraphs(message)[0] == "Only you see it."
    assert_valid(message.payload())


def test_without_its_buttons_a_message_is_the_same() -> None:
    message = verdict_message(outcomes()["pass"], again="a", share="b")
    assert without_buttons(message) == verdict_message(outcomes()["pass"])


# Elsewhere


def test_a_message_stays_as_it_was_made() -> None:
    message = Message(text="a", blocks=({"type": "divider"},))
    assert message.payload() == {"text": "a", "blocks": [{"type": "divider"}]}


def test_messages_are_made_without_what_talks_to_slack_or_blueshift() -> None:
    code = "import sys, guard.slack.verdict_message, guard.slack.notices; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "guard.slack.notices" in loaded
    assert not {"httpx", "slack_bolt", "slack_sdk", "pydantic", "yaml", "asyncio", "rich", "jinja2"} & set(loaded)
