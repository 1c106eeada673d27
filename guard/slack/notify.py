"""``check --notify slack``: posts a run's verdict in a channel through an incoming webhook."""

from __future__ import annotations

import logging
import os
import traceback
from typing import TYPE_CHECKING

from pydantic import SecretStr

from guard.core.errors import UsageError
from guard.security.addresses import fault
from guard.security.keyring import check_alone
from guard.slack.verdict_message import prefaced, verdict_message
from guard.slack.webhook import post

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.errors import ExitCode
    from guard.core.results import Report

log = logging.getLogger("guard.slack")

_HINT = "copy the address of the incoming webhook again from your app's page in Slack; it begins with https://"


def webhook(environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the address in ``SLACK_WEBHOOK_URL``, which is a secret.

    Raises ``UsageError``, without quoting the address, if it is missing or not safe to post to.
    """
    address = environ.get("SLACK_WEBHOOK_URL")
    if not address:
        raise UsageError("--notify slack needs SLACK_WEBHOOK_URL, which is not set or empty", hint=_HINT)
    check_alone(address, "SLACK_WEBHOOK_URL")
    if found := fault(address):
        raise UsageError(f"SLACK_WEBHOOK_URL {found}", hint=_HINT)
    return SecretStr(address)


async def notify(report: Report, exit_code: ExitCode, address: SecretStr) -> str | None:
    """Post the report's message and return None, or why that failed; raises nothing but an interrupt.

    If the run's exit code differs from its report's, the message says so first.
    """
    try:
        message = verdict_message(report)
        if exit_code is not report.exit_code:
            caveat = f"Not every report of this run could be written, so it exits with {int(exit_code)}."
            message = prefaced(message, caveat)
        refusal = await post(address.get_secret_value(), message.payload())
    except Exception as error:  # noqa: BLE001 - the run's verdict does not depend on the notification
        # Not the exception's message, which may hold the address.
        log.debug("The notification crashed:\n%s", "".join(traceback.format_tb(error.__traceback__)))
        return f"the notification crashed ({type(error).__name__})"
    return f"the webhook {refusal.why}" if refusal else None
