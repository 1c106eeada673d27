"""A job always tells everybody who asked, and never a pass by mistake."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.errors import GuardError, Problem, RulesError, UsageError
from guard.core.results import Reason
from guard.slack import jobs as module
from guard.slack.jobs import STOPPED, Jobs, KeptAnswer
from guard.slack.notices import notice
from guard.slack.verdict_message import CHECK_AGAIN, SHARE, Message
from tests.report import builders
from tests.slack.fake_parts import PASSED, WEEKLY, FakeDelivery, FakeEngine, a_job, raising, requester, rules, said

if TYPE_CHECKING:
    from guard.core.results import Report

NOW = rules().sha256
FAULTS: list[BaseException] = [
    GuardError("the app has stopped counting"),
    UsageError("there is no API key", hint="set BLUESHIFT_API_KEY"),
    RulesError("rules.yaml", [Problem(line=1, column=1, where="", what="the file holds nothing")]),
    TimeoutError(),
    CancelledError(),
    ZeroDivisionError("a-key-for-tests"),
]


def jobs(engine: FakeEngine | None = None, delivery: FakeDelivery | None = None, now: str | None = NOW) -> Jobs:
    return Jobs(engine or FakeEngine(), delivery or FakeDelivery(), lambda: now)


def explained(error: BaseException) -> str:
    outcome = jobs(FakeEngine(raising(error))).work(a_job())
    assert isinstance(outcome, Message)
    return said(outcome)


def fields(logged: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the fields of the only line."""
    [record] = logged.records
    found: dict[str, Any] = record.__dict__["fields"]
    return found


# The check


@pytest.mark.parametrize(
    ("left", "longest"), [pytest.param(100, 100.0, id="the-rest"), pytest.param(-100, 1.0, id="at-least-a-second")]
)
def test_a_check_gets_the_time_that_is_left(left: float, longest: float) -> None:
    counting = FakeEngine()

    assert jobs(counting).work(a_job(ends_at=time.monotonic() + left)) is PASSED

    by, selection, time_limit = counting.next()
    assert (by, selection) == (rules(), WEEKLY)
    assert longest * 0.9 < time_limit <= longest


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_no_fault_is_a_pass(error: BaseException) -> None:
    told = explained(error)

    assert "PASS" not in told.upper()
    assert "a-key-for-tests" not in told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FAULTS[1], '"There is no API key.\\nSet BLUESHIFT_API_KEY."'),
        (FAULTS[1], "Nothing was checked: There is no API key. Set BLUESHIFT_API_KEY."),
        (UsageError('did you mean "a"?'), 'Did you mean \\"a\\"?"'),
    ],
    ids=["paragraph", "text", "question"],
)
def test_an_error_says_what_to_do(error: BaseException, told: str) -> None:
    assert told in explained(error)


def test_a_late_count_proves_nothing(logged: pytest.LogCaptureFixture) -> None:
    told = explained(TimeoutError())

    assert "there is no verdict" in told
    assert "under" not in told
    assert logged.messages == ["not_checked"]


def test_a_stopped_check_says_to_ask_again() -> None:
    assert jobs(FakeEngine(raising(CancelledError()))).work(a_job()) == STOPPED


def test_our_own_fault_has_a_reference(logged: pytest.LogCaptureFixture) -> None:
    told = explained(ZeroDivisionError("a-key-for-tests"))

    assert "There is no verdict" in told
    assert str(fields(logged)["check"]) in told
    assert fields(logged)["error"] == "ZeroDivisionError"


def test_the_log_has_the_verdict(logged: pytest.LogCaptureFixture) -> None:
    jobs().work(a_job())

    assert logged.messages == ["checked"]
    assert (fields(logged)["verdict"], fields(logged)["exit_code"], fields(logged)["unknown"]) == ("pass", 0, [])
    assert "weekly" not in str(fields(logged))


def test_the_log_has_the_reasons(logged: pytest.LogCaptureFixture) -> None:
    reasons = [Reason.TIMEOUT, Reason.NETWORK, Reason.TIMEOUT]
    unknown = builders.report(*(builders.segment(builders.email(None, reason=reason)) for reason in reasons))

    jobs(FakeEngine(lambda: unknown)).work(a_job())

    assert fields(logged)["unknown"] == ["network", "timeout"]


# The answer


def told(outcome: Report | Message, *, share: bool = False, now: str | None = NOW) -> tuple[str, Message, bool]:
    delivery = FakeDelivery()
    jobs(delivery=delivery, now=now).tell(requester("U7", share=share), a_job(), outcome)
    found = delivery.next()
    assert delivery.is_idle
    return found


@pytest.mark.parametrize("share", [True, False])
def test_the_answer_has_its_buttons(share: bool) -> None:
    user, message, shared = told(PASSED, share=share)

    assert (user, shared) == ("U7", share)
    assert "<@U7>" in said(message)
    assert f'"action_id": "{CHECK_AGAIN}"' in said(message)
    assert '"value": "weekly"' in said(message)
    assert (f'"action_id": "{SHARE}"' in said(message)) is not share


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize(
    ("now", "remark"),
    [("another", "The rules have changed since this check"), (None, "The rules file cannot be read"), (NOW, "")],
    ids=["changed", "gone", "same"],
)
def test_changed_rules_are_told_first(share: bool, now: str | None, remark: str) -> None:
    _, message, shared = told(PASSED, share=share, now=now)

    assert shared is share
    assert message.text.startswith(remark)
    assert ("rules" in message.text.partition("PASS")[0]) is (now != NOW)


@pytest.mark.parametrize("share", [True, False])
def test_a_missing_report_is_never_shared(share: bool) -> None:
    assert told(STOPPED, share=share) == ("U7", STOPPED, False)


def test_a_report_that_cannot_be_shown_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "verdict_message", lambda *_, **__: raising(ZeroDivisionError())())

    _, message, shared = told(PASSED, share=True)

    assert "There is no verdict" in said(message)
    assert not shared
    assert fields(logged)["error"] == "ZeroDivisionError"


# Answers that may be shared


def test_an_answer_is_kept_once() -> None:
    delivery = FakeDelivery()
    known = jobs(delivery=delivery)
    known.tell(requester("U7"), a_job(), PASSED)
    buttons = [block for block in delivery.next()[1].blocks if block["type"] == "actions"]
    [reference] = [each["value"] for each in buttons[0]["elements"] if each["action_id"] == SHARE]

    kept = known.take(reference)

    assert kept is not None
    assert "<@U7>" in said(kept.message(NOW))
    assert f'"action_id": "{SHARE}"' not in said(kept.message(NOW))
    assert known.take(reference) is None
    assert known.take("weekly") is None
    known.put_back(reference, kept)
    assert known.take(reference) is kept


@pytest.mark.parametrize(
    ("age", "now", "remark"),
    [
        (0, NOW, None),
        (50, NOW, None),
        (70, NOW, "This was checked 1 min 10 s ago."),
        (1_500, NOW, "This was checked 25 min ago."),
        (0, "0" * 64, "The rules have changed"),
        (0, None, "The rules file cannot be read now"),
        (120, "0" * 64, "This was checked 2 min ago. The rules have changed"),
        (120, None, "This was checked 2 min ago. The rules file cannot"),
    ],
    ids=["now", "new", "old", "older", "changed", "gone", "old-changed", "old-gone"],
)
def test_an_old_answer_says_so_first(age: float, now: str | None, remark: str | None) -> None:
    message = KeptAnswer(answer=STOPPED, rules_sha256=NOW, given_at=time.monotonic() - age).message(now)

    if remark is None:
        assert message is STOPPED
    else:
        assert message.text.startswith(remark)
        assert remark in said(Message(text="", blocks=message.blocks[:1]))


@pytest.mark.parametrize(("age", "there"), [(29 * 60, True), (30 * 60, False)])
def test_an_answer_is_kept_half_an_hour(age: float, there: bool) -> None:
    known = jobs()
    known.put_back("an-answer", KeptAnswer(answer=STOPPED, rules_sha256=NOW, given_at=time.monotonic() - age))

    assert (known.take("an-answer") is not None) is there


def test_only_the_latest_answers_are_kept() -> None:
    known = jobs()

    references = [known._keep(notice(str(number)), NOW) for number in range(250)]

    assert len(set(references)) == 250
    assert [known.take(each) is not None for each in references] == [False] * 50 + [True] * 200
