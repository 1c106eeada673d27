from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from guard.model import Channel
from guard.outcome import Count, Reason
from guard.sandbox.scenario import Scenario, ScenarioSegment

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.blueshift.counting import Wanted

    Serve = Callable[..., Any]
    Want = Callable[..., Wanted]


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
def test_a_name_that_stands_for_no_single_segment_is_unavailable(
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


def test_a_name_and_a_uuid_of_one_segment_share_a_lane(serve: Serve) -> None:
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


def test_a_listing_that_fails_leaves_the_others_be(serve: Serve) -> None:
    def fail(request: httpx.Request, _number: int) -> httpx.Response | None:
        broken = httpx.Response(200, stream=httpx.ByteStream(b"<html>"))
        return broken if request.url.path.endswith("/list") else None

    server = serve(Scenario(segments=(segment(1, "A"),)), fail)

    found = server.count(_wanted(key="by name", uuid=None, name="A"), _wanted(key="by uuid", uuid=uuid(1)))

    assert found["by name"].channels[Channel.EMAIL].reason is Reason.BAD_ANSWER
    assert found["by uuid"].channels[Channel.EMAIL].value == 40
