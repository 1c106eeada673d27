"""The store's tables, and the checksums that show a damaged row.

Runs are numbered without gaps, and the one row of ``audience_guard_store`` holds the last number. The readings of a
series are numbered without gaps too, and ``audience_guard_series`` holds the last. A run says how many readings it has.
So a row that is lost, torn or changed is noticed. Nothing here stops a person who can write to the store.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
"""The version of these tables. A later one adds to them; ``history init`` then brings a store to it."""

METADATA = MetaData()


def _number(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _series() -> list[Column[Any]]:
    """Return the columns that say which series a row is of; ``uuid`` is empty if a segment's name led to none."""
    texts = [Column(name, Text, primary_key=True) for name in ("host", "uuid", "channel")]
    return [*texts, Column("bypass_global", Boolean, primary_key=True)]


STORE = Table(
    "audience_guard_store",
    METADATA,
    _number("id"),
    Column("version", Integer, nullable=False),
    Column("last_run", Integer, nullable=False),
    Column("checksum", Text, nullable=False),
)

RUNS = Table(
    "audience_guard_runs",
    METADATA,
    _number("number"),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),  # check, report or csv
    Column("started_at", Text, nullable=False),  # moments are texts in UTC: SQLite has no time zones
    Column("finished_at", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("verdict", Text),
    Column("exit_code", Integer),
    Column("rules_sha256", Text),
    Column("by_change", Boolean, nullable=False),  # whether a count was compared with the past; it stays when pruned
    Column("tool_version", Text, nullable=False),
    Column("link", Text),  # to the CI job
    Column("first_at", Text),  # its oldest and its newest reading
    Column("last_at", Text),
    Column("readings", Integer, nullable=False),
    Column("pruned_at", Text),
    Column("checksum", Text, nullable=False),
)

READINGS = Table(
    "audience_guard_readings",
    METADATA,
    *_series(),
    _number("number"),
    Column("run", Integer, nullable=False, index=True),
    Column("segment", Text),  # its key in the rules, as JSON: PostgreSQL's texts hold no NUL
    Column("count", BigInteger),
    Column("users", BigInteger),
    Column("reason", Text),
    Column("counted_at", Text),
    Column("day", Text),  # of a line in a CSV file
    Column("verdict", Text),
    Column("checks", Text, nullable=False),  # JSON: a list of bound, limit, verdict
    Column("checksum", Text, nullable=False),
    sqlite_with_rowid=False,
)

SERIES = Table(
    "audience_guard_series",
    METADATA,
    *_series(),
    Column("last_reading", Integer, nullable=False),
    Column("checksum", Text, nullable=False),
    sqlite_with_rowid=False,
)


def checksum(values: Iterable[object]) -> str:
    """Return 16 hexadecimal digits for the values of a row: texts, whole numbers, truth values and None.

    ``ascii`` writes them alike on every Python: ``repr`` would not, since newer ones know more characters.
    """
    return hashlib.blake2b(ascii(tuple(values)).encode(), digest_size=8).hexdigest()
