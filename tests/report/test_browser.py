"""The HTML page in a real browser: a probe page opens it in frames of a phone's and of a desk's width."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from dataclasses import replace
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from guard.core.results import Verdict
from guard.report import Format, render
from guard.report.trends.html_page import as_html
from tests.report.trends.builders import page, points, trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.results import CampaignResult, Check, GuardResult, Report, SegmentResult

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium at /usr/bin/chromium")

NASTY = 'a]]>&<b>"%\n::error::x\x07\x1b[31m|`<script>document.title = "run"</script>\u202e' + "x" * 10_000
READABLE = 4.5  # WCAG 2.1 AA, for text of any size
TRENDS = page(
    trend(*points([31_000, 9_000, None, 32_000, None, 1_900_000, 33_500, None])),
    trend(*points([2**53 - 1] * 30)),
    trend(*points([30_000]), name=NASTY, note="x" * 1_000),
    trend(*points([30_000, None], step=400), name="x" * 10_000),
    trend(name="no-readings"),
    damage=(NASTY,),
)
PROBE = Path(__file__).with_name("probe.html")


class _Handler(SimpleHTTPRequestHandler):
    asked: list[str]

    def log_request(self, *_: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def pages(
    reports: dict[str, Report],
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
    email: Callable[..., GuardResult],
) -> dict[str, str]:
    """Return reports of every verdict, with trends, a long one, and one of nasty names; and a page of trends."""
    bad = segment(
        guard(check("min", 10, 7, message=NASTY), count=7, detail=NASTY), key=NASTY, owner=NASTY, tags=(NASTY,)
    )
    nasty = report(
        replace(bad, segment=replace(bad.segment, description=NASTY, name=NASTY)),
        segment(email(2**53 - 1, high=2**53 - 2), key="x" * 10_000),
        campaigns=(campaign(check("max", 5, 7, message=NASTY), key=NASTY),),
        rules_path=NASTY,
    )
    long = report(*(segment(email(1_000 * number or None), key=f"segment-{number}") for number in range(200)))
    names = ("pass", "warn", "unknown", "everything", "nothing", "history", "history-long")
    told = {**{name: reports[name] for name in names}, "nasty": nasty, "long": long}
    shown = {name: render(each, Format.HTML) for name, each in told.items()} | {"trends": as_html(TRENDS)}
    return {f"{name}.html": text for name, text in shown.items()}


@pytest.fixture
def served(pages: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the pages and the probe on loopback; yield the address, and what was asked for so far."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / PROBE.name).write_bytes(PROBE.read_bytes())
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_the_page_reads_well_in_a_browser(pages: dict[str, str], served: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = served
    probe = f"/{PROBE.name}?{urlencode([('page', page) for page in pages])}"
    dom, console = browse(address + probe, tmp_path)
    seen: list[dict[str, Any]] = json.loads(unescape(re.findall(r'data-found="([^"]*)"', dom)[0]))

    assert {(each["page"], each["width"], each["dark"]) for each in seen} == {
        (page, width, dark) for page in pages for width in (390, 1280) for dark in (False, True)
    }
    for each in seen:
        assert each["tooWide"] == [], each
        assert each["fetched"] == [], each
        assert each["texts"] > 10, each
        assert each["faintest"][0] >= READABLE, each
        of_trends = each["page"] == "trends.html"
        assert each["title"].endswith("Trends: audience-guard" if of_trends else ": audience check by audience-guard")
    assert len({each["banner"] for each in seen if each["page"] != "trends.html"}) == len(Verdict) * len(
        ("light", "dark")
    )
    assert {*asked} == {probe, *(f"/{page}" for page in pages)}
    assert re.findall("CONSOLE.*", console) == []


def browse(url: str, folder: Path) -> tuple[str, str]:
    """Return the document that Chromium made of the page, once everything had loaded, and what it logged."""
    flags = [
        "--headless",
        "--no-sandbox",  # the tests may run as root, whom its sandbox refuses; it opens nothing but our own pages
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
    ]
    ended = subprocess.run([CHROMIUM, *flags, url], capture_output=True, text=True, check=True, timeout=120)
    return ended.stdout, ended.stderr
