"""A saved JSON report, read back as the value that it was rendered from.

Only facts are taken from the file: what was asked, what was counted, and the evaluator's sentences. Whatever follows
from them, every verdict above all, is worked out anew, and a file that says otherwise is refused. So no edit of a file
turns it into a pass that its own numbers do not bear out.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from guard.errors import UsageError
from guard.model import Campaign, Segment, Selection, Severity
from guard.outcome import (
    SCHEMA_VERSION,
    CampaignResult,
    Check,
    Count,
    GuardResult,
    Report,
    SegmentResult,
    TotalResult,
    Verdict,
    worst,
)
from guard.report.json import render
from guard.report.saved_models import SavedReport, shown, what_is_wrong
from guard.report.sentences import share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.report.saved_models import SavedCampaign, SavedCheck, SavedGuard, SavedSegment, SavedTotal

_ANY_LINE = 1  # the file does not tell where a segment or a campaign begins in the rules, and no format shows it


def read_report(data: bytes, path: str) -> Report:
    """Return the report that the bytes of a JSON report tell of; every format renders it as the run itself did.

    ``path`` is for errors. Raises ``UsageError``, with where and what, for everything that is no such report: no JSON,
    another ``schema_version``, a key too few or too many, a value of the wrong type, and whatever contradicts itself.
    """
    try:
        given = _parse(data)
        report = _report(SavedReport.model_validate(given))
    except ValidationError as error:
        raise _refusal(path, what_is_wrong(error)) from error
    except RecursionError as error:
        raise _refusal(path, "it is nested too deeply") from error
    except ValueError as error:
        raise _refusal(path, str(error)) from error
    differences = list(_differences(given, json.loads(render(report))))
    if differences:
        # The deepest tells most: what stands above it follows from it.
        where, said, derived = max(differences, key=lambda difference: difference[0].count("["))
        raise _refusal(path, f"{where} is {shown(said)}, but {shown(derived)} follows from the rest of the file")
    return report


def _refusal(path: str, what: str) -> UsageError:
    return UsageError(
        f"{path} is no report that can be relied on: {what}",
        hint="give a file as audience-guard check --output json=PATH wrote it, unchanged",
    )


# From bytes to objects


def _parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object in the bytes; raise ValueError or RecursionError where there is none of our version."""
    try:
        given = json.loads(data.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    if not isinstance(given, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - told as all else that the file can have wrong
    version = given.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {shown(version)}, and this audience-guard reads {SCHEMA_VERSION} alone")
    return given


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((key, times),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {shown(key)} stands {times} times in one object")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


# From facts to what follows from them


def _report(saved: SavedReport) -> Report:
    segments = tuple(_segment(each) for each in saved.segments)
    verdicts = {result.segment.key: result.verdict for result in segments}
    return Report(
        version=saved.tool.version,
        fail_on=saved.fail_on,
        started_at=saved.started_at,
        finished_at=saved.finished_at,
        host=saved.host,
        rules_path=saved.rules.path,
        rules_sha256=saved.rules.sha256,
        selection=Selection(
            segments=saved.selection.segments, tags=saved.selection.tags, campaigns=saved.selection.campaigns
        ),
        segments=segments,
        campaigns=tuple(_campaign(each, verdicts) for each in saved.campaigns),
    )


def _segment(saved: SavedSegment) -> SegmentResult:
    segment = Segment(
        key=saved.key,
        uuid=saved.uuid if saved.name is None else None,
        name=saved.name,
        description=saved.description,
        owner=saved.owner,
        tags=saved.tags,
        bypass_global=saved.bypass_global,
        guards=(),
        line=_ANY_LINE,
    )
    return SegmentResult(segment=segment, uuid=saved.uuid, guards=tuple(_guard(each) for each in saved.guards))


def _guard(saved: SavedGuard) -> GuardResult:
    count = None
    if saved.count is not None and saved.counted_at is not None:
        count = Count(value=saved.count, counted_at=saved.counted_at, age_seconds=saved.age_seconds)
    return GuardResult(
        channel=saved.channel,
        severity=saved.severity,
        count=count,
        users=saved.users,
        reason=saved.reason,
        detail=saved.detail,
        line=saved.line,
        checks=tuple(_check(each, _observed(each, saved, saved.users), saved.severity) for each in saved.checks),
    )


def _campaign(saved: SavedCampaign, verdicts: Mapping[str, Verdict]) -> CampaignResult:
    totals = tuple(_total(each) for each in saved.totals)
    own = [verdicts.get(key, Verdict.UNKNOWN) for key in saved.segments]
    return CampaignResult(
        campaign=Campaign(key=saved.key, segments=saved.segments, line=_ANY_LINE),
        verdict=worst([*own, *(total.verdict for total in totals)]),
        totals=totals,
    )


def _total(saved: SavedTotal) -> TotalResult:
    return TotalResult(
        channel=saved.channel,
        count=saved.count,
        reason=saved.reason,
        detail=None,  # no report holds one
        line=saved.line,
        checks=tuple(_check(each, _observed(each, saved, None), Severity.FAIL) for each in saved.checks),
    )


def _observed(check: SavedCheck, judged: SavedGuard | SavedTotal, users: int | None) -> int | Fraction | None:
    """Return what the bound was held against: the count, its share of the users, or nothing.

    A guard that is unknown has no count, and yet some of its bounds may have been judged: those tell it themselves.
    """
    if check.bound.is_share:
        return share(Fraction(judged.count, users)) if judged.count is not None and users else None
    if judged.count is not None:
        return judged.count
    return None if check.observed is None else int(check.observed)


def _check(saved: SavedCheck, observed: int | Fraction | None, severity: Severity) -> Check:
    limit = share(saved.limit) if saved.bound.is_share else int(saved.limit)
    return Check(
        bound=saved.bound,
        limit=limit,
        observed=observed,
        verdict=_verdict(saved, limit, observed, severity),
        line=saved.line,
        message=saved.message,
    )


def _verdict(saved: SavedCheck, limit: int | Fraction, observed: int | Fraction | None, severity: Severity) -> Verdict:
    """Return the verdict that the numbers amount to.

    The evaluator compared exact shares, and a file holds them rounded: where both come out equal, either verdict can
    be right. Where they do not, rounding cannot have changed which is larger.
    """
    if observed is None:
        return Verdict.UNKNOWN
    breach = Verdict.WARN if saved.bound.is_warning or severity is Severity.WARN else Verdict.FAIL
    if saved.bound.is_share and observed == limit:
        return breach if saved.verdict is breach else Verdict.PASS
    broken = observed < limit if saved.bound.is_floor else observed > limit
    return breach if broken else Verdict.PASS


# What the file says, against what follows


def _differences(said: Any, derived: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each place where the file says something else than what follows, with both."""
    if isinstance(said, dict) and isinstance(derived, dict):
        for key, value in derived.items():
            yield from _differences(said[key], value, f"{where}.{key}" if where else key)
    elif isinstance(said, list) and isinstance(derived, list):
        for position, (one, other) in enumerate(zip(said, derived, strict=True)):
            yield from _differences(one, other, f"{where}[{position}]")
    elif said != derived or isinstance(said, bool) is not isinstance(derived, bool):
        yield where, said, derived
