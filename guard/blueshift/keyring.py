"""Every secret that the environment holds, and texts without them: whatever leaves the program comes through here."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from guard.blueshift.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_KEY = 4096
SHORTEST_SECRET = 8
"""In characters; a shorter key is no secret, and its characters may stand in any text."""

_TOKENS = ("BLUESHIFT_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
_WEBHOOK = "SLACK_WEBHOOK_URL"
_SERVER = re.compile("^https?://[^/?#]*")
_SHORTEST_PART = 10  # characters of a webhook's address; a shorter part stands in every such address


def scrubbed(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the text without any secret that the environment holds at this moment."""
    return secrets_of(environ).scrub(text)


def secrets_of(environ: Mapping[str, str] = os.environ) -> Secret:
    """Return every key and token that the environment holds at this moment, be it usable or not."""
    texts = [*(environ.get(name, "") for name in _TOKENS), _text_of(environ.get("BLUESHIFT_API_KEY_FILE", ""))]
    address = _SERVER.sub("", environ.get(_WEBHOOK, "").strip())
    parts = [part for part in re.split("[/?&=#]", address) if len(part) >= _SHORTEST_PART]
    found = dict.fromkeys([*(text.strip().strip("\"'") for text in texts), *parts])
    return _secret(*(text for text in found if len(text) >= SHORTEST_SECRET))


@lru_cache(maxsize=8)
def _secret(*texts: str) -> Secret:
    return Secret(*texts)


def _text_of(file: str) -> str:
    """Return how a key file begins, or an empty text where it cannot be read; what names no file may be the key."""
    if not is_file(file):
        return "" if _is_in_a_folder(file) else file
    try:
        with Path(file).open(encoding="latin-1") as stream:
            return stream.read(LONGEST_KEY)
    except OSError:
        return ""


def _is_in_a_folder(file: str) -> bool:
    """Whether a folder that exists stands before the name, as before no key that was put in a file's place."""
    folder = Path(file).parent
    try:
        return bool(folder.name) and folder.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: str) -> bool:
    """Whether the path names a file; what cannot be a path does not."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
