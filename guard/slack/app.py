"""The app for slack-bolt: one slash command and two buttons, each acknowledged at once.

Slow work runs in the job queue, so bolt's own thread pool is not used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult

from guard.slack.job_queue import Requester
from guard.slack.log import silent
from guard.slack.replay_protection import ReplayProtection
from guard.slack.verdict_message import CHECK_AGAIN, SHARE
from guard.slack.web_api import explaining

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slack_bolt import Ack
    from slack_bolt.request import BoltRequest
    from slack_sdk import WebClient

    from guard.slack.commands import Commands

COMMAND = "/audience-check"


def build_app(client: WebClient, commands: Commands, *, signing_secret: str = "") -> App:
    """Check the bot token with Slack and return the app. Without a signing secret, the app is for Socket Mode.

    Raises ``UsageError`` when Slack refuses the token, and ``GuardError`` when Slack cannot be reached.
    """
    with explaining("SLACK_BOT_TOKEN"):
        answer = client.auth_test()
    identity = AuthorizeResult.from_auth_test_response(auth_test_response=answer, bot_token=client.token)
    seen = ReplayProtection()

    def end_early(request: BoltRequest, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - bolt's name
        signatures = request.headers.get("x-slack-signature")
        if request.body.get("ssl_check") == "1" or (signatures and not seen.is_new(signatures[0])):
            return BoltResponse(status=200)
        return next()

    app = App(
        client=client,
        signing_secret=signing_secret,
        authorize=lambda: identity,
        before_authorize=end_early,
        ssl_check_enabled=False,  # bolt answers before it checks the signature; end_early runs after that check
        process_before_response=True,
        logger=silent("slack_bolt"),
    )

    @app.command(COMMAND)
    def command(ack: Ack, body: dict[str, Any]) -> None:
        message = commands.ask(body.get("text") or "", _requester(body, body.get("user_id"), body.get("channel_id")))
        ack(response_type="ephemeral", **message.payload())

    @app.action(CHECK_AGAIN)
    def check_again(ack: Ack, body: dict[str, Any], action: Mapping[str, Any]) -> None:
        ack()
        commands.ask_again(action.get("value", ""), _presser(body))

    @app.action(SHARE)
    def share(ack: Ack, body: dict[str, Any], action: Mapping[str, Any]) -> None:
        ack()
        commands.share(action.get("value", ""), _presser(body))

    return app


def _is_stranger(body: Mapping[str, Any]) -> bool:
    """Return whether the person is from another workspace, as in a shared channel."""
    here = {(body.get(name) or {}).get("id") for name in ("team", "enterprise")} - {None}
    home = body["user"].get("team_id")
    return bool(home and here) and home not in here


def _presser(body: Mapping[str, Any]) -> Requester:
    requester = _requester(body, body["user"]["id"], (body.get("channel") or {}).get("id"))
    return replace(requester, is_stranger=_is_stranger(body))


def _requester(body: Mapping[str, Any], user: str | None, channel: str | None) -> Requester:
    return Requester(user=user or "", channel=channel or "", response_url=body.get("response_url") or "")
