"""Which store: the flag, the environment, or a file that the environment names.

Importing this needs the standard library alone.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from guard.core.errors import QuotedError, UsageError
from guard.core.text import did_you_mean, is_quoted, printable, shortened
from guard.security.keyring import irregular, is_file, passwords_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from guard.core.model import Rules

VARIABLE = "AUDIENCE_GUARD_HISTORY"
VARIABLE_OF_FILE = "AUDIENCE_GUARD_HISTORY_FILE"

_HINT = "write a path such as history.db, sqlite:///PATH, or postgresql://HOST/DATABASE"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LIKE_A_SERVER = re.compile(
    r"@|://|password|^(?:jdbc:)?postgres|(?:^|\s)(?:host|hostaddr|user|dbname|port|service)\s*=|^[A-Z_]+=",
    re.IGNORECASE,
)
_SERVERS = {"postgresql", "postgres"}
_LONGEST = 4096  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a store is: the path of an SQLite file, or the ``url`` of a PostgreSQL database, which may hold a password.

    ``shown`` is the address without user and password.
    """

    shown: str
    path: Path | None = None
    url: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """The kind of store, as the JSON report has it."""
        return "sqlite" if self.path is not None else "postgresql"


def named_store(flag: str | None, environ: Mapping[str, str] = os.environ) -> Address | None:
    """Return the store that ``--history`` or the environment names, or None; raise ``UsageError`` if it is no address.

    The flag beats ``AUDIENCE_GUARD_HISTORY``, which beats ``AUDIENCE_GUARD_HISTORY_FILE``. A password in the flag is
    refused, because other users of the machine see it in the list of processes.
    """
    if flag is not None:
        address = parse_address(flag, "--history")
        if address.url and passwords_in(address.url):
            raise UsageError(
                "--history contains a password, which others on this machine can see in the list of processes",
                hint=f"put the address into {VARIABLE}, or into a file that {VARIABLE_OF_FILE} names",
            )
        return address
    text, file = environ.get(VARIABLE), environ.get(VARIABLE_OF_FILE)
    if text:
        return parse_address(text.strip(), VARIABLE)  # a secret that was pasted often ends in a line break
    return parse_address(_text_of(file), f"the file that {VARIABLE_OF_FILE} names") if file else None


def required_store(flag: str | None, environ: Mapping[str, str] = os.environ) -> Address:
    """Return the store that ``--history`` or the environment names; raise ``UsageError`` if none is named."""
    address = named_store(flag, environ)
    if address is None:
        raise UsageError("no history store is named", hint=f"give --history history.db, or set {VARIABLE}")
    return address


def parse_address(text: str, source: str) -> Address:
    """Return the address in a text; raise ``UsageError``, which names ``source`` and shows no password."""
    if not text.strip():
        raise UsageError(f"{source} is empty", hint=_HINT)
    if is_quoted(text.strip()):
        raise QuotedError(source)
    if len(text) > _LONGEST or "\0" in text:
        raise UsageError(f"{source} is not the address of a history store", hint=_HINT)
    scheme = _SCHEME.match(text)
    if scheme is None:
        if _LIKE_A_SERVER.search(text) and not Path(text).exists():  # it is not shown: it may hold a password
            raise UsageError(f"{source} is neither a path nor the address of a store", hint=_HINT)
        return _file(text)
    word = scheme[1].lower()
    if word in _SERVERS:
        return _server(text, source)
    if word != "sqlite":
        near = did_you_mean(word, ["sqlite", "postgresql"])
        raise UsageError(f'{source} begins with "{printable(shortened(word, 20))}://"{near}', hint=_HINT)
    path = text[scheme.end() :]
    if not path.startswith("/") or path == "/":
        raise UsageError(f"{source} names no file", hint=_HINT)
    return _file(path[1:])


def _file(path: str) -> Address:
    if path == ":memory:":
        raise UsageError("a store in memory forgets everything at the end of the run", hint=_HINT)
    return Address(path=Path(path), shown=printable(path))


def _server(text: str, source: str) -> Address:
    try:
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query))
    except ValueError:
        raise UsageError(f"{source} is not the address of a PostgreSQL database", hint=_HINT) from None
    if parts.netloc.count("@") > 1 or any("@" in each for each in _after_the_server(parts)):
        raise UsageError(
            f"{source} has an @ in the wrong place, and part of the password would be shown",
            hint="write / in a user or a password as %2F, @ as %40, ? as %3F and # as %23",
        )
    database = unquote(parts.path.removeprefix("/")) or query.get("dbname", "")
    if not database:
        raise UsageError(f"{source} names no database", hint=_HINT)
    host = parts.netloc.rpartition("@")[2] or query.get("host", "")
    url = "postgresql" + text[text.index("://") :]
    return Address(url=url, shown=printable(shortened(f"postgresql://{host}/{database}")))


def _after_the_server(parts: SplitResult) -> list[str]:
    """Return the parts in which a password lands if one of its characters ends the name of the server early."""
    return [parts.path, parts.query, parts.fragment]


def _text_of(file: str) -> str:
    """Return the first line of the file with an address."""
    if is_quoted(file):
        raise QuotedError(VARIABLE_OF_FILE)
    hint = f"give a file that contains only the address of the store, or set {VARIABLE}"
    if found := irregular(file):
        raise UsageError(f"{VARIABLE_OF_FILE} names {found}, not a file", hint=hint)
    if not is_file(file):  # its name is not shown, because it may be the address itself
        raise UsageError(f"{VARIABLE_OF_FILE} does not name an existing file", hint=hint)
    shown = printable(shortened(file))
    try:
        with Path(file).open(encoding="utf-8") as stream:
            text = stream.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is not plain text"
        raise UsageError(f"{VARIABLE_OF_FILE} names a file that cannot be read: {shown}: {why}", hint=hint) from None
    if len(text.strip().splitlines()) > 1:
        raise UsageError(f"{VARIABLE_OF_FILE} names a file with more than one line: {shown}", hint=hint)
    return text.strip()


def require_store(rules: Rules, store: object | None) -> None:
    """Raise ``UsageError`` if the rules compare counts with the past, and no store is named."""
    if rules.needs_history and store is None:
        raise UsageError(
            f"{printable(rules.path)} compares counts with earlier ones (change), but no history store is named",
            hint="give --history history.db, or set AUDIENCE_GUARD_HISTORY; audience-guard history init makes a store",
        )
