"""The rules as they stand in the file now, and never as they stood before."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from guard.core.errors import RulesError, UsageError
from guard.rules import parse_rules
from guard.slack import rules_file as module
from guard.slack.rules_file import RulesFile
from tests.slack.fake_parts import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.model import Rules

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


class Saving:
    """A file that is written while it is read: what one look after another finds."""

    def __init__(self, *found: bytes) -> None:
        self.found = list(found)
        self.pauses: list[float] = []

    def read(self, _path: str) -> bytes:
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch) -> Saving:
    saving = Saving()
    monkeypatch.setattr(module, "read_document", saving.read)
    monkeypatch.setattr(time, "sleep", saving.pauses.append)
    monkeypatch.setattr(module, "_MOMENT", 0.1)
    return saving


def test_half_of_a_file_that_is_being_saved_is_not_taken_for_the_rules(saving: Saving) -> None:
    saving.found = [b"", RULES[:100].encode(), RULES.encode()]

    assert RulesFile("rules.yaml").read() == parse_rules(RULES.encode(), "rules.yaml")
    assert saving.pauses == [0.1] * 3


def test_a_file_that_changes_all_the_time_is_not_waited_for_for_ever(saving: Saving) -> None:
    saving.found = [f"# {number}\n{RULES}".encode() for number in range(50)]

    with pytest.raises(UsageError, match="changes all the time"):
        RulesFile("rules.yaml").read()
    assert saving.pauses == [0.1] * 5


def test_a_file_that_did_not_change_is_not_waited_for(saving: Saving) -> None:
    saving.found = [RULES.encode()]
    file = RulesFile("rules.yaml")
    file.read()
    saving.pauses.clear()

    file.read()

    assert saving.pauses == []


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
