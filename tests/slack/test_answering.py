"""What comes of a check, and how everybody who asked learns it: always, and never as a pass by mistake."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from guard.errors import GuardError, Problem, RulesError, UsageError
from guard.slack import answering as module
from guard.slack.answering import STOPPED, Answering
from guard.slack.message import CHECK_AGAIN, SHARE, Message
from guard.slack.notes import note
from tests.report import builders
from tests.slack.parts import PASSED, WEEKLY, Counter, Courier, a_check, asker, raising, rules, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.outcome import Report

FAULTS: list[BaseException] = [
    GuardError("the app has stopped counting"),
    UsageError("there is no API key", hint="set BLUESHIFT_API_KEY"),
    RulesError("rules.yaml", [Problem(line=1, column=1, where="", what="the file holds nothing")]),
    TimeoutError(),
    CancelledError(),
    ZeroDivisionError("a-key-for-tests"),
]


def outcome_of(counting: Counter, *, ends_at: float = 0.0) -> Report | Message:
    return Answering(counting, Courier()).work(a_check(ends_at=ends_at))


def explained(error: BaseException) -> str:
    outcome = outcome_of(Counter(raising(error)))
    assert isinstance(outcome, Message)
    return said(outcome)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level("INFO", logger="guard.slack"):
        yield caplog


# The check


def test_a_check_is_made_by_the_rules_and_for_the_selection_that_were_asked_for() -> None:
    counting = Counter()

    assert outcome_of(counting) is PASSED
    assert counting.next()[:2] == (rules(), WEEKLY)


def test_a_check_that_waited_has_only_the_time_that_is_left_since_the_question() -> None:
    counting = Counter()

    outcome_of(counting, ends_at=time.monotonic() + 100)

    assert 90 < counting.next()[2] <= 100


def test_a_check_that_waited_too_long_still_says_what_is_unknown() -> None:
    counting = Counter()

    outcome_of(counting, ends_at=time.monotonic() - 100)

    assert counting.next()[2] == 1.0


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_whatever_goes_wrong_is_a_message_and_none_says_that_it_passed(error: BaseException) -> None:
    told = explained(error)

    assert "PASS" not in told.upper()
    assert "a-key-for-tests" not in told


def test_an_error_that_was_expected_is_told_with_what_to_do() -> None:
    told = explained(UsageError("there is no API key", hint="set BLUESHIFT_API_KEY"))

    assert "there is no API key" in told
    assert "set BLUESHIFT_API_KEY" in told


def test_every_problem_of_the_rules_is_told() -> None:
    two = [Problem(line=number, column=1, where="segments", what=f"problem {number}") for number in (3, 7)]

    told = explained(RulesError("rules.yaml", two))

    assert "rules.yaml:3:1: segments: problem 3" in told
    assert "rules.yaml:7:1: segments: problem 7" in told


def test_a_count_that_did_not_come_in_time_is_no_fault_but_proves_nothing(logged: pytest.LogCaptureFixture) -> None:
    told = explained(TimeoutError())

    assert "nothing is proven" in told
    assert "under" not in told
    assert logged.messages == ["not_checked"]


def test_a_check_that_was_stopped_says_to_ask_again() -> None:
    assert outcome_of(Counter(raising(CancelledError()))) == STOPPED


def test_a_fault_of_our_own_is_told_with_the_reference_that_stands_in_the_log(logged: pytest.LogCaptureFixture) -> None:
    told = explained(ZeroDivisionError("a-key-for-tests"))

    [record] = logged.records
    fields: dict[str, object] = record.__dict__["fields"]
    assert "Nothing is proven" in told
    assert str(fields["check"]) in told
    assert fields["error"] == "ZeroDivisionError"
    assert "a-key-for-tests" not in str(record.__dict__)


def test_the_log_tells_the_verdict_and_not_what_was_typed(logged: pytest.LogCaptureFixture) -> None:
    outcome_of(Counter())

    [record] = logged.records
    fields: dict[str, object] = record.__dict__["fields"]
    assert (record.getMessage(), fields["verdict"], fields["exit_code"]) == ("checked", "pass", 0)
    assert "weekly" not in str(fields)


# The answer


def told(outcome: Report | Message, *, share: bool = False) -> tuple[str, Message, bool]:
    courier = Courier()
    Answering(Counter(), courier).tell(asker("U7", share=share), a_check(), outcome)
    found = courier.next()
    assert courier.is_idle
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


def test_why_there_is_no_report_is_told_as_it_is() -> None:
    assert told(STOPPED) == ("U7", STOPPED, False)


def test_a_report_that_cannot_be_shown_is_told_once_as_a_fault(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "answer", fail)

    _, message, _ = told(PASSED)

    assert "Nothing is proven" in said(message)
    assert [record.__dict__["fields"]["error"] for record in logged.records] == ["ZeroDivisionError"]


def test_an_answer_is_kept_without_its_button_so_that_it_can_be_shared() -> None:
    courier = Courier()
    answering = Answering(Counter(), courier)
    answering.tell(asker("U7"), a_check(), PASSED)
    buttons = [block for block in courier.next()[1].blocks if block["type"] == "actions"]
    [reference] = [each["value"] for each in buttons[0]["elements"] if each["action_id"] == SHARE]

    kept = answering.kept(reference)

    assert kept is not None
    assert "<@U7>" in said(kept)
    assert f'"action_id": "{SHARE}"' not in said(kept)
    assert answering.kept("weekly") is None


def test_only_the_latest_answers_are_kept() -> None:
    answering = Answering(Counter(), Courier())

    references = [answering._keep(note(str(number))) for number in range(250)]

    assert [answering.kept(each) is not None for each in references] == [False] * 50 + [True] * 200


def test_no_two_answers_have_the_same_reference() -> None:
    answering = Answering(Counter(), Courier())

    assert len({answering._keep(STOPPED) for _ in range(100)}) == 100


def test_an_answer_of_a_failed_check_is_told_like_any_other() -> None:
    _, message, _ = told(builders.report(builders.segment(builders.email(1_900))))

    assert "FAIL" in said(message)
