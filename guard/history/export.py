"""The readings of a store as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from guard.history.files import EXPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows of readings, each with its run, as CSV with a line of column names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(EXPORTED)
    for row in rows:
        writer.writerow(_cell(name, row) for name in EXPORTED)
    return text.getvalue()


def _cell(name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if name == "day":
        value = value or (row["counted_at"] or row["finished_at"])[:10]
    elif name == "segment" and value is not None:
        value = json.loads(value)
    elif isinstance(value, bool):
        value = str(value).lower()
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(_FORMULAS) else shown  # spreadsheets would run it as a formula
