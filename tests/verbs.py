"""Every verb of the command, those of a group with the name of the group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guard.cli.main import audience_guard

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTEXT = click.Context(audience_guard)


def commands() -> dict[str, click.Command]:
    """Return each command by what a user types: ``check``, ``history show``."""
    return dict(_within(audience_guard, ""))


def _within(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(_CONTEXT):
        command = group.get_command(_CONTEXT, name)
        assert command
        if isinstance(command, click.Group):
            yield from _within(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command
