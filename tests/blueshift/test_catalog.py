"""Finding segments by name, and the whole list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import guard.core.text
from guard.blueshift.errors import RunEndedError
from guard.core.model import Channel
from guard.core.results import Count, Reason
from guard.sandbox.scenario import Scenario, ScenarioSegment
from tests.blueshift.in_process import LAUNCH_DAY, Server, named, reply, uuid_of, want

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PEOPLE = {Channel.EMAIL: 40}


def segment(number: int, name: str, *, archived: bool = False) -> ScenarioSegment:
    return ScenarioSegment(uuid=uuid_of(number), name=name, archived=archived, counts=PEOPLE, fresh=PEOPLE)


def email(server: Server, name: str, **options: Any) -> Any:
    """Return the reading of the email of the segment with that name."""
    return server.count(named(name), **options)[name].channels[Channel.EMAIL]


def holding(*segments: ScenarioSegment) -> Server:
    return Server(Scenario(segments=segments))


def listing(
    page: Callable[[httpx.Request, int], httpx.Response | list[tuple[str, str]] | None], *segments: ScenarioSegment
) -> Server:
    """Return a server that answers each request for the list with that page: names with uuids, or a response."""

    def interfere(request: httpx.Request, number: int) -> httpx.Response | None:
        listed = page(request, number) if request.url.path.endswith("/list") else None
        if isinstance(listed, list):
            return reply(json.dumps({"results": [{"name": name, "uuid": uuid} for name, uuid in listed]}).encode())
        return listed

    return Server(Scenario(segments=segments), interfere)


def test_a_name_is_matched_exactly() -> None:
    """An archived segment of the same name does not matter."""
    others = segment(1, "VIP customers"), segment(3, "vip"), segment(4, "VIP", archived=True)

    found = holding(*others, segment(2, "VIP")).count(named("VIP"))["VIP"]

    assert found.uuid == uuid_of(2)
    assert found.channels[Channel.EMAIL].value == 40


@pytest.mark.parametrize(
    ("segments", "reason", "words"),
    [
        pytest.param([], Reason.NOT_FOUND, 'the account has no segment named "VIPs"', id="none"),
        pytest.param(
            [segment(1, "VIP"), segment(2, "Others")], Reason.NOT_FOUND, 'did you mean "VIP"?', id="nearly-one"
        ),
        pytest.param(
            [segment(number, f"VIPs {number}") for number in range(1, 5)],
            Reason.NOT_FOUND,
            'the account has no segment named "VIPs"; did you mean "VIPs 1" or "VIPs 2" or "VIPs 3"?',
            id="three-suggestions-at-most",
        ),
        pytest.param(
            [segment(1, "VIPs"), segment(2, "VIPs")],
            Reason.AMBIGUOUS_NAME,
            f'the account has 2 segments named "VIPs": {uuid_of(1)}, {uuid_of(2)}',
            id="two",
        ),
        pytest.param(
            [segment(number, "VIPs") for number in range(1, 1_001)],
            Reason.AMBIGUOUS_NAME,
            f'the account has 1,000 segments named "VIPs": {", ".join(map(uuid_of, range(1, 6)))} and 995 more',
            id="a-thousand",
        ),
        pytest.param([segment(1, "VIPs", archived=True)], Reason.ARCHIVED, "is archived", id="archived"),
    ],
)
def test_a_name_needs_exactly_one_segment(segments: list[ScenarioSegment], reason: Reason, words: str) -> None:
    found = holding(*segments).count(named("VIPs"))["VIPs"]

    assert found.uuid is None
    assert found.channels[Channel.EMAIL].reason is reason
    assert found.channels[Channel.EMAIL].detail.endswith(words)


def test_suggestions_end_with_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.core.text, "GUESSES", guard.core.text.Guesses(50, clock=lambda: 0))
    names = [f"VIP {number}" for number in range(9)]

    found = holding(segment(9, "VIP")).count(*map(named, names))

    details = [found[name].channels[Channel.EMAIL].detail for name in names]
    assert ["did you mean" in each for each in details] == [True] * 5 + [False] * 4
    assert details[-1] == 'the account has no segment named "VIP 8"'


def test_many_names_take_one_listing() -> None:
    server = holding(segment(1, "A"), segment(2, "B"))

    found = server.count(named("A"), named("B"))

    assert all(isinstance(each.channels[Channel.EMAIL], Count) for each in found.values())
    assert sum(each.path.endswith("/list") and each.query["page"] == "0" for each in server.requests) == 1


def test_a_name_and_a_uuid_share_a_lock() -> None:
    server = holding(segment(1, "A"))

    found = server.count(named("A"), want(uuid_of(1)))

    assert found["A"] == found[uuid_of(1)]
    assert sum(each.query.get("refresh") == "true" for each in server.requests) == 1


def test_the_case_of_a_uuid_does_not_matter() -> None:
    one = "abcdef00-0000-4000-8000-000000000001"
    shown = ScenarioSegment(uuid=one, name="VIP", counts=PEOPLE, fresh=PEOPLE)
    twice = [("VIP", one.upper()), ("VIP", one)]

    server = listing(lambda request, _: twice if request.url.params["page"] == "0" else None, shown)

    found = server.count(named("VIP"))["VIP"]
    assert found.uuid == one
    assert found.channels[Channel.EMAIL].value == 40


# Pages


@pytest.mark.parametrize("first_page", [0, 1], ids=["pages-from-0", "pages-from-1"])
def test_every_page_is_read(first_page: int) -> None:
    names = ["A", "B", "VIP", "VIP"]

    def page(request: httpx.Request, _number: int) -> list[tuple[str, str]]:
        position = max(int(request.url.params["page"]) - first_page, 0)
        is_there = position < len(names) and request.url.params["archived"] == "0"
        return [(names[position], uuid_of(position))] if is_there else []

    assert email(listing(page), "VIP").reason is Reason.AMBIGUOUS_NAME


def test_a_repeated_page_ends_the_list() -> None:
    server = listing(lambda *_: [("VIP", uuid_of(1))], segment(1, "VIP"))

    assert email(server, "VIP").value == 40
    assert server.asked == 3 + 3


@pytest.mark.parametrize(
    ("per_page", "detail", "asked"),
    [
        (1, "the account's list of segments does not end after 1,000 pages", 1_000),
        (30_000, "the account has more than 100,000 segments, too many to list; name each by its uuid", 4),
    ],
    ids=["pages", "segments"],
)
def test_the_list_is_limited(per_page: int, detail: str, asked: int) -> None:
    server = listing(
        lambda _, number: [(f"{number} {each}", uuid_of(number * per_page + each)) for each in range(per_page)]
    )

    found = email(server, "VIP")

    assert (found.reason, found.detail) == (Reason.BAD_ANSWER, detail)
    assert server.asked == asked


def test_a_page_may_be_long() -> None:
    server = holding(*(segment(number, f"VIP {number}") for number in range(400)))

    assert email(server, "VIP 399").value == 40
    assert {each.query["per_page"] for each in server.requests if each.path.endswith("/list")} == {"500"}


# Failures


@pytest.mark.parametrize(
    ("status", "reason"), [(200, Reason.BAD_ANSWER), (503, Reason.SERVER_ERROR)], ids=["no-json", "503"]
)
def test_a_failed_list_affects_no_uuid(status: int, reason: Reason) -> None:
    server = listing(lambda *_: reply(b"<html>", status), segment(1, "A"))

    found = server.count(named("A"), want(uuid_of(1)))

    assert found["A"].channels[Channel.EMAIL].reason is reason
    assert found[uuid_of(1)].channels[Channel.EMAIL].value == 40


def test_a_failed_archive_is_apart() -> None:
    server = listing(
        lambda request, _: reply(b"", 400) if request.url.params.get("archived") == "1" else None, segment(1, "VIP")
    )

    found = server.count(named("VIP"), named("VIPP"))

    assert found["VIP"].channels[Channel.EMAIL].value == 40
    assert found["VIPP"].channels[Channel.EMAIL].reason is Reason.BAD_ANSWER


def test_the_deadline_may_come_during_a_look_up() -> None:
    found = email(Server(Scenario(latency=5.0)), "VIP", time_limit=3)

    assert (found.reason, found.detail) == (Reason.DEADLINE, "the time for the whole run was up")


# The whole list


ONE, OLD = segment(1, "One"), segment(2, "Old", archived=True)


@pytest.mark.parametrize(("archived", "names"), [(False, ["One"]), (True, ["Old"])])
def test_the_accounts_segments_are_listed(names: list[str], *, archived: bool) -> None:
    server = holding(ONE, OLD)

    assert [each.name for each in server.list(archived=archived)] == names
    assert server.requests[0].time - LAUNCH_DAY < 0.1


def test_a_list_survives_one_limited_answer() -> None:
    server = listing(lambda _, number: reply(b"", 429) if number == 1 else None, ONE)

    assert [each.name for each in server.list(archived=False)] == ["One"]


def test_a_list_has_a_time_limit() -> None:
    with pytest.raises(TimeoutError):
        Server(Scenario(latency=5.0)).list(archived=False, time_limit=3)


def test_a_refused_key_ends_a_list() -> None:
    with pytest.raises(RunEndedError, match="Blueshift refused the API key"):
        listing(lambda *_: reply(b"", 401)).list(archived=False)
