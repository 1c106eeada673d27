"""What people see in Slack: the real app over real sockets, in both modes."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import (
    MODES,
    RULES,
    Mode,
    Said,
    Workspace,
    buttons,
    rules,
    shown,
    together,
    uuid,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=MODES)
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("app"), request.param) as workspace:
        yield workspace.open()


# Asking


def test_a_command_is_acknowledged(there: Workspace) -> None:
    said = there.ask("summer-sale")
    assert said.payload
    assert said.payload["response_type"] == "ephemeral"
    assert "Counting: summer-sale" in said.text
    assert "2 fresh counts of 2 segments" in said.text
    assert "within 20 min" in said.text
    there.answer(said)


def test_slack_and_check_agree(tmp_path: Path) -> None:
    asked = {key: ["--segment", key] for key in ("good", "edgy", "bad", "gone")}
    asked["spring-sale"] = ["--campaign", "spring-sale"]
    for name in ("check", *MODES):
        (tmp_path / name).mkdir()

    def verdicts_of_check() -> dict[str, tuple[int, str]]:
        with Workspace(tmp_path / "check", "http") as there:
            runs = [partial(there.check, *arguments, "--timeout", "60s") for arguments in asked.values()]
            return dict(zip(asked, together(*runs), strict=True))

    def verdicts_of_slack(mode: Mode) -> dict[str, tuple[int, str]]:
        with Workspace(tmp_path / mode, mode, "--timeout", "60s") as there:
            there.open()
            questions = {words: there.ask(words) for words in asked}
            told = {words: verdict(there.answer(said)) for words, said in questions.items()}
            codes = {line["check"]: line["exit_code"] for line in there.app.events("checked")}
            checks = [line["check"] for line in there.app.events("asked")]
            return {words: (codes[check], told[words]) for words, check in zip(asked, checks, strict=True)}

    proven, *in_slack = together(verdicts_of_check, *(partial(verdicts_of_slack, mode) for mode in MODES))
    assert in_slack == [proven, proven]
    assert [verdict for _, verdict in proven.values()] == ["pass", "warn", "fail", "unknown", "fail"]
    assert [code for code, _ in proven.values()] == [0, 0, 1, 3, 1]


def test_only_share_is_for_the_channel(there: Workspace) -> None:
    private, shared = there.ask("good"), there.ask("bad share")
    assert there.answer(private)["response_type"] == "ephemeral"
    assert there.answer(shared)["response_type"] == "in_channel"
    assert set(buttons(there.answer(private))) == {"check_again", "share"}
    assert set(buttons(there.answer(shared))) == {"check_again"}
    assert "<@U0ASKER>" in shown(there.answer(shared))


@pytest.mark.parametrize("text", ["", "help"])
def test_help_names_what_there_is(there: Workspace, text: str) -> None:
    before = len(there.blueshift.requests)
    said = there.ask(text)
    assert all(name in said.text for name in ("spring-sale", "summer-sale", "good", "slow-1"))
    assert len(there.blueshift.requests) == before
    assert there.answers(said) == []


def test_who_may_not_ask_is_told(tmp_path: Path) -> None:
    allowed = {"SLACK_ALLOWED_USERS": "U0BOSS", "SLACK_ALLOWED_CHANNELS": "C0LAUNCH"}
    with Workspace(tmp_path, "http", environ=allowed) as there:
        there.open()
        ready = there.app.wait_for_event("ready")
        assert (ready["users"], ready["channels"]) == (1, 1)
        refused = [there.ask("good", user="U0OTHER"), there.ask("good", user="U0BOSS", channel="C0OTHER")]
        assert all("Not allowed" in said.text for said in refused)
        there.app.wait_for_event("refused", times=2)
        assert not there.blueshift.requests
        assert verdict(there.answer(there.ask("good", user="U0BOSS"))) == "pass"
        assert len(there.app.events("refused")) == 2


def test_the_log_says_who_may_ask(there: Workspace) -> None:
    ready = there.app.wait_for_event("ready")
    assert (ready["users"], ready["channels"]) == ("everybody", "everywhere")
    assert there.app.events("hint") == []


# Buttons


def test_check_again_counts_anew(there: Workspace) -> None:
    first = there.answer(there.ask("good"))
    before = len(there.triggers())
    pressed = there.press("check_again", buttons(first)["check_again"])
    assert pressed.payload is None
    counting, again = there.slack.record.wait_for(lambda: there.answers(pressed)[1:] and there.answers(pressed))
    assert "Counting" in shown(counting)
    assert verdict(again) == "pass"
    assert len(there.triggers()) == before + 1


def test_others_can_share_an_answer(there: Workspace) -> None:
    message = there.answer(there.ask("bad"))
    pressed = there.press("share", buttons(message)["share"], user="U0OTHER")
    shared = there.answer(pressed)
    assert shared["response_type"] == "in_channel"
    assert verdict(shared) == "fail"
    assert "<@U0ASKER>" in shown(shared)
    assert "<@U0OTHER>" not in shown(shared)
    assert "share" not in buttons(shared)


def test_an_answer_is_shared_once(there: Workspace) -> None:
    reference = buttons(there.answer(there.ask("good")))["share"]
    there.answer(there.press("share", reference))
    for value in (reference, "an-answer-of-last-week"):
        told = there.answer(there.press("share", value))
        assert told["response_type"] == "ephemeral"
        assert "shared already, or is too old" in shown(told)


def test_another_workspace_may_press_no_button(there: Workspace) -> None:
    reference = buttons(there.answer(there.ask("good")))["share"]
    pressed = there.slack.press("share", reference, user="U0GUEST")
    pressed["user"]["team_id"] = "T0OTHER"
    told = there.answer(there.send(pressed))
    assert told["response_type"] == "ephemeral"
    assert "Not allowed" in shown(told)
    assert there.answer(there.press("share", reference))["response_type"] == "in_channel"


# The way of an answer


def ask_in_vain(there: Workspace, user: str, error: str = "expired_url", *, text: str = "good") -> Said:
    """Ask, while the response_url fails."""
    fields = there.slack.command(text, user=user)
    there.slack.refuse(fields["response_url"], error)
    return there.send(fields)


def test_a_refused_answer_comes_directly(there: Workspace) -> None:
    errors = ("expired_url", "used_url", "server_error", "reset")
    users = {f"U0{error.upper().replace('_', '')}": error for error in errors}
    asked = {user: ask_in_vain(there, user, error) for user, error in users.items()}
    for user, said in asked.items():
        assert verdict(there.direct_message(user)) == "pass"
        assert there.answers(said) == []
        assert there.app.wait_for_event("response_url_refused", user=user)
        line = there.app.wait_for_event("answered", user=user)
        assert (line["by"], line["shared"]) == ("direct_message", False)


def test_a_share_that_fails_is_told(there: Workspace) -> None:
    ask_in_vain(there, "U0SHARER", text="good share")
    message = there.direct_message("U0SHARER")
    assert message["text"].startswith("This could not be posted in the channel, so only you see it. May be sent: ")
    assert verdict({"text": message["blocks"][1]["text"]["text"]}) == "pass"


def test_a_silent_response_url_is_given_up(tmp_path: Path) -> None:
    impatient = "import guard.slack.webhook\nguard.slack.webhook.POST_TIMEOUT = 1.0"
    with Workspace(tmp_path, "socket", "--timeout", "30m", before=impatient) as there:
        there.open()
        assert there.app.wait_for_event("hint")["says"] == "an answer after more than 29 min comes as a direct message"
        ask_in_vain(there, "U0HANG", "hang")
        message = there.direct_message("U0HANG")
        assert message["text"].startswith(
            "Slack did not confirm the first try, so you may see this twice. May be sent: "
        )


def test_an_unsafe_response_url_is_never_asked(there: Workspace) -> None:
    there.ask("good", user="U0PLAIN", response_url="http://example.com/response/plain")
    assert verdict(there.direct_message("U0PLAIN")) == "pass"
    line = there.app.wait_for_event("response_url_refused", user="U0PLAIN")
    assert "plain http" in line["why"]
    assert "example.com" not in there.app.stderr


def test_refused_blocks_are_left_out(there: Workspace) -> None:
    there.slack.refuse("chat.postMessage", "invalid_blocks", times=1)
    ask_in_vain(there, "U0BLOCKS")
    message = there.direct_message("U0BLOCKS")
    assert verdict(message) == "pass"
    assert "blocks" not in message


def test_what_never_arrives_is_logged(there: Workspace) -> None:
    there.slack.refuse("chat.postMessage", "channel_not_found", times=1)
    ask_in_vain(there, "U0NOBODY")
    assert there.app.wait_for_event("not_answered", user="U0NOBODY")["why"] == "channel_not_found"


# Every outcome is answered


def test_the_rules_are_read_for_every_command(there: Workspace) -> None:
    right = there.rules.read_text()
    try:
        there.rules.write_text(right.replace("min: 10,", "min: 1000,", 1))
        broken = there.ask("good")
        before = len(there.blueshift.requests)
        assert "The rules file is wrong" in broken.text
        assert "rules.yaml:5:" in broken.text
        assert len(there.blueshift.requests) == before
        tighter = right.replace("min: 10,", "min: 90,", 1).replace("warn: {max: 60}", "warn: {max: 95}", 1)
        there.rules.write_text(tighter)
        assert verdict(there.answer(there.ask("good"))) == "fail"
    finally:
        there.rules.write_text(right)
    assert verdict(there.answer(there.ask("good"))) == "pass"


def test_a_key_that_does_not_work_is_told(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("another-key-for-tests\n")
    environ = {"BLUESHIFT_API_KEY": None, "BLUESHIFT_API_KEY_FILE": str(key)}
    with Workspace(tmp_path, "socket", environ=environ) as there:
        there.open()
        refused = there.answer(there.ask("good"))
        assert verdict(refused) == "unknown"
        assert "refused the API key" in shown(refused)
        key.unlink()
        vanished = there.answer(there.ask("good"))
        assert "Nothing was checked" in shown(vanished)
        assert "does not name an existing file" in shown(vanished)
        key.write_text("a-key-for-tests\n")
        assert verdict(there.answer(there.ask("good"))) == "pass"


def test_no_blueshift_means_unknown(tmp_path: Path) -> None:
    environ = {"BLUESHIFT_BASE_URL": "http://127.0.0.1:9"}
    with Workspace(tmp_path, "http", "--timeout", "2s", environ=environ) as there:
        message = there.open().answer(there.ask("good"))
        assert verdict(message) == "unknown"
        assert "could not be reached" in shown(message)


def test_our_own_fault_is_never_shared(tmp_path: Path) -> None:
    broken = "import guard.slack.engine\nguard.slack.engine.check_over = lambda *_, **__: 1 / 0"
    with Workspace(tmp_path, "socket", before=broken) as there:
        message = there.open().answer(there.ask("good share"))
        assert message["response_type"] == "ephemeral"
        assert "The audience guard crashed" in shown(message)
        fault = there.app.wait_for_event("fault")
        assert fault["error"] == "ZeroDivisionError"
        assert fault["check"] in shown(message)


# Many at once


@pytest.mark.parametrize("mode", MODES)
def test_twenty_commands_share_two_counts(mode: Mode, tmp_path: Path) -> None:
    with Workspace(tmp_path, mode) as there:
        there.open()
        users = [f"U0ASKER{number}" for number in range(20)]
        questions: list[Said] = together(
            *(partial(there.ask, f"slow-{number % 2 + 1}", user=user) for number, user in enumerate(users))
        )
        answers = [there.answer(said) for said in questions]
        there.app.wait_for_event("answered", times=20)
        assert max(said.seconds for said in questions) < 3
        assert {verdict(message) for message in answers} == {"pass"}
        assert all(f"<@{user}>" in shown(message) for user, message in zip(users, answers, strict=True))
        assert [len(there.answers(said)) for said in questions] == [1] * 20
        assert there.slack.posted == []
        assert len(there.triggers()) == 2


def test_one_check_too_many_is_told(tmp_path: Path) -> None:
    with Workspace(tmp_path, "socket", "--workers", "1", "--timeout", "2s") as there:
        there.open()
        waiting = [there.ask(f"slow-{number}") for number in range(1, 18)]
        busy = there.ask("slow-18")
        assert "Busy" in busy.text
        assert "17 checks are ahead of yours" in busy.text
        assert "Waiting" in waiting[-1].text
        assert "16 checks before it" in waiting[-1].text
        assert there.answers(busy) == []


def test_checks_at_once_keep_one_pace(tmp_path: Path) -> None:
    """A segment is never refreshed twice at a time."""
    pace = 10
    calm = rules(RULES.replace("requests_per_second: 200", f"requests_per_second: {pace}"))
    with Workspace(tmp_path, "http", rules_file=calm, slow=1.0) as there:
        there.open()
        asked = ["slow-1 slow-2", "slow-1 slow-3", "slow-1 slow-4", "slow-5 slow-6"]
        questions: list[Said] = together(*(partial(there.ask, words) for words in asked))
        assert {verdict(there.answer(said)) for said in questions} == {"pass"}
        times = [each.time for each in there.blueshift.requests]
        busiest = max(sum(start <= each < start + 1 for each in times) for start in times)
        assert busiest <= pace + 2, "arrivals shake a little; two buckets would have let through twice as many"
        shared = [each.time for each in there.triggers() if uuid(5) in each.path]
        assert len(shared) == 3
        assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(shared))
