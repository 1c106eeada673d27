"""The rules as they stand in the file now, and never as they stood before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from guard.errors import RulesError, UsageError
from guard.rules import parse_rules
from guard.slack import rules_file as module
from guard.slack.rules_file import RulesFile
from tests.slack.parts import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from guard.model import Rules

CHANGED = RULES.replace("Opened", "Read")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def test_a_file_that_did_not_change_is_parsed_once(path: Path) -> None:
    file = RulesFile(str(path))

    assert file.read() is file.read()


def test_a_file_that_changed_is_read_anew(path: Path) -> None:
    file = RulesFile(str(path))
    before = file.read()
    path.write_text(CHANGED)

    after = file.read()

    assert (before.segments[0].description, after.segments[0].description) == (
        "Opened a newsletter",
        "Read a newsletter",
    )
    assert before.sha256 != after.sha256


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(path: Path) -> None:
    file = RulesFile(str(path))
    file.read()
    path.write_text(RULES.replace("min: 10}", "min: 99}"))

    assert file.read().segments[0].guards[0].bounds[0].limit == 99


def test_a_file_that_became_wrong_is_wrong_every_time_until_it_is_mended(path: Path) -> None:
    file = RulesFile(str(path))
    good = file.read()
    path.write_text("version: 1\n")

    for _ in range(2):
        with pytest.raises(RulesError):
            file.read()
    path.write_text(RULES)
    assert file.read() == good


def test_a_file_that_vanished_is_not_there_whatever_it_held(path: Path) -> None:
    file = RulesFile(str(path))
    file.read()
    path.unlink()

    with pytest.raises(UsageError, match="there is no such file"):
        file.read()
    path.write_text(RULES)
    assert file.read().segments


def test_many_threads_may_read_it_and_it_is_parsed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(data: bytes, path: str) -> Rules:
        parsed.append(path)
        return parse_rules(data, path)

    monkeypatch.setattr(module, "parse_rules", parse)
    file = RulesFile(str(path))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: file.read(), range(100)))

    assert len({id(each) for each in found}) == 1
    assert parsed == [str(path)]
