"""A job always tells everybody who asked, and never a pass by mistake."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

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
    from collections.abc import Iterator

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


def unchanged() -> str:
    return NOW


def outcome_of(counting: FakeEngine, *, ends_at: float = 0.0) -> Report | Message:
    return Jobs(counting, FakeDelivery(), unchanged).work(a_job(ends_at=ends_at))


def explained(error: BaseException) -> str:
    outcome = outcome_of(FakeEngine(raising(error)))
    assert isinstance(outcome, Message)
    return said(outcome)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level("INFO", logger="guard.slack"):
        yield caplog


# The check


def test_a_check_is_made_by_the_rules_and_for_the_selection_that_were_asked_for() -> None:
    counting = FakeEngine()

    assert outcome_of(counting) is PASSED
    assert counting.next()[:2] == (rules(), WEEKLY)


def test_a_check_that_waited_has_only_the_time_that_is_left_since_the_question() -> None:
    counting = FakeEngine()

    outcome_of(counting, ends_at=time.monotonic() + 100)

    assert 90 < counting.next()[2] <= 100


def test_a_check_that_waited_too_long_still_says_what_is_unknown() -> None:
    counting = FakeEngine()

    outcome_of(counting, ends_at=time.monotonic() - 100)

    assert counting.next()[2] == 1.0


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_whatever_goes_wrong_is_a_message_and_none_says_that_it_passed(error: BaseException) -> None:
    told = explained(error)

    assert "PASS" not in told.upper()
    assert "a-key-for-tests" not in told


def test_an_error_that_was_expected_is_told_with_what_to_do() -> None:
    told = explained(UsageError("there is no API key", hint="set BLUESHIFT_API_KEY"))

    assert '"There is no API key.\\nSet BLUESHIFT_API_KEY."' in told
    assert "Nothing was checked: There is no API key. Set BLUESHIFT_API_KEY." in told


def test_an_error_that_is_a_question_stays_one() -> None:
    assert 'Did you mean \\"a\\"?"' in explained(UsageError('did you mean "a"?'))


def test_a_count_that_did_not_come_in_time_is_no_fault_but_proves_nothing(logged: pytest.LogCaptureFixture) -> None:
    told = explained(TimeoutError())

    assert "there is no verdict" in told
    assert "under" not in told
    assert logged.messages == ["not_checked"]


def test_a_check_that_was_stopped_says_to_ask_again() -> None:
    assert outcome_of(FakeEngine(raising(CancelledError()))) == STOPPED


def test_a_fault_of_our_own_is_told_with_the_reference_that_stands_in_the_log(logged: pytest.LogCaptureFixture) -> None:
    told = explained(ZeroDivisionError("a-key-for-tests"))

    [record] = logged.records
    fields: dict[str, object] = record.__dict__["fields"]
    assert "There is no verdict" in told
    assert str(fields["check"]) in told
    assert fields["error"] == "ZeroDivisionError"
    assert "a-key-for-tests" not in str(record.__dict__)


def test_the_log_tells_the_verdict_and_not_what_was_typed(logged: pytest.LogCaptureFixture) -> None:
    outcome_of(FakeEngine())

    [record] = logged.records
    fields: dict[str, object] = record.__dict__["fields"]
    assert (record.getMessage(), fields["verdict"], fields["exit_code"]) == ("checked", "pass", 0)
    assert fields["unknown"] == []
    assert "weekly" not in str(fields)


def test_the_log_tells_what_could_not_be_found_out_in_words_for_machines(logged: pytest.LogCaptureFixture) -> None:
    reasons = [Reason.TIMEOUT, Reason.NETWORK, Reason.TIMEOUT]
    unknown = builders.report(*(builders.segment(builders.email(None, reason=reason)) for reason in reasons))

    outcome_of(FakeEngine(lambda: unknown))

    [record] = logged.records
    assert record.__dict__["fields"]["unknown"] == ["network", "timeout"]


# The answer


def told(outcome: Report | Message, *, share: bool = False) -> tuple[str, Message, bool]:
    delivery = FakeDelivery()
    Jobs(FakeEngine(), delivery, unchanged).tell(requester("U7", share=share), a_job(), outcome)
    found = delivery.next()
    assert delivery.is_idle
    return found


def test_the_answer_goes_to_whoever_asked_with_both_buttons() -> None:
    user, message, shared = told(PASSED)

    assert (user, shared) == ("U7", False)
    assert "<@U7>" in said(message)
    assert f'"action_id": "{CHECK_AGAIN}"' in said(message)
    assert f'"action_id": "{SHARE}"' in said(message)
    assert '"value": "weekly"' in said(message)


def test_an_answer_for_the_channel_needs_no_button_to_share_it() -> None:
    _, message, shared = told(PASSED, share=True)

    assert shared
    assert f'"action_id": "{SHARE}"' not in said(message)


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize(
    ("now", "remark"),
    [("another", "The rules have changed since this check"), (None, "cannot be read"), (NOW, "")],
)
def test_rules_that_changed_during_the_check_are_told_first(share: bool, now: str | None, remark: str) -> None:
    delivery = FakeDelivery()
    Jobs(FakeEngine(), delivery, lambda: now).tell(requester("U7", share=share), a_job(), PASSED)
    _, message, shared = delivery.next()

    assert shared is share
    assert message.text.startswith(remark) if now else remark in message.text
    assert ("rules" in message.text.partition("PASS")[0]) is (now != NOW)


@pytest.mark.parametrize("share", [True, False])
def test_why_there_is_no_report_is_told_to_the_asker_alone(share: bool) -> None:
    assert told(STOPPED, share=share) == ("U7", STOPPED, False)


def test_a_report_that_cannot_be_shown_is_told_once_as_a_fault(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "verdict_message", fail)

    _, message, shared = told(PASSED, share=True)

    assert "There is no verdict" in said(message)
    assert not shared
    assert [record.__dict__["fields"]["error"] for record in logged.records] == ["ZeroDivisionError"]


def test_an_answer_of_a_failed_check_is_told_like_any_other() -> None:
    _, message, _ = told(builders.report(builders.segment(builders.email(1_900))))

    assert "FAIL" in said(message)


# Answers that may be shared


def test_an_answer_is_kept_without_its_button_so_that_it_can_be_shared_once() -> None:
    delivery = FakeDelivery()
    jobs = Jobs(FakeEngine(), delivery, unchanged)
    jobs.tell(requester("U7"), a_job(), PASSED)
    buttons = [block for block in delivery.next()[1].blocks if block["type"] == "actions"]
    [reference] = [each["value"] for each in buttons[0]["elements"] if each["action_id"] == SHARE]

    kept = jobs.take(reference)

    assert kept is not None
    assert "<@U7>" in said(kept.message(NOW))
    assert f'"action_id": "{SHARE}"' not in said(kept.message(NOW))
    assert jobs.take(reference) is None
    assert jobs.take("weekly") is None


def test_an_answer_that_is_put_back_can_be_taken_again() -> None:
    jobs = Jobs(FakeEngine(), FakeDelivery(), unchanged)
    reference = jobs._keep(STOPPED, NOW)
    kept = jobs.take(reference)
    assert kept

    jobs.put_back(reference, kept)

    assert jobs.take(reference) is kept


@pytest.mark.parametrize(
    ("age", "remark"), [(0, None), (50, None), (70, "This was checked 1 min 10 s ago."), (1_500, "checked 25 min ago.")]
)
def test_an_answer_that_is_not_new_says_so_first(age: float, remark: str | None) -> None:
    message = KeptAnswer(answer=STOPPED, rules_sha256=NOW, given_at=time.monotonic() - age).message(NOW)

    if remark is None:
        assert message is STOPPED
    else:
        assert remark in message.text
        assert remark in said(Message(text="", blocks=message.blocks[:1]))


@pytest.mark.parametrize(("now", "remark"), [("0" * 64, "The rules have changed"), (None, "cannot be read now")])
def test_an_answer_by_other_rules_than_those_of_now_says_so_first(now: str | None, remark: str) -> None:
    message = KeptAnswer(answer=STOPPED, rules_sha256=NOW).message(now)

    assert message.text.startswith(remark) or remark in message.text
    assert remark in said(Message(text="", blocks=message.blocks[:1]))
    old = KeptAnswer(answer=STOPPED, rules_sha256=NOW, given_at=time.monotonic() - 120).message(now)
    assert f"This was checked 2 min ago. {message.text[:20]}" in old.text


@pytest.mark.parametrize(("age", "there"), [(29 * 60, True), (30 * 60, False)])
def test_an_answer_of_more_than_half_an_hour_ago_cannot_be_shared(age: float, there: bool) -> None:
    jobs = Jobs(FakeEngine(), FakeDelivery(), unchanged)
    jobs.put_back("an-answer", KeptAnswer(answer=STOPPED, rules_sha256=NOW, given_at=time.monotonic() - age))

    assert (jobs.take("an-answer") is not None) is there


def test_only_the_latest_answers_are_kept() -> None:
    jobs = Jobs(FakeEngine(), FakeDelivery(), unchanged)

    references = [jobs._keep(notice(str(number)), NOW) for number in range(250)]

    assert [jobs.take(each) is not None for each in references] == [False] * 50 + [True] * 200


def test_no_two_answers_have_the_same_reference() -> None:
    jobs = Jobs(FakeEngine(), FakeDelivery(), unchanged)

    assert len({jobs._keep(STOPPED, NOW) for _ in range(100)}) == 100
