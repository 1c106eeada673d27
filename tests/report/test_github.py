from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.model import Channel, Severity
from guard.core.results import FailOn, Report, Verdict
from guard.report import Format, render
from guard.report.decision import decision
from guard.report.wording import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import CampaignResult, Check, GuardResult, SegmentResult

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e[/b]'
SHOWN = r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1# #[error]\u202e[/b]'  # as it is written out
COMMAND = re.compile(r"::(?P<level>error|warning|notice) (?P<properties>[^:]*)::(?P<data>.*)")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A workflow command as the runner understands it."""

    level: str
    title: str
    message: str
    file: str | None
    line: int | None


def unescaped(text: str) -> str:
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def understood(line: str) -> Annotation:
    """Take a command apart as the runner does: properties at commas, each at its first equals sign."""
    command = COMMAND.fullmatch(line)
    assert command, line
    properties = dict(each.split("=", 1) for each in command["properties"].split(","))
    number = properties.get("line")
    file = properties.get("file")
    return Annotation(
        level=command["level"],
        title=unescaped(properties["title"]),
        message=unescaped(command["data"]),
        file=None if file is None else unescaped(file),
        line=None if number is None else int(number),
    )


def annotations_of(report: Report) -> list[Annotation]:
    text = render(report, Format.GITHUB)
    assert text.endswith("\n")
    return [understood(line) for line in text[:-1].split("\n")]


def test_annotations_read_as_agreed(reports: dict[str, Report], golden: Callable[..., None]) -> None:
    for outcome, report in reports.items():
        golden(f"{outcome}-github", render(report, Format.GITHUB))


def test_a_failure_is_an_error_on_the_very_line_of_the_bound(reports: dict[str, Report]) -> None:
    failed = annotations_of(reports["fail-too-many"])[1]
    assert failed == Annotation(
        level="error",
        title="Out of bounds: newsletter-active / email",
        message=(
            "1,900,000, maximum 50,000: 38 times the maximum\n"
            "no earlier count known\n"
            "next: open the segment in Blueshift: a filter or an exclusion may be missing\n"
            "ask: crm@example.com\n"
            "stops: every send to it\n"
            "counted fresh at 09:01:02 UTC"
        ),
        file="rules.yaml",
        line=29,
    )


def test_an_unknown_guard_is_one_error(reports: dict[str, Report]) -> None:
    _, unknown = annotations_of(reports["unknown"])
    assert (unknown.level, unknown.title) == ("error", "Not judged: newsletter-active / email")
    assert (unknown.file, unknown.line) == ("rules.yaml", 28)
    assert unknown.message.startswith(
        "not counted in time: the refresh did not end within 10 min; allowed 10,000 to 50,000\nwas 20,500"
    )


@pytest.mark.parametrize("outcome", ["warn", "warn-stops"])
def test_a_warning_is_a_warning(reports: dict[str, Report], outcome: str) -> None:
    _, warned = annotations_of(reports[outcome])
    assert (warned.level, warned.title) == ("warning", "Worth a look: newsletter-active / push")
    assert (warned.file, warned.line) == ("rules.yaml", 36)


def test_a_pass_says_so_and_annotates_nothing(reports: dict[str, Report]) -> None:
    assert annotations_of(reports["pass"]) == [
        Annotation(
            level="notice",
            title="audience-guard",
            message=(
                "May be sent: 1 segment is within bounds, counted fresh.\n"
                "MAY GO segment newsletter-active\n"
                "1 segment: 1 within bounds.\n"
                "Asked Acme EU (api.getblueshift.com) from 2026-11-23 09:00:00 UTC to 2026-11-23 09:01:12 UTC, by the"
                " rules in rules.yaml. Counts are Blueshift's approximate counts."
            ),
            file=None,
            line=None,
        )
    ]


def test_the_decision_comes_first(reports: dict[str, Report]) -> None:
    for report in reports.values():
        first, *others = annotations_of(report)
        assert (first.level, first.message.splitlines()[0]) == ("notice", safe(decision(report)))
        assert "notice" not in {each.level for each in others}


def test_failures_come_before_what_is_unknown(reports: dict[str, Report]) -> None:
    titles = [each.title.split(":")[0] for each in annotations_of(reports["everything"])]
    assert titles == ["audience-guard", *["Out of bounds"] * 3, "Not judged", "Worth a look"]


# Text from elsewhere


def test_no_name_can_become_a_command_or_a_property(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    broken = guard(check("min", 10, 7, message=NASTY), count=7, detail=f"{NASTY}x")
    nasty = report(
        segment(broken, key=NASTY, owner=NASTY),
        campaigns=(campaign(check("max", 5, 7, message=NASTY), key=NASTY),),
        rules_path=NASTY,
    )
    _, on_total, on_guard = annotations_of(nasty)
    assert on_guard == Annotation(
        level="error",
        title=f"Out of bounds: {SHOWN} / email",
        message=(
            f"7, minimum 10: 30% below\nno earlier count known\nnote: {SHOWN}x\n"
            "next: run the check again; if the numbers still contradict each other, show them to Blueshift's support\n"
            f"ask: {SHOWN}\nstops: every send to it\ncounted fresh at 09:01:02 UTC"
        ),
        file=SHOWN,
        line=28,
    )
    assert on_total.title == f"Out of bounds: campaign {SHOWN} / sms total"
    assert "##[" not in render(nasty, Format.GITHUB)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        pytest.param("100%", "100%25", id="per-cent"),
        pytest.param("%0A::error::x", "%250A%3A%3Aerror%3A%3Ax", id="an-escaped-newline"),
        pytest.param("a,file=b", "a%2Cfile=b", id="a-property"),
        pytest.param("a\r\nb", r"a\r\nb", id="line-ends"),
    ],
)
def test_a_title_is_escaped_as_the_runner_reads_it(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    key: str,
    written: str,
) -> None:
    assert f"title=Out of bounds%3A {written} / email::" in render(report(segment(email(0), key=key)), Format.GITHUB)


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_is_a_few_commands_of_ours(report: Report) -> None:
    found = annotations_of(report)
    levels = [each.level for each in found]
    assert levels.count("error") <= 10
    assert levels.count("warning") <= 10
    assert levels.count("notice") == 1
    assert "##[" not in render(report, Format.GITHUB)
    findings = {result.verdict for result in report.results() if result.checks}
    assert levels[0] == "notice"
    assert ("error" in levels) == bool(findings & {Verdict.FAIL, Verdict.UNKNOWN})
    assert ("warning" in levels) == (Verdict.WARN in findings)


# Many


def test_the_notice_names_ten_segments_and_counts_the_rest(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    (notice,) = annotations_of(report(*(segment(email(30_000), key=f"segment-{number}") for number in range(23))))
    named = ", ".join(f"segment-{number}" for number in range(10))
    assert notice.message.splitlines()[1] == f"MAY GO segments {named} and 13 more"


@pytest.mark.parametrize(
    ("failed", "shown", "more"),
    [(9, 9, None), (10, 10, None), (11, 9, "2 more errors"), (10_000, 9, "9,991 more errors")],
)
def test_at_most_ten_of_a_level_are_shown(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    failed: int,
    shown: int,
    more: str | None,
) -> None:
    found = annotations_of(report(*(segment(email(0), key=f"segment-{number}") for number in range(failed))))
    titles = [each.title for each in found if each.level == "error"]
    assert titles == [
        *(f"Out of bounds: segment-{number} / email" for number in range(shown)),
        *([more] if more else []),
    ]


def test_errors_and_warnings_are_counted_apart(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    lenient = guard(
        check("min", 100, 90, severity=Severity.WARN), channel=Channel.SMS, count=90, severity=Severity.WARN
    )
    found = annotations_of(report(*[segment(email(None), lenient)] * 12, fail_on=FailOn.WARN))
    assert [each.level for each in found] == ["notice"] + ["error"] * 10 + ["warning"] * 10
    assert [found[10].title, found[20].title] == ["3 more errors", "3 more warnings"]
