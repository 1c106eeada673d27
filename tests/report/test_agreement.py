"""Every format of one run says the same: the decision, each campaign's answer, each failing number and bound."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from guard.core.results import Verdict
from guard.core.text import number
from guard.report import Format, render
from guard.report.decision import answers, decision
from guard.report.screen import Screen
from guard.report.view import findings
from tests.report.builders import outcomes

if TYPE_CHECKING:
    from guard.core.results import Report

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
    report = reports[outcome]
    for screen in (None, Screen(width=80)):
        shown = said(report, format_, screen)
        assert decision(report).lower() in shown
        for each in answers(report):
            assert f"{each.answer} {each.about}".lower() in shown
        for finding in findings(report):
            for check in finding.troubles:
                if check.verdict is not Verdict.UNKNOWN and isinstance(check.limit, int):
                    assert number(int(check.observed or 0)) in shown
                    assert number(check.limit) in shown
