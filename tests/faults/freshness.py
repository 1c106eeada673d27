"""Freshness: stamps and clocks that mislead, refreshes that lag, hang or are somebody else's, and replicas."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from guard.core.model import Channel
from tests.faults.row import BAD_ANSWER, FRESH, UUID, WELL, Row, last_look, reads, triggers, unknown

if TYPE_CHECKING:
    from guard.sandbox.server import Sandbox

_refresh = partial(Row, "Refreshes")
_stamp = partial(Row, "Stamps")
_clock = partial(Row, "Clocks")
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


def _stamped(json: str) -> str:
    return f"{{says: {{approxusers_updated_at: {json}}}}}"


ROWS = (
    _refresh("none at all", WELL, requests=(3, 4)),
    _refresh("ready with the old count for a second after the trigger", WELL, segment="lag: 1s", requests=(4, 20)),
    _refresh("a refresh that never ends", _LOST, segment="stuck: all", requests=(4, 60)),
    _refresh(
        "every answer after 2.5 s, so that every look is too old to trigger after",
        unknown("network", "deadline"),
        account="latency: 2500ms",
        timeout=8,
        requests=(1, 5),
    ),
    _refresh(
        "a refresh of somebody else's that runs already",
        WELL,
        segment="refresh: 700ms",
        beforehand=_counted_by_somebody_else,
        timeout=8,
        requests=(4, 30),
        before=(None, FRESH),  # it may have ended before the first look
    ),
    _refresh(
        "a refresh of somebody else's that never ends",
        _LOST,
        segment="stuck: all",
        beforehand=_counted_by_somebody_else,
        requests=(2, 60),
    ),
    _refresh("a trigger that is swallowed", _LOST, triggers("swallowed"), requests=(4, 60)),
    _refresh(
        "ready and refreshing all the time, whatever is done",
        _LOST,
        last_look("{says: {refresh_status: '\"refreshing\"'}}", "again"),
        requests=(4, 60),
    ),
    _refresh(
        "a replica with the old count behind every other read, the next look too",
        WELL,
        last_look("old", "well", "again"),
        requests=(4, 8),
    ),
    _refresh(
        "the new count once, and the old one ever after",
        WELL,
        last_look("old", "again", well=3),
        segment="refresh: 50ms",
        requests=(3, 3),
    ),
    _refresh("a replica that never hears of anything", _LOST, last_look("old", "again"), requests=(4, 60)),
    _stamp("a refresh that leaves the stamp where it was", _LOST, segment="stamp: stays", requests=(4, 60)),
    _stamp("a refresh that moves the stamp a year back", _LOST, segment="stamp: back", requests=(4, 60)),
    _stamp("a refresh that moves the stamp a year ahead", BAD_ANSWER, segment="stamp: ahead", requests=(3, 5)),
    _stamp(
        "a year back, where there was no stamp before",
        _LOST,
        segment="stamp: back\ncounted: never\ncounts: ",
        requests=(4, 60),
    ),
    *(
        _stamp(
            f"a stamp that is {words} at the look and the trigger, and then the old one",
            _LOST,
            f"{{any: [{_stamped(text)}, {_stamped(text)}], reads: [old, again]}}",
            requests=(4, 60),
        )
        for words, text in {"null": "'null'", "absent": "absent"}.items()
    ),
    _stamp(
        "zeros and null, until it was counted",
        WELL,
        segment="counted: never\ncounts: ",
        requests=(3, 5),
        before=(None,),
    ),
    *(
        _stamp(
            f"a stamp that is {words}, always",
            unknown("not_counted"),
            reads(_stamped(text), "again"),
            segment="counted: never\ncounts: \nfresh: {email: 0}",
            timeout=8,
            requests=(4, 60),
        )
        for words, text in {"null": '"null"', "absent": "absent"}.items()
    ),
    *(
        row
        for words, text in _NO_STAMPS.items()
        for row in (
            _stamp(f"a stamp that is {words}, at first", BAD_ANSWER, reads(_stamped(f"'{text}'")), requests=(1, 1)),
            _stamp(
                f"a stamp that is {words}, at the last look",
                BAD_ANSWER,
                last_look(_stamped(f"'{text}'"), "again"),
                requests=(3, 3),
            ),
        )
    ),
    _stamp(
        "a stamp that is null at the last look, again and again",
        unknown("not_counted"),
        last_look(_stamped("'null'"), "again"),
        timeout=8,
        requests=(4, 60),
    ),
    _stamp(
        "a stamp of the year 1, at the last look",
        _LOST,
        last_look(_stamped("'\"0001-01-01T00:00:00Z\"'"), "again"),
        requests=(4, 60),
    ),
    *(
        _stamp(f"stamps told in {words}", WELL, account=f"stamps: {text}", requests=(3, 5))
        for words, text in {
            "whole seconds": "seconds",
            "nanoseconds": "nanoseconds",
            "another zone's time": "offset",
        }.items()
    ),
    *(
        _clock(f"a server's clock that is {words}", WELL, account=f"clock_skew: {skew}", requests=(3, 5))
        for words, skew in {
            "an hour ahead": "1h",
            "an hour behind": "-1h",
            "a day ahead": "24h",
            "a day behind": "-24h",
        }.items()
    ),
    *(
        _clock(
            f"a server's clock that jumps {words} in mid-run",
            ends,
            account=f"clock_jump: {{after: 1s, by: {by}}}",
            segment="refresh: 2s",
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
