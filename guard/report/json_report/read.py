"""Reads a saved JSON report, also of an older or newer 1.x version.

The report is made again from the facts in the file, and a file that says otherwise is refused. Another version may
have other sentences; those are written again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from guard.core.errors import UsageError
from guard.core.results import SCHEMA_VERSION
from guard.core.strict_json import without_duplicates
from guard.report.json_report.contradictions import contradictions
from guard.report.json_report.model import ReportObject
from guard.report.json_report.rebuild import rebuild
from guard.report.json_report.results import PartObject, TotalObject
from guard.report.json_report.words import shown, what_is_wrong
from guard.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.core.model import Channel
    from guard.core.results import Report
    from guard.report.json_report.results import CampaignObject

_SENTENCES = ("message", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A report from a file; ``unknown_keys`` are those of a newer version, which are ignored."""

    report: Report
    unknown_keys: tuple[str, ...]


def read_report(data: bytes, path: str) -> Saved:
    """Return the report in the bytes of a JSON report; every format renders it as the run did.

    ``path`` is for errors. Raise ``UsageError``, with where and what, if it is not JSON, has another
    ``schema_version``, a missing key or a value of the wrong type, or contradicts itself.
    """
    try:
        given = _parse(data)
        saved = _completed(ReportObject.model_validate(given))
        for contradiction in contradictions(saved):
            raise ValueError(contradiction)  # noqa: TRY301 - told as all else that the file can have wrong
        report = rebuild(saved)
    except ValidationError as error:
        raise _refusal(path, what_is_wrong(error)) from error
    except RecursionError as error:
        raise _refusal(path, "it is nested too deeply") from error
    except ValueError as error:
        raise _refusal(path, str(error)) from error
    derived = ReportObject.written(report)
    differences = list(_differences(given, json.loads(json.dumps(derived))))
    if report.version != __version__:
        differences = [each for each in differences if not each[0].endswith(_SENTENCES)]
    if differences:
        # The deepest difference causes the ones above it.
        where, said, follows = max(differences, key=lambda difference: difference[0].count("["))
        raise _refusal(path, f"{where} is {shown(said)}, but by the rest of the file it is {shown(follows)}")
    return Saved(report=report, unknown_keys=tuple(sorted(set(_unknown_keys(given, derived)))))


def _refusal(path: str, what: str) -> UsageError:
    return UsageError(
        f"{path} is not a valid report: {what}",
        hint="give an unchanged file that audience-guard check --output json=PATH wrote",
    )


# From bytes to objects


def _parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object in the bytes; raise ValueError or RecursionError if it is not one of our version."""
    try:
        given = json.loads(data.decode(), object_pairs_hook=without_duplicates, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not valid UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    if not isinstance(given, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - told as all else that the file can have wrong
    version = given.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {shown(version)}; this audience-guard reads only {SCHEMA_VERSION}")
    return given


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _completed(saved: ReportObject) -> ReportObject:
    """Return the report with ``parts`` and ``detail`` of its totals, which older files do not have."""
    counts = {(segment.key, guard.channel): guard.count for segment in saved.segments for guard in segment.guards}
    campaigns = tuple(
        campaign.model_copy(
            update={"totals": tuple(_completed_total(total, campaign, counts) for total in campaign.totals)}
        )
        for campaign in saved.campaigns
    )
    return saved.model_copy(update={"campaigns": campaigns})


def _completed_total(
    total: TotalObject, campaign: CampaignObject, counts: Mapping[tuple[str, Channel], int | None]
) -> TotalObject:
    lacking = TotalObject.model_fields.keys() - total.model_fields_set
    update: dict[str, object] = {}
    if "parts" in lacking:
        found = {key: counts.get((key, total.channel)) for key in campaign.segments}
        untold = [key for key, count in found.items() if count is None]
        if total.count is not None and len(untold) == 1:  # the sum gives it
            found[untold.pop()] = total.count - sum(count for count in found.values() if count is not None)
        parts = tuple(PartObject(segment=key, count=count) for key, count in found.items())
        if total.count is not None and untold:
            raise ValueError(f"campaign {shown(campaign.key)}: it does not say what each segment adds to its total")
        update["parts"] = parts
    if "detail" in lacking and total.reason:
        update["detail"] = total.checks[0].message.partition(": ")[2]
    return total.model_copy(update=update)


# What the file says, against what follows


def _differences(said: Any, derived: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each place where the file differs from the computed report, with both values; missing keys are skipped."""
    if isinstance(said, dict) and isinstance(derived, dict):
        for key, value in derived.items():
            if key in said:
                yield from _differences(said[key], value, f"{where}.{key}" if where else key)
    elif isinstance(said, list) and isinstance(derived, list) and len(said) == len(derived):
        for position, (one, other) in enumerate(zip(said, derived, strict=True)):
            yield from _differences(one, other, f"{where}[{position}]")
    elif said != derived or isinstance(said, bool) is not isinstance(derived, bool):
        yield where, said, derived


def _unknown_keys(said: Any, known: Any) -> Iterator[str]:
    if isinstance(said, dict) and isinstance(known, dict):
        yield from said.keys() - known.keys()
        for key in said.keys() & known.keys():
            yield from _unknown_keys(said[key], known[key])
    elif isinstance(said, list) and isinstance(known, list | tuple):
        for one, other in zip(said, known, strict=False):
            yield from _unknown_keys(one, other)
