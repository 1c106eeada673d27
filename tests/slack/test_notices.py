"""Short messages in Slack: help, refusals, and what is wrong with the rules file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.errors import Problem, RulesError, UsageError
from guard.core.model import Campaign, Rules, Segment
from guard.slack.notices import help_page, no_rules, notice, problems
from tests.slack.block_kit import assert_valid, mrkdwn

if TYPE_CHECKING:
    from guard.slack.verdict_message import Message

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'
SHOWN = r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1'  # as it is written out
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


# Notes


def test_a_note_is_a_heading_and_its_paragraphs() -> None:
    message = notice("Busy", "4 checks are running, 3 wait before you.", "Ask again in a few minutes.")
    assert texts(message) == ["Busy", "4 checks are running, 3 wait before you.\nAsk again in a few minutes."]
    assert message.text == "Busy: 4 checks are running, 3 wait before you. Ask again in a few minutes."
    assert_valid(message.payload())


def test_a_heading_can_stand_alone() -> None:
    message = notice("Nobody may ask here")
    assert texts(message) == [message.text] == ["Nobody may ask here"]
    assert_valid(message.payload())


@pytest.mark.parametrize("paragraphs", [0, 1, 100])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_takes_any_note_and_obeys_none_of_it(text: str, paragraphs: int) -> None:
    message = notice(text, *[text] * paragraphs)
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == []


@settings(deadline=None)
@given(heading=st.text(), paragraphs=st.lists(st.text()))
def test_slack_takes_any_text(heading: str, paragraphs: list[str]) -> None:
    assert_valid(notice(heading, *paragraphs).payload())


def test_a_paragraph_cannot_begin_another_line() -> None:
    assert texts(notice("Refused", "a\n✅ PASS"))[1] == r"a\n✅ PASS"


# Help


def test_help_says_how_to_ask() -> None:
    how = texts(help_page(rules(segments=(segment("a"),))))[1]
    for words in (
        "/audience-check NAME`",
        "/audience-check NAME share`",
        "--campaign",
        "--segment KEY",
        "--tag TAG",
        "--all",
        "share",
    ):
        assert words in how


def test_help_lists_what_one_can_ask_for() -> None:
    known = rules(
        segments=(
            segment("newsletter-active", description="Opened a newsletter", tags=("weekly", "newsletter")),
            segment("sms-optin", tags=("weekly",)),
        ),
        campaigns=("spring-sale", "summer-sale"),
    )
    message = help_page(known)
    assert texts(message)[2:] == [
        "Campaigns\n• spring-sale\n• summer-sale",
        "Tags\n• newsletter\n• weekly",
        "Segments\n• newsletter-active: Opened a newsletter\n• sms-optin",
    ]
    assert_valid(message.payload())


def test_help_leaves_out_what_the_rules_have_none_of() -> None:
    assert texts(help_page(rules(segments=(segment("a"),))))[2:] == ["Segments\n• a"]


def test_a_long_list_says_how_many_more_there_are() -> None:
    listed = texts(help_page(rules(segments=tuple(segment(f"segment-{number}") for number in range(10_000)))))[2]
    assert listed.splitlines()[:2] == ["Segments", "• segment-0"]
    assert listed.splitlines()[-2:] == ["• segment-14", "and 9,985 more"]


@pytest.mark.parametrize("number", [1, 10_000])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_takes_help_on_any_rules_and_obeys_none_of_it(text: str, number: int) -> None:
    segments = (segment(text, description=text, tags=(*map(str, range(20)), text)),) * number
    message = help_page(rules(segments=segments, campaigns=(text,) * number))
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == mrkdwn(list(help_page(rules(segments=(segment("a"),))).blocks))


def test_a_key_is_listed_as_it_is_typed_with_what_cannot_be_printed_written_out() -> None:
    typed = SHOWN.replace('"', '\\"')
    assert texts(help_page(rules(segments=(segment(NASTY),))))[2] == f'Segments\n• "{typed}"'


def test_what_stands_in_help_can_be_typed_as_it_stands() -> None:
    known = rules(segments=(segment("weekly", tags=("black friday", "weekly")), segment("share")))
    assert texts(help_page(known))[2:] == [
        'Tags\n• "black friday"\n• --tag weekly',
        "Segments\n• --segment weekly\n• --segment share",
    ]


def test_the_text_of_help_is_a_sentence() -> None:
    told = help_page(rules(segments=(segment("a"),))).text
    assert told == "How to check an audience: Type /audience-check and the name of a campaign, a segment or a tag."


# No rules file


def test_a_rules_file_that_cannot_be_read_is_told_with_whom_to_tell_and_no_hint_for_a_command_line() -> None:
    message = no_rules(UsageError("rules.yaml: there is no such file", hint="give the path of a YAML file"))
    assert texts(message) == [
        "The rules file cannot be read",
        """Nothing was checked. rules.yaml: there is no such file.
Ask again in a minute. If that does not help, tell the person who maintains the rules.""",
    ]
    assert_valid(message.payload())


# Problems of the rules file


def test_what_is_wrong_with_the_rules_is_said_line_by_line() -> None:
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


def test_many_problems_are_cut_and_counted() -> None:
    lines = texts(problems(wrong(*["it is wrong"] * 1_500)))[1].splitlines()
    assert lines[0] == "Nothing was counted. 1,500 problems to correct:"
    assert lines[10:] == ["rules.yaml:10:5: segments.win-back: it is wrong", "and 1,490 more"]


@pytest.mark.parametrize("number", [1, 1_000])
@pytest.mark.parametrize("text", HOSTILE)
def test_slack_takes_any_problem_and_obeys_none_of_it(text: str, number: int) -> None:
    message = problems(wrong(*[text] * number, path=text))
    assert_valid(message.payload())
    assert mrkdwn(list(message.blocks)) == []
