"""The files that ``history import`` reads: saved JSON reports, CSV files, and folders of both."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from guard.core.errors import Problem, UsageError
from guard.core.history import Series
from guard.core.model import LARGEST_COUNT, Channel
from guard.core.text import UUID, did_you_mean, printable, shortened
from guard.history.run_record import ReadingRecord, RunRecord, host_of, record_of
from guard.report.json_report.read import read_report
from guard.report.mark import LARGEST_REPORT
from guard.security.keyring import irregular, is_file
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

COLUMNS = ("uuid", "channel", "day", "count")
"""The columns that a CSV file must have."""
EXPORTED = (*COLUMNS, "bypass_global", "host", "segment", "run", "run_id", "source", "counted_at", "reason", "verdict")
"""The columns of ``history export``; ``history import`` heeds the first six of them and passes over the others."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNT = re.compile(r"\d{1,16}", re.ASCII)
_LARGEST_CSV = 100 * 2**20  # bytes
_MOST_PROBLEMS = 20
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(slots=True, kw_only=True)
class Found:
    """The runs in some files, and a line for each problem: ``FILE:LINE: what is wrong``."""

    runs: list[RunRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    files: int = 0


def read_files(paths: Sequence[Path], host: Callable[[], str], today: date) -> Found:
    """Return the runs in the files and in all ``.json`` and ``.csv`` files of the folders, the oldest first.

    A file with a problem gives no run. ``host`` returns the host of the account, for CSV files that name none; its
    ``UsageError`` is raised.
    """
    found = Found()
    for path in _files(paths, found.problems):
        found.files += 1
        is_csv = path.suffix.lower() == ".csv"
        of_account = host() if is_csv else ""
        try:
            data = _read(path)
            run = _of_csv(data, path, of_account, today, found.problems) if is_csv else _of_report(data, path, today)
        except UsageError as error:
            found.problems.append(printable(error.message))
        else:
            found.runs += [run] if run else []
    found.runs.sort(key=lambda run: run.finished_at)
    return found


def _files(paths: Iterable[Path], problems: list[str]) -> Iterator[Path]:
    def unread(error: OSError) -> None:
        problems.append(printable(f"{error.filename}:1: it cannot be read: {error.strerror}"))

    for path in paths:
        try:
            kind = path.stat().st_mode
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its name is not valid"
            missing = isinstance(error, FileNotFoundError)
            what = f"there is no such file or folder{_near(path)}" if missing else f"it cannot be read: {why}"
            problems.append(printable(f"{path}: {what}"))
            continue
        if not stat.S_ISDIR(kind):
            yield path
            continue
        inside = (Path(folder, name) for folder, _, names in os.walk(path, onerror=unread) for name in names)
        wanted = (each for each in inside if each.suffix.lower() in {".json", ".csv"} and is_file(str(each)))
        yield from sorted(each for each in wanted if not _is_hidden(each.relative_to(path)))


def _near(path: Path) -> str:
    try:
        return did_you_mean(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return ""


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(path: Path) -> bytes:
    if found := irregular(str(path)):
        raise UsageError(f"{path}:1: it is {found}, not a file")
    most = _LARGEST_CSV if path.suffix.lower() == ".csv" else LARGEST_REPORT
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}:1: it cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise UsageError(f"{path}:1: it is too large")
    return data


def _of_report(data: bytes, path: Path, today: date) -> RunRecord:
    try:
        report = read_report(data, f"{path}:1:").report
    except UsageError as error:
        csv = "" if path.suffix.lower() == ".json" else "; the name of a CSV file ends in .csv"
        raise UsageError(error.message.replace(":1: is not", ":1: it is not", 1) + csv) from error
    if report.run_id is not None and not re.fullmatch(UUID, report.run_id):
        raise UsageError(f"{path}:1: its run_id is not a uuid")
    if report.finished_at.date() > today + timedelta(days=1):  # clocks differ
        raise UsageError(f"{path}:1: its run ended on {report.finished_at.date()}, which is in the future")
    return record_of(report, run_id=(report.run_id or hashlib.sha256(data).hexdigest()).lower(), source="report")


def _of_csv(data: bytes, path: Path, host: str, today: date, problems: list[str]) -> RunRecord | None:
    table = _Table(data, host, today)
    readings = table.readings()
    told = [f"{path}:{each.line}: {each.what}" for each in table.problems]
    problems += [printable(each) for each in told[:_MOST_PROBLEMS]]
    if len(told) > _MOST_PROBLEMS:
        problems.append(printable(f"{path}: and {len(told) - _MOST_PROBLEMS} more lines like these"))
    if told:
        return None
    days = [date.fromisoformat(each.day) for each in readings if each.day]
    return RunRecord(
        id=hashlib.sha256(data).hexdigest(),
        source="csv",
        started_at=_midnight(min(days, default=today)),
        finished_at=_midnight(max(days, default=today)),
        host=", ".join(sorted({each.series.host for each in readings})) or host,
        tool_version=__version__,
        readings=tuple(readings),
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class _Table:
    """The lines of a CSV file, checked one by one."""

    def __init__(self, data: bytes, host: str, today: date) -> None:
        self._data, self._host, self._today = data, host, today
        self._line = 1
        self.problems: list[Problem] = []

    def readings(self) -> list[ReadingRecord]:
        """Return a reading for each line with a count; of an export, the last count of each day."""
        try:
            found = list(self._rows(self._data.decode("utf-8-sig")).values())
        except UnicodeDecodeError as error:
            self._wrong(self._data[: error.start].count(b"\n") + 1, "it is not valid UTF-8")
        except csv.Error as error:
            self._wrong(self._line, f"it is not valid CSV: {error}")
        else:
            if not found and not self.problems:
                self._wrong(1, "it has no line with a count")
            return found
        return []

    def _rows(self, text: str) -> dict[tuple[Series, str], ReadingRecord]:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns = [each.strip().lower() for each in next(lines, [])]
        if not self._has_columns(columns):
            return {}
        found: dict[tuple[Series, str], ReadingRecord] = {}
        recorded: set[tuple[Series, str]] = set()
        is_export = "run" in columns
        self._line = lines.line_num + 1  # where a row begins: quoted cells may hold line breaks
        for cells in lines:
            line, self._line = self._line, lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                self._wrong(line, f"it has {len(cells)} cells, but the first line has {len(columns)}")
                continue
            row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
            reading = None if is_export and not row["count"] else self._reading(line, row)
            if reading is None:
                continue
            which = (reading.series, reading.day or "")
            if which in found and not is_export:
                self._wrong(line, "this uuid, channel and day stand in an earlier line too")
            is_imported = row.get("source", "csv") == "csv"
            if not (is_imported and which in recorded):  # a recorded day wins over an imported one
                found[which] = reading
            if not is_imported:
                recorded.add(which)
        return found

    def _has_columns(self, columns: list[str]) -> bool:
        missing = [name for name in COLUMNS if name not in columns]
        unknown = [name for name in columns if name not in EXPORTED]
        if missing or len(set(columns)) < len(columns):
            found = next((name for mark, name in _SEPARATORS.items() if mark in "".join(columns)), None)
            wrong = f", with commas and not {found}" if found else ""
            self._wrong(1, f"the first line must be {','.join(COLUMNS)}{wrong}")
        elif unknown:
            shown = shortened(unknown[0])
            self._wrong(1, f'there is no column "{shown}"{did_you_mean(unknown[0], list(EXPORTED))}')
        return not self.problems

    def _reading(self, line: int, row: dict[str, str]) -> ReadingRecord | None:
        before = len(self.problems)
        if not re.fullmatch(UUID, row["uuid"]):
            self._wrong(line, f'"{shortened(row["uuid"])}" is not a uuid; audience-guard segments lists them')
        if row["channel"] not in set(Channel):
            near = did_you_mean(row["channel"], list(Channel))
            self._wrong(line, f'there is no channel "{shortened(row["channel"])}"{near}')
        self._check_day(line, row["day"])
        if not _COUNT.fullmatch(row["count"]) or int(row["count"]) > LARGEST_COUNT:
            self._wrong(line, f'"{shortened(row["count"])}" is not a number of people; write plain digits')
        if row.get("bypass_global", "false") not in {"true", "false"}:
            self._wrong(line, "bypass_global must be true or false")
        if len(self.problems) > before:
            return None
        series = Series(
            host=host_of(row["host"]) if row.get("host") else self._host,
            uuid=row["uuid"].lower(),
            channel=row["channel"],
            bypass_global=row.get("bypass_global") == "true",
        )
        return ReadingRecord(series=series, count=int(row["count"]), day=row["day"])

    def _check_day(self, line: int, text: str) -> None:
        try:
            day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            self._wrong(line, f'"{shortened(text)}" is not a day such as 2026-11-23')
        elif day > self._today + timedelta(days=1):  # it may be tomorrow already elsewhere
            self._wrong(line, f"{text} is in the future")

    def _wrong(self, line: int, what: str) -> None:
        self.problems.append(Problem(line=line, column=1, where="", what=what))
