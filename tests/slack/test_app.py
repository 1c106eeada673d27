"""What people see in Slack: the real app over real sockets, in both modes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import MODES, Mode, Said, Workspace, buttons, shown, together, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=MODES)
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("app"), request.param) as workspace:
        yield workspace.open()


def workspace_in(folder: Path, mode: Mode = "http", *arguments: str) -> Workspace:
    folder.mkdir()
    return Workspace(folder, mode, *arguments)


# Asking


def test_a_question_is_acknowledged_with_what_is_counted_and_for_how_long_it_may_take(there: Workspace) -> None:
    said = there.ask("summer-sale")
    assert said.payload
    assert said.payload["response_type"] == "ephemeral"
    assert "Counting: summer-sale" in said.text
    assert "2 fresh counts of 2 segments" in said.text
    assert "within 20 min" in said.text
    there.answer(said)


def test_slack_gives_the_verdict_that_check_gives(tmp_path: Path) -> None:
    asked = {
        "good": ["--segment", "good"],
        "edgy": ["--segment", "edgy"],
        "bad": ["--segment", "bad"],
        "stuck": ["--segment", "stuck"],
        "spring-sale": ["--campaign", "spring-sale"],
    }

    def verdicts_of_check() -> dict[str, tuple[int, str]]:
        with workspace_in(tmp_path / "check") as there:
            runs = [partial(there.check, *arguments, "--timeout", "4s") for arguments in asked.values()]
            return dict(zip(asked, together(*runs), strict=True))

    def verdicts_of_slack(mode: Mode) -> dict[str, tuple[int, str]]:
        with workspace_in(tmp_path / mode, mode, "--timeout", "4s") as there:
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


def test_the_asker_alone_sees_the_answer_unless_it_is_to_be_shared(there: Workspace) -> None:
    private, shared = there.ask("good"), there.ask("bad share")
    assert there.answer(private)["response_type"] == "ephemeral"
    assert there.answer(shared)["response_type"] == "in_channel"
    assert set(buttons(there.answer(private))) == {"check_again", "share"}
    assert set(buttons(there.answer(shared))) == {"check_again"}
    assert "<@U0ASKER>" in shown(there.answer(shared))


@pytest.mark.parametrize("text", ["", "help"])
def test_help_names_what_one_can_ask_for_and_counts_nothing(there: Workspace, text: str) -> None:
    before = len(there.blueshift.requests)
    said = there.ask(text)
    assert all(name in said.text for name in ("spring-sale", "summer-sale", "good", "slow-1"))
    assert len(there.blueshift.requests) == before
    assert there.answers(said) == []


def test_a_near_miss_is_answered_with_the_nearest_names(there: Workspace) -> None:
    said = there.ask("sprng-sale")
    assert "did you mean" in said.text
    assert "spring-sale" in said.text
    assert there.answers(said) == []


def test_who_may_not_ask_is_told_so(tmp_path: Path) -> None:
    allowed = {"SLACK_ALLOWED_USERS": "U0BOSS", "SLACK_ALLOWED_CHANNELS": "C0LAUNCH"}
    with Workspace(tmp_path, "http", environ=allowed) as there:
        there.open()
        ready = there.logged("ready")
        assert (ready["users"], ready["channels"]) == (1, 1)
        refused = [there.ask("good", user="U0OTHER"), there.ask("good", user="U0BOSS", channel="C0OTHER")]
        assert all("Not allowed" in said.text for said in refused)
        there.app.wait_for_event("refused", times=2)
        assert not there.blueshift.requests
        assert verdict(there.answer(there.ask("good", user="U0BOSS"))) == "pass"
        assert len(there.app.events("refused")) == 2


def test_the_app_says_at_the_start_who_may_ask(there: Workspace) -> None:
    ready = there.logged("ready")
    assert (ready["users"], ready["channels"]) == ("everybody", "everywhere")
    assert there.app.events("hint") == []


# Buttons


def test_check_again_counts_anew(there: Workspace) -> None:
    first = there.answer(there.ask("good"))
    before = len(there.triggers())
    pressed = there.press("check_again", buttons(first)["check_again"])
    assert pressed.payload is None
    counting, again = there.slack.wait_for(lambda: there.answers(pressed)[1:] and there.answers(pressed))
    assert "Counting" in shown(counting)
    assert verdict(again) == "pass"
    assert len(there.triggers()) == before + 1


def test_somebody_else_can_share_an_answer_in_the_channel(there: Workspace) -> None:
    message = there.answer(there.ask("bad"))
    pressed = there.press("share", buttons(message)["share"], user="U0OTHER")
    shared = there.answer(pressed)
    assert shared["response_type"] == "in_channel"
    assert verdict(shared) == "fail"
    assert "<@U0ASKER>" in shown(shared)
    assert "<@U0OTHER>" not in shown(shared)
    assert "share" not in buttons(shared)


def test_an_answer_that_is_too_old_to_share_is_said_to_be(there: Workspace) -> None:
    told = there.answer(there.press("share", "an-answer-of-last-week"))
    assert told["response_type"] == "ephemeral"
    assert "is too old" in shown(told)


def test_an_answer_is_shared_once(there: Workspace) -> None:
    reference = buttons(there.answer(there.ask("good")))["share"]
    there.answer(there.press("share", reference))
    told = there.answer(there.press("share", reference))
    assert told["response_type"] == "ephemeral"
    assert "shared already" in shown(told)


def test_who_belongs_to_another_workspace_may_press_no_button(there: Workspace) -> None:
    reference = buttons(there.answer(there.ask("good")))["share"]
    pressed = there.slack.press("share", reference, user="U0GUEST")
    pressed["user"]["team_id"] = "T0OTHER"
    told = there.answer(there.send(pressed))
    assert told["response_type"] == "ephemeral"
    assert "Not allowed" in shown(told)
    assert there.answer(there.press("share", reference))["response_type"] == "in_channel"


# The way of an answer


def test_an_answer_that_the_response_url_refuses_comes_as_a_direct_message(there: Workspace) -> None:
    asked: dict[str, Said] = {}
    for error in ("expired_url", "used_url", "server_error", "reset"):
        user = f"U0{error.upper().replace('_', '')}"
        fields = there.slack.command("good", user=user)
        there.slack.refuse(fields["response_url"], error)
        asked[user] = there.send(fields)
    for user, said in asked.items():
        assert verdict(there.direct_message(user)) == "pass"
        assert there.answers(said) == []
        assert there.logged("response_url_refused", user=user)
        line = there.logged("answered", user=user)
        assert (line["by"], line["shared"]) == ("direct_message", False)


def test_a_shared_answer_that_the_channel_does_not_get_goes_to_the_asker_and_says_so(there: Workspace) -> None:
    fields = there.slack.command("good share", user="U0SHARER")
    there.slack.refuse(fields["response_url"], "expired_url")
    there.send(fields)
    message = there.direct_message("U0SHARER")
    assert message["text"].startswith("This could not be posted in the channel, so only you see it. ✅ PASS")
    assert verdict({"text": message["blocks"][1]["text"]["text"]}) == "pass"


def test_a_response_url_that_never_answers_is_given_up(tmp_path: Path) -> None:
    impatient = "import guard.slack.webhook\nguard.slack.webhook.POST_TIMEOUT = 1.0"
    with Workspace(tmp_path, "socket", "--timeout", "30m", before=impatient) as there:
        there.open()
        assert there.logged("hint")["says"] == "an answer after more than 29 min comes as a direct message"
        fields = there.slack.command("good", user="U0HANG")
        there.slack.refuse(fields["response_url"], "hang")
        there.send(fields)
        message = there.direct_message("U0HANG")
        assert message["text"].startswith("Slack did not confirm the first try, so you may see this twice. ✅ PASS")


def test_a_response_url_that_anybody_could_read_is_never_asked(there: Workspace) -> None:
    there.ask("good", user="U0PLAIN", response_url="http://example.com/response/plain")
    assert verdict(there.direct_message("U0PLAIN")) == "pass"
    line = there.logged("response_url_refused", user="U0PLAIN")
    assert "plain http" in line["why"]
    assert "example.com" not in there.app.stderr


def test_a_direct_message_whose_blocks_are_refused_is_sent_as_text(there: Workspace) -> None:
    fields = there.slack.command("good", user="U0BLOCKS")
    there.slack.refuse(fields["response_url"], "expired_url")
    there.slack.refuse("chat.postMessage", "invalid_blocks", times=1)
    there.send(fields)
    message = there.direct_message("U0BLOCKS")
    assert verdict(message) == "pass"
    assert "blocks" not in message


def test_an_answer_that_cannot_be_brought_at_all_is_logged(there: Workspace) -> None:
    fields = there.slack.command("good", user="U0NOBODY")
    there.slack.refuse(fields["response_url"], "expired_url")
    there.slack.refuse("chat.postMessage", "channel_not_found", times=1)
    there.send(fields)
    line = there.logged("not_answered", user="U0NOBODY")
    assert line["why"] == "channel_not_found"


# Every outcome is answered


def test_a_rules_file_that_became_wrong_is_answered_with_its_errors_until_it_is_right_again(there: Workspace) -> None:
    right = there.rules.read_text()
    try:
        there.rules.write_text(right.replace("min: 10,", "min: 1000,", 1))
        broken = there.ask("good")
        before = len(there.blueshift.requests)
        assert "The rules file is wrong" in broken.text
        assert "rules.yaml:5:" in broken.text
        assert len(there.blueshift.requests) == before
    finally:
        there.rules.write_text(right)
    assert verdict(there.answer(there.ask("good"))) == "pass"


def test_rules_are_read_anew_for_every_question(there: Workspace) -> None:
    right = there.rules.read_text()
    try:
        there.rules.write_text(
            right.replace("min: 10,", "min: 90,", 1).replace("warn: {max: 60}", "warn: {max: 95}", 1)
        )
        assert verdict(there.answer(there.ask("good"))) == "fail"
    finally:
        there.rules.write_text(right)


def test_a_key_that_vanished_or_is_refused_is_told(tmp_path: Path) -> None:
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


def test_that_blueshift_is_out_of_reach_is_told_as_unknown(tmp_path: Path) -> None:
    environ = {"BLUESHIFT_BASE_URL": "http://127.0.0.1:9"}
    with Workspace(tmp_path, "http", "--timeout", "2s", environ=environ) as there:
        message = there.open().answer(there.ask("good"))
        assert verdict(message) == "unknown"
        assert "could not be reached" in shown(message)


def test_a_fault_of_the_guard_is_told_to_the_asker_alone_with_a_reference_that_stands_in_the_log(
    tmp_path: Path,
) -> None:
    broken = "import guard.slack.engine\nguard.slack.engine.check_over = lambda *_, **__: 1 / 0"
    with Workspace(tmp_path, "socket", before=broken) as there:
        message = there.open().answer(there.ask("good share"))
        assert message["response_type"] == "ephemeral"
        assert "The audience guard crashed" in shown(message)
        fault = there.logged("fault")
        assert fault["error"] == "ZeroDivisionError"
        assert fault["check"] in shown(message)
