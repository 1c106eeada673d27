"""The Hypothesis strategies of test_any_order.py: what may happen in a run, and what the guard is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from guard.core.model import Pacing, Refresh
from tests.blueshift.any_order import FIELDS, FINE, Course, History, Kind, Other, Reply, Script, Stamps

USUAL_PACE, USUAL_PATIENCE = Pacing(), Refresh()
MOSTLY = 30  # times as likely as each failure

QUEUED = [0.0, 0.3, 1.5, 5.0, 30.0, 100.0]
KINDS = st.sampled_from([Kind(channel, bypass) for channel in FIELDS for bypass in (False, True)])
GOOD_COURSES = [Course(queued=queued, runs=runs) for queued in QUEUED for runs in (0.0, 0.2, 1.0, 10.0, 90.0)]
COURSES = st.sampled_from(
    [
        *GOOD_COURSES,
        *[Course(queued=queued, runs=runs, moves_stamp=False) for queued in (0.0, 5.0) for runs in (0.3, 10.0)],
        Course(queued=1.5, runs=math.inf),
    ]
)
MOMENTS = st.one_of(st.integers(0, 40), st.integers(-500, 1500)).map(lambda tenths: tenths / 10)
OTHERS = st.builds(Other, at=MOMENTS, kind=KINDS, course=COURSES)
REPLIES = st.lists(
    st.sampled_from(
        [
            *[FINE] * MOSTLY,
            Reply(status=None),
            Reply(status=None, heard=False),
            Reply(seconds=12.0),
            Reply(status=429, heard=False),
            Reply(status=429),
            Reply(status=429, retry_after="2"),
            Reply(status=404),
            Reply(status=422),
            Reply(status=429, heard=False, retry_after="0"),
            Reply(status=429, heard=False, retry_after="2"),
            Reply(status=429, heard=False, retry_after="40"),
            Reply(status=429, heard=False, retry_after="soon"),
            Reply(status=503),
            Reply(status=503, heard=False),
            Reply(status=409, heard=False),
            Reply(status=404, heard=False),
            Reply(stamped=False),
            Reply(stamped=False),
            Reply(body=b"{}"),
            Reply(body=b"<html>"),
            Reply(dated=False),
            Reply(flaps=True),
            Reply(flaps=True, dated=False),
            Reply(seconds=4.0),
            Reply(seconds=9.5),
        ]
    ),
    max_size=8,
).map(tuple)
COUNTED_AGO = st.sampled_from([None, 0.0, 0.3, 0.9, 3600.0])
JUMPS = st.lists(st.tuples(st.sampled_from(QUEUED), st.sampled_from([-3600.0, -1.0, 0.7, 3600.0])), max_size=2)


def scripts(
    courses: st.SearchStrategy[Course], others: st.SearchStrategy[tuple[Other, ...]], **values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Script]:
    own = st.lists(courses, max_size=3).map(tuple)
    history = st.builds(History, counted_ago=COUNTED_AGO, own=own, others=others)
    return st.builds(
        Script,
        histories=st.lists(history, min_size=1, max_size=2).map(tuple),
        side_by_side=st.booleans(),
        accepts_twice=st.booleans(),
        null_while_refreshing=st.booleans(),
        stamps=st.sampled_from(Stamps),
        skew=st.sampled_from([0.5, 0.0, 0.95, -3600.0, 3600.25, -86_399.6, 86_400.5]),
        **values,
    )


SCRIPTS = scripts(
    COURSES, st.lists(OTHERS, max_size=3).map(tuple), reads=REPLIES, triggers=REPLIES, jumps=JUMPS.map(tuple)
)
QUIET_SCRIPTS = scripts(st.sampled_from(GOOD_COURSES), st.just(()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the guard is asked: each segment's channels and variants, in order, and its time limits."""

    kinds: tuple[tuple[Kind, ...], ...]
    pacing: Pacing = USUAL_PACE
    refresh: Refresh = USUAL_PATIENCE
    time_limit: float = 3600.0


ASKED_KINDS = st.tuples(
    st.lists(KINDS, min_size=1, max_size=3, unique=True).map(tuple), st.lists(KINDS, max_size=2, unique=True).map(tuple)
)
QUESTIONS = st.builds(
    Question,
    kinds=ASKED_KINDS,
    pacing=st.builds(
        Pacing, requests_per_second=st.sampled_from([0.5, 5.0, 100.0]), concurrency=st.sampled_from([1, 2, 10])
    ),
    refresh=st.builds(
        Refresh,
        timeout=st.sampled_from([600.0, 60.0, 20.0, 5.0]),
        poll_interval=st.sampled_from([0.3, 2.0]),
        max_poll_interval=st.sampled_from([2.0, 15.0]),
    ),
    time_limit=st.sampled_from([3600.0, 3.0, 60.0, 600.0, 3600.0, 3600.0]),
)
