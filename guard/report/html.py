"""The report as one self-contained HTML page: to forward, to print, to keep as an artifact of a CI job.

The page runs no script and loads nothing, and its Content-Security-Policy tells the browser so. ``html_view.py`` has
the content, ``templates/page.html`` the layout, and ``templates/page.css`` the style.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from guard.core.text import harmless, printable, shortened
from guard.report import decision
from guard.report.html_view import circumstances, groups
from guard.report.view import utc

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.report.screen import Screen

_TEMPLATES = Path(__file__).with_name("templates")


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return the report as an HTML page, ending in a newline; all names are escaped."""
    return page(
        "page.html",
        report=report,
        standing=decision.standing(report.verdict, report),
        verdict=decision.answer(report.verdict, report),
        conclusion=decision.decision(report),
        answers=decision.answers(report),
        tally=decision.tally(report),
        account=shortened(printable(decision.account(report))),
        finished=utc(report.finished_at),
        groups=groups(report),
        circumstances=circumstances(report),
    )


def page(template: str, **content: object) -> str:
    """Return a page made from one of the templates; every text in it is escaped."""
    css = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        _templates()
        .get_template(template)
        .render(
            **content,
            css=Markup(css),  # noqa: S704 - our own file
            style_source=f"'sha256-{digest}'",
        )
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _text(value: object) -> Markup:
    """Return a value as text on one line, with control characters escaped.

    ``##[`` becomes an entity, because GitHub obeys it anywhere in a log.
    """
    if isinstance(value, Markup):
        return value
    escaped = str(escape(printable(str(value))))
    return Markup(harmless(escaped, "&#35;"))  # noqa: S704 - escaped just here
