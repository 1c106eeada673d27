"""Where reports go, ``--output FORMAT[=PATH]``: made sure of before the counting, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from guard import patience
from guard.errors import OutputError, UsageError
from guard.report import Format
from guard.words import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPEN_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # Windows has none, and no FIFO in its file system to wait for


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A report asked for: in which format, and into which file; without a path it goes to standard output."""

    format: Format
    path: Path | None = None


def parse_outputs(texts: Sequence[str]) -> tuple[Output, ...]:
    """Return the outputs that the values of ``--output`` ask for, in their order.

    Where none of them takes standard output, the text report does, after the others. Raises ``UsageError`` for an
    unknown format, an empty path, two outputs on standard output, and two into one file, however it is spelled.
    """
    outputs = [_parse(text) for text in texts]
    on_stdout = sum(output.path is None for output in outputs)
    if on_stdout > 1:
        raise UsageError(
            "two --output without a path, but standard output takes one report",
            hint="give all but one a path, as in --output json=report.json",
        )
    paths = [output.path for output in outputs if output.path is not None]
    for position, path in enumerate(paths):
        if any(_is_same(path, earlier) for earlier in paths[:position]):
            raise UsageError(f"two --output to one file: {_shown(path)}", hint="give each report a path of its own")
    return tuple(outputs) if on_stdout else (*outputs, Output(format=Format.TEXT))


def prepare(outputs: Sequence[Output], protected: Sequence[Path]) -> None:
    """Make sure that every report can be written, and remove what an earlier run wrote in its place.

    So an unwritable path is found before anything is counted, and yesterday's pass cannot be read as today's. A device,
    a FIFO or an open descriptor such as ``/dev/stdout`` is left alone. Raises ``UsageError`` for the first path that
    will not do, such as one of the ``protected`` files; the others are made ready all the same.
    """
    refusals = [_make_ready(output.path, protected) for output in outputs if output.path is not None]
    for refusal in refusals:
        if refusal is not None:
            raise refusal


def discard(arguments: Sequence[str]) -> None:
    """Remove earlier reports at every sound ``--output`` of a command line that is wrong elsewhere.

    Nothing that the command line names in any other way is touched.
    """
    named = [Path(each) for each in arguments if not each.startswith("-")]
    for before, text in pairwise(["", *arguments]):
        value = text.removeprefix("--output=") if text.startswith("--output=") else text if before == "--output" else ""
        with suppress(UsageError):
            prepare([_parse(value)], [each for each in named if str(each) != value] + [Path("rules.yaml")])


def write(path: Path, text: str) -> None:
    """Write the report as UTF-8: the whole file or none of it, whatever goes wrong on the way.

    A symbolic link keeps pointing, and its target is replaced. A device, a FIFO or an open descriptor is written
    directly; a FIFO that nobody reads is an error, not a wait. Raises ``OutputError``.
    """
    try:
        if _is_written_directly(path):
            patience.within(patience.SECONDS_TO_WRITE, lambda: _write_directly(path, text))
        else:
            _replace(_target(path), text)
    except TimeoutError:
        raise OutputError(
            f"nobody read the report from {_shown(path)} within {patience.SECONDS_TO_WRITE:g} s",
            hint="have it read, or write the report to a file",
        ) from None
    except OSError as error:
        raise OutputError(
            f"cannot write the report to {_shown(path)}: {_cause(error)}",
            hint="see that its folder is there, may be written to and has space, then run again",
        ) from error


def take_back(paths: Sequence[Path]) -> None:
    """Remove reports again, so that an interrupted run leaves none that could be taken for a result."""
    for path in paths:
        if not _is_written_directly(path):
            with suppress(OSError):
                _target(path).unlink(missing_ok=True)


def _parse(text: str) -> Output:
    word, equals, path = text.partition("=")
    if word not in set(Format):
        raise UsageError(
            f'--output knows no format "{printable(word)}"{did_you_mean(word, list(Format))}',
            hint=f"the formats are: {', '.join(Format)}",
        )
    if equals and not path:
        raise UsageError(
            f"--output {word}= names no file",
            hint=f"write --output {word}=PATH, or --output {word} for standard output",
        )
    return Output(format=Format(word), path=Path(path) if equals else None)


def _make_ready(path: Path, protected: Sequence[Path]) -> UsageError | None:
    """Remove an earlier report at the path, or return why no report can be written there."""
    shown = _shown(path)
    try:
        target = _target(path)
        if target.is_dir():
            return UsageError(f"cannot write a report to {shown}: it is a folder", hint="name a file inside it")
        if any(_is_same(target, each) for each in protected):
            return UsageError(
                f"cannot write a report to {shown}: this run reads that file", hint="give the report another path"
            )
        if _is_written_directly(path):
            writable = os.access(path, os.W_OK)
            return None if writable else UsageError(f"cannot write a report to {shown}", hint="give it another path")
        if not target.parent.is_dir():
            return UsageError(
                f"cannot write a report to {shown}: its folder is not there", hint=f"create {_shown(target.parent)}"
            )
        _try_out(target.parent)
        target.unlink(missing_ok=True)
    except OSError as error:
        return UsageError(
            f"cannot write a report to {shown}: {_cause(error)}",
            hint="give it a path in a folder that may be written to",
        )
    return None


def _try_out(folder: Path) -> None:
    """Create a file in the folder and remove it: permissions alone do not tell of a read-only or full disk."""
    trial = _temporary(folder)
    try:
        trial.touch(exist_ok=False)
    finally:
        trial.unlink(missing_ok=True)


def _replace(target: Path, text: str) -> None:
    temporary = _temporary(target.parent)
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a full disk or a lost share may show only here
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _write_directly(path: Path, text: str) -> None:
    # Appending, because standard output may be a file that already holds something of this run. Not waiting, because
    # a FIFO would be waited for until somebody reads it.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | _AT_ONCE)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a descriptor, not a path
        if _AT_ONCE:
            os.set_blocking(descriptor, True)
        file.write(text)


def _is_written_directly(path: Path) -> bool:
    """Whether the path names a device, a FIFO or an open descriptor: nothing that could be replaced by a new file."""
    return str(path.absolute()).startswith(_OPEN_DESCRIPTORS) or (path.exists() and not path.is_file())


def _is_same(one: Path, other: Path) -> bool:
    """Whether both name one file, by any spelling or link, also when it does not exist yet."""
    if os.path.normcase(_target(one)) == os.path.normcase(_target(other)):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _target(path: Path) -> Path:
    """Return the file itself, with every symbolic link on the way followed."""
    return Path(os.path.realpath(path))


def _temporary(folder: Path) -> Path:
    return folder / f".audience-guard-{secrets.token_hex(8)}.tmp"


def _shown(path: Path) -> str:
    return printable(str(path))


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__
