"""Delivers a message to the person who asked: to the command's ``response_url``, or else as a direct message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from slack_sdk.errors import SlackApiError

from guard.run import run_to_its_end
from guard.slack import log
from guard.slack.verdict_message import prefaced, without_buttons
from guard.slack.web_api import error_code
from guard.slack.webhook import BLOCKS_REFUSED, POST_TIMEOUT, Refusal, post

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from guard.slack.job_queue import Requester
    from guard.slack.verdict_message import Message

LIVES = 29 * 60.0
"""Seconds; a response_url lives 30 minutes (https://docs.slack.dev/interactivity/handling-user-interaction)."""

_HURRY = 4  # seconds for each way, when the app stops
_ONLY_YOU = "This could not be posted in the channel, so only you see it."
_PERHAPS_TWICE = "Slack did not confirm the first try, so you may see this twice."


class Delivery:
    """Delivers messages and logs what it cannot deliver. Never raises."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._time_limit: float = POST_TIMEOUT

    def hurry(self) -> None:
        """Give Slack less time from now on, because the app is stopping."""
        self._time_limit = self._client.timeout = _HURRY

    def bring(self, message: Message, requester: Requester, *, share: bool = False, check: str | None = None) -> bool:
        """Show the message to the requester only, or with ``share`` to the channel.

        If that fails, send it to the requester as a direct message. Return whether the first way may have worked.
        """
        about = {"user": requester.user, "check": check}
        refusal = self._respond(message, requester, share=share)
        if refusal is None:
            log.event("answered", by="response_url", shared=share, **about)
            return True
        log.trouble("response_url_refused", why=refusal.why, **about)
        if refusal.may_have_arrived:
            message = prefaced(message, _PERHAPS_TWICE)
        elif share:
            message = prefaced(message, _ONLY_YOU)
        why = self._send_directly(without_buttons(message), requester)
        if why is None:
            log.event("answered", by="direct_message", shared=False, **about)
        else:
            log.trouble("not_answered", why=why, **about)
        return refusal.may_have_arrived

    def _respond(self, message: Message, requester: Requester, *, share: bool) -> Refusal | None:
        if time.monotonic() - requester.asked_at > LIVES:
            return Refusal(why="has expired")
        kind = "in_channel" if share else "ephemeral"
        payload = {**message.payload(), "response_type": kind, "replace_original": False}
        try:
            return run_to_its_end(post(requester.response_url, payload, time_limit=self._time_limit))
        except Exception as error:  # noqa: BLE001 - the direct message comes next
            return Refusal(why=f"could not be asked ({type(error).__name__})")

    def _send_directly(self, message: Message, requester: Requester) -> str | None:
        payload = message.payload()
        for blocks in (payload["blocks"], None):
            try:
                self._client.chat_postMessage(channel=requester.user, text=payload["text"], blocks=blocks)
            except SlackApiError as error:
                refusal = error_code(error)
                if refusal not in BLOCKS_REFUSED:
                    return refusal
            except Exception as error:  # noqa: BLE001 - a broken answer makes the SDK raise all kinds of things
                return f"Slack could not be reached ({type(error).__name__})"
            else:
                return None
        return refusal
