"""Short messages in Slack: help, refusals, and what is wrong with the rules file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.errors import Problem, RulesError, UsageError
from guard.core.model import Campaign, Rules, Segment
from guard.slack.notices import help_page, no_rules, notice, problems
from tests.slack.block_kit import NASTY, SHOWN, assert_valid, mrkdwn

if TYPE_CHECKING:
    from guard.slack.verdict_message import Message


HOSTILE = [
    pytest.param(NASTY, id="everything-at-once"),
    pytest.param("<!channel> <@U0123456789> https://example.com *a* :tada:", id="what-slack-obeys"),
    pytest.param("\ud800\x00\x1b\u202e", id="what-cannot-be-shown"),
    pytest.param("", id="nothing"),
    pytest.param(" \n", id="blanks"),
    pytest.param('"' * 10_000, id="very-many-quotes"),
    pytest.param("\x00" * 10_000, id="very-many-nulls"),
]


def texts(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks]


def rules(*, segments: tuple[Segment, ...], campaigns: tuple[str, ...] = ()) -> Rules:
    return Rules(
        path="rules.yaml",
        sha256="0" * 64,
        segments=segments,
        campaigns=tuple(Campaign(key=key, segments=(), line=1) for key in campaigns),
    )


def segment(key: str, *, description: str | None = None, tags: tuple[str, ...] = ()) -> Segment:
    return Segment(key=key, description=description, tags=tags, guards=(), line=1)


def wrong(*what: str, path: str = "rules.yaml") -> RulesError:
    found = [
        Problem(line=number, column=5, where="segments.win-back", what=each) for number, each in enumerate(what, 1)
    ]
    return RulesError(path, found)


# Notices


@pytest.mark.parametrize(
    ("paragraphs", "shown", "text"),
    [
        pytest.param([], [], "Busy", id="heading"),
        pytest.param(["3 wait.", "Ask later."], ["3 wait.\nAsk later."], "Busy: 3 wait. Ask later.", id="paragraphs"),
    ],
)
def test_a_notice_has_a_heading(paragraphs: list[str], shown: list[str], text: str) -> None:
    message = notice("Busy", *paragraphs)
    assert texts(message) == ["Busy", *shown]
    assert message.text == text
    assert_valid(message.payload())


@pytest.mark.parametrize("paragraphs", [0, 1, 100])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_obeys_nothing_in_a_notice(text: str, paragraphs: int) -> None:
    message = notice(text, *[text] * paragraphs)
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == []


@settings(deadline=None)
@given(heading=st.text(), paragraphs=st.lists(st.text()))
def test_slack_takes_any_text(heading: str, paragraphs: list[str]) -> None:
    assert_valid(notice(heading, *paragraphs).payload())


def test_a_paragraph_stays_on_its_line() -> None:
    assert texts(notice("Refused", "a\n✅ PASS"))[1] == r"a\n✅ PASS"


# Help


def test_help_says_how_to_ask() -> None:
    how = texts(help_page(rules(segments=(segment("a"),))))[1]
    named = (
        "/audience-check NAME`",
        "/audience-check NAME share`",
        "--campaign",
        "--segment KEY",
        "--tag TAG",
        "--all",
    )
    assert not [words for words in named if words not in how]


@pytest.mark.parametrize(
    ("known", "lists"),
    [
        pytest.param(
            rules(
                segments=(
                    segment("newsletter-active", description="Opened a newsletter", tags=("weekly", "newsletter")),
                    segment("sms-optin", tags=("weekly",)),
                ),
                campaigns=("spring-sale", "summer-sale"),
            ),
            [
                "Campaigns\n• spring-sale\n• summer-sale",
                "Tags\n• newsletter\n• weekly",
                "Segments\n• newsletter-active: Opened a newsletter\n• sms-optin",
            ],
            id="all-kinds",
        ),
        pytest.param(rules(segments=(segment("a"),)), ["Segments\n• a"], id="segments-alone"),
        pytest.param(
            rules(segments=(segment(NASTY),)), ['Segments\n• "{}"'.format(SHOWN.replace('"', '\\"'))], id="nasty"
        ),
        pytest.param(
            rules(segments=(segment("weekly", tags=("black friday", "weekly")), segment("share"))),
            ['Tags\n• "black friday"\n• --tag weekly', "Segments\n• --segment weekly\n• --segment share"],
            id="as-it-is-typed",
        ),
    ],
)
def test_help_lists_what_there_is(known: Rules, lists: list[str]) -> None:
    message = help_page(known)
    assert texts(message)[2:] == lists
    assert_valid(message.payload())


def test_a_long_list_is_cut() -> None:
    listed = texts(help_page(rules(segments=tuple(segment(f"segment-{number}") for number in range(10_000)))))[2]
    assert listed.splitlines()[:2] == ["Segments", "• segment-0"]
    assert listed.splitlines()[-2:] == ["• segment-14", "and 9,985 more"]


@pytest.mark.parametrize("number", [1, 10_000])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_obeys_nothing_in_help(text: str, number: int) -> None:
    segments = (segment(text, description=text, tags=(*map(str, range(20)), text)),) * number
    message = help_page(rules(segments=segments, campaigns=(text,) * number))
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == mrkdwn(list(help_page(rules(segments=(segment("a"),))).blocks))


def test_the_text_of_help_is_a_sentence() -> None:
    told = help_page(rules(segments=(segment("a"),))).text
    assert told == "How to check an audience: Type /audience-check and the name of a campaign, a segment or a tag."


# No rules file


def test_missing_rules_say_whom_to_tell() -> None:
    message = no_rules(UsageError("rules.yaml: there is no such file", hint="give the path of a YAML file"))
    assert texts(message) == [
        "The rules file cannot be read",
        """Nothing was checked. rules.yaml: there is no such file.
Ask again in a minute. If that does not help, tell the person who maintains the rules.""",
    ]
    assert_valid(message.payload())


# Problems of the rules file


def test_wrong_rules_are_told_line_by_line() -> None:
    message = problems(wrong("it has no channels", "uuid is no uuid"))
    heading, body = texts(message)
    assert heading == "The rules file is wrong"
    assert body.splitlines() == [
        "Nothing was counted. 2 problems to correct:",
        "rules.yaml:1:5: segments.win-back: it has no channels",
        "rules.yaml:2:5: segments.win-back: uuid is no uuid",
    ]
    assert message.text == "The rules file is wrong: Nothing was counted; 2 problems to correct."
    assert_valid(message.payload())


def test_many_problems_are_cut() -> None:
    lines = texts(problems(wrong(*["it is wrong"] * 1_500)))[1].splitlines()
    assert lines[0] == "Nothing was counted. 1,500 problems to correct:"
    assert lines[10:] == ["rules.yaml:10:5: segments.win-back: it is wrong", "and 1,490 more"]


@pytest.mark.parametrize("number", [1, 1_000])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_obeys_nothing_in_a_problem(text: str, number: int) -> None:
    message = problems(wrong(*[text] * number, path=text))
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == []
