"""Reports in every format: one pure function and one file per format.

A renderer takes a report and a screen and returns the whole text. It reads no clock, terminal or environment. It uses
only what the JSON report has, so a saved report renders to the same bytes.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from guard.core.errors import UsageError
from guard.core.text import did_you_mean, printable

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.report.screen import Screen


class Format(StrEnum):
    """The formats of a report; the words of ``--output``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    GITHUB = "github"
    HTML = "html"


_HOMES = {
    Format.TEXT: "guard.report.text",
    Format.JSON: "guard.report.json_report",
    Format.MARKDOWN: "guard.report.markdown",
    Format.JUNIT: "guard.report.junit",
    Format.GITHUB: "guard.report.github",
    Format.HTML: "guard.report.html",
}
"""The module with ``render(report, screen)`` of each format; it is imported on first use."""


_ALIASES = {"md": Format.MARKDOWN}
_ENDINGS = {"md": Format.MARKDOWN, "xml": Format.JUNIT, "htm": Format.HTML, "txt": Format.TEXT}


def format_named(word: str) -> Format:
    """Return the format of that name; raise UsageError, with a suggestion, if there is none."""
    if not isinstance(word, str):
        raise UsageError(
            f"the format is a {type(word).__name__}; give its name", hint=f"the formats are: {', '.join(Format)}"
        )
    try:
        return _ALIASES.get(word) or Format(word)
    except ValueError:
        raise UsageError(
            f'there is no format "{printable(word)}"{_meant(word) or did_you_mean(word, list(Format))}',
            hint=f"the formats are: {', '.join(Format)}",
        ) from None


def _meant(word: str) -> str:
    """Return the hint if a file name or ending was given for a format: ``; did you mean "junit=a.xml"?``."""
    name, dot, ending = word.rpartition(".")
    format = _ENDINGS.get(ending.lower(), ending.lower())  # noqa: A001 - as in --output FORMAT
    if format not in set(Format):
        return ""
    return f'; did you mean "{format}={printable(word)}"?' if name and dot else f'; did you mean "{format}"?'


def render(report: Report, format: Format, screen: Screen | None = None) -> str:  # noqa: A002 - as in --output FORMAT
    """Return the report in the format, ending in a newline.

    ``screen`` describes the terminal; None means a file, a pipe or a CI log.
    """
    text: str = import_module(_HOMES[format]).render(report, screen)
    return text
