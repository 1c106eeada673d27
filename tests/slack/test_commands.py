"""What is said at once to a question, and that what comes of it always follows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import UsageError
from guard.slack.jobs import STOPPED
from guard.slack.rules_file import RulesFile
from tests.slack.fake_conversation import NEVER_ASKED_FOR, FakeConversation
from tests.slack.fake_parts import RULES, FakeEngine, raising, requester

if TYPE_CHECKING:
    from pathlib import Path


def alarms(logged: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the errors in the log, and what each was about."""
    errors = [record for record in logged.records if record.levelname == "ERROR"]
    return [(record.getMessage(), record.__dict__["fields"]["why"]) for record in errors]


# What is said at once


def test_a_question_is_accepted_with_what_is_counted_and_for_how_long_and_answered(
    conversation: FakeConversation,
) -> None:
    at_once = conversation.ask("spring-sale")

    assert "Counting: spring-sale" in at_once
    assert "2 fresh counts of 1 segment." in at_once
    assert "within 20 min" in at_once
    user, answered, shared = conversation.brought()
    assert (user, shared) == ("U1", False)
    assert "PASS" in answered


def test_nobody_is_told_a_verdict_before_it_was_counted(slow: FakeConversation) -> None:
    at_once = slow.ask("spring-sale")

    assert "PASS" not in at_once
    assert slow.delivery.is_idle


def test_the_same_question_is_said_to_be_counted_already_and_everybody_gets_the_answer(slow: FakeConversation) -> None:
    slow.ask("spring-sale weekly", "U1")
    slow.engine.next()

    at_once = slow.ask("weekly spring-sale", "U2")

    assert "Already counting: spring-sale weekly" in at_once
    slow.engine.may_end.set()
    answers = sorted([slow.brought(), slow.brought()])
    assert [user for user, _, _ in answers] == ["U1", "U2"]
    assert [f"<@{user}>" in answer for user, answer, _ in answers] == [True, True]
    assert not slow.has_counted


@pytest.mark.parametrize(
    ("left", "told"), [(600, "10 min"), (541, "10 min"), (100, "1 min 40 s"), (0, "10 s"), (-5, "10 s")]
)
def test_who_joins_learns_how_much_time_is_left_of_the_first_question(
    slow: FakeConversation, left: float, told: str
) -> None:
    now = time.monotonic()
    slow.ask("weekly", "U1", asked_at=now + left - 1200)

    assert f"within {told}," in slow.ask("weekly", "U2", asked_at=now)


def test_a_name_in_other_capitals_is_answered_with_its_own(conversation: FakeConversation) -> None:
    assert "Counting: spring-sale" in conversation.ask("Spring-Sale")


def test_the_same_question_in_other_capitals_joins_the_check_under_way(slow: FakeConversation) -> None:
    slow.ask("weekly")

    assert "Already counting" in slow.ask("Weekly")


def test_a_question_that_has_to_wait_is_told_how_many_come_before(slow: FakeConversation) -> None:
    slow.ask("spring-sale")

    assert "1 check before it" in slow.ask("weekly")


def test_the_time_of_a_check_runs_from_the_question_also_while_it_waits(slow: FakeConversation) -> None:
    slow.ask("spring-sale")
    slow.engine.next()
    slow.ask("weekly", asked_at=time.monotonic() - 600)
    slow.engine.may_end.set()

    assert 590 < slow.engine.next()[2] <= 600


def test_where_too_many_wait_the_next_is_told_how_many(tmp_path: Path, slow: FakeConversation) -> None:
    segments = "".join(
        f"  s{number}: {{uuid: 00000000-0000-4000-8000-{number:012}, channels: {{email: {{min: 1}}}}}}\n"
        for number in range(18)
    )
    (tmp_path / "rules.yaml").write_text(f"version: 1\nsegments:\n{segments}")
    for number in range(17):
        assert "Busy" not in slow.ask(f"s{number}")

    assert "17 checks are ahead of yours" in slow.ask("s17")


def test_nothing_typed_is_answered_with_help_and_nothing_is_counted(conversation: FakeConversation) -> None:
    at_once = conversation.ask("")

    assert "spring-sale" in at_once
    assert not conversation.has_counted


def test_a_near_miss_is_answered_with_the_nearest_name_and_nothing_is_counted(conversation: FakeConversation) -> None:
    assert "did you mean" in conversation.ask("sprng-sale")
    assert "Nothing was checked" in conversation.ask(NEVER_ASKED_FOR)
    assert not conversation.has_counted


def test_what_somebody_typed_cannot_mention_anybody(conversation: FakeConversation) -> None:
    message = conversation.commands.ask("<!channel>", requester())

    assert "<!channel>" not in message.text
    assert {block["text"]["type"] for block in message.blocks} == {"plain_text"}


def test_a_fault_of_our_own_is_told_at_once_with_the_reference_that_stands_in_the_log(
    conversation: FakeConversation, monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(RulesFile, "read", lambda _: raising(ZeroDivisionError(NEVER_ASKED_FOR))())

    at_once = conversation.ask("weekly")

    [record] = logged.records
    assert "There is no verdict" in at_once
    assert record.__dict__["fields"]["check"] in at_once


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("error", [UsageError("there is no API key"), TimeoutError(), ZeroDivisionError()])
def test_a_check_that_fails_is_told_to_everybody_who_asked(tmp_path: Path, error: Exception) -> None:
    conversation = FakeConversation(tmp_path / "rules.yaml", engine=FakeEngine(raising(error), at_once=False))
    conversation.ask("weekly", "U1")
    conversation.ask("weekly", "U2")
    conversation.engine.may_end.set()

    answers = sorted([conversation.brought(), conversation.brought()])

    assert [user for user, _, _ in answers] == ["U1", "U2"]
    assert not [answer for _, answer, _ in answers if "PASS" in answer]
    conversation.end()
    assert conversation.delivery.is_idle


# The rules as they are now


def test_rules_that_became_wrong_are_answered_with_their_errors_and_the_last_good_ones_are_not_used(
    conversation: FakeConversation, logged: pytest.LogCaptureFixture
) -> None:
    conversation.ask("spring-sale")
    conversation.brought()
    conversation.engine.next()
    conversation.path.write_text("version: 1\nsegments: {}\n")

    logged.clear()
    for _ in range(2):
        at_once = conversation.ask("spring-sale")
        assert "The rules file is wrong" in at_once
        assert "rules.yaml:2:11" in at_once
    assert not conversation.has_counted
    assert alarms(logged) == [("rules_unusable", "RulesError")] * 2


def test_rules_that_vanished_are_said_to_be_gone(
    conversation: FakeConversation, logged: pytest.LogCaptureFixture
) -> None:
    conversation.ask("spring-sale")
    conversation.brought()
    conversation.engine.next()
    conversation.path.unlink()

    logged.clear()
    at_once = conversation.ask("spring-sale")

    assert "The rules file cannot be read" in at_once
    assert "rules.yaml: there is no such file." in at_once
    assert "tell the person who maintains the rules" in at_once
    assert "give the path" not in at_once
    assert not conversation.has_counted
    assert alarms(logged) == [("rules_unusable", "UsageError")]


def test_a_name_that_the_rules_do_not_hold_is_no_alarm(
    conversation: FakeConversation, logged: pytest.LogCaptureFixture
) -> None:
    conversation.ask(NEVER_ASKED_FOR)

    assert alarms(logged) == []
    assert logged.messages == ["not_started"]


def test_rules_that_changed_while_a_check_runs_are_those_of_the_next_one(slow: FakeConversation) -> None:
    slow.ask("newsletter", "U1")
    first, _, _ = slow.engine.next()
    slow.path.write_text(RULES.replace("min: 10}, sms", "min: 500}, sms"))

    at_once = slow.ask("newsletter", "U2")

    assert "Waiting: newsletter" in at_once
    slow.engine.may_end.set()
    second, _, _ = slow.engine.next()
    limits = [rules.segments[0].guards[0].bounds[0].limit for rules in (first, second)]
    assert limits == [10, 500]


# Who may ask


@pytest.mark.parametrize(("user", "channel"), [("U2", "C1"), ("U1", "C2"), ("U1", ""), ("", "C1")])
@pytest.mark.parametrize("text", ["weekly", "", NEVER_ASKED_FOR])
def test_who_may_not_ask_is_told_so_and_learns_nothing(
    guarded: FakeConversation, logged: pytest.LogCaptureFixture, user: str, channel: str, text: str
) -> None:
    at_once = guarded.ask(text, user, channel=channel)

    assert "Not allowed" in at_once
    assert "newsletter" not in at_once
    assert logged.messages == ["refused"]
    assert not guarded.has_counted


def test_who_belongs_to_another_workspace_may_not_ask(conversation: FakeConversation) -> None:
    at_once = conversation.ask("weekly", is_stranger=True)

    assert "Only people of this workspace" in at_once
    assert not conversation.has_counted


def test_who_may_ask_is_answered(guarded: FakeConversation) -> None:
    assert "Counting" in guarded.ask("weekly")


# The end


def test_who_asks_while_the_app_is_being_stopped_is_told_so(conversation: FakeConversation) -> None:
    conversation.commands.close()

    assert not conversation.commands.is_open
    assert conversation.commands.ask("weekly", requester()) == STOPPED


def test_who_presses_a_button_while_the_app_is_being_stopped_is_told_so(conversation: FakeConversation) -> None:
    conversation.commands.close()

    conversation.commands.ask_again("weekly", requester("U1"))
    conversation.commands.share("0123456789abcdef", requester("U2"))

    assert conversation.delivery.next() == ("U1", STOPPED, False)
    assert "shared already, or is too old" in conversation.brought()[1]


def test_slack_gets_less_time_for_each_answer_when_the_app_is_stopped(conversation: FakeConversation) -> None:
    conversation.commands.close()

    assert conversation.delivery.hurries


def test_an_answer_that_came_is_still_brought_when_the_app_is_stopped(conversation: FakeConversation) -> None:
    conversation.ask("weekly")

    conversation.commands.close()

    assert "PASS" in conversation.brought()[1]
