"""Many people asking at once: everybody is answered, nothing is counted twice, and Blueshift is not overrun."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import MODES, RULES, Mode, Said, Workspace, rules, shown, together, uuid, verdict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mode", MODES)
def test_twenty_commands_at_once_are_acknowledged_in_time_and_answered_once_by_two_counts(
    mode: Mode, tmp_path: Path
) -> None:
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


def test_one_check_too_many_is_told_at_once_that_the_app_is_busy(tmp_path: Path) -> None:
    with Workspace(tmp_path, "socket", "--workers", "1", "--timeout", "2s") as there:
        there.open()
        waiting = [there.ask(f"slow-{number}") for number in range(1, 18)]
        busy = there.ask("slow-18")
        assert "Busy" in busy.text
        assert "17 checks are ahead of yours" in busy.text
        assert "Waiting" in waiting[-1].text
        assert "16 checks before it" in waiting[-1].text
        assert there.answers(busy) == []


def test_checks_at_once_keep_the_pace_of_the_rules_together_and_never_refresh_a_segment_twice_at_a_time(
    tmp_path: Path,
) -> None:
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
