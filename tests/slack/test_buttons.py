"""Answers that others may see, and questions that are asked again, by a button."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from guard.slack.verdict_message import SHARE
from tests.slack.fake_parts import LONGEST_WAIT, RULES, requester

if TYPE_CHECKING:
    from tests.slack.fake_parts import FakeConversation


def reference(conversation: FakeConversation) -> str:
    """Ask as U1, and return the value of the button that shares the answer."""
    conversation.ask("weekly")
    _, message, _ = conversation.delivery.next()
    elements = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    return next(str(each["value"]) for each in elements if each["action_id"] == SHARE)


def shared(conversation: FakeConversation, answer: str, user: str = "U2") -> tuple[str, str, bool]:
    """Press the button, and return who was told what, and whether the channel saw it."""
    conversation.commands.share(answer, requester(user))
    return conversation.brought()


# Sharing


def test_share_is_for_its_asker_alone(slow: FakeConversation) -> None:
    slow.ask("weekly share", "U1")
    slow.ask("weekly", "U2")
    slow.engine.may_end.set()

    answers = sorted([slow.brought(), slow.brought()])

    assert [(user, shared) for user, _, shared in answers] == [("U1", True), ("U2", False)]


def test_an_answer_is_shared_once(conversation: FakeConversation) -> None:
    answer = reference(conversation)

    user, told, in_channel = shared(conversation, answer)
    assert (user, in_channel) == ("U2", True)
    assert "<@U1>" in told
    assert "The rules" not in told

    user, told, in_channel = shared(conversation, answer, "U3")
    assert (user, in_channel) == ("U3", False)
    assert "shared already, or is too old" in told


@pytest.mark.parametrize(
    ("rules", "remark"),
    [
        pytest.param(RULES.replace("min: 10", "min: 50_000"), "The rules have changed since this check", id="changed"),
        pytest.param(None, "The rules file cannot be read now", id="gone"),
    ],
)
def test_other_rules_are_mentioned(conversation: FakeConversation, rules: str | None, remark: str) -> None:
    answer = reference(conversation)
    if rules is None:
        conversation.path.unlink()
    else:
        conversation.path.write_text(rules)

    assert remark in shared(conversation, answer)[1]


def test_sharing_that_fails_can_be_repeated(conversation: FakeConversation) -> None:
    answer = reference(conversation)
    conversation.delivery.refuses = True
    shared(conversation, answer)
    conversation.delivery.refuses = False
    ends_at = time.monotonic() + LONGEST_WAIT
    while answer not in conversation.jobs._kept:
        assert time.monotonic() < ends_at
        time.sleep(0.001)

    assert shared(conversation, answer)[2]


def test_who_may_not_ask_may_not_share(guarded: FakeConversation) -> None:
    answer = reference(guarded)

    user, told, in_channel = shared(guarded, answer)

    assert (user, in_channel) == ("U2", False)
    assert "Not allowed" in told
    assert "PASS" not in told
    assert shared(guarded, answer, "U1")[2], "somebody else may still share it"


# Checking again


def test_check_again_asks_anew(slow: FakeConversation) -> None:
    slow.commands.ask_again("weekly", requester("U3"))

    user, at_once, _ = slow.brought()
    assert user == "U3"
    assert "Counting: weekly" in at_once
    slow.engine.may_end.set()
    assert "<@U3>" in slow.brought()[1]


def test_an_unknown_name_is_told(conversation: FakeConversation) -> None:
    conversation.commands.ask_again("winter-sale", requester("U3"))

    assert "Nothing is called" in conversation.brought()[1]
