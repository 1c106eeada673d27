"""Recognises whole reports that audience-guard wrote, in any format. Only such files are replaced.

Each format has a mark: JSON its ``tool``, HTML its generator (older pages their title), JUnit XML the name of its
root; Markdown, annotations and text their first and last lines. HTML, JUnit XML and Markdown also end with a digest of
the rest, because other tools and people add to such files: a changed file is not ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from itertools import dropwhile

from guard.core.results import Verdict
from guard.report.wording import HEADINGS, SYMBOLS

LARGEST_REPORT = 64 * 1024 * 1024
"""The largest report, in bytes; 10,000 guards take about a quarter of it in JSON."""

_KEYS = {"schema_version", "verdict", "exit_code", "rules", "summary", "segments"}
_TREND_KEYS = {"schema_version", "history", "damage", "series"}
_HOLDS = re.compile(r" holds (?:no|[\d,]+) runs?(?: since [\d-]+| yet)?\.\Z")
_VERDICTS = tuple(f"{verdict.upper():7} " for verdict in Verdict)
_CONCLUSION = re.compile(r"\(exit \d+\)\Z")
_NOTICE = re.compile(r"::notice title=audience-guard::[^%]*(?:%(?!0A)[^%]*)*\(exit \d+\)(?:%0A.*)?\Z")
_TITLES = "|".join(
    [*HEADINGS.values(), "Not counted", "Failed", "Warned", "Unknown"]
)  # the last four in older versions
_ANNOTATION = re.compile(
    rf"title=(?:(?:{_TITLES})%3A |[\d%C]+ more (?:error|warning)s?::)"
)  # %3A is a colon, %2C a comma
_HTML = re.compile(
    r'<!doctype html>\n<html lang="en">\n<head>\n(?:<(?:meta|link) [^\n]*>\n)*'
    r'(?:<meta name="generator" content="audience-guard">|<title>[A-Z]+: audience check by audience-guard</title>)\n'
)
_HEADING = re.compile(f"## (?:{'|'.join(SYMBOLS.values())}) ")
_DECIDED = ("Do not send ", "Look before you send ", "May be sent: ", "Was fine then: ")
_TOLD = re.compile(r"(?:DO NOT SEND|MAY GO|COUNT AGAIN|Nothing was checked|[\d,]+ (?:campaign|segment)s?: )")
_SUITE = re.compile(r"<testsuite[\s/>]")
_XML = re.compile(r'<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="audience-guard"[ >]')
_DIGEST = re.compile(r"<!-- audience-guard [0-9a-f]{64} -->\n\Z")


def signed(text: str) -> str:
    """Return a report for its file: HTML, JUnit XML and Markdown get the digest in a comment at the end."""
    return text + _digest(text) if text.startswith(("<", "## ")) else text


def is_report(data: bytes) -> bool:
    """Whether the bytes are exactly one whole report of ours."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    if text.startswith("<"):
        return _is_marked_up(text)
    if text.startswith("## ") and _DIGEST.search(text):
        return _unsigned(text) is not None
    *lines, end = text.split("\n")
    return _is_json(text) or (
        bool(lines) and not end and any(each(lines) for each in (_is_text, _is_trends, _is_markdown, _is_github))
    )


def _digest(text: str) -> str:
    return f"<!-- audience-guard {hashlib.sha256(text.encode()).hexdigest()} -->\n"


def _unsigned(text: str) -> str | None:
    """Return the text without its digest, if it has one; None if the digest is of another text."""
    digest = _DIGEST.search(text)
    rest = text[: digest.start()] if digest else text
    return None if digest and digest[0] != _digest(rest) else rest


def _is_marked_up(text: str) -> bool:
    """Whether the text is our HTML or JUnit XML; printed reports and those of older versions have no digest."""
    rest = _unsigned(text)
    if rest is None:
        return False
    is_junit = _is_between(rest, _XML, "</testsuites>\n") and len(_SUITE.findall(rest)) == 1
    return is_junit or _is_between(rest, _HTML, "</html>\n")


def _is_between(text: str, head: re.Pattern[str], end: str) -> bool:
    """Whether the text begins with the head and has its first ``end`` at its end."""
    return head.match(text) is not None and text.find(end) == len(text) - len(end)


def _is_json(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    tool = value.get("tool") if isinstance(value, dict) else None
    return (
        isinstance(tool, dict)
        and tool.get("name") == "audience-guard"
        and (value.keys() >= _KEYS or value.keys() >= _TREND_KEYS)
    )


def _is_trends(lines: list[str]) -> bool:
    """Whether the lines are trends in text: how many runs there are, and at the end what the signs mean, if any."""
    first, *rest = lines
    is_told = bool(rest) and rest[-1].startswith("Each sign is a day")
    return _HOLDS.search(first) is not None and (is_told or all(each.endswith(": no readings yet") for each in rest))


def _is_text(lines: list[str]) -> bool:
    """Whether the last line is the first one with an exit code, after a line on who was asked, or as older versions."""
    first, *rest, last = lines if len(lines) > 1 else [*lines, ""]
    if _CONCLUSION.sub("", last) == f"{first} " and first.startswith(_DECIDED) and rest:
        *told, asked = rest
        are_ours = all(line.startswith(_VERDICTS) or _TOLD.match(line) for line in told)
        return are_ours and _is_asked(asked) and _is_conclusion(last)
    rest = list(dropwhile(lambda line: line.startswith(_VERDICTS), lines))
    return 2 <= len(rest) <= 4 and _is_asked(rest[0]) and _is_conclusion(rest[-1])  # noqa: PLR2004 - see the module


def _is_asked(line: str) -> bool:
    return line.startswith("Asked ") and ", by the rules in " in line


def _is_markdown(lines: list[str]) -> bool:
    """Whether the only verdict is a heading in the first line, and the last line names the rules."""
    headings = [position for position, line in enumerate(lines) if _HEADING.match(line)]
    foot = lines[-1].startswith("The SHA-256 of the rules begins with ") and "; audience-guard is " in lines[-1]
    return headings == [0] and foot


def _is_github(lines: list[str]) -> bool:
    """Whether the lines are our notice and annotations with our titles; in older versions the notice came last."""
    first, *rest = lines
    begins = tuple(f"::notice title=audience-guard::{words}" for words in _DECIDED)
    if first.startswith(begins) and "%0AAsked " in first:
        return all(_is_annotation(each) for each in rest)
    *annotations, last = lines
    return _NOTICE.match(last) is not None and all(_is_annotation(each) for each in annotations)


def _is_annotation(line: str) -> bool:
    return line.startswith(("::error ", "::warning ")) and _ANNOTATION.search(line) is not None


def _is_conclusion(line: str) -> bool:
    return _CONCLUSION.search(line) is not None
