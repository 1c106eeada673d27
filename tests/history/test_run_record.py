"""What is recorded of a run, and what never is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.history import Limit, Series
from guard.history.run_record import host_of, link_of, record_of

if TYPE_CHECKING:
    from guard.core.results import Report

GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/launch",
    "GITHUB_RUN_ID": "42",
}


def test_a_run_is_numbers_verdicts_and_bounds(reports: dict[str, Report]) -> None:
    found = record_of(reports["fail-too-few"], run_id="one", source="check")

    assert (found.id, found.source, found.host, found.verdict, found.exit_code) == (
        *("one", "check", "api.getblueshift.com", "fail", 1),
    )
    first = found.readings[0]
    assert (first.series.host, first.series.channel, first.series.bypass_global) == (
        "api.getblueshift.com",
        "email",
        False,
    )
    assert (first.count, first.reason, first.verdict, first.day) == (1_900, None, "fail", None)
    assert first.limits == (Limit("min", 10_000, "fail"), Limit("max", 50_000, "pass"))


def test_an_unknown_keeps_its_reason(reports: dict[str, Report]) -> None:
    first = record_of(reports["unknown"], run_id="one", source="check").readings[0]

    assert (first.count, first.counted_at, first.reason, first.verdict) == (None, None, "timeout", "unknown")


def test_no_text_of_people_is_recorded(reports: dict[str, Report]) -> None:
    report = reports["everything"]
    private = {
        text
        for each in report.segments
        for text in (each.segment.description, each.segment.owner, each.segment.name)
        if text
    }

    assert private
    assert not [text for text in private if text in repr(record_of(report, run_id="one", source="check"))]


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("api.getblueshift.com", "api.getblueshift.com"),
        ("API.example.com:8443", "api.example.com"),
        ("127.0.0.1:8765", "localhost"),
        ("localhost", "localhost"),
        ("[::1]:80", "localhost"),
        ("127.8.9.1:1", "localhost"),
        ("[", "["),
    ],
)
def test_a_host_has_no_port_and_loopback_is_one(host: str, kept: str) -> None:
    assert host_of(host) == kept


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        (GITHUB, "https://github.com/acme/launch/actions/runs/42"),
        ({"CI_JOB_URL": "https://gitlab.example.com/acme/-/jobs/7"}, "https://gitlab.example.com/acme/-/jobs/7"),
        ({"BUILD_URL": "http://jenkins.example.com/job/1/"}, "http://jenkins.example.com/job/1/"),
        ({}, None),
        ({"GITHUB_SERVER_URL": "https://github.com"}, None),
        ({"CI_JOB_URL": "https://token@gitlab.example.com/1"}, None),
        ({"CI_JOB_URL": "javascript:alert(1)"}, None),
        ({"CI_JOB_URL": "https://example.com/" + "x" * 600}, None),
        ({"CI_JOB_URL": "https://example.com/a b"}, None),
    ],
)
def test_the_link_is_that_of_the_job(environ: dict[str, str], link: str | None) -> None:
    assert link_of(environ) == link


def test_a_name_that_led_to_no_segment_has_no_uuid(reports: dict[str, Report]) -> None:
    report = reports["unknown"]
    nameless = replace(report, segments=(replace(report.segments[0], uuid=None),))

    assert record_of(nameless, run_id="one", source="check").readings[0].series == Series(
        "api.getblueshift.com", "", "email", bypass_global=False
    )
