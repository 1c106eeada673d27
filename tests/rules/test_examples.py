"""Each file in good/ is accepted; each in bad/ gets exactly the lines beside it (``UPDATE_GOLDEN=1`` rewrites them)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import yaml

from guard.rules import load_rules
from tests.rules.source import BAD, GOOD, HERE, problems

if TYPE_CHECKING:
    from pathlib import Path

good_files = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOOD])
bad_files = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in BAD])


@good_files
def test_a_good_file_is_accepted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's parser in Python reads the same."""
    rules = load_rules(path)
    assert rules.segments
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert load_rules(path) == rules


@bad_files
def test_a_bad_file_has_its_problems(path: Path) -> None:
    told = problems(path.read_bytes())
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        expected.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
    assert told
    assert told == expected.read_text(encoding="utf-8").splitlines()


@bad_files
def test_without_c_a_bad_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert problems(path.read_bytes())


def test_every_expected_output_has_its_file() -> None:
    assert {path.stem for path in (HERE / "bad").glob("*.txt")} == {path.stem for path in BAD}


def test_no_problem_names_our_classes() -> None:
    words = ("pydantic", "Input should", "Guard(", "RulesFile", "UsersGuard", "ChannelGuard", "Closed", "dict_type")
    for path in BAD:
        told = "\n".join(problems(path.read_bytes().decode("latin-1")) + problems("x: 1\n" + path.stem))
        assert not [word for word in words if word in told]
