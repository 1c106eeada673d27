from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.model import Selection
from guard.core.results import Report, Verdict
from guard.core.text import printable, shortened
from guard.report import Format, render
from tests.report.builders import SHOWN_ON_SCREENS

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.results import CampaignResult, Check, GuardResult, SegmentResult

NASTY = "a]]>&<b>\"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e'</style><script>{{ 7 * 7 }}"
GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "link", "tr", "th", "td"}  # or their end may be left out


@dataclass
class Page(HTMLParser):
    """What a browser would see of a page: its tags with their attributes, and its text."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    css: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.css += data
        else:
            self.texts.append(data)

    @property
    def shape(self) -> set[tuple[str, str]]:
        """Every tag and attribute that the page is made of."""
        return {(tag, name) for tag, attributes in self.tags for name in ("", *attributes)}

    @property
    def text(self) -> str:
        """All that the page says, with one space for each white space."""
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(report: Report) -> Page:
    parsed = Page()
    parsed.feed(render(report, Format.HTML))
    parsed.close()
    assert parsed.open == []
    return parsed


@pytest.fixture
def shares(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> Report:
    """Return a report with everything that a card can show."""
    own = guard(
        check("min", 10_000, 11_000),
        check("warn.min", 12_000, 11_000),
        check("share.min", Fraction(3, 5), Fraction(11, 40), message="email reaches 27.5% of the users"),
        count=11_000,
        users=40_000,
        detail="the counts are approximate",
    )
    named = segment(own, tags=("newsletter", "weekly"))
    described = replace(
        named.segment, name="Newsletter", description="Opened one\nlately", bypass_global=True, owner="crm@example.com"
    )
    return report(replace(named, segment=described), selection=Selection(tags=("weekly",)))


# Whole pages


@pytest.mark.parametrize("outcome", [*SHOWN_ON_SCREENS, "everything", "totals-unknown", "nothing"])
def test_a_page_is_as_agreed(reports: dict[str, Report], golden: Callable[..., None], outcome: str) -> None:
    golden(outcome, render(reports[outcome], Format.HTML), "html")


def test_a_page_with_all_there_is_to_show_is_as_agreed(shares: Report, golden: Callable[..., None]) -> None:
    golden("shares", render(shares, Format.HTML), "html")


# What it says


def test_the_verdict_and_what_follows_stand_first(reports: dict[str, Report]) -> None:
    parsed = page(reports["fail-too-few"])
    assert parsed.text.startswith(
        "Do not send: audience check by audience-guard Audience check of api.getblueshift.com, 2026-11-23 09:01:12 UTC"
        " DO NOT SEND Do not send to newsletter-active: email 1,900, minimum 10,000."
        " DO NOT SEND segment newsletter-active (email)"
    )


def test_a_card_says_all_that_a_marketer_needs(shares: Report) -> None:
    said = page(shares).text
    for each in (
        "FAIL newsletter-active",
        "Opened one lately",
        'In Blueshift: 2dd093e6-8c6f-4e14-8a2c-744477e1fdef named "Newsletter"',
        "counted without the account's global inclusion segment",
        "11,000, warning minimum 12,000: 8.3% below",
        "27.5% of the users (11,000 of 40,000), minimum share 60%: 13,000 people too few",
        "the counts are approximate",
        "Next: run the check again; if the numbers still contradict each other",
        "Ask: crm@example.com",
        "counted fresh at 09:01:02 UTC",
        "Blueshift's counts are approximate",
        "SHA-256 of the rules: 0123456789abcdef",
        "Tags checked only: weekly",
        "Started: 2026-11-23 09:00:00 UTC",
    ):
        assert each in said, each


def test_the_worst_comes_first_in_rules_order(reports: dict[str, Report]) -> None:
    said = page(reports["everything"]).text
    names = [
        "FAIL campaign summer-sale",
        "FAIL newsletter-active",
        "FAIL everybody",
        "UNKNOWN win-back",
        "WARN app-users",
        "PASS campaign spring-sale",
        "PASS cart-abandoners",
    ]
    assert sorted(names, key=said.index) == names


def test_unknown_is_said_once_without_a_number(reports: dict[str, Report]) -> None:
    parsed = page(reports["unknown"])
    assert "There is no proven count" in parsed.text
    assert parsed.text.count("not counted in time: the refresh did not end within 10 min") == 1
    assert "email 0" not in parsed.text


def test_a_count_far_outside_is_marked_as_beyond_the_scale(reports: dict[str, Report]) -> None:
    assert "1,900,000, 38 times" in page(reports["fail-too-many"]).text
    assert " times" not in page(reports["fail-too-few"]).text


# For everybody


def test_it_is_fit_for_a_screen_reader(reports: dict[str, Report], shares: Report) -> None:
    for report in (*reports.values(), shares):
        parsed = page(report)
        levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]
        kinds = [attributes.get("class") for attributes in parsed.all("svg") if "role" in attributes]
        ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
        assert parsed.all("html") == [{"lang": "en"}]
        assert levels.count(1) == 1
        assert all(deeper <= level + 1 for level, deeper in pairwise(levels))
        assert {attributes["role"] for attributes in parsed.all("svg") if "role" in attributes} <= {"img"}
        assert len(parsed.all("desc")) == kinds.count("gauge")
        assert len(parsed.all("title")) - 1 == len(kinds) == kinds.count("gauge") + kinds.count("trend")
        assert [each["aria-labelledby"] for each in parsed.all("svg") if each.get("class") == "trend"] == [
            each["id"] for each in parsed.all("title") if "id" in each
        ]
        assert len(set(ids)) == len(ids)
        assert {attributes["href"].removeprefix("#") for attributes in parsed.all("a")} <= {*ids}


def test_every_verdict_is_a_word_and_not_a_colour_alone(reports: dict[str, Report]) -> None:
    html = render(reports["everything"], Format.HTML)
    answers = {"fail": "DO NOT SEND", "unknown": "DO NOT SEND YET", "warn": "MAY GO AFTER A LOOK", "pass": "MAY GO"}
    for word, said in re.findall(r'class="badge (\w+)">([\w ]+)<', html):
        assert said in {word.upper(), answers[word]}
    assert {*re.findall(r'class="badge (\w+)"', html)} == {*Verdict}


# For itself alone


def test_it_runs_nothing_and_fetches_nothing(reports: dict[str, Report]) -> None:
    parsed = page(reports["everything"])
    attributes = [pair for _, each in parsed.tags for pair in each.items()]
    assert not {"script", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in parsed.tags}
    assert [name for name, _ in attributes if name in {"src", "style", "srcset"} or name.startswith("on")] == []
    assert all(value.startswith(("#", "data:")) for name, value in attributes if "href" in name)
    assert not re.search(r"url\(|@import|https?:", parsed.css)


def test_its_policy_allows_its_own_style_and_nothing_else(reports: dict[str, Report]) -> None:
    parsed = page(reports["pass"])
    (policy,) = [each["content"] for each in parsed.all("meta") if each.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(parsed.css.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


# Names from elsewhere


@pytest.fixture
def page_of(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> Callable[[str], Page]:
    """Return a page where a name stands in every place that text from elsewhere can have."""

    def build(name: str) -> Page:
        bad = guard(check("min", 10, 7, message=name), count=7, detail=f"also {name}")
        named = segment(bad, key=name, owner=name, tags=(name,))
        known = replace(
            named, uuid=name, segment=replace(named.segment, name=name, description=name.replace("\n", "\\n"))
        )
        broken = campaign(check("max", 5, 7, message=name), key=name, parts={name: 7})
        asked = report(known, campaigns=(broken,), rules_path=name, selection=Selection(tags=(name,)))
        return page(replace(asked, host=name, version=name))

    return build


def test_a_nasty_name_is_text_wherever_it_stands(page_of: Callable[[str], Page]) -> None:
    parsed, plain = page_of(NASTY), page_of("Win-back")
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in plain.tags]
    assert parsed.shape == plain.shape
    assert parsed.css == plain.css
    in_short = printable(shortened(NASTY, 60))
    assert parsed.text.replace(printable(NASTY), "Win-back").replace(in_short, "Win-back") == plain.text


def test_a_long_name_is_cut_and_a_long_page_is_not(
    page_of: Callable[[str], Page],
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
) -> None:
    assert len(page_of("x" * 10_000).text) < 10_000
    many = report(*(segment(email(1_000 * number), key=f"segment-{number}") for number in range(200)))
    assert len(page(many).all("article")) == 200


@cache
def known_shape() -> set[tuple[str, str]]:
    """Return the tags and attributes of the pages that were agreed."""
    known = set()
    for path in GOLDEN.glob("*.html"):
        parsed = Page()
        parsed.feed(path.read_text(encoding="utf-8"))
        known |= parsed.shape
    return known


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_no_report_opens_a_tag_of_its_own(report: Report) -> None:
    html = render(report, Format.HTML)
    assert html.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", html)
    assert "##[" not in html
    assert not re.search(r"^\s*::", html, re.MULTILINE)
    assert page(report).shape <= known_shape()
