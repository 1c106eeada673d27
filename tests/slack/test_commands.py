"""What a command is told at once, and that its outcome always follows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import UsageError
from guard.slack.jobs import STOPPED
from guard.slack.rules_file import RulesFile
from tests.slack.fake_parts import NEVER_ASKED_FOR, RULES, FakeConversation, FakeEngine, raising, requester

if TYPE_CHECKING:
    from pathlib import Path


def alarms(logged: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the errors in the log, and what each was about."""
    errors = [record for record in logged.records if record.levelname == "ERROR"]
    return [(record.getMessage(), record.__dict__["fields"]["why"]) for record in errors]


# What is said at once


def test_a_command_is_accepted_and_answered(conversation: FakeConversation) -> None:
    at_once = conversation.ask("spring-sale")

    assert "Counting: spring-sale" in at_once
    assert "2 fresh counts of 1 segment." in at_once
    assert "within 20 min" in at_once
    user, answered, shared = conversation.brought()
    assert (user, shared) == ("U1", False)
    assert "PASS" in answered


def test_no_verdict_comes_before_the_count(slow: FakeConversation) -> None:
    assert "PASS" not in slow.ask("spring-sale")
    assert slow.delivery.is_idle


def test_the_same_command_joins_the_check(slow: FakeConversation) -> None:
    slow.ask("spring-sale weekly", "U1")
    slow.engine.next()

    assert "Already counting: spring-sale weekly" in slow.ask("Weekly spring-sale", "U2")

    slow.engine.may_end.set()
    answers = sorted([slow.brought(), slow.brought()])
    assert [user for user, _, _ in answers] == ["U1", "U2"]
    assert [f"<@{user}>" in answer for user, answer, _ in answers] == [True, True]
    assert not slow.has_counted


@pytest.mark.parametrize(
    ("left", "told"), [(600, "10 min"), (541, "10 min"), (100, "1 min 40 s"), (0, "10 s"), (-5, "10 s")]
)
def test_who_joins_learns_the_time_left(slow: FakeConversation, left: float, told: str) -> None:
    now = time.monotonic()
    slow.ask("weekly", "U1", asked_at=now + left - 1200)

    assert f"within {told}," in slow.ask("weekly", "U2", asked_at=now)


def test_who_waits_learns_how_many_come_first(slow: FakeConversation) -> None:
    slow.ask("spring-sale")

    assert "1 check before it" in slow.ask("weekly")


def test_waiting_takes_time_from_the_check(slow: FakeConversation) -> None:
    slow.ask("spring-sale")
    slow.engine.next()
    slow.ask("weekly", asked_at=time.monotonic() - 600)
    slow.engine.may_end.set()

    assert 590 < slow.engine.next()[2] <= 600


def test_a_full_queue_says_how_many_wait(slow: FakeConversation) -> None:
    uuids = [f"00000000-0000-4000-8000-{number:012}" for number in range(18)]
    segments = [f"  s{number}: {{uuid: {each}, channels: {{email: {{min: 1}}}}}}" for number, each in enumerate(uuids)]
    slow.path.write_text("\n".join(["version: 1", "segments:", *segments]))
    for number in range(17):
        assert "Busy" not in slow.ask(f"s{number}")

    assert "17 checks are ahead of yours" in slow.ask("s17")


@pytest.mark.parametrize(
    ("text", "told"), [("", "spring-sale"), ("sprng-sale", "did you mean"), (NEVER_ASKED_FOR, "Nothing was checked")]
)
def test_other_text_counts_nothing(conversation: FakeConversation, text: str, told: str) -> None:
    assert told in conversation.ask(text)
    assert not conversation.has_counted


def test_a_command_cannot_mention_anybody(conversation: FakeConversation) -> None:
    message = conversation.commands.ask("<!channel>", requester())

    assert "<!channel>" not in message.text
    assert {block["text"]["type"] for block in message.blocks} == {"plain_text"}


def test_our_own_fault_has_a_reference(
    conversation: FakeConversation, monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(RulesFile, "read", lambda _: raising(ZeroDivisionError(NEVER_ASKED_FOR))())

    at_once = conversation.ask("weekly")

    [record] = logged.records
    assert "There is no verdict" in at_once
    assert record.__dict__["fields"]["check"] in at_once


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("error", [UsageError("there is no API key"), TimeoutError(), ZeroDivisionError()])
def test_a_failed_check_is_told_to_everybody(tmp_path: Path, error: Exception) -> None:
    engine = FakeEngine(raising(error), at_once=False)
    with FakeConversation(tmp_path / "rules.yaml", engine=engine) as conversation:
        conversation.ask("weekly", "U1")
        conversation.ask("weekly", "U2")
        engine.may_end.set()

        answers = sorted([conversation.brought(), conversation.brought()])

        assert [user for user, _, _ in answers] == ["U1", "U2"]
        assert not [answer for _, answer, _ in answers if "PASS" in answer]
    assert conversation.delivery.is_idle


# The rules as they are now


def test_wrong_rules_are_told(conversation: FakeConversation, logged: pytest.LogCaptureFixture) -> None:
    """The last good rules are not used."""
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


def test_missing_rules_are_told(conversation: FakeConversation, logged: pytest.LogCaptureFixture) -> None:
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


def test_an_unknown_name_is_not_an_alarm(conversation: FakeConversation, logged: pytest.LogCaptureFixture) -> None:
    conversation.ask(NEVER_ASKED_FOR)

    assert alarms(logged) == []
    assert logged.messages == ["not_started"]


def test_changed_rules_start_another_check(slow: FakeConversation) -> None:
    slow.ask("newsletter", "U1")
    first, _, _ = slow.engine.next()
    slow.path.write_text(RULES.replace("min: 10}, sms", "min: 500}, sms"))

    assert "Waiting: newsletter" in slow.ask("newsletter", "U2")

    slow.engine.may_end.set()
    second, _, _ = slow.engine.next()
    limits = [rules.segments[0].guards[0].bounds[0].limit for rules in (first, second)]
    assert limits == [10, 500]


# Who may ask


@pytest.mark.parametrize(("user", "channel"), [("U2", "C1"), ("U1", "C2"), ("U1", ""), ("", "C1")])
@pytest.mark.parametrize("text", ["weekly", "", NEVER_ASKED_FOR])
def test_who_may_not_ask_learns_nothing(
    guarded: FakeConversation, logged: pytest.LogCaptureFixture, user: str, channel: str, text: str
) -> None:
    at_once = guarded.ask(text, user, channel=channel)

    assert "Not allowed" in at_once
    assert "newsletter" not in at_once
    assert logged.messages == ["refused"]
    assert not guarded.has_counted


def test_another_workspace_may_not_ask(conversation: FakeConversation) -> None:
    assert "Only people of this workspace" in conversation.ask("weekly", is_stranger=True)
    assert not conversation.has_counted


# The end


def test_a_stopping_app_takes_no_commands(conversation: FakeConversation) -> None:
    conversation.ask("weekly")

    conversation.commands.close()

    assert "PASS" in conversation.brought()[1], "an answer that was there is still delivered"
    assert conversation.delivery.hurries
    assert not conversation.commands.is_open
    assert conversation.commands.ask("weekly", requester()) == STOPPED
    conversation.commands.ask_again("weekly", requester("U1"))
    assert conversation.delivery.next() == ("U1", STOPPED, False)
    conversation.commands.share("0123456789abcdef", requester("U2"))
    assert "shared already, or is too old" in conversation.brought()[1]
