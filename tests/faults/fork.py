"""Runs the command in a process of its own that does not import everything anew: a fork of a server that has."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
_EXIT = "exit-code"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [__name__, "guard.__main__", "guard.cli.check", "guard.blueshift.api", "guard.blueshift.counting", "guard.run"]
    + [f"guard.report.{each}" for each in ("json_report.model", "html", "junit", "markdown", "github", "text")]
)


def run(arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], seconds: float) -> tuple[int, str, str]:
    """Run ``audience-guard ARGUMENTS`` in a folder; return its exit code, and what it wrote to stdout and stderr.

    Raises ``TimeoutError`` where it has not ended within the seconds.
    """
    streams = [folder / "stdout", folder / "stderr"]
    process = _FORKS.Process(target=_run, args=(list(arguments), folder, dict(environ), streams))
    process.start()
    try:
        process.join(seconds)
        stdout, stderr = (each.read_text(encoding="utf-8") for each in streams)
        if not (folder / _EXIT).exists():
            raise TimeoutError(f"it has not ended within {seconds:g} s, or died: {stdout}{stderr}")
        return int((folder / _EXIT).read_text()), stdout, stderr
    finally:
        process.kill()
        process.join()
        process.close()


def _run(arguments: list[str], folder: Path, environ: dict[str, str], streams: list[Path]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for descriptor, path in enumerate(streams, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.argv[1:] = arguments
    from guard.__main__ import main  # noqa: PLC0415 - the server has it already

    try:
        main()
    except SystemExit as left:
        # Written here, since threads that wait for several forks at once can take each other's exit codes.
        Path(_EXIT).write_text(str(left.code))
