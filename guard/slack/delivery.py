"""The way of a message to whoever asked: the address that came with the question, else a direct message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from slack_sdk.errors import SlackApiError

from guard.run import run_to_its_end
from guard.slack import log
from guard.slack.post import post
from guard.slack.web_api import error_code

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from guard.slack.desk import Asker
    from guard.slack.message import Message

_LIVES = 29 * 60.0
"""Seconds; a response_url lives 30 minutes (https://docs.slack.dev/interactivity/handling-user-interaction)."""

_BLOCKS_REFUSED = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}


class Delivery:
    """Brings messages to people; what cannot be brought is logged, and nothing raises."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def bring(self, message: Message, asker: Asker, *, share: bool = False, check: str | None = None) -> None:
        """Bring the message to the asker alone, or with ``share`` to the channel where it was asked for."""
        about = {"user": asker.user, "check": check}
        refusal = self._respond(message, asker, share=share)
        if refusal is None:
            log.event("answered", by="response_url", shared=share, **about)
            return
        log.trouble("response_url_refused", why=refusal, **about)
        refusal = self._send_directly(message, asker)
        if refusal is None:
            log.event("answered", by="direct_message", shared=False, **about)
            return
        log.trouble("not_answered", why=refusal, **about)

    def _respond(self, message: Message, asker: Asker, *, share: bool) -> str | None:
        if time.monotonic() - asker.asked_at > _LIVES:
            return "has expired"
        kind = "in_channel" if share else "ephemeral"
        payload = {**message.payload(), "response_type": kind, "replace_original": False}
        try:
            return run_to_its_end(post(asker.response_url, payload))
        except Exception as error:  # noqa: BLE001 - whatever it was, there is another way
            return f"could not be asked ({type(error).__name__})"

    def _send_directly(self, message: Message, asker: Asker) -> str | None:
        for blocks in (list(message.blocks), None):
            try:
                self._client.chat_postMessage(channel=asker.user, text=message.text, blocks=blocks)
            except SlackApiError as error:
                refusal = error_code(error)
                if refusal not in _BLOCKS_REFUSED:
                    return refusal
            except Exception as error:  # noqa: BLE001 - a broken answer makes the SDK raise all kinds of things
                return f"Slack could not be reached ({type(error).__name__})"
            else:
                return None
        return refusal
