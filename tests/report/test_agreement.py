"""Every format of one run says the same: the decision, each campaign's answer, each failing number and bound."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from guard.core.model import Channel
from guard.core.results import FailOn, Verdict
from guard.core.text import number
from guard.report import Format, render
from guard.report.decision import answers, decision, history
from guard.report.screen import Screen
from guard.report.view import findings
from tests.report.builders import MOMENT, campaign, check, email, guard, outcomes, remembered, report, segment

if TYPE_CHECKING:
    from guard.core.results import GuardResult, Report

READABLE = [each for each in Format if each is not Format.JSON]


def said(report: Report, format_: Format, screen: Screen | None = None) -> str:
    """Return what a reader of the format sees, without its markup, in small letters."""
    text = render(report, format_, screen)
    if format_ is Format.HTML:
        text = html.unescape(re.sub(r"<[^>]*>", "", text[text.index("<body>") :]))
    elif format_ is Format.JUNIT:
        text = "\n".join(ET.fromstring(text.encode()).itertext())  # noqa: S314 - our own text
    elif format_ is Format.MARKDOWN:
        text = re.sub(r"\*\*|`", "", text)
    elif format_ is Format.GITHUB:
        text = text.replace("%0A", "\n").replace("%25", "%")
    return " ".join(re.sub(r"\n[▌|] ", " ", text).split()).lower()


@pytest.mark.parametrize("format_", READABLE)
@pytest.mark.parametrize("outcome", [each for each in outcomes() if each != "hostile"])
def test_every_format_says_the_same(reports: dict[str, Report], outcome: str, format_: Format) -> None:
    told = reports[outcome]
    for screen in (None, Screen(width=80)):
        shown = said(told, format_, screen)
        assert decision(told).lower() in shown
        for each in answers(told):
            assert f"{each.answer} {each.about}".lower() in shown
        for finding in findings(told):
            for broken in finding.troubles:
                if broken.verdict is not Verdict.UNKNOWN and isinstance(broken.limit, int):
                    assert number(int(broken.observed or 0)) in shown
                    assert number(broken.limit) in shown


# What must not read as a go-ahead


def warned() -> GuardResult:
    return guard(check("warn.min", 9_000, 7_000), count=7_000, channel=Channel.SMS)


@pytest.mark.parametrize("format_", READABLE)
@pytest.mark.parametrize("count", [pytest.param(1_900, id="failed"), pytest.param(None, id="unknown")])
def test_a_warning_in_a_stopped_segment(format_: Format, count: int | None) -> None:
    shown = said(report(segment(email(count), warned())), format_)

    assert "after a look" not in shown
    assert "but do not send to newsletter-active" in shown


@pytest.mark.parametrize("format_", READABLE)
def test_an_old_warning(format_: Format) -> None:
    old = replace(report(segment(warned())), rendered_at=MOMENT + timedelta(days=3))

    assert "may go" not in said(old, format_)
    assert "after a look" not in said(old, format_)


@pytest.mark.parametrize("format_", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_an_old_pass_is_not_green(format_: Format) -> None:
    old = replace(outcomes()["pass"], rendered_at=MOMENT + timedelta(days=3))
    top = render(old, format_, Screen(width=80, color=True)).partition("newsletter-active")[0]

    assert not [mark for mark in ("✅", "\x1b[32m", '<header class="pass">', 'badge pass"') if mark in top]


def test_a_warning_that_stops_is_named() -> None:
    told = report(segment(email(None), key="u"), segment(warned(), key="w"), fail_on=FailOn.WARN)

    assert decision(told) == (
        "Do not send to u yet: email could not be counted."
        " A warning counts as a failure here (--fail-on warn): do not send w."
    )


def test_a_campaign_and_a_segment_of_one_name() -> None:
    told = report(
        segment(email(10), key="vip"),
        segment(email(9_000), key="b"),
        campaigns=(
            campaign(check("max", 100_000, 9_000), count=9_000, key="vip", parts={"b": 9_000}),
            campaign(check("max", 100_000, 10), count=10, key="z", parts={"vip": 10}),
        ),
    )

    assert decision(told).startswith("Do not send z, vip: vip email 10, minimum 10,000")


# The history


@pytest.mark.parametrize("format_", READABLE)
@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("history", "26 runs since 2026-06-02; this run is recorded"),
        ("history-begins", "it begins with this run"),
        ("history-lost", "the store could not be read; this run was not recorded"),
        ("history-long", "26 runs since 2026-06-02; this run was not recorded"),
    ],
)
def test_every_format_tells_its_history(reports: dict[str, Report], outcome: str, words: str, format_: Format) -> None:
    for screen in (None, Screen(width=80), Screen(width=200), Screen(width=80, unicode=False)):
        assert f"history: {words}" in said(reports[outcome], format_, screen)


@pytest.mark.parametrize(
    ("runs", "recorded", "words"),
    [
        (0, False, "the store holds no runs; this run was not recorded"),
        (1, False, "1 run since 2026-06-02; this run was not recorded"),
        (1_234, True, "1,234 runs since 2026-06-02; this run is recorded"),
    ],
)
def test_a_history_in_words(runs: int, words: str, *, recorded: bool) -> None:
    assert history(remembered(report(), runs=runs, recorded=recorded)) == words


@pytest.mark.parametrize("format_", Format)
def test_without_a_store_nothing_is_said(reports: dict[str, Report], format_: Format) -> None:
    text = render(reports["fail-too-few"], format_)
    assert "istory" not in text if format_ is not Format.JSON else '"history": null' in text


def test_a_trend_stands_where_there_is_room(reports: dict[str, Report]) -> None:
    """In HTML under each guard, on a terminal under each that did not pass."""
    told = reports["history"]
    assert "trend: ▅▅↓?▅??▅▅▄↓ 11 readings, 2026-09-14" in render(told, Format.TEXT, Screen(width=80))
    assert "trend: --_?-??---_ 11 readings" in render(told, Format.TEXT, Screen(width=80, unicode=False))
    assert render(told, Format.HTML).count('class="trend"') == 2
    assert not [each for each in Format if "trend: ▅" in render(told, each)]


def test_a_trend_is_an_earlier_count(reports: dict[str, Report]) -> None:
    """Beside it, no earlier count known would be wrong."""
    told = reports["history-long"]
    for format_, screen in ((Format.HTML, None), (Format.TEXT, Screen(width=80))):
        assert "no earlier count known" not in render(told, format_, screen)
        assert "no earlier count known" in render(replace(told, past={}), format_, screen)
