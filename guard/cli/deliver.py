"""The way of a report to where it was asked for: files and stdout, and the exit code that it leaves."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.cli.streams import print_report, say, say_error, screen_for
from guard.cli.workspace import in_workspace
from guard.core.errors import OutputError
from guard.core.exit_code import ExitCode
from guard.security.keyring import scrubbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.results import Report
    from guard.report import Screen
    from guard.report.outputs import Output


def deliver(report: Report, outputs: Sequence[Output], color: str) -> ExitCode:
    """Write the report to every output, say which could not be written, and return what to exit with.

    That is the report's own exit code; but where an output is missing, only an established failure outranks that.
    """
    from guard.report import Format  # noqa: PLC0415 - not needed to print help
    from guard.report.mark import signed  # noqa: PLC0415 - see above
    from guard.report.outputs import take_back, write  # noqa: PLC0415 - see above

    failures, written = [], []
    try:
        for output in outputs:
            try:
                if output.path is None:
                    text = _text(report, output, screen_for(sys.stdout, color))
                    print_report(text, commands=output.format is Format.GITHUB)
                else:
                    written.append(output.path)
                    write(output.path, signed(scrubbed(_text(report, output))))
            except OutputError as error:
                failures.append(error)
    except KeyboardInterrupt:
        take_back(written)
        raise
    if not failures:
        return report.exit_code
    code = ExitCode.FAILED if report.exit_code is ExitCode.FAILED else ExitCode.UNKNOWN
    for failure in failures:
        say_error(failure)
    say(f"audience-guard: not every report was written, so this run exits with {int(code)}")
    return code


def _text(report: Report, output: Output, screen: Screen | None = None) -> str:
    """Return the report in the output's format, with the path of the rules as the reader of that format takes it."""
    from guard.report import Format, render  # noqa: PLC0415 - not needed to print help

    if output.format is Format.GITHUB:
        report = replace(report, rules_path=in_workspace(report.rules_path, os.environ))
    return render(report, output.format, screen)
