"""The Slack app's settings from the environment: tokens, who may ask, and Slack's address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from guard.core.errors import QuotedError, UsageError
from guard.core.text import is_quoted, printable, shortened
from guard.security.addresses import checked_base_url
from guard.security.keyring import check_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

_GUIDE = "docs/slack.md says where to find it"
_ID = re.compile(r"[A-Z0-9]{2,}")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Slack sends signed requests to the app's address; port 0 takes any free port."""

    host: str
    port: int
    signing_secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketMode:
    """The app opens a WebSocket to Slack and needs no address of its own."""

    app_token: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says; ``api_url`` None means Slack's own, and an empty set lets anybody ask."""

    mode: Http | SocketMode
    bot_token: SecretStr
    api_url: str | None
    allowed_users: frozenset[str]
    allowed_channels: frozenset[str]


def read_settings(environ: Mapping[str, str], *, listen: tuple[str, int] | None) -> Settings:
    """Return the settings: for HTTP mode if ``listen`` is a host and port, else for Socket Mode.

    Raises ``UsageError`` for a variable that is missing or wrong.
    """
    bot_token = _secret(environ, "SLACK_BOT_TOKEN", "xoxb-")
    mode: Http | SocketMode
    if listen is None:
        mode = SocketMode(app_token=_secret(environ, "SLACK_APP_TOKEN", "xapp-"))
    else:
        host, port = listen
        mode = Http(host=host, port=port, signing_secret=_secret(environ, "SLACK_SIGNING_SECRET", ""))
    api_url = environ.get("SLACK_API_URL")
    return Settings(
        mode=mode,
        bot_token=bot_token,
        api_url=checked_base_url(api_url, "SLACK_API_URL") + "/" if api_url else None,
        allowed_users=_ids(environ, "SLACK_ALLOWED_USERS", "user", "UW"),
        allowed_channels=_ids(environ, "SLACK_ALLOWED_CHANNELS", "channel", "CDG"),
    )


def _secret(environ: Mapping[str, str], name: str, beginning: str) -> SecretStr:
    text = environ.get(name, "")
    if not text:
        raise UsageError(f"{name} is not set", hint=_GUIDE)
    check_alone(text, name)
    if not _TOKEN.fullmatch(text):
        raise UsageError(
            f"{name} contains a space, a line break or a character that is not ASCII", hint="copy it again"
        )
    if not text.startswith(beginning):
        raise UsageError(f"{name} does not begin with {beginning}, so it is the wrong kind of token", hint=_GUIDE)
    return SecretStr(text)


def _ids(environ: Mapping[str, str], name: str, whose: str, beginnings: str) -> frozenset[str]:
    text = environ.get(name, "").strip()
    if is_quoted(text):
        raise QuotedError(name)
    ids = [each.strip() for each in text.split(",") if each.strip()]
    if text and not ids:
        raise UsageError(f"{name} contains commas but no id, so anybody could ask", hint="unset it if you want that")
    for each in ids:
        if not _ID.fullmatch(each) or each[0] not in beginnings:
            raise UsageError(
                f'{name} contains "{printable(shortened(each, 50))}", which is not a {whose} id',
                hint=f"write ids that begin with {' or '.join(beginnings)}, with commas between; names can change",
            )
    return frozenset(ids)
