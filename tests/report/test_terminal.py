from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from guard.report import Format, render
from guard.report.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import Check, GuardResult, Report, SegmentResult

COLORED = re.compile(r"\x1b\[[0-9;]*m")


def text(report: Report, screen: Screen | None = None) -> str:
    return render(report, Format.TEXT, screen)


@pytest.mark.parametrize("width", [1, 20, 21, 40, 80, 200])
def test_no_line_is_wider_than_the_screen(reports: dict[str, Report], width: int) -> None:
    wide_names = replace(reports["everything"], host="広" * 30, rules_path="🎉é" * 30)
    lines = text(wide_names, Screen(width=width, color=True)).splitlines()
    assert max(cell_len(COLORED.sub("", line)) for line in lines) <= max(width, 20)


def test_a_guard_that_passed_takes_one_line(reports: dict[str, Report]) -> None:
    lines = text(reports["pass"], Screen(width=100)).splitlines()
    assert lines[4:7] == [
        "PASS newsletter-active / email: 30,000, allowed 10,000 to 50,000",
        "PASS newsletter-active / sms: 7,000, allowed at least 2,000",
        "",
    ]


def test_a_gauge_beyond_its_scale_says_how_many_times(reports: dict[str, Report]) -> None:
    assert "▌ ░░░░░░██████████████████░░░░░◆ 38x allowed: 10,000 to 50,000" in text(
        reports["fail-too-many"], Screen(width=80)
    )


@pytest.mark.parametrize("width", range(20, 130))
def test_the_exit_code_is_never_torn_apart(reports: dict[str, Report], width: int) -> None:
    for outcome in ("unknown", "fail-too-few", "pass"):
        last = text(reports[outcome], Screen(width=width)).splitlines()[-1]
        assert last.endswith(f"(exit {int(reports[outcome].exit_code)})")


@pytest.mark.parametrize("width", [None, 80])
def test_no_two_verdicts_have_the_same_color(reports: dict[str, Report], width: int | None) -> None:
    drawn = text(reports["everything"], Screen(width=width, color=True))
    colors = dict(re.findall(r"^\x1b\[(?:1;)?(\d+)m(FAIL|UNKNOWN|WARN|PASS)\b", drawn, re.MULTILINE))
    assert colors == {"31": "FAIL", "36": "UNKNOWN", "33": "WARN", "32": "PASS"}


def test_a_gauge_has_the_zone_that_warns(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    limits = {"min": 100, "max": 200, "warn.min": 125}
    low = guard(*(check(name, limit, 110) for name, limit in limits.items()), count=110)
    assert "▌ ░░░░░░▒◆▒▒██████████████░░░░░░ allowed: 100 to 200" in text(report(segment(low)), Screen(width=80))


def test_without_color_there_is_no_escape(reports: dict[str, Report]) -> None:
    assert "\x1b" not in text(reports["everything"], Screen(width=80))


@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"])
def test_the_environment_changes_nothing(
    reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    screens = [Screen(width=70, color=True), Screen(width=70, color=False)]
    before = [text(reports["everything"], screen) for screen in screens]
    monkeypatch.setenv(variable, "dumb" if variable == "TERM" else "33")
    assert [text(reports["everything"], screen) for screen in screens] == before


def test_a_screen_without_unicode_gets_ascii_alone(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    drawn = text(report(segment(email(1), key="é" * 300)), Screen(width=80, unicode=False))
    assert drawn.isascii()
    assert "\\xe9" in drawn


def test_only_the_name_is_cut_on_a_terminal(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    drawn = text(report(segment(email(1), key="x" * 10_000)), Screen(width=300)).splitlines()
    assert f"FAIL {'x' * 99}… / email: 1, minimum 10,000: 99.99% below" in drawn
