"""Each file in good/ is accepted; each in bad/ gets exactly the lines beside it (``UPDATE_GOLDEN=1`` rewrites them)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from guard.rules import load_rules, parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "rules.example.yaml"
GOOD = [EXAMPLE, *sorted((HERE / "good").glob("*.yaml"))]
BAD = sorted((HERE / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOOD])
def test_a_good_file_is_accepted(path: Path) -> None:
    assert load_rules(path).segments


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in BAD])
def test_a_bad_file_has_its_problems(path: Path, problems: Callable[[str | bytes], list[str]]) -> None:
    told = problems(path.read_bytes())
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        expected.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
    assert told
    assert told == expected.read_text(encoding="utf-8").splitlines()


def test_every_expected_output_belongs_to_a_bad_file() -> None:
    assert {path.stem for path in (HERE / "bad").glob("*.txt")} == {path.stem for path in BAD}


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOOD])
def test_without_the_c_parser_the_rules_are_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = load_rules(path)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert parse_rules(path.read_bytes(), str(path)) == with_it


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in BAD])
def test_without_the_c_parser_a_bad_file_is_still_refused(
    path: Path, problems: Callable[[str | bytes], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert problems(path.read_bytes())
