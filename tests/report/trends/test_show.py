"""The trends of a real store: of what the rules guard, or of everything in it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import UsageError
from guard.core.history import Limit, Series
from guard.core.model import Channel
from guard.history.address import parse_address
from guard.history.run_record import ReadingRecord, RunRecord
from guard.history.show import Wanted, show_trends
from guard.history.store import Store
from guard.report.trends.points import Band, Trend
from guard.rules import parse_rules
from tests.report.builders import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.model import Rules

US, EU = "api.getblueshift.com", "api.eu.getblueshift.com"
VIP, NEWS = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)
ALL = Wanted(last=26)


def series(uuid: str = VIP, channel: str = "email", host: str = US, *, bypass: bool = False) -> Series:
    return Series(host=host, uuid=uuid, channel=channel, bypass_global=bypass)


def reading(
    count: int | None, of: Series, *, key: str | None = "vip", day: int = 0, imported: bool = False
) -> ReadingRecord:
    at = FIRST + timedelta(days=day)
    return ReadingRecord(
        series=of,
        segment=key,
        count=count,
        reason=None if count is not None else "timeout",
        counted_at=None if count is None or imported else at,
        day=at.date().isoformat() if imported else None,
        verdict=None if imported else "unknown" if count is None else "pass",
        limits=() if imported else (Limit("min", 10, "pass"), Limit("max", 100, "pass")),
    )


def run(number: int, *readings: ReadingRecord) -> RunRecord:
    at = FIRST + timedelta(days=number)
    return RunRecord(
        id=f"run-{number}",
        source="check",
        started_at=at,
        finished_at=at + timedelta(minutes=1),
        host=US,
        rules_sha256="0" * 64,
        tool_version="0.1.0",
        readings=readings,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(parse_address(str(tmp_path / "history.db"), "the test"))
    store.init()
    return store


def rules(*segments: str) -> Rules:
    return parse_rules("\n".join(["version: 1", "segments:", *segments, ""]).encode(), "rules.yaml")


def guarding(uuid: str = VIP, key: str = "vip", *, more: str = "") -> str:
    return f"  {key}: {{uuid: {uuid}, {more}channels: {{email: {{min: 20, max: 80}}}}}}"


def shown(trends: tuple[Trend, ...]) -> list[tuple[str, str, str, list[int | None]]]:
    return [(each.name, each.label, each.note, [point.count for point in each.points]) for each in trends]


# Without rules


def test_everything_in_the_store_is_shown(store: Store) -> None:
    store.record(
        [
            run(0, reading(50, series()), reading(7, series(NEWS, "in_app"), key="news")),
            run(1, reading(None, series(), day=1), reading(8, series(NEWS, "in_app"), key="newsletter", day=1)),
        ]
    )

    page = show_trends(store, None, ALL)

    assert shown(page.trends) == [("newsletter", "in-app", "", [7, 8]), ("vip", "email", "", [50, None])]
    assert page.trends[0].points[0].band == Band(low=10, high=100)
    assert (page.kind, str(page.began), page.runs, page.damage) == ("sqlite", "2026-11-02", 2, ())
    assert page.headline.endswith("history.db holds 2 runs since 2026-11-02")


def test_an_empty_store_says_so(store: Store) -> None:
    page = show_trends(store, None, ALL)

    assert (page.trends, page.runs) == ((), 0)
    assert page.headline.endswith("history.db holds no runs yet")


def test_a_segment_without_a_key_has_its_uuid(store: Store) -> None:
    store.record([run(0, reading(50, series(), key=None, imported=True))])

    assert shown(show_trends(store, None, ALL).trends) == [(VIP, "email", "", [50])]
    assert show_trends(store, None, Wanted(segment=VIP, last=26)).trends


def test_two_hosts_are_told_apart(store: Store) -> None:
    store.record([run(0, reading(50, series()), reading(70, series(host=EU)))])

    for known in (None, rules(guarding())):
        assert shown(show_trends(store, known, ALL).trends) == [
            ("vip", "email", f"on {EU}", [70]),
            ("vip", "email", f"on {US}", [50]),
        ]


def test_the_variants_are_told_apart(store: Store) -> None:
    store.record([run(0, reading(50, series()), reading(70, series(bypass=True)))])

    assert [(each.note, each.points[0].count) for each in show_trends(store, None, ALL).trends] == [
        ("", 50),
        ("without the account's global inclusion segment", 70),
    ]


def test_only_the_newest_days(store: Store) -> None:
    store.record([run(number, reading(number + 10, series(), day=number)) for number in range(9)])

    page = show_trends(store, None, Wanted(last=3))

    assert shown(page.trends) == [("vip", "email", "", [16, 17, 18])]
    assert page.runs == 9


@pytest.mark.parametrize("name", [HOSTILE, "日本語", "=1+1"])
def test_a_key_stays_as_it_is(store: Store, name: str) -> None:
    store.record([run(0, reading(50, series(), key=name))])

    (trend,) = show_trends(store, None, Wanted(segment=name, last=26)).trends
    assert trend.name == name


def test_a_channel_of_a_newer_version(store: Store) -> None:
    store.record([run(0, reading(50, series(channel="fax")))])

    assert shown(show_trends(store, None, ALL).trends) == [("vip", "fax", "", [50])]


# With rules


def test_the_rules_say_what_is_shown(store: Store) -> None:
    store.record([run(0, reading(50, series()), reading(7, series(NEWS)), reading(9, series(channel="sms")))])

    (trend,) = show_trends(store, rules(guarding()), ALL).trends

    assert (trend.name, trend.points[0].count, trend.points[0].band) == ("vip", 50, Band(low=20, high=80))


def test_a_renamed_segment_keeps_its_days(store: Store) -> None:
    store.record([run(0, reading(50, series(), key="old-name")), run(1, reading(51, series(), day=1))])

    assert shown(show_trends(store, rules(guarding(VIP.upper(), "best")), ALL).trends) == [
        ("best", "email", "", [50, 51])
    ]


def test_what_was_never_counted_is_listed(store: Store) -> None:
    store.record([run(0, reading(50, series()))])

    told = show_trends(store, rules(guarding(), guarding(NEWS, "news")), ALL).trends

    assert shown(told) == [("vip", "email", "", [50]), ("news", "email", "", [])]
    assert told[1].in_words == "no readings yet"


def test_a_segment_by_name_is_found_by_key(store: Store) -> None:
    store.record([run(0, reading(50, series())), run(1, reading(7, series(NEWS), key="news", day=1))])

    by_name = rules("  vip: {name: Very important, channels: {email: {min: 20}}}")

    assert shown(show_trends(store, by_name, ALL).trends) == [("vip", "email", "", [50])]


def test_the_rules_choose_the_variant(store: Store) -> None:
    store.record([run(0, reading(50, series()), reading(70, series(bypass=True)))])

    (trend,) = show_trends(store, rules(guarding(more="bypass_global: true, ")), ALL).trends

    assert [point.count for point in trend.points] == [70]


def test_imported_days_are_marked(store: Store) -> None:
    store.record(
        [
            run(0, reading(40, series(), key=None, imported=True)),
            run(1, reading(50, series(), day=1), reading(99, series(), day=1, imported=True)),
        ]
    )

    (trend,) = show_trends(store, rules(guarding()), ALL).trends

    assert [(point.count, point.is_imported) for point in trend.points] == [(40, True), (50, False)]


# What was asked for by name


def test_one_segment_and_one_channel(store: Store) -> None:
    store.record(
        [run(0, reading(50, series()), reading(9, series(channel="sms")), reading(7, series(NEWS), key="news"))]
    )

    told = show_trends(store, None, Wanted(segment="vip", channel=Channel.SMS, last=26)).trends

    assert shown(told) == [("vip", "sms", "", [9])]


@pytest.mark.parametrize("with_rules", [True, False])
@pytest.mark.parametrize(
    ("wanted", "told", "hint"),
    [
        (Wanted(segment="vipp", last=26), 'has no segment "vipp"; did you mean "vip"?', "its segments are: vip"),
        (Wanted(channel=Channel.SMS, last=26), "has nothing on sms", "leave out --channel"),
    ],
)
def test_an_unknown_name_is_refused(store: Store, wanted: Wanted, told: str, hint: str, *, with_rules: bool) -> None:
    store.record([run(0, reading(50, series()))])

    with pytest.raises(UsageError) as raised:
        show_trends(store, rules(guarding()) if with_rules else None, wanted)

    assert told in raised.value.message
    assert hint in str(raised.value.hint)
    assert raised.value.message.startswith("rules.yaml" if with_rules else "the history store")


# Damage


@pytest.mark.parametrize(
    ("harm", "left"),
    [
        ("DELETE FROM audience_guard_readings WHERE run = 2", [50, 52]),
        ("UPDATE audience_guard_readings SET count = 60 WHERE run = 2", [50, 52]),
        ("UPDATE audience_guard_runs SET verdict = 'pass' WHERE number = 2", [50, 52]),
    ],
)
def test_damage_is_told_and_not_drawn(store: Store, harm: str, left: list[int]) -> None:
    store.record([run(number, reading(50 + number, series(), day=number)) for number in range(3)])
    assert store.address.path
    with sqlite3.connect(store.address.path) as connection:
        connection.execute(harm)
    connection.close()

    page = show_trends(store, rules(guarding()), ALL)

    assert shown(page.trends) == [("vip", "email", "", left)]
    assert page.damage
