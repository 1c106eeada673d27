from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from guard.core.model import Selection
from guard.report import Format, render
from guard.report.screen import Screen
from tests.report.builders import SHOWN_ON_SCREENS, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import CampaignResult, Check, GuardResult, Report, SegmentResult

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e[/b]'
SCREENS = [
    pytest.param(None, id="log"),
    pytest.param(Screen(width=80), id="80"),
    pytest.param(Screen(width=20, unicode=False), id="20-ascii"),
]
COLORED = re.compile(r"\x1b\[[0-9;]*m")


def text(report: Report, screen: Screen | None = None) -> str:
    return render(report, Format.TEXT, screen)


# Whole outputs


@pytest.mark.parametrize("outcome", outcomes())
def test_a_log_reads_as_agreed(reports: dict[str, Report], golden: Callable[[str, str], None], outcome: str) -> None:
    golden(outcome, text(reports[outcome]))


@pytest.mark.parametrize("outcome", SHOWN_ON_SCREENS)
@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal_reads_as_agreed(
    reports: dict[str, Report], golden: Callable[[str, str], None], outcome: str, width: int
) -> None:
    golden(f"{outcome}-{width}", text(reports[outcome], Screen(width=width)))


@pytest.mark.parametrize("color", [pytest.param(True, id="color"), pytest.param(False, id="plain")])
@pytest.mark.parametrize("width", [None, 80, 40, 20])
def test_a_screen_reads_as_agreed(
    reports: dict[str, Report], golden: Callable[[str, str], None], width: int | None, *, color: bool
) -> None:
    drawn = text(reports["everything"], Screen(width=width, color=color))
    golden(f"everything-{width or 'log'}-{'color' if color else 'plain'}", drawn)


@pytest.mark.parametrize("outcome", ["fail-share", "totals-unknown", "pass", "history"])
def test_a_screen_without_unicode_reads_as_agreed(
    reports: dict[str, Report], golden: Callable[[str, str], None], outcome: str
) -> None:
    golden(f"{outcome}-ascii", text(reports[outcome], Screen(width=60, unicode=False)))


# Off a terminal


def test_a_log_has_one_line_for_each_finding(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    lines = text(report(segment(email(30_000), key="x" * 10_000))).splitlines()
    assert [line.startswith(f"PASS    {'x' * 10_000} / email: 30,000") for line in lines] == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]


def test_the_decision_and_campaigns_come_first(reports: dict[str, Report]) -> None:
    for report in reports.values():
        first, *rest = text(report).splitlines()
        assert rest[-1] == f"{first} (exit {int(report.exit_code)})"
    said = text(reports["everything"]).splitlines()
    assert said[1].startswith("DO NOT SEND         campaign spring-sale, because of newsletter-active (email)")


def test_the_worst_comes_first_in_rules_order(reports: dict[str, Report]) -> None:
    told = [line.split() for line in text(reports["everything"]).splitlines()[7:-3]]
    assert [words[0] for words in told] == ["FAIL", "FAIL", "FAIL", "UNKNOWN", "WARN", "PASS", "PASS", "PASS"]
    assert [words[1] for words in told[:3]] == ["campaign", "newsletter-active", "everybody"]


def test_a_log_in_color_differs_only_in_color(reports: dict[str, Report]) -> None:
    colored = text(reports["everything"], Screen(color=True))
    assert "\n\x1b[1;31mFAIL\x1b[0m    newsletter-active" in colored
    assert COLORED.sub("", colored) == text(reports["everything"])


def test_a_check_that_passed_asks_nobody_and_advises_nothing(reports: dict[str, Report]) -> None:
    assert "ask " not in text(reports["pass"])
    assert "next: " not in text(reports["pass"])


def test_what_the_evaluator_said_already_is_not_said_again(reports: dict[str, Report]) -> None:
    assert text(reports["unknown"]).count("the refresh did not end within 10 min") == 1


def test_a_detail_that_no_sentence_holds_is_shown(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    doubtful = guard(check("min", 10, 7), count=7, detail="email (7) is more than users (5)")
    for screen in (None, Screen(width=80)):
        assert "email (7) is more than users (5)" in text(report(segment(doubtful)), screen)


# Names from elsewhere


@pytest.mark.parametrize("screen", SCREENS)
def test_no_name_can_speak_for_us_or_to_the_terminal(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    screen: Screen | None,
) -> None:
    broken = check("min", 10, 7, message=NASTY)
    drawn = text(
        report(
            segment(guard(broken, count=7, detail=NASTY), key=NASTY, owner=NASTY),
            campaigns=(campaign(check("max", 5, 7, message=NASTY), key=NASTY),),
            rules_path=NASTY,
            selection=Selection(tags=(NASTY,)),
        ),
        screen,
    )
    assert not set(drawn) & set("\x07\x1b\r\u202e")
    assert "##[" not in drawn
    ours = ("FAIL", "Asked", "DO NOT SEND", "1 campaign:", "Do not send", "▌ ", "| ")
    assert all(line.startswith(ours) for line in drawn.splitlines() if line)


def test_rich_markup_in_a_name_is_text(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    drawn = text(report(segment(email(30_000), key="[/b][red]:tada:[link=x]y")), Screen(width=100, color=True))
    assert "[/b][red]:tada:[link=x]y" in drawn
