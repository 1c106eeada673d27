"""A client for Slack's Web API, and its errors in our words.

How its methods answer: https://docs.slack.dev/apis/web-api#responses
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener, install_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from guard.core.errors import GuardError, UsageError
from guard.core.headers import retry_after
from guard.security.proxies import proxy_for
from guard.slack.log import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_sdk.http_retry import HttpResponse

    from guard.slack.settings import Settings

_TIMEOUT = 10  # seconds
_LONGEST_WAIT = 30  # seconds; the longest Retry-After that is waited for
_CODE = re.compile("[a-z_]{2,60}")
_REFUSALS = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "missing_scope",
}


def open_client(settings: Settings) -> WebClient:
    """Return a client for Slack's Web API; sends nothing yet.

    Raises ``UsageError`` if the environment names an unusable proxy.
    """
    client = WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url or WebClient.BASE_URL,
        timeout=_TIMEOUT,
        logger=silent("slack_sdk"),
    )
    client.retry_handlers.append(_OneShortWait(max_retry_count=1))
    client.proxy = proxy_for(client.base_url)
    if client.proxy is None:  # otherwise urllib, below the SDK, looks for a proxy itself
        install_opener(build_opener(ProxyHandler({})))
    return client


def error_code(error: SlackApiError) -> str:
    """Return Slack's error code; anything else is not shown, because it may hold anything."""
    code = str(error.response.get("error"))
    return code if _CODE.fullmatch(code) else "no valid answer"


@contextmanager
def explaining(token: str) -> Iterator[None]:
    """Turn errors of Slack's Web API into errors for the person who starts the app.

    Raises ``UsageError`` when Slack refuses the token, and ``GuardError`` when Slack cannot be reached.
    """
    try:
        yield
    except SlackApiError as error:
        code = error_code(error)
        if code in _REFUSALS:
            raise UsageError(f"Slack refused {token} ({code})", hint="docs/slack.md says where to find it") from None
        raise GuardError(f"Slack could not check {token} ({code})", hint="try again in a minute") from None
    except (OSError, HTTPException) as error:
        raise GuardError(
            f"Slack could not be reached ({type(error).__name__})",
            hint="check the network, HTTPS_PROXY and SLACK_API_URL",
        ) from None


class _OneShortWait(RateLimitErrorRetryHandler):
    """Retries once when Slack limits the rate, unless the wait is long."""

    def _can_retry(self, *, response: HttpResponse | None = None, **context: Any) -> bool:
        seconds = retry_after(response.headers.get("retry-after", ["0"])[0] if response else "0")
        short = seconds is not None and seconds <= _LONGEST_WAIT
        return short and super()._can_retry(response=response, **context)
