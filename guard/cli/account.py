"""``audience-guard segments`` and ``counts``: look at an account without rules."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import textwrap
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from guard.cli.lists import (
    COUNT,
    LISTED_CHANNELS,
    SEGMENT,
    ListFormat,
    count_rows,
    list_flag,
    people,
    render_list,
    segment_rows,
)
from guard.cli.options import account_flags, talk_flags, timeout_flag
from guard.cli.output import is_terminal, print_report, say
from guard.cli.progress_display import display_progress
from guard.cli.signals import run_interruptibly
from guard.core.errors import ExitCode, GuardError, UsageError
from guard.core.model import Channel, Pacing, Refresh
from guard.core.progress import Progress
from guard.core.results import Reason, SegmentReadings, Unavailable
from guard.core.text import UUID, duration, harmless, number, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guard.blueshift.account import Account
    from guard.blueshift.answers import Listed
    from guard.blueshift.counting import Wanted
    from guard.core.results import Count

_LISTING_TIME = 60.0
_REQUEST_ID = re.compile(r" \(x-request-id [^)]*\)")


@click.command(
    epilog="""
\b
Examples:
  audience-guard segments                list them all
  audience-guard segments newsletter     those with this text in their name
  audience-guard segments --output csv > segments.csv
""",
)
@click.argument("text", default="")
@list_flag
@account_flags
@timeout_flag
@talk_flags
def segments(
    text: str,
    output: str,
    region: str | None,
    base_url: str | None,
    timeout: float | None,
    quiet: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """List the account's segments: name, uuid, and the counts that Blueshift shows, with their age.

    TEXT selects the segments with this text in their name, in any case. These counts are NOT fresh: see `counts`.
    """
    from guard.blueshift.account import open_account  # noqa: PLC0415 - not needed to print help

    account = open_account(region=region, base_url=base_url)
    found = run_interruptibly(_listing(account, timeout or _LISTING_TIME))
    asked = [pair for pair in found if text.casefold() in pair[0].name.casefold()]
    asked.sort(key=lambda pair: (pair[1], pair[0].name))
    if output != ListFormat.TEXT:
        print_report(render_list(output, account.host, "segments", SEGMENT, segment_rows(asked)))
        return ExitCode.PASSED
    rows = [_listed_row(each, archived=archived) for each, archived in asked]
    header = ("NAME", "UUID", *(channel.value.upper() for channel in LISTED_CHANNELS), "COUNTED", "")
    print_report(_fitted([header, *rows]) if rows else "no segment matches\n")
    if rows and not quiet:
        for channel in Channel:
            if not channel.facts.is_listed:
                say(
                    f"audience-guard: the list has no {channel.facts.label} counts;"
                    f" `counts UUID --channel {channel}` counts them"
                )
    return ExitCode.PASSED


@click.command(
    epilog="""
\b
Example:
  audience-guard counts 2dd093e6-8c6f-4e14-8a2c-744477e1fdef --channel email
""",
)
@click.argument("uuids", nargs=-1, required=True, metavar="UUID...")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=click.Choice([each.value for each in Channel]),
    help="Count this channel; may be repeated; the default is all channels.",
)
@click.option("--bypass-global", is_flag=True, help="Count without the account's global inclusion segment.")
@list_flag
@account_flags
@timeout_flag
@talk_flags
def counts(
    uuids: tuple[str, ...],
    channels: tuple[str, ...],
    bypass_global: bool,  # noqa: FBT001 - click passes flags so
    output: str,
    region: str | None,
    base_url: str | None,
    timeout: float | None,
    quiet: bool,  # noqa: FBT001 - click passes flags so
) -> int:
    """Count segments in Blueshift now, with the same proof as `check`, and show the counts.

    Exits 0 if everything was counted, 3 if something was not.
    """
    from guard.blueshift.account import open_account  # noqa: PLC0415 - not needed to print help
    from guard.blueshift.counting import Wanted  # noqa: PLC0415 - see above

    for uuid in uuids:
        if not re.fullmatch(UUID, uuid):
            raise UsageError(f'"{printable(uuid)}" is not a segment uuid', hint="`audience-guard segments` lists them")
    asked = tuple(Channel(each) for each in dict.fromkeys(channels)) or tuple(Channel)
    wanted = [
        Wanted(key=uuid, uuid=uuid, bypass_global=bypass_global, channels=asked)
        for uuid in dict.fromkeys(uuid.lower() for uuid in uuids)
    ]
    account = open_account(region=region, base_url=base_url)
    with display_progress(quiet=quiet) as progress:
        readings = run_interruptibly(_counts(account, wanted, timeout, progress))
    if output == ListFormat.TEXT:
        print_report(_table([("UUID", "CHANNEL", "COUNT", "COUNTED"), *_count_rows(readings)]))
    else:
        rows = count_rows(readings, bypass_global=bypass_global)
        print_report(render_list(output, account.host, "counts", COUNT, rows))
    unavailable = any(isinstance(each, Unavailable) for own in readings.values() for each in own.channels.values())
    return ExitCode.UNKNOWN if unavailable else ExitCode.PASSED


async def _listing(account: Account, time_limit: float) -> list[tuple[Listed, bool]]:
    """Return the account's segments, and whether each is archived."""
    from guard.blueshift.counting import connect  # noqa: PLC0415 - not needed to print help
    from guard.blueshift.errors import RunEndedError, UnavailableError  # noqa: PLC0415 - see above
    from guard.report.next_steps import remedy  # noqa: PLC0415 - see above

    progress = Progress()
    try:
        async with connect(account, Pacing()) as blueshift, asyncio.timeout(time_limit):
            return [
                (each, archived)
                for archived in (False, True)
                for each in await blueshift.list(archived=archived, time_limit=time_limit, progress=progress)
            ]
    except TimeoutError:
        failed = f": {progress.trouble}" if progress.trouble else ""
        hint = "--debug shows every request" if failed else "give a longer --timeout; --debug shows every request"
        raise GuardError(f"the segments were not listed within {duration(time_limit)}{failed}", hint=hint) from None
    except (RunEndedError, UnavailableError) as error:
        reason = error.unavailable.reason
        hint = "check the region and the base URL" if reason is Reason.NOT_FOUND else remedy(reason)
        raise GuardError(
            f"the segments could not be listed: {error}", hint=f"{hint}; --debug shows every request"
        ) from error


async def _counts(
    account: Account, wanted: Sequence[Wanted], time_limit: float | None, progress: Progress
) -> dict[str, SegmentReadings]:
    from guard.blueshift.counting import connect, longest_run  # noqa: PLC0415 - not needed to print help

    pacing, refresh = Pacing(), Refresh()
    limit = longest_run(wanted, pacing, refresh) if time_limit is None else time_limit
    async with connect(account, pacing) as blueshift:
        return await blueshift.count(wanted, refresh=refresh, time_limit=limit, progress=progress)


def _listed_row(each: Listed, *, archived: bool) -> tuple[str, ...]:
    shown = [_people(value) for value in map(each.shown, LISTED_CHANNELS)]
    return (
        harmless(printable(each.name)),
        each.uuid,
        *shown,
        _age(each.approxusers_updated_at),
        "archived" if archived else "",
    )


def _count_rows(readings: dict[str, SegmentReadings]) -> Iterable[tuple[str, ...]]:
    for uuid, own in readings.items():
        causes: defaultdict[tuple[object, ...], list[Channel]] = defaultdict(list)
        for channel, reading in own.channels.items():
            causes[_cause(channel, reading)].append(channel)
        for channel, reading in own.channels.items():
            same = causes[_cause(channel, reading)]
            if channel is not same[0]:
                continue  # shown once, with the first channel
            if isinstance(reading, Unavailable):
                channels = ", ".join(each.value for each in same)
                yield uuid, channels, "unknown", f"{reading.reason.value}: {printable(reading.detail)}"
            else:
                age = reading.age_seconds
                yield uuid, channel.value, number(reading.value), "" if age is None else f"{duration(age)} ago"


def _cause(channel: Channel, reading: Count | Unavailable) -> tuple[object, ...]:
    """Return a key that is equal for channels that are unknown for the same cause.

    A missing segment is one cause. So is one failure that lasted until the deadline, whatever each channel waited for,
    and so are answers that differ only in the id that the server gave to the request.
    """
    if not isinstance(reading, Unavailable):
        return (channel,)
    if reading.reason is Reason.NOT_FOUND or reading.cause:
        return reading.reason, reading.cause
    return reading.reason, _REQUEST_ID.sub("", reading.detail)


def _people(value: object) -> str:
    count = people(value)
    return "-" if count is None else number(count)


def _age(stamp: object) -> str:
    """Return the age of a listed count by this machine's clock; for display only."""
    from guard.blueshift.answers import parse_stamp  # noqa: PLC0415 - not needed to print help

    try:
        counted_at = parse_stamp(stamp)
    except ValueError:
        return "-"
    return "never" if counted_at is None else f"{duration((datetime.now(UTC) - counted_at).total_seconds())} ago"


def _fitted(rows: Sequence[Sequence[str]]) -> str:
    """Return the listing as a table, or as a block per segment if the terminal is too narrow."""
    table = _table(rows)
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    if width is None or max(map(len, table.splitlines())) <= width:
        return table
    _, *segments = rows
    return "\n".join(_block(segment, width) for segment in segments)


def _block(row: Sequence[str], width: int) -> str:
    """Return a segment's uuid, name and counts; a line never breaks inside a count."""
    name, uuid, *counts, age, mark = row
    said = [f"{what} {count}" for what, count in zip(LISTED_CHANNELS, counts, strict=True)]
    unbroken = ", ".join([*said, f"counted {age}"]).replace(" ", "\xa0").replace(",\xa0", ", ")
    lines = [
        f"{uuid} {mark}".rstrip(),
        *textwrap.wrap(name, width, initial_indent="  ", subsequent_indent="  "),
        *textwrap.wrap(unbroken, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False),
    ]
    return "".join(f"{line}\n" for line in lines).replace("\xa0", " ")


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows in columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
