from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from guard.report import Format, render
from guard.report.screen import Screen

if TYPE_CHECKING:
    from guard.core.results import Report


@pytest.mark.parametrize("format_", Format)
def test_every_format_renders_a_text_that_ends_in_a_newline(reports: dict[str, Report], format_: Format) -> None:
    for report in reports.values():
        assert render(report, format_).endswith("\n")


@pytest.mark.parametrize("format_", [each for each in Format if each is not Format.TEXT])
def test_no_format_but_the_text_depends_on_the_screen(reports: dict[str, Report], format_: Format) -> None:
    report = reports["everything"]
    assert render(report, format_, Screen(width=40, color=True, unicode=False)) == render(report, format_)


@pytest.mark.parametrize(
    ("module", "part"),
    [
        pytest.param("guard.report", "json", id="no-json-before-a-json-report"),
        pytest.param("guard.report.outputs", "rich", id="no-rich-to-write-a-file"),
        pytest.param("guard.report.text", "rich", id="no-rich-to-write-lines"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(module: str, part: str) -> None:
    # Whatever was there before, such as what measures the coverage, is not ours.
    command = f"import sys; before = {{*sys.modules}}; import {module}; sys.exit({part!r} in {{*sys.modules}} - before)"
    assert subprocess.run([sys.executable, "-c", command], check=False, timeout=30).returncode == 0
