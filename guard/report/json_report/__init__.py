"""The report for machines: one JSON object with the same keys whatever the flags, written and read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from guard.core.text import harmless

if TYPE_CHECKING:
    from guard.core.results import Report
    from guard.report.screen import Screen


def render(report: Report, _screen: Screen | None = None) -> str:
    """Return the report as JSON, two spaces a level, ending in a newline."""
    from guard.report.json_report.model import ReportObject  # noqa: PLC0415 - not needed for other JSON

    return as_json(ReportObject.written(report))


def as_json(value: object) -> str:
    r"""Return the value as JSON, two spaces a level, ending in a newline.

    The text is plain ASCII: whatever else a name holds is escaped, unpaired surrogates too, so it passes through every
    encoding and reads back as it was. ``##[`` is written ``\u0023#[``, because GitHub obeys it anywhere in a log.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=2)
    return harmless(text, "\\u0023") + "\n"


def report_schema_text() -> str:
    """Return the JSON Schema (2020-12) that every JSON report fits."""
    from guard.report.json_report.model import report_schema  # noqa: PLC0415 - see above

    return json.dumps(report_schema(), indent=2) + "\n"
