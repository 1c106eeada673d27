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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def test_an_unchanged_file_is_parsed_once(path: Path) -> None:
    file = RulesFile(str(path))

    assert file.read() is file.read()


def test_a_changed_file_is_read_anew(path: Path) -> None:
    """Also if it changes within the same second and keeps its size."""
    file = RulesFile(str(path))
    before = file.read()
    path.write_text(RULES.replace("min: 10}", "min: 99}"))

    after = file.read()

    assert [each.segments[0].guards[0].bounds[0].limit for each in (before, after)] == [10, 99]
    assert before.sha256 != after.sha256


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        pytest.param("version: 1\n", RulesError, "segments", id="wrong"),
        pytest.param(None, UsageError, "there is no such file", id="gone"),
    ],
)
def test_old_rules_are_never_used(path: Path, text: str | None, error: type[UsageError], told: str) -> None:
    file = RulesFile(str(path))
    good = file.read()
    if text is None:
        path.unlink()
    else:
        path.write_text(text)

    for _ in range(2):
        with pytest.raises(error, match=told):
            file.read()
    path.write_text(RULES)
    assert file.read() == good


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


def test_a_half_saved_file_is_not_used(saving: Saving) -> None:
    saving.found = [b"", RULES[:100].encode(), RULES.encode()]

    assert RulesFile("rules.yaml").read() == parse_rules(RULES.encode(), "rules.yaml")
    assert saving.pauses == [0.1] * 3


def test_endless_changes_are_an_error(saving: Saving) -> None:
    saving.found = [f"# {number}\n{RULES}".encode() for number in range(50)]

    with pytest.raises(UsageError, match="changes all the time"):
        RulesFile("rules.yaml").read()
    assert saving.pauses == [0.1] * 5


def test_an_unchanged_file_is_not_waited_for(saving: Saving) -> None:
    saving.found = [RULES.encode()]
    file = RulesFile("rules.yaml")
    file.read()
    saving.pauses.clear()

    file.read()

    assert saving.pauses == []


def test_many_threads_parse_it_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
