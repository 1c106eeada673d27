"""The lists of ``segments`` and ``counts`` as JSON and CSV, with the same keys."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from guard.core.model import Channel
from guard.core.results import SegmentReadings, Unavailable
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from guard.blueshift.answers import Listed

SCHEMA_VERSION = 1
"""The version of the JSON lists; it changes only when a key is removed or changes its meaning."""
LISTED_CHANNELS = [channel for channel in Channel if channel.facts.is_listed]
SEGMENT = ("uuid", "name", "archived", *(channel.value for channel in LISTED_CHANNELS), "counted_at")
COUNT = ("uuid", "channel", "bypass_global", "count", "counted_at", "age_seconds", "proof", "reason", "detail")
"""The JSON keys and CSV columns of a segment and of a count; the first column never holds foreign text."""
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001 - for spreadsheets, the wide ones begin a formula too


class ListFormat(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class _ListFormatType(click.Choice[str]):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the format; ``FORMAT=PATH``, as for ``check``, is a usage error."""
        name, equals, path = str(value).partition("=")
        if equals and name in self.choices:
            self.fail(f"a list goes to standard output: write --output {name} > {path or 'FILE'}", param, ctx)
        return super().convert(value, param, ctx)


list_flag = click.option(
    "-o",
    "--output",
    type=_ListFormatType([each.value for each in ListFormat]),
    default=ListFormat.TEXT.value,
    metavar="FORMAT",
    help=f"Print the list as {' or '.join(ListFormat)}.  [default: text]",
)


def render_list(output: str, host: str, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows under ``name`` as JSON, or as CSV with a line of column names."""
    if output == ListFormat.JSON:
        from guard.report.json_report import as_json  # noqa: PLC0415 - not needed to print help

        tool = {"name": "audience-guard", "version": __version__}
        return as_json({"schema_version": SCHEMA_VERSION, "tool": tool, "host": host, name: list(rows)})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def segment_rows(found: Iterable[tuple[Listed, bool]]) -> Iterable[dict[str, Any]]:
    """Yield each listed segment, and whether it is archived; missing values are None."""
    for each, archived in found:
        counts = map(each.shown, LISTED_CHANNELS)
        values = (each.uuid, each.name, archived, *map(people, counts), _moment(each.approxusers_updated_at))
        yield dict(zip(SEGMENT, values, strict=True))


def count_rows(readings: Mapping[str, SegmentReadings], *, bypass_global: bool) -> Iterable[dict[str, Any]]:
    """Yield each channel of each segment: its proven count, or why there is none."""
    for uuid, own in readings.items():
        for channel, reading in own.channels.items():
            found: tuple[object, ...]
            if isinstance(reading, Unavailable):
                found = (None, None, None, None, reading.reason.value, reading.detail)
            else:
                found = (reading.value, _timestamp(reading.counted_at), reading.age_seconds, "refreshed", None, None)
            yield dict(zip(COUNT, (uuid, channel.value, bypass_global, *found), strict=True))


def _cell(value: object) -> object:
    """Return a value for a cell; a text is never a formula for spreadsheets or a command for CI systems."""
    from guard.report.wording import safe  # noqa: PLC0415 - not needed to print help

    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = safe(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def people(value: object) -> int | None:
    """Return a listed count, or None if it is not one."""
    from guard.blueshift.answers import whole_count  # noqa: PLC0415 - not needed to print help

    try:
        return whole_count(value)
    except ValueError:
        return None


def _moment(stamp: object) -> str | None:
    from guard.blueshift.answers import parse_stamp  # noqa: PLC0415 - not needed to print help

    try:
        counted_at = parse_stamp(stamp)
    except ValueError:
        return None
    return None if counted_at is None else _timestamp(counted_at)


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
