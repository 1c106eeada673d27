"""A trend as a line of signs: where each count stood within what is allowed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.report.trends.blocks import LEGEND, LEGEND_IN_ASCII, blocks
from guard.report.trends.points import Band
from tests.report.trends.builders import ALLOWED, points

HUGE = 2**53 - 1
BOTH, NO_MAX, NO_MIN, NONE = Band(low=100, high=179), Band(low=100), Band(high=80), Band()


@pytest.mark.parametrize(
    ("band", "counts", "signs", "in_ascii"),
    [
        pytest.param(BOTH, [99, 100, 139, 140, 179, 180, None], "↓▁▄▅█↑?", "_.--=^?", id="both"),
        pytest.param(BOTH, [None, None], "??", "??", id="all-unknown"),
        pytest.param(NO_MAX, [99, 100, 140, 180], "↓▁▅█", "_.-=", id="no-max"),
        pytest.param(NO_MAX, [100, 100], "▅▅", "--", id="no-max-and-all-at-min"),
        pytest.param(NO_MIN, [0, 40, 80, 81], "▁▅█↑", ".-=^", id="no-min"),
        pytest.param(NONE, [0, 40, 80], "▁▅█", ".-=", id="no-bounds"),
        pytest.param(NONE, [0, 0], "▁▁", "..", id="nobody-and-no-bounds"),
        pytest.param(NONE, [None], "?", "?", id="unknown-and-no-bounds"),
        pytest.param(Band(low=5, high=5), [4, 5, 6], "↓▅↑", "_-^", id="low-is-high"),
        pytest.param(Band(low=0, high=0), [0, 1], "▁↑", ".^", id="nobody-allowed"),
        pytest.param(Band(low=1), [0], "↓", "_", id="nobody-below-a-minimum"),
        pytest.param(Band(low=1, high=HUGE), [0, 1, HUGE // 2, HUGE], "↓▁▄█", "_.-=", id="huge"),
        pytest.param(NONE, [1, HUGE], "▁█", ".=", id="huge-and-no-bounds"),
        pytest.param(BOTH, [], "", "", id="no-days"),
    ],
)
def test_a_sign_for_each_day(band: Band, counts: list[int | None], signs: str, in_ascii: str) -> None:
    shown = points(counts, band=band)

    assert blocks(shown) == signs
    assert blocks(shown, unicode=False) == in_ascii


def test_each_day_has_its_own_bounds() -> None:
    assert blocks((*points([50]), *points([50], band=Band(low=10, high=90)))) == "↓▅"


def test_a_day_without_bounds_has_the_scale_of_the_next_one_with_some() -> None:
    """Of what was imported nobody knows the bounds, and all signs of a line have one meaning."""
    nothing = [90, 140, 200]

    assert blocks((*points(nothing, band=NONE), *points([140], band=BOTH))) == "↓▅↑▅"
    assert blocks((*points([140], band=BOTH), *points(nothing, band=NONE))) == "▅↓▅↑"


def test_a_tenth_of_the_band_shows() -> None:
    """From 0 it would not: that is why a sign shows the place within the band."""
    assert blocks(points([30_000, 35_000])) == "▅▆"


@given(counts=st.lists(st.none() | st.integers(0, HUGE), max_size=40), low=st.none() | st.integers(0, HUGE))
def test_signs_rise_with_the_counts(counts: list[int | None], low: int | None) -> None:
    band = Band(low=low, high=HUGE)
    known = sorted(each for each in counts if each is not None)

    signs = blocks(points(counts, band=band))

    assert len(signs) == len(counts)
    assert [sign == "?" for sign in signs] == [each is None for each in counts]
    order = "↓▁▂▃▄▅▆▇█↑"
    assert all(order.index(a) <= order.index(b) for a, b in pairwise(blocks(points(known, band=band))))


@pytest.mark.parametrize(("legend", "unicode"), [(LEGEND, True), (LEGEND_IN_ASCII, False)])
def test_the_legend_explains_each_sign(legend: str, unicode: bool) -> None:
    signs = blocks(points([9_999, 10_000, 50_000, 50_001, None], band=ALLOWED), unicode=unicode)

    assert not [sign for sign in signs if f" {sign} " not in f" {legend} "]
