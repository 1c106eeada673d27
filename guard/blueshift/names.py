"""Segments by name: one listing of the account for all of them, matched exactly.

https://developer.blueshift.com/reference (segments list). Whether its pages count from 0 or from 1, and whether it
pages at all, is not published; so pages are read until one is empty or brings nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.blueshift.failures import UnavailableError
from guard.outcome import Reason, Unavailable
from guard.words import did_you_mean, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.blueshift.answers import Listed
    from guard.blueshift.api import Api

_MOST_PAGES = 1_000


async def resolve(api: Api, names: Iterable[str]) -> dict[str, str | Unavailable]:
    """Return the uuid of each name, or why it has none: not in the account, there more than once, or archived.

    Raises ``RunEndedError`` alone.
    """
    wanted = set(names)
    try:
        active = await list_segments(api, archived=False)
        missing = wanted - {each.name for each in active}
        archived = await list_segments(api, archived=True) if missing else []
    except UnavailableError as error:
        return dict.fromkeys(wanted, error.unavailable)
    return {name: _uuid_of(name, active, archived) for name in wanted}


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
    raise UnavailableError(Reason.BAD_ANSWER, f"the account's list of segments has no end after {_MOST_PAGES:,} pages")


def _uuid_of(name: str, active: list[Listed], archived: list[Listed]) -> str | Unavailable:
    shown = f'"{shortened(printable(name))}"'
    uuids = [each.uuid.lower() for each in active if each.name == name]
    if len(uuids) == 1:
        return uuids[0]
    if uuids:
        return Unavailable(
            reason=Reason.AMBIGUOUS_NAME,
            detail=f"the account has {len(uuids)} segments named {shown}: {', '.join(uuids)}",
        )
    if any(each.name == name for each in archived):
        return Unavailable(reason=Reason.ARCHIVED, detail=f"the segment named {shown} is archived")
    close = did_you_mean(name, {each.name for each in active}, most=3)
    return Unavailable(reason=Reason.NOT_FOUND, detail=f"the account has no segment named {shown}{close}")
