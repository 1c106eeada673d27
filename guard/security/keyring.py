"""The secrets in the environment, and texts without them; everything that leaves the program goes through here."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from guard.core.errors import QuotedError, UsageError
from guard.core.text import is_quoted
from guard.security.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_KEY = 4096
SHORTEST_SECRET = 8
"""In characters; a shorter key is not treated as a secret, because it may occur in any text by chance."""

_TOKENS = ("BLUESHIFT_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
_WEBHOOK = "SLACK_WEBHOOK_URL"
_STORE = "AUDIENCE_GUARD_HISTORY"
_USER = re.compile(r"://[^/?#]*?:([^/?#]*)@")
_PASSWORDS = {"password", "sslpassword"}
_NAME = re.compile(rf"\b(?:{'|'.join((*_TOKENS, _WEBHOOK))})(?:_FILE)?\b", re.IGNORECASE)
_MARKS = "\"'`\u2018\u2019\u201c\u201d"
_AROUND = "<>{}[](),;$&\\|"
_SERVER = re.compile("^https?://[^/?#]*")
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
_SHORTEST_PART = 10  # characters of a part of a webhook's address; shorter parts are in every such address


def check_alone(text: str, source: str) -> None:
    """Raise ``UsageError``, which names ``source`` and shows nothing of the text, if it is more than a secret.

    Examples are quotation marks, or the name of the variable, as in a copied line of an env file. An empty text is
    accepted.
    """
    bare = text.strip()
    if is_quoted(bare):
        raise QuotedError(source)
    if _NAME.search(bare):
        raise UsageError(
            f"{source} contains the name of a variable", hint="give only the value, without NAME= or export"
        )
    if bare and (bare[0] in _MARKS or bare[-1] in _MARKS):
        raise QuotedError(source, whole=False)
    if bare and (bare[0] in _AROUND or bare[-1] in _AROUND):
        raise UsageError(
            f"{source} begins or ends with a character that does not belong to it",
            hint="give only the value, without brackets, commas or the $ of a variable that was not replaced",
        )


def scrubbed(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the text without the secrets that are now in the environment."""
    return secrets_of(environ).scrub(text)


def secrets_of(environ: Mapping[str, str] = os.environ) -> Secret:
    """Return every key, token and password that is now in the environment, valid or not."""
    texts = [*(environ.get(name, "") for name in _TOKENS), _text_of(environ.get("BLUESHIFT_API_KEY_FILE", ""))]
    addresses = [_SERVER.sub("", each) for each in _values(environ.get(_WEBHOOK, ""))]
    parts = [part for each in addresses for part in re.split("[/?&=#]", each) if len(part) >= _SHORTEST_PART]
    stores = (environ.get(_STORE, ""), _text_of(environ.get(f"{_STORE}_FILE", "")))
    passwords = [password for each in stores for password in passwords_in(each)]
    found = dict.fromkeys([*(each for text in texts for each in _values(text)), *parts, *passwords])
    return _secret(*(text for text in found if len(text) >= SHORTEST_SECRET))


def passwords_in(address: str) -> list[str]:
    """Return every password in the address of a database, as it is written and without its percent signs."""
    if "://" not in address:
        return []
    named = (part.partition("=") for part in re.split("[?&#]", address))
    found = [*_USER.findall(address), *(value for key, _, value in named if unquote(key).lower() in _PASSWORDS)]
    return [text for each in found if each for text in dict.fromkeys([each, unquote(each)])]


def _values(text: str) -> list[str]:
    """Return the values in the text, without quotation marks and names of variables, which messages may show."""
    return [part.strip().lstrip("=: ").strip(_MARKS) for part in _NAME.split(text)]


@lru_cache(maxsize=8)
def _secret(*texts: str) -> Secret:
    return Secret(*texts)


def _text_of(file: str) -> str:
    """Return the beginning of a key file, or an empty text; a name without a file may be the key itself."""
    if not is_file(file):
        return "" if _is_in_a_folder(file) else file
    try:
        with Path(file).open(encoding="latin-1") as stream:
            return stream.read(LONGEST_KEY)
    except OSError:
        return ""


def _is_in_a_folder(file: str) -> bool:
    """Whether the name begins with an existing folder; then it is not a key."""
    folder = Path(file).parent
    return bool(folder.name) and stat.S_ISDIR(mode(folder))


def irregular(path: str) -> str | None:
    """Return what the path names, such as ``a folder``, or None for a regular file or nothing."""
    found = mode(path)
    if not found or stat.S_ISREG(found):
        return None
    return next((what for is_that, what in _KINDS if is_that(found)), "a device")


def is_file(path: str) -> bool:
    """Whether the path names a regular file."""
    return stat.S_ISREG(mode(path))


def mode(path: str | Path) -> int:
    """Return the kind and the permissions of a file, or 0 if the path names nothing or cannot be a path."""
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):
        return 0
