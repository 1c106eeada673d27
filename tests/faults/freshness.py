"""Freshness: stamps and clocks that mislead, refreshes that lag, hang or are somebody else's, and replicas."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from guard.core.model import Channel
from tests.faults.row import UUID, WELL, Row, unknown

if TYPE_CHECKING:
    from guard.sandbox.server import Sandbox

_refresh = partial(Row, group="Refreshes")
_stamp = partial(Row, group="Stamps")
_clock = partial(Row, group="Clocks")
_LOST = unknown("timeout", "deadline")
_NO_STAMPS = {
    "text": '"yesterday"',
    "a number": "1800000000",
    "without a zone": '"2026-11-23T09:00:00"',
    "in the year 9999": '"9999-12-31T23:59:59Z"',
    "beyond the calendar": '"9999-12-31T23:59:59-23:59"',
    "a list": "[]",
}


def _counted_by_somebody_else(sandbox: Sandbox) -> None:
    sandbox.world.trigger(UUID, Channel.EMAIL)


def _at_the_last_look(json: str) -> str:
    return f"{{any: [well, well], reads: [{{says: {{approxusers_updated_at: '{json}'}}}}, again]}}"


ROWS = (
    _refresh(fault="none at all", ends=WELL, requests=(3, 4)),
    _refresh(
        fault="ready with the old count for a second after the trigger",
        segment="lag: 1s",
        ends=WELL,
        requests=(4, 20),
    ),
    _refresh(fault="a refresh that never ends", segment="stuck: all", ends=_LOST, requests=(4, 60)),
    _refresh(
        fault="every answer after 2.5 s, so that every look is too old to trigger after",
        account="latency: 2500ms",
        ends=unknown("network", "deadline"),
        timeout=8,
        requests=(1, 5),
    ),
    _refresh(
        fault="a refresh of somebody else's that runs already",
        segment="refresh: 700ms",
        beforehand=_counted_by_somebody_else,
        ends=WELL,
        timeout=8,
        requests=(4, 30),
    ),
    _refresh(
        fault="a refresh of somebody else's that never ends",
        segment="stuck: all",
        beforehand=_counted_by_somebody_else,
        ends=_LOST,
        requests=(2, 60),
    ),
    _refresh(fault="a trigger that is swallowed", answers="{triggers: [swallowed]}", ends=_LOST, requests=(4, 60)),
    _refresh(
        fault="ready and refreshing all the time, whatever is done",
        answers="{any: [well, well], reads: [{says: {refresh_status: '\"refreshing\"'}}, again]}",
        ends=_LOST,
        requests=(4, 60),
    ),
    _refresh(
        fault="a replica with the old count behind every other read, the next look too",
        answers="{any: [well, well], reads: [old, well, again]}",
        ends=WELL,
        requests=(4, 8),
    ),
    _refresh(
        fault="the new count once, and the old one ever after",
        answers="{any: [well, well, well], reads: [old, again]}",
        ends=WELL,
        segment="refresh: 50ms",
        requests=(3, 3),
    ),
    _refresh(
        fault="a replica that never hears of anything",
        answers="{any: [well, well], reads: [old, again]}",
        ends=_LOST,
        requests=(4, 60),
    ),
    _stamp(fault="a refresh that leaves the stamp where it was", segment="stamp: stays", ends=_LOST, requests=(4, 60)),
    _stamp(fault="a refresh that moves the stamp a year back", segment="stamp: back", ends=_LOST, requests=(4, 60)),
    _stamp(
        fault="a refresh that moves the stamp a year ahead",
        segment="stamp: ahead",
        ends=unknown("bad_answer"),
        requests=(3, 5),
    ),
    _stamp(
        fault="a year back, where there was no stamp before",
        segment="stamp: back\ncounted: never\ncounts: ",
        ends=_LOST,
        requests=(4, 60),
    ),
    *(
        _stamp(
            fault=f"a stamp that is {words} at the look and the trigger, and then the old one",
            answers="{any: [HIDDEN, HIDDEN], reads: [old, again]}".replace(
                "HIDDEN", f"{{says: {{approxusers_updated_at: {text}}}}}"
            ),
            ends=_LOST,
            requests=(4, 60),
        )
        for words, text in {"null": "'null'", "absent": "absent"}.items()
    ),
    _stamp(
        fault="zeros and null, until it was counted",
        segment="counted: never\ncounts: ",
        ends=WELL,
        requests=(3, 5),
    ),
    *(
        _stamp(
            fault=f"a stamp that is {words}, always",
            answers=f"{{reads: [{{says: {{approxusers_updated_at: {text}}}}}, again]}}",
            segment="counted: never\ncounts: \nfresh: {email: 0}",
            ends=unknown("not_counted"),
            timeout=8,
            requests=(4, 60),
        )
        for words, text in {"null": '"null"', "absent": "absent"}.items()
    ),
    *(
        row
        for words, text in _NO_STAMPS.items()
        for row in (
            _stamp(
                fault=f"a stamp that is {words}, at first",
                answers=f"{{reads: [{{says: {{approxusers_updated_at: '{text}'}}}}]}}",
                ends=unknown("bad_answer"),
                requests=(1, 1),
            ),
            _stamp(
                fault=f"a stamp that is {words}, at the last look",
                answers=_at_the_last_look(text),
                ends=unknown("bad_answer"),
                requests=(3, 3),
            ),
        )
    ),
    _stamp(
        fault="a stamp that is null at the last look, again and again",
        answers=_at_the_last_look("null"),
        ends=unknown("not_counted"),
        timeout=8,
        requests=(4, 60),
    ),
    _stamp(
        fault="a stamp of the year 1, at the last look",
        answers=_at_the_last_look('"0001-01-01T00:00:00Z"'),
        ends=_LOST,
        requests=(4, 60),
    ),
    *(
        _stamp(fault=f"stamps told in {words}", account=f"stamps: {text}", ends=WELL, requests=(3, 5))
        for words, text in {
            "whole seconds": "seconds",
            "nanoseconds": "nanoseconds",
            "another zone's time": "offset",
        }.items()
    ),
    *(
        _clock(fault=f"a server's clock that is {words}", account=f"clock_skew: {skew}", ends=WELL, requests=(3, 5))
        for words, skew in {
            "an hour ahead": "1h",
            "an hour behind": "-1h",
            "a day ahead": "24h",
            "a day behind": "-24h",
        }.items()
    ),
    *(
        _clock(
            fault=f"a server's clock that jumps {words} in mid-run",
            account=f"clock_jump: {{after: 1s, by: {by}}}",
            segment="refresh: 2s",
            ends=ends,
            timeout=6,
            requests=(4, 60),
        )
        for words, by, ends in (
            ("an hour ahead", "1h", WELL),
            ("ten minutes back", "-10m", WELL),
            ("two hours back, past the old stamp", "-2h", _LOST),
        )
    ),
)
