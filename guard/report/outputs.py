"""Where reports go, ``--output FORMAT[=PATH]``: prepared before the counting, written whole or not at all.

Only an earlier report of audience-guard, or an empty file, is removed, emptied or replaced. A file that can be written
but not replaced (mounted into a container, or in a folder without write permission) is emptied and then filled.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from guard import bounded_io
from guard.core.errors import OutputError, UsageError
from guard.core.text import printable
from guard.report import Format, format_named
from guard.report.mark import LARGEST_REPORT, is_report

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAG = re.compile("--output|-q*o")  # short flags can be joined, the last one with its value
_FLAG_WITH_VALUE = re.compile("(?:--output=|-q*o)(.+)", re.DOTALL)
_STANDARD_INPUT = Path("/dev/stdin")
_STANDARD_OUTPUTS = (Path("/dev/stdout"), Path("/dev/stderr"))
_DESCRIPTORS = re.compile(r"/dev/fd|/proc/\d+(?:/task/\d+)?/fd")
_NOT_OURS = "the file there is not an audience-guard report and stays unchanged"
_MOST_LINKS = 40  # as many as Linux follows
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # Windows has no such flag, and no FIFOs


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A requested report: its format and its file; without a path it goes to standard output."""

    format: Format
    path: Path | None = None


def parse_outputs(texts: Sequence[str]) -> tuple[Output, ...]:
    """Return the outputs for the values of ``--output``, as ``with_text_on_stdout`` does.

    Raise ``UsageError`` for an unknown format and an empty path too.
    """
    return with_text_on_stdout([_parse(text) for text in texts])


def with_text_on_stdout(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """Return the outputs in their order; if none takes standard output, the text report does, after the others.

    Raise ``UsageError`` for two outputs to standard output, and two to one file, however it is spelled.
    """
    on_stdout = sum(output.path is None for output in outputs)
    if on_stdout > 1:
        raise UsageError(
            "two --output without a path, but standard output takes one report",
            hint="give all but one a path, as in --output json=report.json",
        )
    paths = [output.path for output in outputs if output.path is not None]
    for position, path in enumerate(paths):
        if any(_is_same(path, earlier) for earlier in paths[:position]):
            raise UsageError(f"two reports to one file: {_shown(path)}", hint="give each report a path of its own")
    return tuple(outputs) if on_stdout else (*outputs, Output(format=Format.TEXT))


def prepare(outputs: Sequence[Output], protected: Sequence[Path]) -> None:
    """Check that every report can be written, and remove the reports of earlier runs.

    So an unwritable path is found before the counting, and yesterday's pass cannot be read as today's. A device, a FIFO
    or an open descriptor such as ``/dev/stdout`` is not touched. Raise ``UsageError`` for the first unusable path: a
    file that is not a report, one of the ``protected`` files, the file that is standard input. The other paths are
    prepared anyway.
    """
    inputs = [*protected, *([_STANDARD_INPUT] if _STANDARD_INPUT.is_file() else [])]
    refusals = [_make_ready(output.path, inputs) for output in outputs if output.path is not None]
    for refusal in refusals:
        if refusal is not None:
            raise refusal


def discard(arguments: Sequence[str]) -> None:
    """Remove earlier reports at every valid ``--output`` of a command line with another error.

    Other files that the command line names are not touched.
    """
    named = [Path(each) for each in arguments if not each.startswith("-")]
    for before, text in pairwise(["", *arguments]):
        joined = _FLAG_WITH_VALUE.fullmatch(text)
        value = text if _FLAG.fullmatch(before) else joined[1] if joined else ""
        with suppress(UsageError):
            prepare([_parse(value)], [each for each in named if str(each) != value] + [Path("rules.yaml")])


def write(path: Path, text: str) -> None:
    """Write the report as UTF-8: the whole file or none of it, whatever goes wrong.

    A symbolic link stays, and its target is replaced, or filled if ``prepare`` could only empty it. A device, a FIFO or
    an open descriptor is written directly; a FIFO without a reader is an error, not a wait. Raise ``OutputError``, also
    if the file has become something else than a report.
    """
    data = text.encode()
    try:
        if _is_written_directly(path):
            bounded_io.within(bounded_io.SECONDS_TO_WRITE, lambda: _write_directly(path, data))
        elif not _is_replaceable(target := _target(path)):
            raise OutputError(
                f"cannot write the report to {_shown(path)}: {_NOT_OURS}", hint="give the report another path"
            )
        else:
            _replace(target, data)
    except TimeoutError:
        raise OutputError(
            f"nobody read the report from {_shown(path)} within {bounded_io.SECONDS_TO_WRITE:g} s",
            hint="start the program that reads it, or write the report to a file",
        ) from None
    except OSError as error:
        raise OutputError(
            f"cannot write the report to {_shown(path)}: {_cause(error)}",
            hint="check that its folder exists, is writable and has free space, then run again",
        ) from error


def take_back(paths: Sequence[Path]) -> None:
    """Remove reports, so that an interrupted run leaves none that looks like a result."""
    for path in paths:
        with suppress(OSError):
            if not _is_written_directly(path) and _is_replaceable(target := _target(path)):
                _clear(target)


def _parse(text: str) -> Output:
    word, equals, path = text.partition("=")
    format = format_named(word)  # noqa: A001 - as in --output FORMAT
    if equals and not path:
        raise UsageError(
            f"--output {word}= names no file",
            hint=f"write --output {word}=PATH, or --output {word} for standard output",
        )
    return Output(format=format, path=Path(path) if equals else None)


def _make_ready(path: Path, inputs: Sequence[Path]) -> UsageError | None:
    """Remove or empty an earlier report at the path, or return why a report cannot be written there."""
    shown = _shown(path)
    left = "; the report of an earlier run may still exist"  # until the file was read
    try:
        target = _target(path)
        if refusal := _refusal(path, target, inputs):
            return refusal
        if _is_written_directly(path):
            writable = os.access(path, os.W_OK)
            return None if writable else UsageError(f"cannot write a report to {shown}", hint="give it another path")
        if not _is_replaceable(target):
            return UsageError(
                f"cannot write a report to {shown}: {_NOT_OURS}",
                hint="give the report another path, or remove that file yourself if it is not needed",
            )
        left = "; the report of an earlier run still exists"
        _clear(target)
    except OSError as error:
        left = left if _may_be_there(path) else ""
        return UsageError(
            f"cannot write a report to {shown}: {_cause(error)}{left}",
            hint=f"give it a path in a writable folder{', and remove the old report' if left else ''}",
        )
    return None


def _refusal(path: Path, target: Path, inputs: Sequence[Path]) -> UsageError | None:
    """Return why the path cannot take a report: a folder, a file that this run reads, or its own output."""
    shown = f"cannot write a report to {_shown(path)}"
    if target.is_dir():
        return UsageError(f"{shown}: it is a folder", hint="name a file inside it")
    if any(_is_same(target, each) for each in inputs):
        return UsageError(f"{shown}: this run reads that file", hint="give the report another path")
    if _is_written_directly(path):
        return None
    if any(each.is_file() and _is_same(target, each) for each in _STANDARD_OUTPUTS):
        return UsageError(
            f"{shown}: standard output or standard error goes to that file", hint="give the report another path"
        )
    if not target.parent.is_dir():
        return UsageError(f"{shown}: its folder does not exist", hint=f"create {_shown(target.parent)}")
    return None


def _may_be_there(path: Path) -> bool:
    """Whether there may be a file: true also if that is unknown, as in a folder without search permission."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _is_replaceable(target: Path) -> bool:
    """Whether there is no file, an empty one, or a report of ours; raise OSError if that is unknown."""
    try:
        with target.open("rb") as file:
            data = file.read(LARGEST_REPORT + 1)
    except FileNotFoundError:
        return True
    return not data or (len(data) <= LARGEST_REPORT and is_report(data))


def _clear(target: Path) -> None:
    """Remove the file and check that one can be created there; if not, empty it.

    It creates a file to find out: permissions do not show a read-only or full disk.
    """
    try:
        trial = _temporary(target.parent)
        try:
            trial.touch(exist_ok=False)
        finally:
            trial.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    except OSError:
        if not target.exists():
            raise
        _empty(target)


def _empty(target: Path) -> None:
    os.truncate(target, 0)


def _replace(target: Path, data: bytes) -> None:
    temporary = _temporary(target.parent)
    try:
        with temporary.open("xb") as file:
            _write_out(file, data)
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and target.exists() and not target.stat().st_size:
            _fill(target, data)
            return
        raise


def _fill(target: Path, data: bytes) -> None:
    """Write into an emptied file, and empty it again on an error."""
    try:
        with target.open("r+b") as file:
            _write_out(file, data)
    except BaseException:
        with suppress(OSError):
            _empty(target)
        raise


def _write_out(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())  # a full disk or a lost share may show only here


def _write_directly(path: Path, data: bytes) -> None:
    # Append, because standard output may be a file with earlier output of this run. Do not block, because a FIFO
    # would wait for a reader.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | _AT_ONCE)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        if _AT_ONCE:
            os.set_blocking(descriptor, True)
        file.write(data)


def _is_written_directly(path: Path) -> bool:
    """Whether the path is a device, a FIFO or an open descriptor, which a new file cannot replace."""
    return _is_descriptor(path) or (path.exists() and not path.is_file())


def _is_descriptor(path: Path) -> bool:
    """Whether the path leads to an open descriptor such as ``/dev/stdout``, through any links."""
    for _ in range(_MOST_LINKS):
        folder = Path(os.path.realpath(path.parent))
        if _DESCRIPTORS.fullmatch(str(folder)):
            return True
        here = folder / path.name
        if not here.is_symlink():
            return False
        path = folder / here.readlink()
    return False


def _is_same(one: Path, other: Path) -> bool:
    """Whether both name one file, by any spelling or link, even if it does not exist yet."""
    if os.path.normcase(_target(one)) == os.path.normcase(_target(other)):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _target(path: Path) -> Path:
    """Return the path with every symbolic link followed."""
    return Path(os.path.realpath(path))


def _temporary(folder: Path) -> Path:
    return folder / f".audience-guard-{secrets.token_hex(8)}.tmp"


def _shown(path: Path) -> str:
    return printable(str(path))


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__
