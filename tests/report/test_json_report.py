from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from guard.core.errors import ExitCode
from guard.core.model import BoundName, Channel, Selection, Severity
from guard.core.results import FailOn, Reason, Report, Verdict
from guard.report import Format, render
from guard.report.json_report import report_schema_text
from guard.report.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import StrEnum

    from guard.core.results import CampaignResult, Check, GuardResult, SegmentResult

NASTY = 'a]]>&<b>"%\n::error::x,y:z\x07\x1b[31m|`<!channel>=1+1###[error]\u202e\x7f\x85\ud800'
SCHEMA = json.loads(report_schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def as_json(report: Report) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(report, Format.JSON))
    return loaded


def test_a_report_holds_what_the_design_promises(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    campaign: Callable[..., CampaignResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    few = guard(check("min", 10_000, 1_900, message="email reaches 1,900"), count=1_900, before=20_500)
    ceiling = check("max", 100_000, 7_000, line=41, message="sms reaches 7,000")
    total = campaign(ceiling, owner="launch@example.com")
    assert as_json(report(segment(few, tags=("weekly",)), campaigns=(total,), account="Acme EU")) == {
        "schema_version": 1,
        "tool": {"name": "audience-guard", "version": "0.1.0"},
        "run_id": None,
        "verdict": "fail",
        "exit_code": 1,
        "fail_on": "fail",
        "complete": True,
        "started_at": "2026-11-23T09:00:00.000Z",
        "finished_at": "2026-11-23T09:01:12.345Z",
        "host": "api.getblueshift.com",
        "account": "Acme EU",
        "history": None,
        "rules": {"path": "rules.yaml", "sha256": "0123456789abcdef" * 4},
        "selection": {"segments": [], "tags": [], "campaigns": []},
        "summary": {
            "guards": {"pass": 0, "warn": 0, "unknown": 0, "fail": 1},
            "totals": {"pass": 1, "warn": 0, "unknown": 0, "fail": 0},
            "learning": 0,
        },
        "segments": [
            {
                "key": "newsletter-active",
                "uuid": "2dd093e6-8c6f-4e14-8a2c-744477e1fdef",
                "name": None,
                "description": None,
                "owner": "crm@example.com",
                "tags": ["weekly"],
                "bypass_global": False,
                "verdict": "fail",
                "guards": [
                    {
                        "channel": "email",
                        "verdict": "fail",
                        "severity": "fail",
                        "count": 1_900,
                        "users": None,
                        "counted_at": "2026-11-23T09:01:02.000Z",
                        "age_seconds": 10,
                        "proof": "refreshed",
                        "before": {"count": 20_500, "counted_at": "2026-11-23T08:00:00.000Z"},
                        "reason": None,
                        "detail": None,
                        "path": "rules.yaml",
                        "line": 27,
                        "checks": [
                            {
                                "bound": "min",
                                "limit": 10_000,
                                "observed": 1_900,
                                "verdict": "fail",
                                "path": "rules.yaml",
                                "line": 28,
                                "message": "email reaches 1,900",
                                "baseline": None,
                            }
                        ],
                    }
                ],
            }
        ],
        "campaigns": [
            {
                "key": "spring-sale",
                "owner": "launch@example.com",
                "segments": ["newsletter-active"],
                "verdict": "fail",
                "totals": [
                    {
                        "channel": "sms",
                        "verdict": "pass",
                        "count": 7_000,
                        "reason": None,
                        "detail": None,
                        "path": "rules.yaml",
                        "line": 40,
                        "parts": [{"segment": "newsletter-active", "count": 7_000, "before": None}],
                        "checks": [
                            {
                                "bound": "max",
                                "limit": 100_000,
                                "observed": 7_000,
                                "verdict": "pass",
                                "path": "rules.yaml",
                                "line": 41,
                                "message": "sms reaches 7,000",
                                "baseline": None,
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_what_could_not_be_found_out_is_null_and_never_0(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    loaded = as_json(report(segment(email(None))))
    guard = loaded["segments"][0]["guards"][0]
    assert [guard[key] for key in ("count", "counted_at", "age_seconds", "proof")] == [None] * 4
    assert [check["observed"] for check in guard["checks"]] == [None, None]
    assert (guard["reason"], loaded["complete"], loaded["exit_code"]) == ("timeout", False, 3)


def test_a_share_is_a_fraction_of_1(
    report: Callable[..., Report],
    segment: Callable[..., SegmentResult],
    guard: Callable[..., GuardResult],
    check: Callable[..., Check],
) -> None:
    third = check("share.min", Fraction(3, 5), Fraction(1, 3))
    whole = check("share.max", Fraction(1), Fraction(1, 3))
    text = render(report(segment(guard(third, whole, count=1, users=3))), Format.JSON)
    assert '"limit": 0.6,' in text
    assert '"observed": 0.3333333333333333,' in text
    assert '"limit": 1.0,' in text
    assert '"users": 3,' in text


def test_a_moment_of_another_zone_is_written_in_utc(report: Callable[..., Report]) -> None:
    moment = datetime(2026, 11, 23, 1, 0, 0, 1_999, tzinfo=timezone(timedelta(hours=2)))
    assert as_json(replace(report(), started_at=moment))["started_at"] == "2026-11-22T23:00:00.001Z"


def test_the_selection_is_written_as_it_was_asked(report: Callable[..., Report]) -> None:
    asked = Selection(segments=("b", "a"), tags=("weekly",), campaigns=("spring-sale",))
    assert as_json(report(selection=asked))["selection"] == {
        "segments": ["b", "a"],
        "tags": ["weekly"],
        "campaigns": ["spring-sale"],
    }


def test_a_nasty_name_is_ascii_and_comes_back(
    report: Callable[..., Report], segment: Callable[..., SegmentResult], email: Callable[..., GuardResult]
) -> None:
    nasty = report(segment(email(30_000), key=NASTY, owner=NASTY), rules_path=NASTY)
    text = render(nasty, Format.JSON)
    assert json.loads(text)["segments"][0]["key"] == NASTY
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert "##[" not in text
    assert all(line.lstrip().startswith(('"', "{", "}", "[", "]")) for line in text.splitlines())


def test_the_text_is_indented_and_ends_in_one_newline_on_every_screen(reports: dict[str, Report]) -> None:
    text = render(reports["everything"], Format.JSON)
    assert text.startswith('{\n  "schema_version": 1,\n  "tool": {\n    "name"')
    assert text.endswith("\n}\n")
    assert render(reports["everything"], Format.JSON, Screen(width=20, color=True)) == text


def test_every_kind_of_report_fits_the_schema(reports: dict[str, Report]) -> None:
    for report in reports.values():
        VALIDATOR.validate(as_json(report))


def test_the_keys_are_the_same_whatever_was_found_out(reports: dict[str, Report]) -> None:
    known, unknown = (as_json(reports[name])["segments"][0]["guards"][0] for name in ("pass", "unknown"))
    assert list(known) == list(unknown)
    assert len({tuple(as_json(report)) for report in reports.values()}) == 1


# The schema itself


def test_the_schema_is_one_and_is_closed_and_complete_and_documented() -> None:
    VALIDATOR.check_schema(SCHEMA)
    objects = [each for each in within(SCHEMA) if each.get("type") == "object"]
    assert len(objects) == 16
    for each in objects:
        if "properties" not in each:  # numbers by the words of an enum
            assert "propertyNames" in each
            continue
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
        for key, described in each["properties"].items():
            named = SCHEMA["$defs"].get(
                described.get("$ref", "").rpartition("/")[2], {}
            )  # a copy of its text is left out
            assert described.get("description", named.get("description", "")).endswith("."), key


@pytest.mark.parametrize("words", [Verdict, Channel, BoundName, Reason, Severity, FailOn])
def test_the_schema_knows_every_word_of_the_model(words: type[StrEnum]) -> None:
    assert SCHEMA["$defs"][words.__name__]["enum"] == [*words]


def test_the_schema_knows_every_exit_code_that_writes_a_report() -> None:
    assert SCHEMA["properties"]["exit_code"]["enum"] == [ExitCode.PASSED, ExitCode.FAILED, ExitCode.UNKNOWN]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"verdict": "green"}, id="an-unknown-verdict"),
        pytest.param({"verdikt": "pass"}, id="an-unknown-key"),
        pytest.param({"started_at": "2026-11-23 09:00"}, id="a-moment-without-a-zone"),
        pytest.param({"exit_code": 2}, id="an-exit-code-that-writes-no-report"),
    ],
)
def test_the_schema_refuses(reports: dict[str, Report], spoil: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(as_json(reports["pass"]) | spoil)


def within(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from within(each)
