"""Answers that others may see, and questions that are asked again, by a button."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from guard.slack.verdict_message import SHARE
from tests.slack.fake_parts import LONGEST_WAIT, RULES, requester

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.slack.verdict_message import Message
    from tests.slack.fake_conversation import FakeConversation


def wait_until(true: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < ends_at
        time.sleep(0.001)


# Sharing


def test_with_the_word_share_the_channel_sees_the_answer_but_only_of_whoever_wrote_it(slow: FakeConversation) -> None:
    slow.ask("weekly share", "U1")
    slow.ask("weekly", "U2")
    slow.engine.may_end.set()

    answers = sorted([slow.brought(), slow.brought()])

    assert [(user, shared) for user, _, shared in answers] == [("U1", True), ("U2", False)]


def reference(message: Message) -> str:
    elements = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    return next(str(each["value"]) for each in elements if each["action_id"] == SHARE)


def test_the_button_shows_the_answer_to_the_channel(conversation: FakeConversation) -> None:
    conversation.ask("weekly", "U1")
    _, answer, _ = conversation.delivery.next()

    conversation.commands.share(reference(answer), requester("U2"))

    user, shared, in_channel = conversation.brought()
    assert (user, in_channel) == ("U2", True)
    assert "<@U1>" in shared
    assert "The rules" not in shared


def test_a_pass_that_is_shared_after_the_rules_were_tightened_says_so(conversation: FakeConversation) -> None:
    conversation.ask("weekly", "U1")
    _, answer, _ = conversation.delivery.next()
    conversation.path.write_text(RULES.replace("min: 10", "min: 50_000"))

    conversation.commands.share(reference(answer), requester("U2"))

    assert "The rules have changed since this check" in conversation.brought()[1]


def test_an_answer_that_is_shared_while_the_rules_cannot_be_read_says_so(conversation: FakeConversation) -> None:
    conversation.ask("weekly", "U1")
    _, answer, _ = conversation.delivery.next()
    conversation.path.unlink()

    conversation.commands.share(reference(answer), requester("U2"))

    assert "The rules file cannot be read now" in conversation.brought()[1]


def test_the_button_shows_the_answer_once_whoever_presses_it(conversation: FakeConversation) -> None:
    conversation.ask("weekly", "U1")
    _, answer, _ = conversation.delivery.next()
    conversation.commands.share(reference(answer), requester("U2"))
    conversation.brought()

    conversation.commands.share(reference(answer), requester("U3"))

    user, told, in_channel = conversation.brought()
    assert (user, in_channel) == ("U3", False)
    assert "shared already, or is too old" in told


def test_an_answer_that_did_not_reach_the_channel_can_be_shared_again(conversation: FakeConversation) -> None:
    conversation.ask("weekly", "U1")
    _, answer, _ = conversation.delivery.next()
    conversation.delivery.refuses = True
    conversation.commands.share(reference(answer), requester("U2"))
    conversation.brought()
    conversation.delivery.refuses = False
    wait_until(lambda: reference(answer) in conversation.jobs._kept)

    conversation.commands.share(reference(answer), requester("U2"))

    assert conversation.brought()[2]


def test_an_answer_that_may_not_be_shared_by_one_can_still_be_shared_by_another(guarded: FakeConversation) -> None:
    guarded.ask("weekly")
    _, answer, _ = guarded.delivery.next()
    guarded.commands.share(reference(answer), requester("U2"))
    guarded.brought()

    guarded.commands.share(reference(answer), requester("U1"))

    assert guarded.brought()[2]


def test_an_answer_that_is_not_kept_any_more_cannot_be_shared_and_that_is_told(conversation: FakeConversation) -> None:
    conversation.commands.share("0123456789abcdef", requester("U2"))

    user, told, in_channel = conversation.brought()
    assert (user, in_channel) == ("U2", False)
    assert "shared already, or is too old" in told


def test_who_may_not_ask_may_not_share_either(guarded: FakeConversation) -> None:
    guarded.ask("weekly")
    _, answer, _ = guarded.delivery.next()

    guarded.commands.share(reference(answer), requester("U2"))

    user, told, in_channel = guarded.brought()
    assert (user, in_channel) == ("U2", False)
    assert "Not allowed" in told
    assert "PASS" not in told


# Checking again


def test_the_button_asks_anew_and_brings_what_there_is_to_say_at_once(slow: FakeConversation) -> None:
    slow.commands.ask_again("weekly", requester("U3"))

    user, at_once, _ = slow.brought()
    assert user == "U3"
    assert "Counting: weekly" in at_once
    slow.engine.may_end.set()
    assert "<@U3>" in slow.brought()[1]


def test_the_button_of_a_question_that_the_rules_do_not_know_any_more_is_answered(
    conversation: FakeConversation,
) -> None:
    conversation.commands.ask_again("winter-sale", requester("U3"))

    assert "Nothing is called" in conversation.brought()[1]
