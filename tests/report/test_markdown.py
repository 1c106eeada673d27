from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from guard.core.model import Selection
from guard.core.results import Report
from guard.core.text import shortened
from guard.report import Format, render
from guard.report.wording import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.token import Token

    from guard.core.results import CampaignResult, Check, GuardResult, SegmentResult

LARGEST = 900_000
NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1##[error]\u202e[/b]\\'
HOSTILE = [
    pytest.param(NASTY, id="everything-at-once"),
    pytest.param("<script>alert(1)</script><!-- <img src=x onerror=y>", id="html"),
    pytest.param("</code></summary></details><b>", id="html-that-closes-ours"),
    pytest.param("[link](https://example.com) ![image](x.png) [a][b] <https://example.com>", id="links"),
    pytest.param("@name and @org/team (@name) crm@example.com", id="mentions"),
    pytest.param("#1 org/repo#1 GH-1 !2 $3 ~label %milestone &4 :tada:", id="references"),
    pytest.param("https://example.com www.example.com ftp://example.com mailto:a@example.com", id="addresses"),
    pytest.param(r"a | b || c \| d \\| e \\\| f", id="pipes"),
    pytest.param("` `` ``` `` ` ~~~ `` a ``", id="backticks"),
    pytest.param("a@b 12:100:30 GH-1. a-GH-1 (#1) (@b)", id="signs-between-plain-ones"),
    pytest.param("**a** __b__ *c* _d_ ~~e~~ $f$ &amp; &#64;g", id="emphasis-and-entities"),
    pytest.param("- [ ] a", id="a-task"),
    pytest.param("1. a", id="a-list"),
    pytest.param("> a", id="a-quote"),
    pytest.param("---", id="a-rule"),
    pytest.param("a\n\n# b\r\n| - |\n    c\t", id="lines"),
    pytest.param(" a  b ", id="spaces"),
    pytest.param("", id="nothing"),
    pytest.param("x" * 10_000, id="very-long"),
    pytest.param("`" * 10_000, id="very-many-backticks"),
]
OURS = {
    *("heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item"),
    *("inline", "text", "code_inline", "softbreak", "html_block", "html_inline", "strong"),
}
OUR_HTML = re.compile(r"<details><summary>(Within bounds: \d+|Segments in Blueshift)</summary>\n|</details>\n?")
OBEYED_IN_TEXT = re.compile(r"@|#|://|www\.\w|\bGH-\d|[<>`*_\[\]\\~$&|]|:(?!\d\d:)\w+:", re.IGNORECASE)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def markdown(report: Report) -> str:
    return render(report, Format.MARKDOWN)


def tokens(text: str) -> list[Token]:
    """Return every token of the text, those within lines too."""
    return [part for token in PARSER.parse(text) for part in (token, *(token.children or []))]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the bodies of all tables, as they read once they are rendered."""
    parsed = PARSER.parse(text)
    found: list[list[str]] = []
    for before, token in pairwise(parsed):
        if before.type == "tr_open" and token.type == "td_open":
            found.append([])
        if before.type == "td_open":
            found[-1].append("".join(child.content for child in token.children or []))
    return found


def assert_nothing_but_ours(text: str) -> None:
    parsed = tokens(text)
    assert {re.sub("_(open|close)$", "", token.type) for token in parsed} <= OURS
    assert [each.content for each in parsed if each.type == "html_block" and not OUR_HTML.fullmatch(each.content)] == []
    obeyed = [each.content for each in parsed if each.type == "text" and OBEYED_IN_TEXT.search(each.content)]
    assert obeyed == []
    assert {len(cells) for cells in rows(text)} <= {4, 5}
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


# Whole outputs


def test_a_page_reads_as_agreed(reports: dict[str, Report], golden: Callable[..., None]) -> None:
    for outcome, report in reports.items():
        golden(outcome, markdown(report), "md")


def test_the_conclusion_comes_first_as_a_heading(reports: dict[str, Report]) -> None:
    assert markdown(reports["pass"]).startswith("## ✅ May be sent: 1 segment is within bounds, counted fresh.\n")
    assert markdown(reports["unknown"]).startswith("## ❓ Do not send to newsletter-active yet: ")


def test_what_could_not_be_found_out_shows_no_number(reports: dict[str, Report]) -> None:
    unknown = rows(markdown(reports["unknown"]))[0]
    assert unknown[:2] == [
        "newsletter-active email",
        "not counted in time: the refresh did not end within 10 min; allowed 10,000 to 50,000",
    ]


def test_the_worst_comes_first(reports: dict[str, Report]) -> None:
    assert verdicts(markdown(reports["everything"])) == [
        *["Out of bounds"] * 3,
        "Not judged",
        "Worth a look",
        *["Within bounds"] * 3,
    ]


def test_the_distance_is_that_of_the_gravest_bound(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    both = guard(check("warn.min", 200, 50), check("min", 100, 50), count=50)
    assert rows(markdown(report(segment(both))))[0][1] == "50, minimum 100: 50% below"


def test_a_share_tells_the_people_and_the_part_of_the_users(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    short = guard(check("share.min", Fraction(3, 5), Fraction(19, 40)), count=19_000, users=40_000)
    assert rows(markdown(report(segment(short))))[0][1] == (
        "47.5% of the users (19,000 of 40,000), minimum share 60%: 5,000 people too few"
    )


def test_what_to_do_stands_beside_what_is_wrong(reports: dict[str, Report]) -> None:
    assert rows(markdown(reports["totals-fail"]))[0] == [
        "spring-sale sms total",
        "9,000 (newsletter-active 7,000, sms-optin 2,000), maximum 5,000: 80% above",
        "see which of its segments is too large: a filter or an exclusion may be missing<br>ask launch@example.com",
        "spring-sale",
        "no earlier count known<br>counted fresh by 09:01:12 UTC<br>rule: rules.yaml:41",
    ]


# Text from elsewhere


@pytest.mark.parametrize(
    ("message", "name", "code"),
    [
        ('no segment named "Promo #3, Q4 (new)"; did you mean "Promo #4" or "x"?', None, 3),
        ('no segment named "Say "hi" @all"; did you mean "b"?', 'Say "hi" @all', 2),
        ('two segments ("a, b")', None, 1),
    ],
)
def test_a_name_in_a_sentence_is_one_piece(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    message: str,
    name: str | None,
    code: int,
) -> None:
    page = markdown(report(segment(guard(check("min", 10, None, message=message), count=None), name=name)))
    (line,) = (row.split(" | ")[1] for row in page.splitlines() if row.startswith("| `newsletter"))
    spans = [token.content for token in tokens(line) if token.type == "code_inline"]
    assert len(spans) == code
    assert all(span.startswith('"') and span.endswith('"') for span in spans)
    assert name is None or spans[0] == f'"{name}"'


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_elsewhere_is_obeyed(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    text: str,
) -> None:
    broken = guard(check("min", 10, 7, message=text), count=7, detail=text)
    page = markdown(
        report(
            segment(broken, key=text, owner=text, description=text),
            campaigns=(campaign(check("max", 5, 7, message=text), key=text, parts={text: 7}),),
            rules_path=text,
            selection=Selection(tags=(text,)),
        )
    )
    assert_nothing_but_ours(page)
    assert [cells[0] for cells in rows(page)] == [
        f"{shown_in_code(text)} sms total",
        f"{shown_in_code(text)} email",
    ]


def shown_in_code(name: str) -> str:
    """Return the name as a code span shows it; an empty one cannot be written, and takes two spaces."""
    return shortened(safe(name), 100) or "  "


def test_a_long_name_does_not_hide_the_line_of_the_rule(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    assert f"{'x' * 199}…:28`" in markdown(report(segment(email(0)), rules_path="x" * 5_000))


@settings(deadline=None)
@given(report=st.from_type(Report))
def test_any_report_is_a_page_of_ours(report: Report) -> None:
    assert_nothing_but_ours(markdown(report))


# Size


def verdicts(text: str) -> list[str]:
    """Return the heading over every row, without a parser: large pages take one seconds."""
    heads = re.split(r"(Out of bounds|Not judged|Worth a look|Within bounds): ", text)
    return [
        head
        for head, body in zip(heads[1::2], heads[2::2], strict=True)
        for _ in re.findall(r"^\| `", body, re.MULTILINE)
    ]


def many(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    *,
    passed: int = 0,
    failed: int = 0,
) -> Report:
    counts = [30_000] * passed + [1_900] * failed
    return report(*(segment(email(count), key=f"segment-{number}") for number, count in enumerate(counts)))


@pytest.mark.parametrize(("passed", "failed"), [(10_000, 0), (9_000, 1_000), (0, 10_000)])
def test_a_page_that_would_be_too_large_is_cut_and_says_so(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    passed: int,
    failed: int,
) -> None:
    text = markdown(many(report, segment, email, passed=passed, failed=failed))
    assert LARGEST - 5_000 < len(text.encode()) <= LARGEST
    assert f"**{10_000 - len(verdicts(text)):,} more lines are in the JSON report.**" in text
    assert text.startswith("## ❌ Do not send" if failed else "## ✅ May be sent")


def test_what_passed_is_cut_before_anything_that_failed(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    words = verdicts(markdown(many(report, segment, email, passed=9_000, failed=1_000)))
    assert words == ["Out of bounds"] * 1_000 + ["Within bounds"] * (len(words) - 1_000)


def test_a_failed_total_is_kept_over_passed_guards(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    email: Callable[..., GuardResult],
    campaign: Callable[..., CampaignResult],
    check: Callable[..., Check],
) -> None:
    guards = many(report, segment, email, passed=10_000).segments
    text = markdown(report(*guards, campaigns=(campaign(check("max", 5_000, 7_000)),)))
    assert "| `spring-sale` sms total | 7,000, maximum 5,000: 40% above |" in text
    assert "more lines are in the JSON report" in text


def test_a_page_that_fits_speaks_of_no_cut(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    text = markdown(many(report, segment, email, passed=2_000, failed=500))
    assert len(verdicts(text)) == 2_500
    assert "JSON report" not in text


def test_one_name_or_selection_without_end_leaves_room_for_the_rest(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    endless = report(
        segment(email(0), key="é|" * 10**6),
        segment(email(0)),
        selection=Selection(segments=("é|" * 10**6,) * 3),
    )
    text = markdown(endless)
    assert len(text.encode()) < 10_000
    assert len(rows(text)) == 2
