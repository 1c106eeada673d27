"""One run of the GitHub Action: ``python -m guard.action``, with its inputs in the environment (see ``action.yml``)."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from guard.action import github
from guard.action.inputs import OwnReports, command_line, read_inputs
from guard.action.outcome import ended, explain, outputs
from guard.cli.main import run as run_command
from guard.cli.signals import InterruptedBySignal, stop_on_signals
from guard.cli.streams import prepare_streams, say_error
from guard.errors import UsageError
from guard.exit_code import ExitCode
from guard.report.github import command

if TYPE_CHECKING:
    from typing import NoReturn

    from guard.action.inputs import Inputs
    from guard.action.outcome import Ending, Explanation

_MOST_PROBLEMS = 9  # GitHub shows ten errors of a step, and the explanation is one


def main() -> NoReturn:
    """Run the command as the inputs ask, tell GitHub what came of it, and leave with the command's exit code."""
    try:
        stop_on_signals()
        code = run()
    except InterruptedBySignal as interrupt:
        code = interrupt.exit_code
    sys.exit(code)


def run() -> int:
    """Return the command's exit code, after the outputs, the summary and the annotations were written.

    Where these cannot be written, the pass did not reach its readers: the code is then 3, unless it is 1 already.
    """
    prepare_streams()
    if not os.environ.get("BLUESHIFT_API_KEY"):
        os.environ.pop("BLUESHIFT_API_KEY", None)  # an input that is not given arrives as an empty variable
    code: int = ExitCode.UNKNOWN
    try:
        own = OwnReports(folder=Path(tempfile.mkdtemp(prefix="audience-guard-", dir=os.environ["RUNNER_TEMP"])))
        inputs, ending = _obeyed(own)
        code = ending.code
        _tell(inputs, ending, own)
    except Exception as error:  # noqa: BLE001 - the last resort: never Python's own 1, and never a pass
        title = "The audience guard could not tell what came of it"
        github.say(command("error", f"{type(error).__name__}: {error}", title=title))
        return ExitCode.FAILED if code == ExitCode.FAILED else ExitCode.UNKNOWN
    return code


class _Overheard(io.StringIO):
    """A standard error whose words are kept, and passed on at once to the one that was there before."""

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
            inputs = read_inputs(os.environ)
            code = run_command(command_line(inputs, own))
        except UsageError as error:
            say_error(error)
            code = error.exit_code
    return inputs, ended(code, stderr.getvalue(), own)


def _tell(inputs: Inputs | None, ending: Ending, own: OwnReports) -> None:
    """Write the outputs first: later steps decide by them."""
    github.write_outputs(Path(os.environ["GITHUB_OUTPUT"]), outputs(ending, inputs, own))
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
    headline = explanation.headline
    github.say(command("error", explanation.text, title=headline))
    for problem in explanation.problems[:_MOST_PROBLEMS]:
        what = f"{problem.where}: {problem.what}" if problem.where else problem.what
        place = {"file": explanation.rules, "line": str(problem.line), "col": str(problem.column)}
        github.say(command("error", what, title=headline, **place))


def _summarise(explanation: Explanation | None, own: OwnReports) -> None:
    """Add the report's page, or the explanation as a block of code, which nothing in it can leave."""
    pages = [own.summary.read_text(encoding="utf-8")] if own.summary.exists() else []
    if explanation is not None:
        lines = "\n".join(f"    {line}" for line in explanation.text.splitlines())
        pages.append(f"### {explanation.headline}\n\n{lines}\n")
    github.append_summary(Path(os.environ["GITHUB_STEP_SUMMARY"]), "\n".join(pages))


if __name__ == "__main__":
    main()
