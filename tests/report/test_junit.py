from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.results import Report, Verdict
from guard.report import Format, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import CampaignResult, Check, GuardResult, SegmentResult

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e[/b]\ud800\uffff'
SHOWN = (
    r'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1# #[error]\u202e[/b]\ud800\uffff'  # as it is written out
)


def suite_of(report: Report) -> ET.Element:
    suites = ET.fromstring(render(report, Format.JUNIT).encode())  # noqa: S314 - our own text
    assert suites.tag == "testsuites"
    (suite,) = suites
    shared = ("name", "tests", "failures", "errors", "time")
    assert [suites.get(key) for key in shared] == [suite.get(key) for key in shared]
    return suite


def case_of(report: Report, name: str) -> ET.Element:
    (case,) = (each for each in suite_of(report).findall("testcase") if each.get("name") == name)
    return case


def counts(suite: ET.Element) -> dict[str, int]:
    return {key: int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}


def test_a_file_reads_as_agreed(reports: dict[str, Report], golden: Callable[..., None]) -> None:
    for outcome, report in reports.items():
        golden(outcome, render(report, Format.JUNIT), "xml")


def test_there_is_a_test_for_each_check(reports: dict[str, Report]) -> None:
    names = [case.get("name") for case in suite_of(reports["totals-pass"]).findall("testcase")]
    assert names == ["newsletter-active / sms / min", "campaign spring-sale / sms total / max"]


def test_out_of_bounds_is_a_failure(reports: dict[str, Report]) -> None:
    (failure,) = case_of(reports["fail-too-few"], "newsletter-active / email / min")
    assert (failure.tag, failure.get("type")) == ("failure", "min")


def test_unknown_is_an_error(reports: dict[str, Report]) -> None:
    (error,) = case_of(reports["unknown"], "newsletter-active / email / min")
    assert (error.tag, error.get("type")) == ("error", "timeout")


def test_what_warns_passes_with_its_text(reports: dict[str, Report]) -> None:
    (out,) = case_of(reports["warn"], "newsletter-active / push / min")
    assert out.tag == "system-out"
    assert out.text
    assert out.text.startswith("it reaches 90, which is 10 below the min of 100")


def test_what_passed_says_when_it_was_counted(reports: dict[str, Report]) -> None:
    (out,) = case_of(reports["pass"], "newsletter-active / email / min")
    assert out.tag == "system-out"
    assert out.text
    assert out.text.splitlines()[1:] == ["counted fresh at 09:01:02 UTC"]


def test_the_sentence_is_in_the_message_and_the_body(reports: dict[str, Report]) -> None:
    (failure,) = case_of(reports["fail-too-few"], "newsletter-active / email / min")
    sentence = "it reaches 1,900, which is 8,100 below the min of 10,000"
    assert failure.get("message") == sentence
    assert failure.text
    assert failure.text.splitlines() == [
        sentence,
        "was 20,500, counted 1 h 1 min before: 90.7% fewer now",
        "next: open the segment in Blueshift: a filter may have broken, or an import may have failed",
        "ask: crm@example.com",
        "stops: every send to it",
        "counted fresh at 09:01:02 UTC",
        "segment: 2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
        "rule: rules.yaml:28",
    ]


def test_a_test_names_the_line_of_its_rule(reports: dict[str, Report]) -> None:
    for verdict in ("unknown", "fail-too-few", "warn"):
        checks = [check for result in reports[verdict].results() for check in result.checks]
        for check, case in zip(checks, suite_of(reports[verdict]).findall("testcase"), strict=True):
            (told,) = case
            assert check.verdict is Verdict.PASS or f"\nrule: rules.yaml:{check.line}" in (told.text or "")


# What junit-10.xsd of Jenkins' xUnit plugin takes: the attributes that we may use, and the children in a usual order
TAKEN = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": (
        {"name", "classname", "time"},
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ({"type", "message"}, []),
    "error": ({"type", "message"}, []),
    "system-out": (set(), []),
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_file_is_taken_by_the_strictest_schema_in_use(report: Report) -> None:
    root = ET.fromstring(render(report, Format.JUNIT).encode())  # noqa: S314 - our own text
    for element in root.iter():
        attributes, children = TAKEN[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib) <= attributes
        places = [children.index(child.tag) for child in element]
        assert places == sorted(places)
        assert re.fullmatch(r"\d+", element.get("time", "0"))


def test_the_counts_are_those_of_the_tests(reports: dict[str, Report]) -> None:
    assert counts(suite_of(reports["everything"])) == {"tests": 12, "failures": 3, "errors": 2, "skipped": 0}


def test_a_report_on_which_nothing_was_judged_is_not_green(reports: dict[str, Report]) -> None:
    assert counts(suite_of(reports["nothing"])) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}


def test_a_guard_without_a_bound_is_not_green(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    half = report(segment(guard(check("min", 5, 7)), guard()))
    assert counts(suite_of(half))["errors"] == 1


def test_a_clock_that_was_set_back_gives_no_negative_time(reports: dict[str, Report]) -> None:
    started = reports["pass"].started_at
    assert suite_of(reports["pass"]).get("time") == "72"
    assert suite_of(reports["pass"]).get("timestamp") == "2026-11-23T09:00:00"
    assert suite_of(replace(reports["pass"], finished_at=started - timedelta(hours=1))).get("time") == "0"


# Text from elsewhere


def test_names_read_back_as_they_are_written_out_elsewhere(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    broken = guard(check("min", 10, 7, message=NASTY), count=7, detail=NASTY)
    nasty = report(
        segment(broken, key=NASTY, owner=NASTY),
        campaigns=(campaign(check("max", 5, 7, message=NASTY), key=NASTY, parts={NASTY: 7}),),
        rules_path=NASTY,
    )
    cases = suite_of(nasty).findall("testcase")
    assert [case.get("name") for case in cases] == [
        f"{SHOWN} / email / min",
        f"campaign {SHOWN} / sms total / max",
    ]
    failure = cases[0].find("failure")
    assert failure is not None
    assert failure.get("message") == SHOWN
    assert failure.text
    assert failure.text.splitlines() == [
        SHOWN,
        "no earlier count known",
        "next: run the check again; if the numbers still contradict each other, show them to Blueshift's support",
        f"ask: {SHOWN}",
        f"stops: {SHOWN.partition('b]')[0]}…",
        "counted fresh at 09:01:02 UTC",
        "segment: 2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
        f"rule: {SHOWN}:28",
    ]


def test_names_that_are_written_out_alike_are_told_apart(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    one = guard(check("min", 5, 7))
    alike = report(segment(one, key="a\x07"), segment(one, key=r"a\x07"))
    assert [case.get("name") for case in suite_of(alike).findall("testcase")] == [
        r"a\x07 / email / min",
        r"a\x07 / email / min (2)",
    ]


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_is_a_file_that_parses_and_counts_right(report: Report) -> None:
    suite = suite_of(report)
    cases = suite.findall("testcase")
    verdicts = [check.verdict for result in report.results() for check in result.checks]
    assert suite.tag == "testsuite"
    assert len({case.get("name") for case in cases}) == len(cases) == counts(suite)["tests"]
    assert counts(suite)["failures"] == len(suite.findall("*/failure")) == verdicts.count(Verdict.FAIL)
    assert counts(suite)["errors"] == len(suite.findall("*/error")) >= verdicts.count(Verdict.UNKNOWN)


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_what_cannot_be_judged_is_never_green(report: Report) -> None:
    found = counts(suite_of(report))
    if report.verdict in {Verdict.UNKNOWN, Verdict.FAIL}:
        assert found["failures"] + found["errors"]


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_file_is_plain_ascii_without_a_command_for_the_runner(report: Report) -> None:
    text = render(report, Format.JUNIT)
    assert re.fullmatch(r"[\n\x20-\x7e]+", text)
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_ten_thousand_guards_stay_below_what_gitlab_reads(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    many = report(*(segment(email(0), key=f"segment-{number}") for number in range(10_000)))
    text = render(many, Format.JUNIT)
    assert text.count("<testcase ") == 20_000
    assert len(text.encode()) < 30_000_000
