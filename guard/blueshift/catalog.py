"""Finds segments by their exact name in the account's list of segments.

https://developer.blueshift.com/reference (segments list) does not say whether there are pages, or whether they count
from 0 or 1. So pages are read until one is empty or brings nothing new.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from guard.blueshift.errors import UnavailableError
from guard.core.results import Reason, Unavailable
from guard.core.text import did_you_mean, number, printable, shortened
from guard.security.debug_log import log

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from guard.blueshift.answers import Listed
    from guard.blueshift.api import Api

_MOST_PAGES = 1_000
_MOST_SEGMENTS = 100_000
_MOST_NAMED = 5


async def resolve(api: Api, names: Iterable[str]) -> dict[str, str | Unavailable]:
    """Return the uuid of each name, or why there is none: not in the account, not unique, or archived.

    Raises only ``RunEndedError``.
    """
    wanted = set(names)
    try:
        active = _by_name(await list_segments(api, archived=False))
    except UnavailableError as error:
        return dict.fromkeys(wanted, error.unavailable)
    missing = sorted(wanted - set(active))
    found = {name: _uuid_of(name, active[name]) for name in wanted & set(active)}
    try:
        archived = _by_name(await list_segments(api, archived=True)) if missing else {}
    except UnavailableError as error:
        return {**found, **dict.fromkeys(missing, error.unavailable)}
    for name in missing:
        found[name] = _missing(name, active, is_archived=name in archived)
    for name, uuid in found.items():
        log("looked_up", name=name, segment=uuid if isinstance(uuid, str) else uuid.reason)
    return found


async def list_segments(api: Api, *, archived: bool) -> list[Listed]:
    """Return the account's segments, each once; raises ``UnavailableError`` and ``RunEndedError``."""
    found: dict[str, Listed] = {}
    for page in range(_MOST_PAGES):
        items = await api.list_page(page, archived=archived)
        known = len(found)
        found.update((each.uuid.lower(), each) for each in items)
        page_1_may_repeat_page_0 = page == 1
        if not items or (len(found) == known and not page_1_may_repeat_page_0):
            return list(found.values())
        if len(found) > _MOST_SEGMENTS:
            detail = f"the account has more than {_MOST_SEGMENTS:,} segments, too many to list; name each by its uuid"
            raise UnavailableError(Reason.BAD_ANSWER, detail)
    raise UnavailableError(
        Reason.BAD_ANSWER, f"the account's list of segments does not end after {_MOST_PAGES:,} pages"
    )


def _by_name(segments: list[Listed]) -> dict[str, list[str]]:
    uuids: defaultdict[str, list[str]] = defaultdict(list)
    for each in segments:
        uuids[each.name].append(each.uuid.lower())
    return uuids


def _uuid_of(name: str, uuids: list[str]) -> str | Unavailable:
    if len(uuids) == 1:
        return uuids[0]
    named = ", ".join(uuids[:_MOST_NAMED])
    more = f" and {number(len(uuids) - _MOST_NAMED)} more" if len(uuids) > _MOST_NAMED else ""
    return Unavailable(
        reason=Reason.AMBIGUOUS_NAME,
        detail=f"the account has {number(len(uuids))} segments named {_shown(name)}: {named}{more}",
    )


def _missing(name: str, active: Collection[str], *, is_archived: bool) -> Unavailable:
    if is_archived:
        return Unavailable(reason=Reason.ARCHIVED, detail=f"the segment named {_shown(name)} is archived")
    close = did_you_mean(name, active, most=3)
    return Unavailable(reason=Reason.NOT_FOUND, detail=f"the account has no segment named {_shown(name)}{close}")


def _shown(name: str) -> str:
    return f'"{shortened(printable(name))}"'
