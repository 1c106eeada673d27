"""Builders of report values, every kind of outcome, and any report at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.core.baseline import Baseline, LeftOut, State, Window
from guard.core.change import Change, Step
from guard.core.evaluate import judge_guard
from guard.core.history import Day, History, Limit, Reading, days
from guard.core.measure import Measure
from guard.core.model import LARGEST_COUNT, Bound, BoundName, Campaign, Channel, Guard, Segment, Selection, Severity
from guard.core.relative import Past
from guard.core.results import (
    Before,
    CampaignResult,
    Check,
    Count,
    FailOn,
    GuardResult,
    Part,
    Reason,
    Report,
    SegmentResult,
    TotalResult,
    Verdict,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WHY_UNKNOWN = "the refresh did not end within 10 min"
HOSTILE = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e[/b] @all #1 www.example.com'

SHOWN_ON_SCREENS = [
    "pass",
    "warn",
    "fail-too-few",
    "totals-fail",
    "unknown",
    "refused-key",
    "two-hundred",
    "hostile",
    "history",
    "history-long",
    "change",
]
"""The outcomes with golden files of every format, on terminals of 80 and 200 columns too."""


def shown(value: int | Fraction) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{float(value):.1%}"


def check(
    bound: str,
    limit: int | Fraction,
    observed: int | Fraction | None,
    *,
    line: int = 28,
    severity: Severity = Severity.FAIL,
    message: str | None = None,
    why: str = WHY_UNKNOWN,
) -> Check:
    name = BoundName(bound)
    if observed is None:
        verdict, said = Verdict.UNKNOWN, f"it is unknown: {why}"
    elif observed < limit if name.is_floor else observed > limit:
        lenient = name.is_warning or severity is Severity.WARN
        verdict = Verdict.WARN if lenient else Verdict.FAIL
        gap = shown(observed - limit if observed > limit else limit - observed)
        side = "below" if name.is_floor else "above"
        said = f"it reaches {shown(observed)}, which is {gap} {side} the {bound} of {shown(limit)}"
    else:
        verdict, said = Verdict.PASS, f"it reaches {shown(observed)}, within the {bound} of {shown(limit)}"
    return Check(
        bound=name,
        limit=limit,
        observed=observed,
        verdict=verdict,
        line=line,
        message=message if message is not None else said,
    )


def guard(
    *checks: Check,
    count: int | None = 30_000,
    channel: Channel = Channel.EMAIL,
    users: int | None = None,
    age: int | None = 10,
    reason: Reason | None = None,
    detail: str | None = None,
    severity: Severity = Severity.FAIL,
    before: int | None = None,
) -> GuardResult:
    return GuardResult(
        channel=channel,
        severity=severity,
        count=None if count is None else Count(value=count, counted_at=MOMENT + timedelta(seconds=62), age_seconds=age),
        users=users,
        reason=reason,
        detail=detail,
        line=27,
        checks=checks,
        before=None if before is None else Before(count=before, counted_at=MOMENT - timedelta(hours=1)),
    )


def email(
    count: int | None,
    *,
    low: int = 10_000,
    high: int = 50_000,
    reason: Reason = Reason.TIMEOUT,
    detail: str = WHY_UNKNOWN,
    before: int | None = None,
) -> GuardResult:
    """Return a guard on email between two bounds; no count stands for a refresh that never ended."""
    return guard(
        check("min", low, count, line=28, why=detail),
        check("max", high, count, line=29, why=detail),
        count=count,
        reason=reason if count is None else None,
        detail=detail if count is None else None,
        before=before,
    )


def segment(
    *guards: GuardResult,
    key: str = "newsletter-active",
    owner: str | None = "crm@example.com",
    description: str | None = None,
    tags: tuple[str, ...] = (),
    name: str | None = None,
    uuid: str | None = "2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
) -> SegmentResult:
    asked = tuple(Guard(channel=each.channel, bounds=(), line=each.line) for each in guards)
    return SegmentResult(
        segment=Segment(
            key=key,
            uuid=None if name else uuid,
            name=name,
            owner=owner,
            description=description,
            tags=tags,
            guards=asked,
            line=20,
        ),
        uuid=uuid,
        guards=guards,
    )


def campaign(
    *checks: Check,
    count: int | None = 7_000,
    key: str = "spring-sale",
    reason: Reason | None = None,
    parts: dict[str, int | None] | None = None,
    owner: str | None = None,
) -> CampaignResult:
    """Return a campaign of newsletter-active, or of the segments in ``parts``; ``report`` completes its verdict."""
    parts = parts or {"newsletter-active": count}
    total = TotalResult(
        channel=Channel.SMS,
        count=count,
        reason=reason,
        detail=f"sms-optin: {WHY_UNKNOWN}" if reason else None,
        line=40,
        checks=checks,
        parts=tuple(Part(segment=segment, count=part) for segment, part in parts.items()),
    )
    asked = Campaign(key=key, segments=tuple(parts), owner=owner, line=38)
    return CampaignResult(campaign=asked, verdict=total.verdict, totals=(total,))


def report(
    *segments: SegmentResult,
    campaigns: tuple[CampaignResult, ...] = (),
    fail_on: FailOn = FailOn.FAIL,
    selection: Selection | None = None,
    rules_path: str = "rules.yaml",
    account: str | None = None,
) -> Report:
    """Return a report; a campaign's verdict includes those of its segments, as the evaluator has it."""
    own = {each.segment.key: each.verdict for each in segments}
    judged = tuple(
        replace(each, verdict=worst([each.verdict, *(own.get(key, Verdict.UNKNOWN) for key in each.campaign.segments)]))
        for each in campaigns
    )
    return Report(
        version="0.1.0",
        fail_on=fail_on,
        started_at=MOMENT,
        finished_at=MOMENT + timedelta(seconds=72, milliseconds=345),
        host="api.getblueshift.com",
        rules_path=rules_path,
        rules_sha256="0123456789abcdef" * 4,
        account=account,
        selection=selection or Selection(),
        segments=segments,
        campaigns=judged,
    )


def many(*, failed: int = 0, passed: int = 0, key: str = "segment") -> Report:
    """Return a report of that many guards, first those that passed."""
    counts = [30_000] * passed + [1_900] * failed
    return report(*(segment(email(count), key=f"{key}-{number}") for number, count in enumerate(counts)))


def outcomes() -> dict[str, Report]:
    """Every kind of outcome, by the name of its golden file."""
    share_short = guard(
        check("share.min", Fraction(3, 5), Fraction(19, 40)),
        count=19_000,
        users=40_000,
    )
    sms = guard(check("min", 2_000, 7_000, line=33), count=7_000, channel=Channel.SMS)
    push = guard(
        check("min", 100, 90, line=36, severity=Severity.WARN), count=90, channel=Channel.PUSH, severity=Severity.WARN
    )
    ceiling, broken = check("max", 100_000, 7_000, line=41), check("max", 5_000, 7_000, line=41)
    optin = segment(guard(check("min", 1_000, 2_000, line=36), count=2_000, channel=Channel.SMS), key="sms-optin")
    timed_out = segment(
        guard(
            check("min", 1_000, None, line=36),
            count=None,
            channel=Channel.SMS,
            reason=Reason.TIMEOUT,
            detail=WHY_UNKNOWN,
        ),
        key="sms-optin",
    )
    both: dict[str, int | None] = {"newsletter-active": 7_000, "sms-optin": 2_000}
    total_broken = campaign(check("max", 5_000, 9_000, line=41), count=9_000, parts=both, owner="launch@example.com")
    everything = (
        segment(email(30_000), key="cart-abandoners", owner=None),
        segment(push, key="app-users"),
        segment(email(None), key="win-back"),
        segment(email(1_900), sms),
        segment(email(1_900_000), key="everybody", owner="shop@example.com"),
    )
    refused: dict[str, Any] = {"reason": Reason.REFUSED_KEY, "detail": "Blueshift refused the API key (HTTP 401)"}
    gone = 'the account has no segment named "Win back"'
    hostile = guard(check("min", 10, 7, message=HOSTILE), count=7, detail=HOSTILE)
    return {
        "pass": report(segment(email(30_000, before=28_500), sms), account="Acme EU"),
        "fail-too-few": report(segment(email(1_900, before=20_500), sms)),
        "fail-too-many": report(segment(email(1_900_000))),
        "fail-nobody": report(segment(email(0))),
        "fail-share": report(segment(share_short)),
        "fail-let-pass": report(segment(email(1_900)), fail_on=FailOn.NEVER),
        "unknown": report(segment(email(None, before=20_500)), segment(sms, key="sms-optin")),
        "refused-key": report(
            segment(email(None, **refused)), segment(email(None, **refused), key="win-back"), account="Acme EU"
        ),
        "warn": report(segment(push, sms)),
        "warn-stops": report(segment(push, sms), fail_on=FailOn.WARN),
        "totals-pass": report(segment(sms), campaigns=(campaign(ceiling),)),
        "totals-fail": report(
            segment(sms), optin, segment(email(30_000), key="win-back"), campaigns=(total_broken, win_back())
        ),
        "totals-unknown": report(
            segment(sms),
            timed_out,
            campaigns=(
                campaign(
                    check("max", 100_000, None, line=41, why=f"sms-optin: {WHY_UNKNOWN}"),
                    count=None,
                    reason=Reason.TIMEOUT,
                    parts={"newsletter-active": 7_000, "sms-optin": None},
                ),
            ),
        ),
        "selected": report(segment(sms), selection=Selection(segments=("newsletter-active",), tags=("weekly",))),
        "nothing": report(),
        "named": report(
            segment(email(1_900), name="Promo, week 3"),
            segment(email(None, reason=Reason.NOT_FOUND, detail=gone), key="win-back", name="Win back", uuid=None),
        ),
        "everything": report(*everything, campaigns=(campaign(ceiling), campaign(broken, key="summer-sale"))),
        "many": report(*(segment(email(1_000 * number), key=f"segment-{number}") for number in range(5, 56, 5))),
        "history": remembered(
            report(segment(email(1_900, before=20_500), sms)),
            {
                Channel.EMAIL: earlier([31_000, 30_500, 9_000, None, 32_000, None, None, 33_500, 30_100, 29_800]),
                Channel.SMS: earlier([6_500, 6_700], low=2_000),
            },
        ),
        "history-begins": remembered(report(segment(email(30_000))), runs=1, began=MOMENT.date()),
        "history-lost": remembered(report(segment(email(30_000))), runs=None, began=None, recorded=False),
        "history-long": remembered(
            report(segment(email(1_900_000)), segment(email(None), key="win-back")),
            {Channel.EMAIL: earlier([*range(10_000, 50_001, 1_000), 2_100_000, 49_000, 48_000], step=1, imported=30)},
            recorded=False,
        ),
        "change": changed(),
        "two-hundred": two_hundred(),
        "hostile": remembered(
            report(
                segment(hostile, key=HOSTILE, owner=HOSTILE, description=HOSTILE, name=HOSTILE),
                campaigns=(
                    campaign(check("max", 5, 7, message=HOSTILE), key=f"sale {HOSTILE}", count=7, parts={HOSTILE: 7}),
                ),
                rules_path=HOSTILE,
                selection=Selection(tags=(HOSTILE,)),
                account=HOSTILE,
            ),
            {Channel.EMAIL: earlier([9, 8, None, 12], imported=1)},
        ),
    }


def changed() -> Report:
    """Return a report of guards that are compared with the past: what is far from it, learning, lost, or as ever."""
    few, steady, odd, pair = compared(1_900, 8, failed=3), compared(41_000, 8), compared(41_000, 7), compared(41_000, 2)
    young = [compared(41_000, 1, until_then=verdict) for verdict in (Verdict.UNKNOWN, Verdict.PASS, Verdict.WARN)]
    names = ("young", "young-pass", "young-warn")
    return remembered(
        report(
            segment(few),
            *(segment(guard, key=key) for guard, key in zip(young, names, strict=True)),
            segment(steady, key="steady"),
            segment(odd, key="odd"),
            segment(pair, key="pair"),
            segment(compared(41_000, None), key="lost"),
        ),
        {Channel.EMAIL: earlier([40_000] * 8)},
    )


def compared(count: int, days: int | None, *, failed: int = 0, until_then: Verdict = Verdict.UNKNOWN) -> GuardResult:
    """Return a guard that is compared with so many weekly days (None: they are lost), of which one ``failed``."""
    steps = ((BoundName.CHANGE_MIN, Fraction(-3, 10)), (BoundName.CHANGE_MAX, Fraction(1, 2)))
    change = Change(
        source="median_of_last_8",
        steps=tuple(Step(bound=bound, part=part, line=30) for bound, part in steps),
        needs=3,
        until_then=until_then,
        line=30,
    )
    bounds = (Bound(name=BoundName.MIN, limit=1_000, line=28), Bound(name=BoundName.MAX, limit=80_000, line=29))
    readings = [
        Reading(
            run=week,
            at=MOMENT - timedelta(weeks=week),
            count=40_000 + week,
            verdict="pass",
            limits=(Limit("change.min", 41_000, "fail" if week == failed else "pass"),),
        )
        for week in range(1, (days or 0) + 1)
    ]
    window = Window(today=MOMENT.date(), zone=UTC, within=120)
    return judge_guard(
        Guard(channel=Channel.EMAIL, bounds=bounds, changes=(change,), line=27),
        {Channel.EMAIL: Count(value=count, counted_at=MOMENT + timedelta(seconds=62), age_seconds=10)},
        Past(readings=None if days is None else readings, window=window),
    )


def earlier(counts: Sequence[int | None], *, low: int = 10_000, step: int = 7, imported: int = 0) -> tuple[Day, ...]:
    """Return a day for each count, one every ``step`` days up to the week before; the first few are ``imported``."""
    days = []
    for number, count in enumerate(counts):
        at = MOMENT - timedelta(days=step * (len(counts) - number))
        verdict = "unknown" if count is None else "pass" if low <= count <= 50_000 else "fail"
        known: dict[str, Any] = {"verdict": verdict, "reason": "timeout" if count is None else None}
        read = {"verdict": None, "day": at.date()} if number < imported else known
        days.append(Day(day=at.date(), reading=Reading(run=number + 1, at=at, count=count, **read)))
    return tuple(days)


def remembered(
    known: Report,
    past: dict[Channel, tuple[Day, ...]] | None = None,
    *,
    runs: int | None = 26,
    began: date | None = date(2026, 6, 2),
    recorded: bool = True,
) -> Report:
    """Return the report as of a run with a store, and with the earlier days of each channel of every segment."""
    return replace(
        known,
        run_id="019ab000-0000-7000-8000-000000000001",
        history=History(store="sqlite", began=began, runs=runs, recorded=recorded),
        past={
            (each.segment.key, guard.channel): (past or {}).get(guard.channel, ())
            for each in known.segments
            for guard in each.guards
        },
    )


def win_back() -> CampaignResult:
    """Return a campaign without a total, of the segment of the same name."""
    asked = Campaign(key="win-back", segments=("win-back",), line=50)
    return CampaignResult(campaign=asked, verdict=Verdict.PASS, totals=())


def two_hundred() -> Report:
    """Return a report of 200 segments; the 50th, 100th and 150th fail."""
    counts = {number: 1_900 if number in {50, 100, 150} else 30_000 for number in range(1, 201)}
    return report(
        *(
            segment(guard(check("min", 10_000, count), count=count), key=f"segment-{number}")
            for number, count in counts.items()
        )
    )


# Any report that the types allow, sensible or not: ANY_REPORT, or st.from_type(Report)

_TEXTS = (
    st.text(max_size=30)
    | st.integers(1, 2_000).map("x".__mul__)
    | st.sampled_from(
        ["[/b]", "##[error]x", "\ud800", "::error::x", "\x7f", "{}", "\uffff]]>", "a|`b` <b>@c #1 www.d.e"]
    )
)
_COUNTS = st.integers(0, LARGEST_COUNT) | st.integers(0, 50)
_SHARES = st.fractions(0, 2)
_LINES = st.integers(1, 10**6)
_VERDICTS = st.sampled_from(Verdict)
_CHANNELS = st.sampled_from(Channel)
_MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone stands beside it
_BEFORE = st.none() | st.builds(Before, count=_COUNTS, counted_at=_MOMENTS)
_BASELINES = st.builds(
    Baseline,
    source=st.sampled_from(["previous", "same_weekday", "median_of_last_8"]),
    state=st.sampled_from(State),
    value=st.none() | st.builds(Fraction, _COUNTS, st.sampled_from([1, 2])),
    days=st.integers(0, 52),
    needs=st.integers(0, 52),
    first=st.none() | st.dates(),
    last=st.none() | st.dates(),
    left_out=st.dictionaries(st.sampled_from(LeftOut), st.integers(0, 400)),
    until_then=_VERDICTS,
    allows=_TEXTS,
)
_CHECKS = st.one_of(
    [
        st.builds(
            Check,
            bound=st.just(name),
            baseline=_BASELINES if name.is_relative else st.none(),
            limit=_SHARES if name.measure is Measure.SHARE else _COUNTS | st.none() if name.is_relative else _COUNTS,
            observed=st.none() | (_SHARES if name.measure is Measure.SHARE else _COUNTS),
            verdict=_VERDICTS,
            line=_LINES,
            message=_TEXTS,
        )
        for name in BoundName
    ]
)
_MANY_CHECKS = st.lists(_CHECKS, max_size=4).map(tuple)
_GUARDS = st.builds(
    GuardResult,
    channel=_CHANNELS,
    severity=st.sampled_from(Severity),
    count=st.none()
    | st.builds(Count, value=_COUNTS, counted_at=_MOMENTS, age_seconds=st.none() | st.integers(-60, 10**7)),
    users=st.none() | _COUNTS,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.none() | _TEXTS,
    line=_LINES,
    checks=_MANY_CHECKS,
    before=_BEFORE,
)
_TOTALS = st.builds(
    TotalResult,
    channel=_CHANNELS,
    count=st.none() | _COUNTS,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.none() | _TEXTS,
    line=_LINES,
    checks=_MANY_CHECKS,
    parts=st.lists(st.builds(Part, segment=_TEXTS, count=st.none() | _COUNTS, before=_BEFORE), max_size=5).map(tuple),
)
_KEYS = st.lists(_TEXTS, max_size=2).map(tuple)
_SEGMENTS = st.builds(
    SegmentResult,
    segment=st.builds(
        Segment,
        key=_TEXTS,
        uuid=st.none() | _TEXTS,
        name=st.none() | _TEXTS,
        description=st.none() | _TEXTS,
        owner=st.none() | _TEXTS,
        tags=_KEYS,
        bypass_global=st.booleans(),
        guards=st.just(()),
        line=_LINES,
    ),
    uuid=st.none() | _TEXTS,
    guards=st.lists(_GUARDS, max_size=3).map(tuple),
)
_CAMPAIGNS = st.builds(
    CampaignResult,
    campaign=st.builds(Campaign, key=_TEXTS, segments=_KEYS, owner=st.none() | _TEXTS, totals=st.just(()), line=_LINES),
    verdict=_VERDICTS,
    totals=st.lists(_TOTALS, max_size=2).map(tuple),
)
HISTORIES = st.builds(
    History,
    store=st.sampled_from(["sqlite", "postgresql"]),
    began=st.none() | st.dates(),
    runs=st.none() | st.integers(0, 10**6),
    recorded=st.booleans(),
)
_BANDS = st.lists(st.builds(Limit, st.sampled_from(["min", "max", "x"]), _COUNTS, _TEXTS), max_size=2).map(tuple)
_READINGS = st.builds(
    Reading,
    run=st.integers(1, 10**6),
    at=_MOMENTS,
    day=st.none() | st.dates(),
    count=st.none() | _COUNTS,
    reason=st.none() | _TEXTS,
    verdict=st.none() | _VERDICTS.map(str) | _TEXTS,
    limits=_BANDS,
)
_DAYS = st.lists(_READINGS, max_size=5).map(lambda found: days(found, 26))


def _with_past(known: Report, past: tuple[Day, ...]) -> Report:
    return replace(
        known, past={(each.segment.key, guard.channel): past for each in known.segments for guard in each.guards}
    )


_WITHOUT_PAST = st.builds(
    Report,
    version=_TEXTS,
    fail_on=st.sampled_from(FailOn),
    started_at=_MOMENTS,
    finished_at=_MOMENTS,
    host=_TEXTS,
    rules_path=_TEXTS,
    rules_sha256=st.just("0123456789abcdef" * 4),
    account=st.none() | _TEXTS,
    selection=st.builds(Selection, segments=_KEYS, tags=_KEYS, campaigns=_KEYS),
    segments=st.lists(_SEGMENTS, max_size=3).map(tuple),
    campaigns=st.lists(_CAMPAIGNS, max_size=2).map(tuple),
    run_id=st.none() | st.uuids().map(str),
    history=st.none() | HISTORIES,
)
ANY_REPORT = st.builds(_with_past, _WITHOUT_PAST, _DAYS)
st.register_type_strategy(Report, ANY_REPORT)
