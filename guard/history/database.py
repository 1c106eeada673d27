"""Connections to the database of a store: transactions with time limits, and its errors in our words.

An SQLite file keeps its rollback journal: with WAL, a file that is copied without its two side files loses runs.
PostgreSQL is used without a pool and without prepared statements, so a pooler such as PgBouncer may be between.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from guard.core.errors import HistoryError, UsageError
from guard.history.database_errors import explained, unreadable
from guard.security.keyring import irregular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Connection

    from guard.history.address import Address

INIT = "audience-guard history init makes a store"
_LOCK = 0x617564_67756172  # the key of PostgreSQL's advisory lock: any number, but always the same
_ODD_VALUES = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError)
"""What a damaged row can make Python raise; an SQLite message that is not UTF-8 is a ValueError."""
_LONGEST_WAIT = 10.0  # seconds for a lock or a connection, also where a person waits


class Database:
    """A store's database; any thread may use it. Only ``history init`` ``may_create`` it."""

    def __init__(self, address: Address, *, may_create: bool = False) -> None:
        self._address, self._may_create = address, may_create
        connect = self._connect_to_file if self.is_sqlite else self._connect_to_server
        dialect = "sqlite" if self.is_sqlite else "postgresql+psycopg"
        self._engine = create_engine(f"{dialect}://", creator=connect, poolclass=NullPool)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite file."""
        return self._address.path is not None

    @contextmanager
    def transaction(self, seconds: float, *, write: bool = False) -> Iterator[Connection]:
        """Yield a connection in a transaction, which has so many seconds; if it is to ``write``, commit at its end.

        Only one connection writes at a time. Raise ``UsageError`` if this is no store and waiting does not help, and
        ``HistoryError`` if it is out of reach, locked, full or damaged, or if the time is over.
        """
        ends_at = time.monotonic() + seconds
        try:
            if self._address.path is not None:
                _check_path(self._address.path, self._address.shown, may_create=self._may_create)
            with self._engine.connect() as connection:
                self._begin(connection, ends_at, write=write)
                yield connection
                if write and time.monotonic() < ends_at:
                    connection.commit()
                    return
                connection.rollback()
                if write:  # nobody waits for it any more
                    raise too_slow(self._address, seconds)
        except DBAPIError as error:
            raise explained(error.orig, self._address.shown) from error
        except _ODD_VALUES as error:
            raise unreadable(self._address.shown) from error

    def shrink(self) -> None:
        """Give back the space of deleted rows, and leave nothing of them in the file; PostgreSQL does so by itself."""
        self._alone("VACUUM")

    def end_write_ahead_log(self) -> None:
        """Give an SQLite file back its rollback journal; one that has it stays as it is."""
        self._alone("PRAGMA journal_mode = DELETE")

    def _alone(self, statement: str) -> None:
        """Execute what SQLite does only outside a transaction."""
        if not self.is_sqlite:
            return
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            raise explained(error.orig, self._address.shown) from error

    def _begin(self, connection: Connection, ends_at: float, *, write: bool) -> None:
        left = max(0.001, ends_at - time.monotonic())
        waits = int(min(left, _LONGEST_WAIT) * 1000)  # milliseconds
        if self.is_sqlite:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {waits}")
            if not self._may_create and connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal":
                raise UsageError(
                    f"the history store {self._address.shown} has a write-ahead log, which a copy of the file lacks",
                    hint="audience-guard history init gives it back its rollback journal",
                )
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            return
        if not write:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {waits}")
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = {int(left * 1000)}")
        if write:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def _connect_to_file(self) -> sqlite3.Connection:
        path = self._address.path
        assert path is not None  # noqa: S101 - for the type checker
        mode = "rwc" if self._may_create else "rw"
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_LONGEST_WAIT,
            isolation_level=None,  # transactions begin where we say
            check_same_thread=False,  # a connection that takes too long is left to its thread
        )

    def _connect_to_server(self) -> Any:
        import psycopg  # noqa: PLC0415 - an extra, and only some stores need it

        return psycopg.connect(
            self._address.url or "",
            connect_timeout=int(_LONGEST_WAIT),
            keepalives_idle=5,  # seconds: a server that is gone is noticed
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=int(_LONGEST_WAIT * 1000),
            application_name="audience-guard",
            client_encoding="utf8",
            prepare_threshold=None,
        )


def too_slow(address: Address, seconds: float) -> HistoryError:
    """Return the error for a store that takes longer than its time limit."""
    return HistoryError(
        f"the history store {address.shown} took longer than {seconds:g} s",
        hint="check that nothing locks it, and that its server or disk answers",
    )


def need_driver(address: Address) -> None:
    """Raise ``UsageError`` if the package that talks to PostgreSQL is not installed, or does not accept the address."""
    if address.path is not None:
        return
    try:
        import psycopg  # noqa: PLC0415 - an extra, and only some stores need it
    except ImportError:
        raise UsageError(
            "a history store in PostgreSQL needs the package psycopg, which is not installed or lacks libpq",
            hint="install the extra named postgres: in a clone, pip install '.[postgres]'",
        ) from None
    try:
        psycopg.conninfo.conninfo_to_dict(address.url or "")
    except psycopg.ProgrammingError:  # its message can quote a part of the password
        raise UsageError(
            f"PostgreSQL does not accept the address of the history store {address.shown}",
            hint="check the parameters after the ?; write % in a user or a password as %25, and a blank as %20",
        ) from None


def _check_path(path: Path, shown: str, *, may_create: bool) -> None:
    """Raise ``UsageError`` for a path that names no SQLite file; SQLite says less.

    The file is not opened: closing it would end the locks that SQLite holds on it for another thread
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    hint = f"check the path; {INIT}"
    if found := irregular(str(path)):
        raise UsageError(f"the history store {shown} is {found}, not a file", hint=hint)
    try:
        is_empty = not path.stat().st_size
    except FileNotFoundError:
        if may_create and path.absolute().parent.is_dir():
            return
        what = "does not exist" if path.absolute().parent.is_dir() else "is in a folder that does not exist"
        raise UsageError(f"the history store {shown} {what}", hint=hint) from None
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "its name is not valid"
        raise UsageError(f"the history store {shown} cannot be read: {why}", hint=hint) from None
    if is_empty and not may_create:
        raise UsageError(f"the history store {shown} is empty", hint=hint)
