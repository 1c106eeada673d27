"""Which days are the past: ``since`` of a guard, and the settings of the history."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import pytest

import guard.rules.past_checks
from guard.core.change import PastRules
from tests.rules.marked import EMAIL, NO_VALUE, NOT_HERE, assert_told, changed
from tests.rules.source import SEGMENTS, guarded, parsed, problems

SINCE = "write for example since: {day: 2026-11-20, reason: import}"
NO_DAY = "is no day of the calendar"
A_DAY = "is not a day; write one such as 2026-11-20"
AFTER = "is after to, which is 2026-03-01"
REASON = "write reason: Black Friday week"
DAYS = "is not a number of days from 1d to 3650d; write one such as 120d"


def test_without_a_history_days_are_those_of_utc() -> None:
    rules = parsed(SEGMENTS)
    assert rules.past == PastRules(timezone="UTC", within=120, excluded=())
    assert (rules.needs_history, parsed(changed("{from: previous, max: 0}")).needs_history) == (False, True)
    assert parsed(f"{SEGMENTS}history: {{}}\n").past == rules.past


@pytest.mark.parametrize(
    ("since", "where", "what"),
    [
        ("{day: §2026-02-30, reason: x}", ".day", f'"2026-02-30" {NO_DAY}'),
        ("{day: §2026-1-2, reason: x}", ".day", f'"2026-1-2" {A_DAY}'),
        ("{day: §20260102, reason: x}", ".day", f"20260102 {A_DAY}"),
        ("{day: 2026-01-02, reason: §' '}", ".reason", "is empty: write some text, or leave the key out"),
        ("{day: 2026-01-02, reason: §~}", ".reason", NO_VALUE),
        ("§2026-01-02", "", f'"2026-01-02" {NOT_HERE}; {SINCE}'),
        ("§~", "", NO_VALUE),
    ],
)
def test_a_bad_since(since: str, where: str, what: str) -> None:
    assert_told(changed(f"{{from: previous, max: 0}}, since: {since}"), f"{EMAIL}.since{where}", what)


def test_since_is_about_change_and_has_a_reason() -> None:
    what = "has an effect on change alone, and there is none; add change, or leave it out"
    own = "since: {day: 2026-01-02, reason: x}"
    assert_told(guarded(f"{{email: {{min: 1, §{own}}}}}"), f"{EMAIL}.since", what)
    assert len(problems(guarded(f"{{email: {{{own}}}}}"))) == 2  # it is no bound
    told = " ".join(problems(changed("{from: previous, max: 0}, since: {}")))
    assert 'the key "day" is missing; write day: 2026-11-20' in told
    assert 'the key "reason" is missing' in told


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        return cls(2026, 11, 23, 12, tzinfo=UTC).astimezone(tz)


@pytest.mark.parametrize(
    ("day", "zone", "is_right"),
    [
        ("2026-11-23", "UTC", True),
        ("2026-11-24", "Pacific/Kiritimati", True),
        ("2026-11-25", "Pacific/Kiritimati", False),
        ("2026-11-24", "UTC", False),
    ],
)
def test_since_is_not_in_the_future(day: str, zone: str, is_right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.rules.past_checks, "datetime", Clock)
    own = f"{{from: previous, max: 0}}, since: {{day: §{day}, reason: x}}"
    source = f"{changed(own)}history: {{timezone: {zone}}}\n"
    if is_right:
        assert problems(source.replace("§", "")) == []
    else:
        assert_told(source, f"{EMAIL}.since.day", f"{day} is in the future; write it on that day")


@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        ("timezone: §Europe/Berln", "timezone", 'there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?'),
        ("timezone: §localtime", "timezone", 'there is no time zone "localtime"'),
        ("timezone: §utc", "timezone", 'there is no time zone "utc"; did you mean "UTC"?'),
        ("timezone: §+02:00", "timezone", '"+02:00" is not a time zone; write one such as Europe/Berlin or UTC'),
        ("timezone: §[UTC]", "timezone", "a list is not a time zone; write one such as Europe/Berlin or UTC"),
        *[(f"within: §{bad}", "within", f'"{bad}" {DAYS}') for bad in ("0d", "3651d", "2w", "24h", "1.5d", "01d")],
        *[(f"within: §{bad}", "within", f"{said} {DAYS}") for bad, said in (("120", "120"), ("[1d]", "a list"))],
        *[(f"{key}: §~", key, NO_VALUE) for key in ("timezone", "within")],
        ("exclude: §{}", "exclude", "a mapping is not a list; write one such as [one, other]"),
        ("exclude: [§x]", "exclude[1]", f'"x" {NOT_HERE}'),
        ("exclude: [{reason: x, to: 2026-03-01, from: §2026-03-02}]", "exclude[1].from", f"2026-03-02 {AFTER}"),
        ("exclude: [{reason: x, from: 2026-03-01, to: §2026-02-29}]", "exclude[1].to", f'"2026-02-29" {NO_DAY}'),
        ("exclude: [{reason: x, to: 2026-03-01, from: §2026-3-1}]", "exclude[1].from", f'"2026-3-1" {A_DAY}'),
        ("exclude: [§{from: 2026-02-28, to: 2026-02-28}]", "exclude[1]", f'the key "reason" is missing; {REASON}'),
        ("§zone: UTC", "zone", 'unknown key; did you mean "timezone"?'),
    ],
)
def test_a_bad_setting_of_the_history(settings: str, where: str, what: str) -> None:
    assert_told(f"{SEGMENTS}history: {{{settings}}}\n", f"history.{where}", what)


@pytest.mark.parametrize("right", ["within: 1d", "within: 3650d", "timezone: Etc/GMT+12", "exclude: []"])
def test_a_good_setting_of_the_history(right: str) -> None:
    assert problems(f"{SEGMENTS}history: {{{right}}}\n") == []
