from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

import guard.core.text
from guard.blueshift.errors import RunEndedError
from guard.core.model import Channel
from guard.core.results import Count, Reason
from guard.sandbox.scenario import Scenario, ScenarioSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.blueshift.counting import Wanted

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]


LAUNCH_DAY = 1_800_000_000.5


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def segment(number: int, name: str, *, archived: bool = False) -> ScenarioSegment:
    people = {Channel.EMAIL: 40}
    return ScenarioSegment(uuid=uuid(number), name=name, archived=archived, counts=people, fresh=people)


def find(serve: Serve, name: str, *segments: ScenarioSegment) -> Any:
    wanted = {"key": "it", "uuid": None, "name": name}
    return serve(Scenario(segments=segments)).count(_wanted(**wanted))["it"]


def _wanted(**values: Any) -> Any:
    from guard.blueshift.counting import Wanted  # noqa: PLC0415 - a builder

    return Wanted(**{"channels": (Channel.EMAIL,)} | values)


def test_a_name_is_matched_exactly(serve: Serve) -> None:
    found = find(serve, "VIP", segment(1, "VIP customers"), segment(2, "VIP"), segment(3, "vip"))

    assert found.uuid == uuid(2)
    assert found.channels[Channel.EMAIL].value == 40


def test_at_most_five_segments_of_one_name_are_listed(serve: Serve) -> None:
    found = find(serve, "VIPs", *(segment(number, "VIPs") for number in range(1, 1_001)))

    detail = found.channels[Channel.EMAIL].detail
    assert detail.startswith('the account has 1,000 segments named "VIPs": ')
    assert detail.endswith(f"{uuid(5)} and 995 more")
    assert uuid(6) not in detail


@pytest.mark.parametrize(
    ("segments", "reason", "words"),
    [
        pytest.param([], Reason.NOT_FOUND, 'the account has no segment named "VIPs"', id="none"),
        pytest.param(
            [segment(1, "VIP"), segment(2, "Others")], Reason.NOT_FOUND, 'did you mean "VIP"?', id="nearly-one"
        ),
        pytest.param(
            [segment(1, "VIPs"), segment(2, "VIPs")], Reason.AMBIGUOUS_NAME, f"{uuid(1)}, {uuid(2)}", id="two"
        ),
        pytest.param([segment(1, "VIPs", archived=True)], Reason.ARCHIVED, "is archived", id="archived"),
    ],
)
def test_a_name_without_exactly_one_segment_is_unavailable(
    serve: Serve, segments: list[ScenarioSegment], reason: Reason, words: str
) -> None:
    found = find(serve, "VIPs", *segments)

    assert found.uuid is None
    assert found.channels[Channel.EMAIL].reason is reason
    assert words in found.channels[Channel.EMAIL].detail


def test_an_archived_namesake_does_not_matter(serve: Serve) -> None:
    assert find(serve, "VIP", segment(1, "VIP", archived=True), segment(2, "VIP")).uuid == uuid(2)


def test_many_names_take_one_listing(serve: Serve) -> None:
    server = serve(Scenario(segments=(segment(1, "A"), segment(2, "B"))))

    found = server.count(*(_wanted(key=name, uuid=None, name=name) for name in "AB"))

    assert all(isinstance(each.channels[Channel.EMAIL], Count) for each in found.values())
    assert sum(each.path.endswith("/list") and each.query["page"] == "0" for each in server.requests) == 1


def test_a_name_and_a_uuid_of_one_segment_share_a_lock(serve: Serve) -> None:
    server = serve(Scenario(segments=(segment(1, "A"),)))

    found = server.count(_wanted(key="by name", uuid=None, name="A"), _wanted(key="by uuid", uuid=uuid(1)))

    assert found["by name"] == found["by uuid"]
    assert sum(each.query.get("refresh") == "true" for each in server.requests) == 1


@pytest.mark.parametrize("first_page", [0, 1], ids=["pages-from-0", "pages-from-1"])
def test_every_page_is_read_wherever_pages_begin(serve: Serve, first_page: int) -> None:
    pages = [["A"], ["B"], ["VIP"], ["VIP"]]

    def list_pages(request: httpx.Request, _number: int) -> httpx.Response | None:
        if not request.url.path.endswith("/list"):
            return None
        page = max(int(request.url.params["page"]) - first_page, 0)
        names = pages[page] if page < len(pages) and request.url.params["archived"] == "0" else []
        items = [{"name": name, "uuid": uuid(page)} for name in names]
        return httpx.Response(200, stream=httpx.ByteStream(httpx.Response(200, json={"results": items}).content))

    found = serve(Scenario(), list_pages).count(_wanted(key="it", uuid=None, name="VIP"))["it"]

    assert found.channels[Channel.EMAIL].reason is Reason.AMBIGUOUS_NAME


def test_a_failed_listing_does_not_affect_other_segments(serve: Serve) -> None:
    def fail(request: httpx.Request, _number: int) -> httpx.Response | None:
        broken = httpx.Response(200, stream=httpx.ByteStream(b"<html>"))
        return broken if request.url.path.endswith("/list") else None

    server = serve(Scenario(segments=(segment(1, "A"),)), fail)

    found = server.count(_wanted(key="by name", uuid=None, name="A"), _wanted(key="by uuid", uuid=uuid(1)))

    assert found["by name"].channels[Channel.EMAIL].reason is Reason.BAD_ANSWER
    assert found["by uuid"].channels[Channel.EMAIL].value == 40


def items(*named: tuple[str, str]) -> httpx.Response:
    body = httpx.Response(200, json=[{"name": name, "uuid": uuid} for name, uuid in named]).content
    return httpx.Response(200, stream=httpx.ByteStream(body))


def test_at_most_three_names_are_suggested(serve: Serve) -> None:
    found = find(serve, "VIP 5", *(segment(number, f"VIP {number}") for number in range(1, 5)))

    assert found.channels[Channel.EMAIL].detail == (
        'the account has no segment named "VIP 5"; did you mean "VIP 1" or "VIP 2" or "VIP 3"?'
    )


def test_suggestions_end_with_the_budget(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.core.text, "GUESSES", guard.core.text.Guesses(50, clock=lambda: 0))
    names = [f"VIP {number}" for number in range(9)]

    found = serve(Scenario(segments=(segment(9, "VIP"),))).count(
        *(_wanted(key=name, uuid=None, name=name) for name in names)
    )

    details = [found[name].channels[Channel.EMAIL].detail for name in names]
    assert ["did you mean" in each for each in details] == [True] * 5 + [False] * 4
    assert details[-1] == 'the account has no segment named "VIP 8"'


def test_a_repeated_page_ends_the_list(serve: Serve) -> None:
    def list_again(request: httpx.Request, _number: int) -> httpx.Response | None:
        return items(("VIP", uuid(1))) if request.url.path.endswith("/list") else None

    server = serve(Scenario(segments=(segment(1, "VIP"),)), list_again)

    found = server.count(_wanted(key="it", uuid=None, name="VIP"))["it"]

    assert found.channels[Channel.EMAIL].value == 40
    assert server.asked == 3 + 3


def test_the_number_of_listed_segments_is_limited(serve: Serve) -> None:
    def list_much(request: httpx.Request, number: int) -> httpx.Response | None:
        if not request.url.path.endswith("/list"):
            return None
        return items(*((f"{number} {each}", uuid(number * 30_000 + each)) for each in range(30_000)))

    server = serve(Scenario(), list_much)

    found = server.count(_wanted(key="it", uuid=None, name="VIP"))["it"].channels[Channel.EMAIL]

    assert (found.reason, found.detail) == (
        Reason.BAD_ANSWER,
        "the account has more than 100,000 segments, too many to list; name each by its uuid",
    )
    assert server.asked == 4


def test_a_failed_listing_of_archived_segments_keeps_the_others(serve: Serve) -> None:
    def refuse_archive(request: httpx.Request, _number: int) -> httpx.Response | None:
        return httpx.Response(400, stream=httpx.ByteStream(b"")) if request.url.params.get("archived") == "1" else None

    wanted = (_wanted(key="it", uuid=None, name="VIP"), _wanted(key="typo", uuid=None, name="VIPP"))

    found = serve(Scenario(segments=(segment(1, "VIP"),)), refuse_archive).count(*wanted)

    assert found["it"].channels[Channel.EMAIL].value == 40
    assert found["typo"].channels[Channel.EMAIL].reason is Reason.BAD_ANSWER


def test_the_number_of_pages_is_limited(serve: Serve) -> None:
    def list_on(request: httpx.Request, number: int) -> httpx.Response | None:
        return items((str(number), uuid(number))) if request.url.path.endswith("/list") else None

    found = serve(Scenario(), list_on).count(_wanted(key="it", uuid=None, name="VIP"))["it"].channels[Channel.EMAIL]

    assert (found.reason, found.detail) == (
        Reason.BAD_ANSWER,
        "the account's list of segments does not end after 1,000 pages",
    )


def test_the_case_of_a_uuid_does_not_matter(serve: Serve) -> None:
    one = "abcdef00-0000-4000-8000-000000000001"

    def list_twice(request: httpx.Request, _number: int) -> httpx.Response | None:
        listed = request.url.path.endswith("/list") and request.url.params["page"] == "0"
        return items(("VIP", one.upper()), ("VIP", one)) if listed else None

    people = {Channel.EMAIL: 40}
    shown = ScenarioSegment(uuid=one, name="VIP", counts=people, fresh=people)
    found = serve(Scenario(segments=(shown,)), list_twice).count(_wanted(key="it", uuid=None, name="VIP"))["it"]

    assert found.uuid == one
    assert found.channels[Channel.EMAIL].value == 40


def test_a_page_may_be_longer_than_any_answer_about_one_segment(serve: Serve) -> None:
    server = serve(Scenario(segments=tuple(segment(number, f"VIP {number}") for number in range(400))))

    found = server.count(_wanted(key="it", uuid=None, name="VIP 399"))["it"]

    assert found.channels[Channel.EMAIL].value == 40
    assert {each.query["per_page"] for each in server.requests if each.path.endswith("/list")} == {"500"}


def test_the_deadline_may_come_while_names_are_looked_up(serve: Serve) -> None:
    server = serve(Scenario(latency=5.0))

    found = server.count(_wanted(key="it", uuid=None, name="VIP"), time_limit=3)["it"].channels[Channel.EMAIL]

    assert (found.reason, found.detail) == (Reason.DEADLINE, "the time for the whole run was up")


# The whole list


ONE, OLD = segment(1, "One"), segment(2, "Old", archived=True)


@pytest.mark.parametrize(("archived", "names"), [(False, ["One"]), (True, ["Old"])])
def test_the_accounts_segments_are_listed(serve: Serve, names: list[str], *, archived: bool) -> None:
    server = serve(Scenario(segments=(ONE, OLD)))

    assert [each.name for each in server.list(archived=archived)] == names
    assert server.requests[0].time - LAUNCH_DAY < 0.1


def test_a_list_survives_one_limited_answer(serve: Serve) -> None:
    limited = httpx.Response(429, stream=httpx.ByteStream(b""))

    server = serve(Scenario(segments=(ONE,)), lambda _request, number: limited if number == 1 else None)

    assert [each.name for each in server.list(archived=False)] == ["One"]


def test_a_list_has_a_time_limit(serve: Serve) -> None:
    with pytest.raises(TimeoutError):
        serve(Scenario(latency=5.0)).list(archived=False, time_limit=3)


def test_a_refused_key_ends_a_list(serve: Serve) -> None:
    refused = httpx.Response(401, stream=httpx.ByteStream(b""))

    with pytest.raises(RunEndedError, match="Blueshift refused the API key"):
        serve(Scenario(), lambda _request, _number: refused).list(archived=False)
