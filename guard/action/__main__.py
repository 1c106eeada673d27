"""One run of the GitHub Action: ``python -m guard.action``, with its inputs in the environment (see ``action.yml``)."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.action import github
from guard.action.earlier_reports import remove_earlier_reports
from guard.action.inputs import OwnReports, command_line, read_inputs
from guard.action.outputs import Ending, ended, explain, outputs
from guard.cli.main import run as run_command
from guard.cli.output import prepare_streams, say_error
from guard.cli.signals import InterruptedBySignal, stop_on_signals
from guard.cli.workspace import in_workspace
from guard.core.errors import GuardError, UsageError
from guard.core.exit_code import ExitCode
from guard.report.github import command

if TYPE_CHECKING:
    from typing import NoReturn

    from guard.action.inputs import Inputs
    from guard.action.outputs import Explanation

_CANNOT_START = "The audience guard could not start, and nothing was checked"
_CANNOT_TELL = "The audience guard could not tell what came of it"
_MOST_PROBLEMS = 9  # GitHub shows ten errors of a step, and the explanation is one


def main() -> NoReturn:
    """Run the command as the inputs ask, tell GitHub what came of it, and leave with the command's exit code."""
    try:
        stop_on_signals()
        code = run()
    except InterruptedBySignal as interrupt:
        code = interrupt.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: never Python's own 1, and never a pass
        _say_error(_CANNOT_TELL, f"{type(error).__name__}: {error}")
        code = ExitCode.UNKNOWN
    sys.exit(code)


def run() -> int:
    """Return the step's exit code, which the outputs say too.

    Where no outputs can be written, nothing is checked. A summary that cannot be written is only warned of: the log,
    the outputs and the exit code hold the verdict as well.
    """
    prepare_streams()
    if not os.environ.get("BLUESHIFT_API_KEY"):
        os.environ.pop("BLUESHIFT_API_KEY", None)  # an input that is not given arrives as an empty variable
    remove_earlier_reports(os.environ)
    try:
        file = github.outputs_file(os.environ)
    except UsageError as error:
        _say_error(_CANNOT_START, error.message)
        return error.exit_code
    own = OwnReports.of_this_run(os.environ)
    inputs, ending = _checked(own)
    try:
        github.write_outputs(file, outputs(ending, inputs, own))
    except GuardError as error:
        _say_error(_CANNOT_TELL, error.message)
        return ending.code or ExitCode.UNKNOWN
    return ending.code


def _checked(own: OwnReports) -> tuple[Inputs | None, Ending]:
    """Run the command and tell what came of it; return the inputs and how the step ends.

    The outputs come after that, since a signal or a bug may still change how it ends.
    """
    inputs, ending = None, Ending(code=ExitCode.UNKNOWN, said="", report=None)
    try:
        inputs, ending = _obeyed(own)
        _tell(inputs, ending, own)
    except InterruptedBySignal as interrupt:
        return inputs, replace(ending, code=interrupt.exit_code)
    except Exception as error:  # noqa: BLE001 - what was written so far must not read as a pass
        _say_error(_CANNOT_TELL, f"{type(error).__name__}: {error}")
        return inputs, ending if ending.code == ExitCode.FAILED else replace(ending, code=ExitCode.UNKNOWN)
    return inputs, ending


def _say_error(title: str, text: str) -> None:
    github.say(command("error", text, title=title))


class _Overheard(io.StringIO):
    """A standard error that keeps what is written and passes it on at once to the one that it replaced."""

    def __init__(self) -> None:
        super().__init__()
        self._log = sys.stderr

    def write(self, text: str) -> int:
        self._log.write(text)
        self._log.flush()
        return super().write(text)


def _obeyed(own: OwnReports) -> tuple[Inputs | None, Ending]:
    """Run the command as the inputs ask; they are None when they are not possible, which is a usage error too."""
    inputs = None
    with github.commands_stopped(), contextlib.redirect_stderr(_Overheard()) as stderr:
        try:
            own.make_folder()
            inputs = read_inputs(os.environ)
            code = run_command(command_line(inputs, own))
        except UsageError as error:
            say_error(error)
            code = error.exit_code
    return inputs, ended(code, stderr.getvalue(), own)


def _tell(inputs: Inputs | None, ending: Ending, own: OwnReports) -> None:
    explanation = explain(ending, inputs, os.environ)
    if inputs is None or inputs.annotations:
        _annotate(explanation, own)
    if inputs is None or inputs.summary:
        _summarise(explanation, own)


def _annotate(explanation: Explanation | None, own: OwnReports) -> None:
    if own.annotations.exists():
        github.say(own.annotations.read_text(encoding="utf-8").rstrip("\n"))
    if explanation is None:
        return
    headline, file = explanation.headline, in_workspace(explanation.rules, os.environ)
    _say_error(headline, explanation.text)
    for problem in explanation.problems[:_MOST_PROBLEMS]:
        what = f"{problem.where}: {problem.what}" if problem.where else problem.what
        place = {"file": file, "line": str(problem.line), "col": str(problem.column)}
        github.say(command("error", what, title=headline, **place))


def _summarise(explanation: Explanation | None, own: OwnReports) -> None:
    """Add the report's page, or the explanation as a block of code, which nothing in it can leave."""
    pages = [own.summary.read_text(encoding="utf-8")] if own.summary.exists() else []
    if explanation is not None:
        lines = "\n".join(f"    {line}" for line in explanation.text.splitlines())
        pages.append(f"### {explanation.headline}\n\n{lines}\n")
    if not pages:
        return
    try:
        github.append_summary(os.environ, "\n".join(pages))
    except GuardError as error:
        text = f"{error.message}; the log and the outputs have the verdict"
        github.say(command("warning", text, title="The job's summary does not show the audience guard's report"))


if __name__ == "__main__":
    main()
