"""The report for the test tab of a CI system: JUnit XML with a test case for each check.

A failed check is a failure, and an unknown check is an error. A warning passes, and its text says that it warns. The
text is also in the body, because GitLab has not always read the ``message`` attribute.

The file fits the schema of Jenkins' xUnit plugin (junit-10.xsd, the strictest in use):
https://github.com/jenkinsci/xunit-plugin
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from guard.core.results import Verdict
from guard.report import decision, wording
from guard.report.facts import facts
from guard.report.view import guards_of, totals_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from guard.core.results import Check, Report
    from guard.report.screen import Screen
    from guard.report.view import Finding

_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


def render(report: Report, _screen: Screen | None = None) -> str:
    r"""Return the report as JUnit XML in plain ASCII, which passes through every encoding.

    Names are unique, and characters that XML cannot hold are escaped as ``\xNN``. A report without any check has one
    error, so that it is never green.
    """
    suite = Element("testsuite", name="audience-guard")
    _add_properties(suite, report)
    _add_cases(suite, report)
    SubElement(suite, "system-out").text = _lines(
        [
            decision.decision(report),
            *(f"{each.answer} {each.about}" for each in decision.answers(report)),
            decision.circumstances(report),
        ]
    )
    counts = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": str(len(suite.findall("testcase/error"))),
        "time": str(_seconds(report)),
    }
    suite.attrib |= {**counts, "skipped": "0", "timestamp": _second(report.started_at).replace(tzinfo=None).isoformat()}
    suites = Element("testsuites", {"name": "audience-guard", **counts})
    suites.append(suite)
    indent(suites)
    return f"{_HEADER}{tostring(suites, encoding='us-ascii').decode('ascii')}\n"


def _add_properties(suite: Element, report: Report) -> None:
    properties = SubElement(suite, "properties")
    values = {
        "verdict": report.verdict,
        "exit_code": str(int(report.exit_code)),
        "fail_on": report.fail_on,
        "host": report.host,
        "rules": report.rules_path,
        "rules_sha256": report.rules_sha256,
        "version": report.version,
        **({"run_id": report.run_id} if report.run_id else {}),
        **({"history": decision.history(report)} if report.history else {}),
    }
    for name, value in values.items():
        SubElement(properties, "property", name=name, value=_text(value))


def _add_cases(suite: Element, report: Report) -> None:
    seen: Counter[str] = Counter()
    for kind, findings in (("segments", guards_of(report)), ("campaigns", totals_of(report))):
        for finding in findings:
            for check in finding.checks:
                source = f" from {check.baseline.source}" if check.baseline else ""
                name = _unique(_text(f"{_name(finding)} / {check.bound}{source}"), seen)
                _add_case(suite, check, finding, name, kind)
    if report.verdict is Verdict.UNKNOWN and suite.find("testcase/error") is None:
        case = SubElement(suite, "testcase", classname="audience-guard", name="every guard was judged", time="0")
        conclusion = _text(decision.decision(report))
        SubElement(case, "error", message=conclusion, type="not_judged").text = conclusion


def _add_case(suite: Element, check: Check, finding: Finding, name: str, kind: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"audience-guard.{kind}",
        name=name,
        time="0",
    )
    message = _text(check.message)
    match check.verdict:
        case Verdict.FAIL:
            SubElement(case, "failure", message=message, type=check.bound).text = _body(check, finding)
        case Verdict.UNKNOWN:
            SubElement(case, "error", message=message, type=finding.reason or "unknown").text = _body(check, finding)
        case Verdict.WARN | Verdict.PASS:
            SubElement(case, "system-out").text = _body(check, finding)


def _name(finding: Finding) -> str:
    """Return the name that a test case has had since the first version, in the words of the rules."""
    return (
        f"campaign {finding.name} / {finding.channel} total"
        if finding.is_total
        else f"{finding.name} / {finding.channel}"
    )


def _body(check: Check, finding: Finding) -> str:
    """Return the sentence and what helps a person to act, each on a line that begins with one of our words."""
    if check.verdict is Verdict.PASS:
        segment = f"segment: {wording.counted_segment(finding)}" if finding.called else None
        return _lines([check.message, finding.counted, segment])
    alone = replace(finding, checks=(check,), is_stopping=finding.is_stopping and check.verdict is finding.verdict)
    return _lines([check.message, *map(str, facts(alone))])


def _unique(name: str, seen: Counter[str]) -> str:
    """Return the name, numbered if it was seen before: of two tests of one name GitLab shows only the first."""
    seen[name] += 1
    return name if seen[name] == 1 else f"{name} ({seen[name]})"


def _lines(lines: Iterable[str | None]) -> str:
    return "\n".join(_text(line) for line in lines if line)


def _text(line: str) -> str:
    """Return the text on one line, without characters that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):x}", wording.safe(line))


def _seconds(report: Report) -> int:
    """Return the seconds that the run took; 0 if the clock was set back during it."""
    return max(0, int((_second(report.finished_at) - _second(report.started_at)).total_seconds()))


def _second(moment: datetime) -> datetime:
    """Return the moment in UTC, in whole seconds: a saved report has no more than milliseconds."""
    return moment.astimezone(UTC).replace(microsecond=0)
