"""The errors of SQLite and PostgreSQL in our words: what is wrong with the store, and what to do."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from guard.core.errors import GuardError, HistoryError, UsageError
from guard.core.text import printable, shortened

_LONGEST_MESSAGE = 300


class _Told(NamedTuple):
    """What an error means; ``{why}`` is the database's own message. A UsageError will not go away by waiting."""

    error: type[GuardError]
    what: str
    hint: str


_NO_FILE = _Told(UsageError, "is not an SQLite file", "check the path; the file stays unchanged")
_CLOSED = _Told(UsageError, "cannot be opened: {why}", "check its permissions, and those of its folder")
_LOCKED = _Told(HistoryError, "is locked by another program", "run again when that has ended")
_DAMAGED = _Told(HistoryError, "is damaged: {why}", "put back a copy of it")
_OF_SQLITE = {
    sqlite3.SQLITE_NOTADB: _NO_FILE,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_AUTH: _CLOSED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _Told(HistoryError, "is read-only", "make the file and its folder writable"),
    sqlite3.SQLITE_FULL: _Told(HistoryError, "cannot grow: the disk is full", "make room"),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: _DAMAGED,
}
_OTHER_OF_SQLITE = _Told(HistoryError, "could not be used: {why}", "check the disk that it is on")

_REFUSED = _Told(UsageError, "cannot be opened: {why}", "check the address, the user and the password")
_BUSY = _Told(HistoryError, "is busy: {why}", "run again later")
_OF_POSTGRESQL = {  # https://www.postgresql.org/docs/current/errcodes-appendix.html
    "3D000": _REFUSED,
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "42501": _Told(UsageError, "does not let this user in: {why}", "grant the user the rights that it needs"),
    "55P03": _BUSY,
    "57014": _BUSY,
    "53100": _Told(HistoryError, "cannot grow: the server's disk is full", "make room"),
    "23505": _DAMAGED,
    "25006": _Told(HistoryError, "is read-only", "name the server that takes writes"),
}
_OTHER_OF_POSTGRESQL = _Told(HistoryError, "could not be used: {why}", "check that the server runs and can be reached")
_REFUSALS = ("does not exist", "authentication failed", "no password supplied", "pg_hba.conf", "not permitted")
"""Parts of messages about a connection, for which libpq gives no code; in another language they count as no answer."""


def explained(error: BaseException | None, shown: str) -> GuardError:
    """Return the error for what SQLite or psycopg raised; ``shown`` is the address of the store."""
    if isinstance(error, sqlite3.Error):
        told = _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _OTHER_OF_SQLITE)
    else:
        state = getattr(error, "sqlstate", None)
        refused = not state and any(each in str(error) for each in _REFUSALS)
        told = _REFUSED if refused else _OF_POSTGRESQL.get(state or "", _OTHER_OF_POSTGRESQL)
    why = shortened(printable((str(error).strip().splitlines() or [""])[0]), _LONGEST_MESSAGE)
    return told.error(f"the history store {shown} {told.what.format(why=why)}", hint=told.hint)


def unreadable(shown: str) -> HistoryError:
    """Return the error for a store with a value that cannot be read."""
    return HistoryError(
        f"the history store {shown} {_DAMAGED.what.format(why='a value cannot be read')}", hint=_DAMAGED.hint
    )
