"""One run of the GitHub Action: ``python -m guard.action``, with its inputs in the environment (see ``action.yml``)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from guard.action import github
from guard.action.earlier_reports import remove_earlier_reports
from guard.action.inputs import Mode, Record, read_inputs
from guard.action.outputs import CANNOT_START, Ending, explain, outputs
from guard.cli.gate import Gate, Recording
from guard.cli.output import exit_code_of, prepare_streams, rendered, say, say_error
from guard.cli.rules import print_validity
from guard.cli.signals import InterruptedBySignal, stop_on_signals
from guard.cli.workspace import in_workspace
from guard.core.errors import ExitCode, GuardError, UsageError
from guard.core.text import printable
from guard.history.address import VARIABLE, named_store
from guard.report import Format
from guard.report.github import command
from guard.report.outputs import Output, with_text_on_stdout

if TYPE_CHECKING:
    from typing import NoReturn

    from guard.action.inputs import Inputs
    from guard.action.outputs import Explanation
    from guard.core.results import Report

_CANNOT_TELL = "The audience guard could not tell what came of it"
_MOST_PROBLEMS = 9  # GitHub shows ten errors of a step, and the explanation is one


def main() -> NoReturn:
    """Do what the inputs ask, tell GitHub what came of it, and leave with the exit code of ``audience-guard``."""
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
    for secret in ("BLUESHIFT_API_KEY", VARIABLE):
        if not os.environ.get(secret, "").strip():
            os.environ.pop(secret, None)  # an input that is not given arrives as an empty variable
    remove_earlier_reports(os.environ)
    try:
        file = github.outputs_file(os.environ)
    except UsageError as error:
        _say_error(CANNOT_START, error.message)
        return error.exit_code
    ending = _checked()
    try:
        github.write_outputs(file, outputs(ending))
    except GuardError as error:
        _say_error(_CANNOT_TELL, error.message)
        return ending.code or ExitCode.UNKNOWN
    return ending.code


def _checked() -> Ending:
    """Do what the inputs ask and tell what came of it; return how the step ends.

    The outputs come after that, since a signal or a bug may still change how it ends.
    """
    ending = Ending()
    try:
        _obey(ending)
        _tell(ending)
    except InterruptedBySignal as interrupt:
        ending.code = interrupt.exit_code
    except Exception as error:  # noqa: BLE001 - what was written so far must not read as a pass
        _say_error(_CANNOT_TELL, f"{type(error).__name__}: {error}")
        ending.code = ExitCode.FAILED if ending.code == ExitCode.FAILED else ExitCode.UNKNOWN
    return ending


def _obey(ending: Ending) -> None:
    """Check or validate as the inputs ask."""
    with github.commands_stopped():
        try:
            ending.inputs = read_inputs(os.environ)
            if ending.inputs.mode is Mode.CHECK:
                _check(ending.inputs, ending)
            else:
                print_validity(ending.inputs.rules)
                ending.code = ExitCode.PASSED
        except (InterruptedBySignal, Exception) as error:  # noqa: BLE001 - every way to end becomes an exit code
            say_error(error)
            ending.code, ending.errors, ending.report = exit_code_of(error), (error,), None


def _check(inputs: Inputs, ending: Ending) -> None:
    ending.own_json = _own_folder() / "report.json"
    reports = [(Format.JSON, ending.own_json), *inputs.reports.items()]
    gate = Gate(
        rules=inputs.rules,
        outputs=with_text_on_stdout([Output(format=each, path=path) for each, path in reports]),
        selection=inputs.selection,
        fail_on=inputs.fail_on,
        region=inputs.region,
        base_url=inputs.base_url,
        timeout=inputs.timeout,
        notify_on=inputs.notify_on,
        record=_recording(inputs.record),
    )
    ending.report = gate.count()
    delivery = gate.tell(ending.report)
    ending.code, ending.errors = delivery.exit_code, delivery.failures


def _recording(record: Record) -> Recording:
    """Return whether the run is recorded: by itself not in a pull request, whose bounds nobody has agreed to yet."""
    if record is Record.AUTO and os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        if named_store(None):
            say('audience-guard: this run belongs to a pull request, so it is not recorded ("record: true" records it)')
        return Recording.OFF
    return Recording.OFF if record is Record.FALSE else Recording.ON


def _own_folder() -> Path:
    """Make a folder for this run's own report, which only this user may read; raises ``UsageError``."""
    parent = os.environ.get("RUNNER_TEMP")
    try:
        return Path(tempfile.mkdtemp(prefix="audience-guard-", dir=parent or None))
    except OSError as error:
        raise UsageError(
            f"no folder for the report can be made in {printable(parent or 'the temporary folder')}: "
            f"{error.strerror or type(error).__name__}",
            hint="see that RUNNER_TEMP names a folder that may be written to and has space",
        ) from error


def _say_error(title: str, text: str) -> None:
    github.say(command("error", text, title=title))


def _tell(ending: Ending) -> None:
    explanation = explain(ending, os.environ)
    for trouble in ending.report.history.troubles if ending.report and ending.report.history else ():
        github.say(command("warning", trouble, title="The audience guard's history"))  # also beside a pass
    if ending.inputs is None or ending.inputs.annotations:
        _annotate(explanation, ending)
    if ending.inputs is None or ending.inputs.summary:
        _summarise(explanation, ending.report)


def _annotate(explanation: Explanation | None, ending: Ending) -> None:
    if ending.report is not None:
        github.say(rendered(ending.report, Format.GITHUB).rstrip("\n"))
    if explanation is None:
        return
    headline, file = explanation.headline, in_workspace(ending.inputs.rules if ending.inputs else "", os.environ)
    _say_error(headline, explanation.text)
    for problem in explanation.problems[:_MOST_PROBLEMS]:
        what = f"{problem.where}: {problem.what}" if problem.where else problem.what
        place = {"file": file, "line": str(problem.line), "col": str(problem.column)}
        github.say(command("error", what, title=headline, **place))


def _summarise(explanation: Explanation | None, report: Report | None) -> None:
    """Add the report's page, or the explanation as a block of code, which nothing in it can leave."""
    pages = [] if report is None else [rendered(report, Format.MARKDOWN)]
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
