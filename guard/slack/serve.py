"""Builds the Slack app from its parts, and runs it until it must stop or loses Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from guard.blueshift.account import open_account
from guard.core.errors import ExitCode, HistoryError
from guard.core.text import duration
from guard.slack import log
from guard.slack.app import build_app
from guard.slack.commands import Commands, Permission
from guard.slack.delivery import LIVES, Delivery
from guard.slack.engine import Engine
from guard.slack.http import HttpServer
from guard.slack.jobs import Jobs
from guard.slack.settings import Http, SocketMode
from guard.slack.socket_mode import SocketConnection
from guard.slack.web_api import open_client

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from guard.history.store import Store
    from guard.slack.rules_file import RulesFile
    from guard.slack.settings import Settings

_LOOK_EVERY = 0.5  # seconds


class Stop(Protocol):
    """Says when the app must stop."""

    def wait(self, timeout: float) -> bool:
        """Wait for at most ``timeout`` seconds, and return whether the app must stop."""

    def limit(self, exit_code: int) -> None:
        """End the process with the exit code after a while, whatever it still waits for."""


def serve(
    rules: RulesFile,
    settings: Settings,
    *,
    workers: int,
    time_limit: float,
    region: str | None,
    base_url: str | None,
    stop: Stop,
    store: Store | None = None,
) -> ExitCode:
    """Answer commands from Slack until ``stop`` says so (0), or until Slack or the engine is lost (3).

    ``time_limit`` is in seconds, from a command to its answer. Raises ``UsageError`` for wrong settings, rules or key
    before the start, and ``GuardError`` if Slack cannot be reached.
    """
    open_account(region=region, base_url=base_url, rules_region=rules.read().region)
    _look_into(store)
    client = open_client(settings)
    delivery = Delivery(client)
    with Engine(region=region, base_url=base_url, store=store) as engine:
        commands = Commands(
            rules=rules,
            permission=Permission(users=settings.allowed_users, channels=settings.allowed_channels),
            jobs=Jobs(engine, delivery, rules.sha256),
            delivery=delivery,
            workers=workers,
            time_limit=time_limit,
            store=store,
        )
        with _entrance(settings.mode, client, commands, engine) as entrance:
            log.event(
                "ready",
                **entrance.description,
                users=len(settings.allowed_users) or "everybody",
                channels=len(settings.allowed_channels) or "everywhere",
            )
            if time_limit > LIVES:
                log.event("hint", says=f"an answer after more than {duration(LIVES)} comes as a direct message")
            try:
                while entrance.is_alive and engine.is_alive:
                    if stop.wait(_LOOK_EVERY):
                        log.event("stopping")
                        return ExitCode.PASSED
                log.trouble("lost", slack=not entrance.is_alive, counting=not engine.is_alive)
                stop.limit(ExitCode.UNKNOWN)
                return ExitCode.UNKNOWN
            finally:
                commands.close()


def _look_into(store: Store | None) -> None:
    """Raise ``UsageError`` for a store that is none; one that is out of reach now may come back."""
    if store is None:
        return
    try:
        past = store.read()
    except HistoryError as error:
        log.trouble("history_unreadable", why=type(error).__name__)
    else:
        log.event("history_open", store=store.kind, runs=len(past.held))


def _entrance(
    mode: Http | SocketMode, client: WebClient, commands: Commands, engine: Engine
) -> HttpServer | SocketConnection:
    """Return the server or the connection over which Slack reaches the app."""
    match mode:
        case Http():
            app = build_app(client, commands, signing_secret=mode.signing_secret.get_secret_value())
            return HttpServer(app, mode.host, mode.port, healthy=lambda: engine.is_alive and commands.is_open)
        case SocketMode():
            return SocketConnection(build_app(client, commands), mode.app_token.get_secret_value())
