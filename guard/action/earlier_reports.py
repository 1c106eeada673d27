"""What an earlier run left where this one was asked to write: removed first, since this run may end without a report.

Only the standard library is needed here: ``action.yml`` also calls this when the packages could not be installed.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from guard.action.inputs import report_paths, rules_path
from guard.core.errors import UsageError
from guard.report.outputs import Output, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping


def remove_earlier_reports(environ: Mapping[str, str]) -> None:
    """Remove earlier reports where the inputs ask for reports, whatever else is wrong with the inputs.

    A path that cannot be used is left as it is; the command says what is wrong with it.
    """
    outputs = [Output(format=each, path=path) for each, path in report_paths(environ).items()]
    protected = [Path(each) for each in (rules_path(environ), environ.get("BLUESHIFT_API_KEY_FILE")) if each]
    with suppress(UsageError):
        prepare(outputs, protected)
