"""``audience-guard history``: the store and what is in it."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli.options import account_flags, debug_flag, history_flag
from guard.cli.output import is_unicode, print_report, say, screen_for
from guard.core.errors import ExitCode, UsageError
from guard.core.text import number, plural, printable
from guard.history.address import required_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.model import Channel, Rules
    from guard.history.contents import Past
    from guard.history.files import Found
    from guard.history.store import Store
    from guard.report.screen import Screen
    from guard.report.trends.page import TrendPage

_SHOWN = ("text", "json", "html")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d?", re.ASCII)
_LONGEST = {"--last": 3_650, "--older-than": 99_999}  # days
_USUAL_RULES = "rules.yaml"


def _days(_context: click.Context, option: click.Parameter, text: str) -> int:
    """Return the days in ``26`` or ``26d``."""
    flag, found = option.opts[0], _DAYS.fullmatch(text)
    most = _LONGEST[flag]
    if found is None or int(found[1]) > most:
        what = f'{flag}: "{printable(text)}" is not a number of days'
        raise UsageError(what, hint=f"write one such as 26d, and at most {most}d")
    return int(found[1])


@click.group(
    epilog="""
\b
Examples:
  audience-guard history init --history history.db
  audience-guard check --history history.db
  audience-guard history show --history history.db --output html=trends.html
  audience-guard history import reports/ --history history.db --min-runs 10

docs/history.md explains the rest.
"""
)
def history() -> None:
    """Keep the counts of every run in a store, and show how they change."""


@history.command()
@history_flag
@debug_flag
def init(history: str | None) -> int:
    """Make the store, or update it to this version.

    A store that is right already stays as it is.
    """
    from guard.history.contents import damage_lines  # noqa: PLC0415 - slow to import

    store = _store(history)
    what = printable(store.address.shown)
    if store.init():
        print_report(f"made the history store {what}\n")
        return ExitCode.PASSED
    past = store.read()
    since = f" since {past.began}" if past.began else ""
    standing = "is damaged" if past.damage else "is right"
    print_report(f"the history store {what} {standing}: it holds {plural(len(past.held), 'run')}{since}\n")
    return _say_damage(history, damage_lines(past.damage))


@history.command()
@click.argument("rules", required=False, type=click.Path())
@history_flag
@click.option("--segment", metavar="KEY", help="Show this segment only.")
@click.option("--channel", metavar="CHANNEL", help="Show this channel only.")
@click.option(
    "--last",
    callback=_days,
    metavar="DAYS",
    default="26",
    show_default=True,
    help="How many days of each series, counted from the newest; days without a reading do not count.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    default=("text",),
    show_default=True,
    metavar="FORMAT[=PATH]",
    help="text, json or html, to stdout or to a file.",
)
@debug_flag
def show(
    rules: str | None,
    history: str | None,
    segment: str | None,
    channel: str | None,
    last: int,
    outputs: tuple[str, ...],
) -> int:
    """Show how the counts changed.

    There is a row for each channel of each segment. RULES is the rules file, rules.yaml where there is one; its bounds
    are what is allowed. Without rules, each count is shown beside the bounds of its own run. Exits with 3 if a part of
    the store was lost or changed.
    """
    from guard.history.show import Wanted, show_trends  # noqa: PLC0415 - slow to import
    from guard.report import Format  # noqa: PLC0415 - see above
    from guard.report.mark import signed  # noqa: PLC0415 - see above
    from guard.report.outputs import Output, prepare, write  # noqa: PLC0415 - see above
    from guard.security.keyring import scrubbed  # noqa: PLC0415 - see above

    if len(outputs) > 1:
        raise UsageError("history show has one --output", hint="run it once for each")
    word, path = _format(outputs[0])
    wanted = Wanted(segment=segment, channel=_channel(channel), last=last)
    store = _store(history)
    if path:
        prepare([Output(format=Format.HTML, path=path)], protected=[each for each in [store.address.path] if each])
    page = show_trends(store, _rules(rules), wanted)
    if path is None:
        from guard.report.screen import Screen  # noqa: PLC0415 - see above

        screen = screen_for(sys.stdout, "auto") or Screen(unicode=is_unicode(sys.stdout))
        print_report(_rendered(page, word, screen))
    else:
        write(path, signed(scrubbed(_rendered(page, word, None))))
    return _say_damage(history, page.damage)


@history.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@history_flag
@account_flags
@click.option(
    "--min-runs",
    type=click.IntRange(0),
    metavar="N",
    help="Exit with 3 if the store holds fewer runs after that: files may be missing.",
)
@debug_flag
def import_(
    paths: tuple[str, ...], history: str | None, region: str | None, base_url: str | None, min_runs: int | None
) -> int:
    """Import saved reports and CSV files.

    PATHS are JSON reports, CSV files with the columns uuid,channel,day,count, or folders of both. What is there already
    is passed over. Nothing of a file with a mistake is imported. The counts of a CSV file are recorded for the account
    that check would ask: that of --base-url or --region, of the environment, of rules.yaml, or else us.
    """
    from guard.history.contents import damage_lines  # noqa: PLC0415 - see above
    from guard.history.files import read_files  # noqa: PLC0415 - slow to import
    from guard.history.run_record import host_of  # noqa: PLC0415 - see above
    from guard.history.store import SECONDS_FOR_A_PERSON  # noqa: PLC0415 - see above

    store = _store(history)
    store.read()
    found = read_files(
        [Path(each) for each in paths], lambda: host_of(_host(region, base_url)), datetime.now(UTC).date()
    )
    numbers = store.record(found.runs, seconds=SECONDS_FOR_A_PERSON)
    past = store.read()
    held = len(past.held)
    for problem in found.problems:
        say(problem)
    print_report(f"{_imported(found, numbers, past)}; {printable(store.address.shown)} holds {plural(held, 'run')}\n")
    for each in _elsewhere(found, past):
        say(each)
    if found.problems:
        say("audience-guard: nothing was imported from the files with a mistake")
        return ExitCode.USAGE
    if min_runs is not None and held < min_runs:
        say(f"audience-guard: the store holds {plural(held, 'run')}, but --min-runs asks for {number(min_runs)}")
        say("  hint: the folder may lack files, or the store may be another one")
        return ExitCode.UNKNOWN
    return _say_damage(history, damage_lines(past.damage))


@history.command()
@history_flag
@debug_flag
def export(history: str | None) -> int:
    """Print every reading in the store as CSV.

    history import can read it.
    """
    from guard.history.contents import damage_lines  # noqa: PLC0415 - see above
    from guard.history.export import as_csv  # noqa: PLC0415 - slow to import

    rows, past = _store(history).export()
    print_report(as_csv(rows))
    return _say_damage(history, damage_lines(past.damage))


@history.command()
@history_flag
@click.option(
    "--older-than",
    required=True,
    callback=_days,
    metavar="DAYS",
    help="Such as 750d. A run is as old as its newest reading.",
)
@debug_flag
def prune(history: str | None, older_than: int) -> int:
    """Delete the readings of old runs.

    The row of each run stays, so a loss is still noticed.
    """
    store = _store(history)
    runs, readings = store.prune(datetime.now(UTC) - timedelta(days=older_than))
    print_report(
        f"deleted {plural(readings, 'reading')} of {plural(runs, 'run')} from {printable(store.address.shown)}\n"
    )
    return ExitCode.PASSED


def _imported(found: Found, numbers: Sequence[int | None], past: Past) -> str:
    """Say what was imported, for which accounts, and what was not, since it is there already."""
    new = [run for run, number in zip(found.runs, numbers, strict=True) if number is not None]
    old = len(numbers) - len(new)
    there = {run.id for run in found.runs} - {run.id for run in new}
    pruned = sum(run.is_pruned and run.id in there for run in past.runs)
    hosts = sorted({run.host for run in new})
    told = f"imported {plural(len(new), 'run')} from {plural(found.files, 'file')}"
    told += f", of {', '.join(map(printable, hosts))}" if hosts else ""
    told += f"; {plural(old, 'run was', 'runs were')} there already" if old else ""
    return told + (f", {number(pruned)} of them pruned since" if pruned else "")


def _elsewhere(found: Found, past: Past) -> list[str]:
    """Return a line for each CSV file that is there already, but for another account."""
    held = {run.id: run.host for run in past.runs}
    return [
        f"audience-guard: a CSV file is there already with counts of {printable(held[run.id])},"
        f" so it was not imported for {printable(run.host)}\n"
        "  hint: add a column host with the right one to the file"
        for run in found.runs
        if run.source == "csv" and held.get(run.id, run.host) != run.host
    ]


def _store(named: str | None) -> Store:
    address = required_store(named)
    from guard.history.store import Store  # noqa: PLC0415 - slow to import

    return Store(address)


def _say_damage(named: str | None, damage: Sequence[str]) -> int:
    for each in damage:
        say(f"audience-guard: the history store {printable(required_store(named).shown)} is damaged: {each}")
    return ExitCode.UNKNOWN if damage else ExitCode.PASSED


def _host(region: str | None, base_url: str | None) -> str:
    """Return the host of the account that check would ask; a CSV file does not say whose numbers it has."""
    from guard.blueshift.account import host_asked  # noqa: PLC0415 - only a CSV file needs it

    rules = _rules(None)
    return host_asked(region=region, base_url=base_url, rules_region=rules.region if rules else None)


def _rules(path: str | None) -> Rules | None:
    """Return the rules in the file, or in rules.yaml where there is one."""
    from guard.cli.rules import read_rules  # noqa: PLC0415 - see above

    if path is None and not Path(_USUAL_RULES).is_file():
        return None
    return read_rules(path or _USUAL_RULES)


def _channel(word: str | None) -> Channel | None:
    from guard.core.model import Channel  # noqa: PLC0415 - see above
    from guard.core.text import did_you_mean  # noqa: PLC0415 - a slip is rare

    if word is None:
        return None
    if word not in set(Channel):
        raise UsageError(
            f'there is no channel "{printable(word)}"{did_you_mean(word, list(Channel))}',
            hint=f"the channels are: {', '.join(Channel)}",
        )
    return Channel(word)


def _format(output: str) -> tuple[str, Path | None]:
    from guard.core.text import did_you_mean  # noqa: PLC0415 - a slip is rare

    word, equals, path = output.partition("=")
    if word not in _SHOWN:
        near = did_you_mean(word, _SHOWN)
        raise UsageError(f'there is no format "{printable(word)}"{near}', hint=f"possible are: {', '.join(_SHOWN)}")
    if equals and not path:
        raise UsageError(f"--output {word}= names no file", hint=f"write --output {word}=PATH")
    return word, Path(path) if equals else None


def _rendered(page: TrendPage, word: str, screen: Screen | None) -> str:
    if word == "html":
        from guard.report.trends.html_page import as_html  # noqa: PLC0415 - only HTML needs its packages

        return as_html(page)
    from guard.report.trends.page import as_object, as_text  # noqa: PLC0415 - see above

    return as_object(page) if word == "json" else as_text(page, screen)
