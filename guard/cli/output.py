"""What the command writes: reports to files and stdout, everything else to stderr; none of it changes the verdict.

Everything that is written passes ``outgoing``: it takes out secrets, and what a CI system would obey.
"""

from __future__ import annotations

import io
import os
import re
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from guard import bounded_io
from guard.cli.signals import InterruptedBySignal
from guard.core.errors import ExitCode, GuardError, OutputError, RulesError, UsageError
from guard.core.text import harmless, plural, printable
from guard.security.keyring import scrubbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.results import Report
    from guard.report import Format
    from guard.report.outputs import Output
    from guard.report.screen import Screen

_NARROWEST = 20
_AT_ONCE = 65_536
_COMMAND = re.compile(r"(^|[\r\n])([^\S\r\n]*):(?=:)")


def prepare_streams() -> None:
    """Make sure that no character can make a write fail: what the encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def outgoing(text: str, *, commands: bool = False) -> str:
    """Return the text as it may leave the program: without secrets, and without a command to a CI system.

    GitHub obeys a line that begins with ``::``, which becomes ``: :`` unless the text is made of such ``commands``.
    """
    text = harmless(scrubbed(text))
    return text if commands or "::" not in text else _COMMAND.sub(r"\1\2: ", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a run exits with once its report was written, and why parts of it were not."""

    exit_code: ExitCode
    failures: tuple[OutputError, ...] = ()


def deliver(report: Report, outputs: Sequence[Output], color: str) -> Delivery:
    """Write the report to every output, and say which could not be written.

    The exit code is the report's own; but where an output is missing, only an established failure outranks that.
    """
    from guard.report import Format  # noqa: PLC0415 - not needed to print help
    from guard.report.mark import signed  # noqa: PLC0415 - see above
    from guard.report.outputs import take_back, write  # noqa: PLC0415 - see above

    failures, written = [], []
    try:
        for output in outputs:
            try:
                if output.path is None:
                    text = rendered(report, output.format, screen_for(sys.stdout, color))
                    print_report(text, commands=output.format is Format.GITHUB)
                else:
                    written.append(output.path)
                    write(output.path, signed(scrubbed(rendered(report, output.format))))
            except OutputError as error:
                failures.append(error)
    except KeyboardInterrupt:
        take_back(written)
        raise
    if not failures:
        return Delivery(exit_code=report.exit_code)
    code = ExitCode.FAILED if report.exit_code is ExitCode.FAILED else ExitCode.UNKNOWN
    for failure in failures:
        say_error(failure)
    say(f"audience-guard: not every report was written, so this run exits with {int(code)}")
    return Delivery(exit_code=code, failures=tuple(failures))


def rendered(report: Report, format: Format, screen: Screen | None = None) -> str:  # noqa: A002 - as in --output FORMAT
    """Return the report in the format, with the path of the rules as the reader of that format takes it."""
    from guard.report import Format, render  # noqa: PLC0415 - not needed to print help

    if format is Format.GITHUB:
        from guard.cli.workspace import in_workspace  # noqa: PLC0415 - only GitHub's annotations need it

        report = replace(report, rules_path=in_workspace(report.rules_path, os.environ))
    return render(report, format, screen)


def print_report(text: str, *, commands: bool = False) -> None:
    """Write to stdout; a reader who went away (``| head -1``) is no failure.

    ``commands`` is for a text whose lines a CI system is to obey. Raises ``OutputError`` when stdout cannot be written
    for any other reason, such as a full disk, a pipe that nobody reads, or a stdout that was closed from the start.
    """
    if sys.stdout is None:  # as after ``>&-``
        raise OutputError(
            "the report could not be written to stdout: it is closed",
            hint="let stdout go to a terminal, a file, a pipe or /dev/null",
        )
    try:
        _write(sys.stdout, outgoing(text, commands=commands))
    except BrokenPipeError:
        _silence(sys.stdout)
    except TimeoutError:
        _silence(sys.stdout)
        raise OutputError(
            f"nobody read the report from stdout within {_seconds_to_write():g} s",
            hint="have stdout read, or write the report to a file",
        ) from None
    except OSError as error:
        _silence(sys.stdout)
        raise OutputError(
            f"the report could not be written to stdout: {error.strerror}", hint="make room, or write it elsewhere"
        ) from error


def say(text: str) -> None:
    """Write a line to stderr; when even that cannot be done, go on."""
    show(f"{text}\n")


def show(text: str) -> None:
    """Write to stderr as it is, such as a part of a line; when even that cannot be done, go on."""
    if sys.stderr is None:
        return
    try:
        _write(sys.stderr, outgoing(text))
    except OSError:
        _silence(sys.stderr)


def say_error(error: BaseException) -> None:
    """Say what went wrong and what to do about it."""
    say("\n".join(error_lines(error)))


def error_lines(error: BaseException) -> list[str]:
    """Return what to tell of an error and what to do about it; the problems of a file have a line each."""
    if isinstance(error, InterruptedBySignal):
        return [f"audience-guard: stopped by {error} before it finished"]
    if not isinstance(error, GuardError):
        return [f"audience-guard: sorry, it crashed ({type(error).__name__}); no verdict was reached"]
    if isinstance(error, RulesError):
        found = plural(len(error.problems), "problem")
        path = printable(error.path)
        lines = [*map(printable, error.lines()), f"audience-guard: {found} in {path}; nothing was sent"]
    else:
        lines = [f"audience-guard: {printable(error.message)}"]
    return [*lines, f"  hint: {printable(error.hint)}"] if error.hint else lines


def exit_code_of(error: BaseException) -> int:
    """Return what a run that this error ended exits with; a bug is unknown, never Python's own 1."""
    return error.exit_code if isinstance(error, (GuardError, InterruptedBySignal)) else ExitCode.UNKNOWN


def read_input(what: str, most: int, seconds: float | None = None) -> bytes:
    """Return what comes on stdin until its end, but no more than a byte over ``most``.

    Raises ``UsageError`` when it cannot be read, or has not ended after so many seconds (60 where none are given).
    """
    stdin = sys.stdin
    if stdin is None:
        return b""
    limit = bounded_io.SECONDS_TO_READ if seconds is None else seconds
    if stdin.isatty():
        say(f"audience-guard: type or paste {what}, and end with Ctrl+D; the time for it is {limit:g} s")
    try:
        return bounded_io.within(limit, lambda: _read(stdin, most + 1))
    except TimeoutError:
        raise UsageError(
            f"{what} did not come: standard input had no end within {limit:g} s",
            hint="see that what writes to it comes to an end, or give the path of a file",
        ) from None
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {error.strerror}", hint="give a file instead") from error


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sees the stream on a terminal that can move its cursor."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def screen_for(stream: TextIO | None, color: str) -> Screen | None:
    """Return how to draw on the stream, or None for plain lines without colour.

    ``color`` is ``auto``, ``always`` or ``never``; ``auto`` asks NO_COLOR (https://no-color.org), then FORCE_COLOR,
    then whether the stream is a terminal.
    """
    terminal = is_terminal(stream)
    colored = _wants_color(color, terminal=terminal)
    if not terminal and not colored:
        return None
    import shutil  # noqa: PLC0415 - most runs in CI draw nothing

    from guard.report.screen import Screen  # noqa: PLC0415 - see above

    return Screen(
        width=max(shutil.get_terminal_size().columns, _NARROWEST) if terminal else None,
        color=colored,
        unicode=is_unicode(stream),
    )


def is_unicode(stream: TextIO | None) -> bool:
    """Whether the encoding of the stream has every character."""
    return (getattr(stream, "encoding", None) or "ascii").lower().startswith("utf")


def _wants_color(color: str, *, terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or terminal


def _read(stream: TextIO, most: int) -> bytes:
    """Read from the descriptor, where there is one: the stream's own lock would be held while nothing comes."""
    descriptor = _descriptor(stream)
    if descriptor is None:
        return stream.buffer.read(most)
    parts, left = [], most
    while left > 0 and (part := os.read(descriptor, min(left, _AT_ONCE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write(stream: TextIO, text: str) -> None:
    """Write all of the text; raises ``TimeoutError`` when nobody takes it, and ``OSError``."""
    descriptor = _descriptor(stream)
    if descriptor is None or os.name == "nt":  # a console of Windows takes no bytes
        stream.write(text)
        stream.flush()
        return
    stream.flush()
    left = memoryview(text.encode(stream.encoding, stream.errors or "strict"))

    def write_all() -> None:
        nonlocal left
        while left:
            left = left[os.write(descriptor, left[:_AT_ONCE]) :]

    bounded_io.within(_seconds_to_write(), write_all)


def _seconds_to_write() -> float:
    return bounded_io.SECONDS_WITH_A_PERSON if is_terminal(sys.stderr) else bounded_io.SECONDS_TO_WRITE


def _descriptor(stream: TextIO) -> int | None:
    """Return the descriptor of the stream; None for one in memory."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def _silence(stream: TextIO) -> None:
    """Point the stream nowhere, so that the interpreter's last flush does not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
