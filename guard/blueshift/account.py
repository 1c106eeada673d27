"""The account to ask: address, region and key. A flag beats the environment, which beats the rules file.

Hosts and the kind of key: https://developer.blueshift.com (API - Select Region, User API key).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.core.errors import QuotedError, UsageError
from guard.core.model import Region
from guard.core.text import did_you_mean, is_quoted, printable
from guard.security.addresses import checked_base_url
from guard.security.keyring import LONGEST_KEY, SHORTEST_SECRET, check_alone, irregular, is_file, mode
from guard.security.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTS = {Region.US: "https://api.getblueshift.com", Region.EU: "https://api.eu.getblueshift.com"}
_USABLE_KEY = re.compile(r"[\x21-\x39\x3b-\x7e]+")
_LONGEST_REGION = 20  # characters
_KEY_HINT = "set BLUESHIFT_API_KEY to the account's User API key, or BLUESHIFT_API_KEY_FILE to a file that contains it"


class ApiKey:
    """A User API key that does not print: ``str`` and ``repr`` show asterisks."""

    __slots__ = ("_secret", "_text")

    def __init__(self, text: str, *, source: str = "the API key") -> None:
        """Keep the key, or raise ``UsageError`` (which names ``source``, never the key) if it cannot be a key."""
        if not text:
            raise UsageError(f"{source} is empty", hint=_KEY_HINT)
        check_alone(text, source)
        if len(text) > LONGEST_KEY or not _USABLE_KEY.fullmatch(text):
            raise UsageError(
                f"{source} contains a character that no API key has (white space, a line break, a colon, or not ASCII)",
                hint="copy the key again, without quotes, blanks or line breaks",
            )
        self._text = text
        self._secret = Secret(text)

    def reveal(self) -> str:
        """Return the key itself, only for the Authorization header."""
        return self._text

    def scrub(self, text: str) -> str:
        """Return the text without the key, which a server may echo: see ``Secret.scrub``."""
        return self._secret.scrub(text)

    def scrub_answer(self, text: str) -> str:
        """Return a value of an answer without the key; a short key may be there by chance and stays."""
        return text if len(self._text) < SHORTEST_SECRET else self._secret.scrub(text)

    def __repr__(self) -> str:
        return "ApiKey(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where requests go, the chosen region, and the key, which goes only there."""

    base_url: str
    region: Region
    key: ApiKey

    @property
    def host(self) -> str:
        """The host, with its port if the address has one."""
        return urlsplit(self.base_url).netloc


def open_account(
    environ: Mapping[str, str] = os.environ,
    *,
    api_key: str | None = None,
    region: str | None = None,
    base_url: str | None = None,
    rules_region: Region | None = None,
) -> Account:
    """Return the account from the arguments, then the environment, then the rules; the default region is ``us``.

    Raises ``UsageError`` for a key that is missing or not usable, an unknown region, or an unsafe address.
    """
    # The key comes first: without one, another value may be the key.
    key = _key_from(environ) if api_key is None else ApiKey(api_key)
    where, address = _place(environ, region, base_url, rules_region)
    if key.scrub_answer(address) != address:
        raise UsageError("the base URL contains the API key", hint=f"give an address, such as {HOSTS[where]}")
    return Account(base_url=checked_base_url(address, "the base URL"), region=where, key=key)


def host_asked(
    environ: Mapping[str, str] = os.environ,
    *,
    region: str | None = None,
    base_url: str | None = None,
    rules_region: Region | None = None,
) -> str:
    """Return the host that ``open_account`` would choose, with its port if it has one; needs no key."""
    _, address = _place(environ, region, base_url, rules_region)
    return urlsplit(checked_base_url(address, "the base URL")).netloc


def _place(
    environ: Mapping[str, str], region: str | None, base_url: str | None, rules_region: Region | None
) -> tuple[Region, str]:
    where = _region(region or environ.get("BLUESHIFT_REGION") or rules_region or Region.US)
    return where, base_url or environ.get("BLUESHIFT_BASE_URL") or HOSTS[where]


def _region(chosen: str) -> Region:
    if is_quoted(chosen):
        raise QuotedError("the region")
    try:
        return Region(chosen)
    except ValueError:
        # A long one is not shown, because it may be a key.
        named = f'no region "{printable(chosen)}"' if len(chosen) <= _LONGEST_REGION else "no region of that name"
        raise UsageError(f"there is {named}{did_you_mean(chosen, list(Region))}", hint="regions are: us, eu") from None


def _key_from(environ: Mapping[str, str]) -> ApiKey:
    text, file = environ.get("BLUESHIFT_API_KEY"), environ.get("BLUESHIFT_API_KEY_FILE")
    if text is not None and file:
        raise UsageError("both BLUESHIFT_API_KEY and BLUESHIFT_API_KEY_FILE are set", hint="unset one of them")
    if file:
        return _key_from_file(file)
    if text is None:
        raise UsageError("there is no API key", hint=_KEY_HINT)
    return ApiKey(text, source="BLUESHIFT_API_KEY")


def _key_from_file(file: str) -> ApiKey:
    if is_quoted(file):
        raise QuotedError("BLUESHIFT_API_KEY_FILE")
    if found := irregular(file):
        raise UsageError(
            f"BLUESHIFT_API_KEY_FILE names {found}, which is not a regular file",
            hint="give a file that contains only the key, or set BLUESHIFT_API_KEY",
        )
    if not is_file(file):  # its name is not shown, because it may be the key
        raise UsageError("BLUESHIFT_API_KEY_FILE does not name an existing file", hint=_KEY_HINT)
    source = f"the key file {printable(file)}"
    try:
        with Path(file).open(encoding="ascii") as stream:
            text = stream.read(LONGEST_KEY + 3)
    except OSError as error:
        raise UsageError(f"{source} could not be read: {error.strerror}", hint=_KEY_HINT) from error
    except ValueError:
        raise UsageError(f"{source} does not contain an API key: it is not plain ASCII", hint=_KEY_HINT) from None
    return ApiKey(text.removesuffix("\n"), source=source)


def readable_by_others(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of the key file if others on this machine can read it, else None."""
    file = environ.get("BLUESHIFT_API_KEY_FILE")
    if not file or os.name != "posix" or not is_file(file):
        return None
    return file if mode(file) & 0o077 else None
