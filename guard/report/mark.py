"""Recognises whole reports that audience-guard wrote, in any format. Only such files are replaced.

Each format has a mark: JSON its ``tool``, HTML its generator (older pages their title), JUnit XML the name of its
root; Markdown, annotations and text their first and last lines. HTML and JUnit XML also end with a digest of the rest,
because other tools and people add to such files: a changed file is not ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from itertools import dropwhile

from guard.core.results import Verdict

LARGEST_REPORT = 64 * 1024 * 1024
"""The largest report, in bytes; 10,000 guards take about a quarter of it in JSON."""

_KEYS = {"schema_version", "verdict", "exit_code", "rules", "summary", "segments"}
_VERDICTS = tuple(f"{verdict.upper():7} " for verdict in Verdict)
_CONCLUSION = re.compile(r"\(exit \d+\)\Z")
_NOTICE = re.compile(r"::notice title=audience-guard::[^%]*(?:%(?!0A)[^%]*)*\(exit \d+\)(?:%0A.*)?\Z")
_ANNOTATION = re.compile(
    r"title=(?:(?:Failed|Warned|Unknown)%3A |[\d%C]+ more )"
)  # %3A and %2C are a colon and a comma
_HTML = re.compile(
    r'<!doctype html>\n<html lang="en">\n<head>\n(?:<(?:meta|link) [^\n]*>\n)*'
    r'(?:<meta name="generator" content="audience-guard">|<title>[A-Z]+: audience check by audience-guard</title>)\n'
)
_SUITE = re.compile(r"<testsuite[\s/>]")
_XML = re.compile(r'<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="audience-guard"[ >]')
_DIGEST = re.compile(r"<!-- audience-guard [0-9a-f]{64} -->\n\Z")


def signed(text: str) -> str:
    """Return a report for its file: HTML and JUnit XML get the digest in a comment at the end."""
    return text + _digest(text) if text.startswith("<") else text


def is_report(data: bytes) -> bool:
    """Whether the bytes are exactly one whole report of ours."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    if text.startswith("<"):
        return _is_marked_up(text)
    *lines, end = text.split("\n")
    return _is_json(text) or (
        bool(lines) and not end and any(each(lines) for each in (_is_text, _is_markdown, _is_github))
    )


def _digest(text: str) -> str:
    return f"<!-- audience-guard {hashlib.sha256(text.encode()).hexdigest()} -->\n"


def _is_marked_up(text: str) -> bool:
    """Whether the text is our HTML or JUnit XML; printed reports and those of older versions have no digest."""
    digest = _DIGEST.search(text)
    rest = text[: digest.start()] if digest else text
    if digest and digest[0] != _digest(rest):
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
    return isinstance(tool, dict) and tool.get("name") == "audience-guard" and value.keys() >= _KEYS


def _is_text(lines: list[str]) -> bool:
    """Whether the lines are verdicts, who was asked, at most two more lines, and a conclusion."""
    rest = list(dropwhile(lambda line: line.startswith(_VERDICTS), lines))
    asked = 2 <= len(rest) <= 4 and rest[0].startswith("Asked ") and ", by the rules in " in rest[0]  # noqa: PLR2004 - said above
    return asked and _is_conclusion(rest[-1])


def _is_markdown(lines: list[str]) -> bool:
    """Whether the only conclusion is a heading in the first line, and the last line names the rules."""
    headings = [position for position, line in enumerate(lines) if line.startswith("## ") and _is_conclusion(line)]
    foot = lines[-1].startswith("The SHA-256 of the rules begins with ") and "; audience-guard is " in lines[-1]
    return headings == [0] and foot


def _is_github(lines: list[str]) -> bool:
    """Whether the lines are annotations with our titles, and then a conclusion."""
    *annotations, last = lines
    return _NOTICE.match(last) is not None and all(
        each.startswith(("::error ", "::warning ")) and _ANNOTATION.search(each) for each in annotations
    )


def _is_conclusion(line: str) -> bool:
    return _CONCLUSION.search(line) is not None
