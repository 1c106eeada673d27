"""The output of ``history show``: text, JSON and HTML, with names from elsewhere, and with many series."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from random import Random
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from guard.core.text import printable
from guard.report.mark import is_report, signed
from guard.report.screen import Screen
from guard.report.trends.html_page import as_html
from guard.report.trends.page import TrendPage, as_object, as_text
from guard.report.trends.points import Band, Trend
from tests.report.builders import HOSTILE
from tests.report.trends.builders import page, point, points, trend

if TYPE_CHECKING:
    from collections.abc import Callable

DAMAGE = "run 7 cannot be trusted: a reading was changed after it was recorded"
BYPASS = "without the account's global inclusion segment"
NASTY = f"{HOSTILE}'</style><script>{{{{ 7 * 7 }}}}"


def pages() -> dict[str, TrendPage]:
    """Return pages with all that they can show, by the names of their golden files."""
    return {
        "trends": page(
            trend(*points([31_000, 30_500, 9_000, None, 32_000, None, 28_000, 1_900_000, 33_500, None])),
            trend(*points([9_000, 7_000], band=Band(low=2_000)), channel="sms"),
            trend(point(12_000, imported=True), point(13_000, 30), point(1_900, 31), name="imported", channel="in_app"),
            trend(*points([30_000]), name="vip", note="on api.eu.getblueshift.com"),
            trend(*points([30_000, 31_000]), name="vip", note=f"on api.getblueshift.com, {BYPASS}"),
            trend(*points([2**53 - 1, 2**53 - 1], band=Band(low=1)), name="huge"),
            trend(point(30_000), point(200_000, 7, verdict="warn"), name="warns"),
            trend(name="no-readings"),
            damage=(DAMAGE,),
        ),
        "trends-hostile": page(
            trend(*points([9, None, 12], band=Band(low=10)), name=HOSTILE, channel=HOSTILE, note=HOSTILE),
            damage=(HOSTILE,),
        ),
        "trends-empty": page(runs=0),
        "trends-unread": page(trend(name="vip"), trend(name="vip", channel="sms"), runs=0),
    }


@pytest.mark.parametrize("name", pages())
class TestGolden:
    def test_text_is_as_agreed(self, golden: Callable[..., None], name: str) -> None:
        golden(name, as_text(pages()[name]))

    @pytest.mark.parametrize("width", [80, 200])
    def test_a_terminal_is_as_agreed(self, golden: Callable[..., None], name: str, width: int) -> None:
        golden(f"{name}-{width}", as_text(pages()[name], Screen(width=width)))

    def test_ascii_is_as_agreed(self, golden: Callable[..., None], name: str) -> None:
        golden(f"{name}-ascii", as_text(pages()[name], Screen(width=80, unicode=False)))

    def test_json_is_as_agreed(self, golden: Callable[..., None], name: str) -> None:
        golden(name, as_object(pages()[name]), "json")

    def test_html_is_as_agreed(self, golden: Callable[..., None], name: str) -> None:
        golden(name, as_html(pages()[name]), "html")

    def test_it_is_known_as_ours(self, name: str) -> None:
        for text in (as_text(pages()[name]), as_object(pages()[name]), signed(as_html(pages()[name]))):
            assert is_report(text.encode())
            assert not is_report(f"{text}Mine\n".encode())


# Text


@pytest.mark.parametrize("width", [20, 21, 40, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_screen(width: int, *, unicode: bool) -> None:
    long = trend(*points([20_000] * 400, step=1), name="広" * 80, note="on " + "x" * 90)

    lines = as_text(page(long, *pages()["trends"].trends), Screen(width=width, unicode=unicode)).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert sum(line.count("▃" if unicode else ".") for line in lines) >= 400


def test_no_name_begins_a_line_or_a_command() -> None:
    for width in (None, 80):
        lines = as_text(pages()["trends-hostile"], Screen(width=width)).splitlines()
        assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line or "\x1b" in line]


def test_text_without_unicode_is_ascii() -> None:
    for told in (*pages().values(), page(trend(*points([20_000]), name="é" * 300))):
        assert as_text(told, Screen(width=80, unicode=False)).isascii()


@pytest.mark.parametrize(
    "mine",
    [
        "The cupboard holds 3 runs.\nMy notes.\n",
        "history.db holds 1 run.\nvip / email: no readings yet\nMine\n",
        "Each sign is a day: mine\n",
    ],
)
def test_the_text_of_others_is_not_ours(mine: str) -> None:
    assert not is_report(mine.encode())


# JSON


def test_json_has_each_day_with_its_bounds() -> None:
    shown = json.loads(as_object(pages()["trends"]))

    first, *_, last = shown["series"]
    assert shown["history"] == {"store": "sqlite", "began": "2026-06-02", "runs": 26, "timezone": "UTC"}
    assert shown["damage"] == [DAMAGE]
    assert first["days"][3] == {
        "day": "2026-06-23",
        "count": None,
        "verdict": "unknown",
        "reason": "timeout",
        "imported": False,
        "run": 22,
        "min": 10_000,
        "max": 50_000,
    }
    assert last == {
        "segment": "no-readings",
        "host": None,
        "uuid": None,
        "bypass_global": None,
        "channel": "email",
        "days": [],
    }


def test_json_has_the_channels_of_the_rules() -> None:
    for told in (trend(*points([1]), channel="in_app"), Trend(name="vip", channel="in_app", points=())):
        assert json.loads(as_object(page(told)))["series"][0]["channel"] == "in_app"


# HTML


class Parsed(HTMLParser):
    """What a browser would see: tags with their attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def named(name: str) -> Parsed:
    return Parsed(as_html(page(trend(*points([9, None]), name=name, channel=name, note=name), damage=(name,))))


def test_a_nasty_name_is_text() -> None:
    nasty, plain = named(NASTY), named("Win-back")

    assert [(tag, *each) for tag, each in nasty.tags] == [(tag, *each) for tag, each in plain.tags]
    assert nasty.text.count(printable(HOSTILE)) == 5
    assert "##[" not in as_html(page(trend(*points([9]), name=NASTY)))


def test_each_picture_has_a_title_of_its_own() -> None:
    parsed = Parsed(as_html(pages()["trends"]))

    ids = [each["id"] for each in parsed.all("title") if "id" in each]
    assert [each["aria-labelledby"] for each in parsed.all("svg")] == ids
    assert len({*ids}) == len(ids) == len(parsed.all("details")) == 7
    assert {each["role"] for each in parsed.all("svg")} == {"img"}


def test_the_page_runs_and_loads_nothing() -> None:
    parsed = Parsed(as_html(pages()["trends"]))

    assert not {"script", "img", "iframe", "object", "form", "a"} & {tag for tag, _ in parsed.tags}
    assert not [name for _, each in parsed.tags for name in each if name in {"src", "style"} or name.startswith("on")]


def test_only_a_page_with_trends_has_a_legend() -> None:
    assert 'class="legend"' in as_html(pages()["trends"])
    assert 'class="legend"' not in as_html(pages()["trends-empty"])


# Size


@cache
def usual(number: int) -> Trend:
    """Return the trend of half a year of weekly runs; a few days failed, or were not counted."""
    random = Random(number)  # noqa: S311 - the same numbers every time
    size = random.choice([900, 30_000, 120_000, 1_400_000])
    odd = {0: None, 1: None, 2: size // 20, 3: size * 30}
    counts = [odd.get(random.randrange(50), int(size * random.uniform(0.8, 1.25))) for _ in range(26)]
    return trend(*points(counts, band=Band(low=size // 2, high=size * 2)), name=f"weekly-newsletter-{number}")


def size_of(many: int) -> int:
    return len(as_html(page(*map(usual, range(many)))).encode())


def test_a_series_takes_a_kilobyte_and_a_half() -> None:
    empty, hundred, thousand = map(size_of, (0, 100, 1_000))

    assert empty < 10_000
    assert (thousand - empty) / 1_000 < 1_500
    assert (thousand - empty) / (hundred - empty) == pytest.approx(10, rel=0.02)


def test_a_page_of_many_has_each_of_them() -> None:
    html = as_html(page(*map(usual, range(1_000))))

    assert len(re.findall("<svg ", html)) == len(re.findall("<tr><th>", html)) == 1_000
    assert html.count("<tr><td>") == 26_000
