"""Slack's Web API: the client, and what its errors come to.

How its methods answer: https://docs.slack.dev/apis/web-api#responses
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener, install_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from guard.core.errors import GuardError, UsageError
from guard.security.proxies import proxy_for
from guard.slack.log import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState

    from guard.slack.settings import Settings

_TIMEOUT = 10  # seconds
_LONGEST_WAIT = 30  # seconds that Slack may ask for before a second try
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
    """Return a client of Slack's Web API; nothing is sent yet.

    Raises ``UsageError`` where the environment names a proxy that cannot be used.
    """
    client = WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url or WebClient.BASE_URL,
        timeout=_TIMEOUT,
        logger=silent("slack_sdk"),
    )
    client.retry_handlers.append(_OneShortWait(max_retry_count=1))
    client.proxy = proxy_for(client.base_url)
    if client.proxy is None:  # then the SDK asks urllib, which would look for a proxy of its own
        install_opener(build_opener(ProxyHandler({})))
    return client


def error_code(error: SlackApiError) -> str:
    """Return Slack's word for what went wrong; what is no such word is not shown, as it may be anything."""
    code = str(error.response.get("error"))
    return code if _CODE.fullmatch(code) else "no answer of Slack's"


@contextmanager
def explaining(token: str) -> Iterator[None]:
    """Turn what Slack's Web API answers, or that it does not, into errors for whoever starts the app.

    Raises ``UsageError`` when Slack refuses the token, and ``GuardError`` when it cannot be asked.
    """
    try:
        yield
    except SlackApiError as error:
        code = error_code(error)
        if code in _REFUSALS:
            raise UsageError(
                f"Slack refused {token} ({code})", hint="docs/slack.md tells where it comes from"
            ) from None
        raise GuardError(f"Slack did not say whose token {token} is ({code})", hint="try again in a minute") from None
    except (OSError, HTTPException) as error:
        raise GuardError(
            f"Slack could not be reached ({type(error).__name__})",
            hint="look at the network, at HTTPS_PROXY and at SLACK_API_URL",
        ) from None


class _OneShortWait(RateLimitErrorRetryHandler):
    """Tries again once when Slack is asked too often, unless it wants to be left alone for long."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        seconds = response.headers.get("retry-after", ["0"])[0] if response else "0"
        short = seconds.isascii() and seconds.isdigit() and int(seconds) <= _LONGEST_WAIT
        return short and super()._can_retry(state=state, request=request, response=response, error=error)
