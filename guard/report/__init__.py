"""Reports in every format: one pure function and one file per format, in one table.

A renderer is given a report and how the screen draws, and returns the whole text; it reads no clock, no terminal and
no environment. It uses only what the JSON report holds, so a saved report can be rendered again to the same bytes.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from guard.report.screen import Screen

if TYPE_CHECKING:
    from guard.outcome import Report

__all__ = ["Format", "Screen", "render"]


class Format(StrEnum):
    """What a report can be written as; the words of ``--output``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    GITHUB = "github"
    HTML = "html"


_HOMES = {
    Format.TEXT: "guard.report.text",
    Format.JSON: "guard.report.json",
    Format.MARKDOWN: "guard.report.markdown",
    Format.JUNIT: "guard.report.junit",
    Format.GITHUB: "guard.report.github",
    Format.HTML: "guard.report.html",
}
"""Where the ``render(report, screen)`` of each format lives; it is imported when it is first used."""


def render(report: Report, format: Format, screen: Screen | None = None) -> str:  # noqa: A002 - as in --output FORMAT
    """Return the report in the format, ending in a newline.

    ``screen`` says how a terminal draws, for the formats that are drawn; None stands for a file, a pipe or a CI log.
    """
    text: str = import_module(_HOMES[format]).render(report, screen)
    return text
