"""The check of the mutants: one that nobody noticed fails it, unless it is explained; so does a needless reason."""

from __future__ import annotations

import pytest

from tests import mutants
from tests.mutants import Survivor

KNOWN = Survivor("guard/core/evaluate.py", "a < b", "a <= b")
NEW = Survivor("guard/rules/yaml.py", "return 1", "return 2")
KNOWN_NAME, NEW_NAME = "guard.core.evaluate.x_known__mutmut_2", "guard.rules.yaml.x_new__mutmut_1"
CHANGES = {KNOWN_NAME: KNOWN, NEW_NAME: NEW}
FOUND = {
    "guard.core.evaluate.x_known__mutmut_1": "killed",
    KNOWN_NAME: "survived",
    "guard.rules.yaml.x_slow__mutmut_1": "timeout",
}


@pytest.fixture(autouse=True)
def _changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "survivor", CHANGES.__getitem__)


def test_explained_survivors_pass() -> None:
    lines, all_is_well = mutants.report(FOUND, {KNOWN}, is_whole=True)

    assert all_is_well
    assert lines == [
        "| | mutants | noticed | | explained |",
        "|---|---:|---:|---:|---:|",
        "| `guard/core/evaluate.py` | 2 | 1 | 50.0% | 1 |",
        "| `guard/rules/` | 1 | 1 | 100.0% | 0 |",
        "| all | 3 | 2 | 66.7% | 1 |",
    ]


@pytest.mark.parametrize(
    ("name", "outcome", "explained"),
    [
        *((NEW_NAME, each, 1) for each in ("survived", "no tests", "not checked", "suspicious")),
        *((KNOWN_NAME, each, 0) for each in ("no tests", "not checked", "segfault")),
    ],
)
def test_an_unexplained_outcome_fails(name: str, outcome: str, explained: int) -> None:
    found = {**FOUND, name: outcome}
    change = CHANGES[name]

    lines, all_is_well = mutants.report(found, {KNOWN}, is_whole=True)

    assert not all_is_well
    assert lines[-1] == f"not explained, {outcome}: {name}\n  {change.file}\n  - {change.line}\n  + {change.becomes}"
    total, noticed = len(found), 2
    assert f"| all | {total} | {noticed} | {noticed / total:.1%} | {explained} |" in lines


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_needless_explanation_fails(*, is_whole: bool) -> None:
    lines, all_is_well = mutants.report(FOUND, {KNOWN, NEW}, is_whole=is_whole)

    assert all_is_well is not is_whole
    assert ("explained, but not there any more" in lines[-1]) is is_whole


def test_every_explained_line_exists() -> None:
    explained = mutants.explained()

    for change in explained:
        lines = (mutants.HERE.parent / change.file).read_text(encoding="utf-8").splitlines()
        assert change.line in " ".join(line.strip() for line in lines), change
    assert len(set(explained)) == len(explained)


def test_the_documents_have_the_numbers() -> None:
    page = (
        (mutants.HERE.parent / "docs" / "proof.md").read_text(encoding="utf-8").partition("## What the tests notice")[2]
    )
    rows = [[each.strip() for each in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")][1:]
    told = {row[0]: [int(each.replace(",", "")) for each in (row[1], row[2], row[4])] for row in rows}

    assert list(told) == list(mutants.PARTS.values())
    for total, noticed, explained in told.values():
        assert noticed + explained == total
    assert told["all"] == [sum(column) for column in zip(*(told[part] for part in list(told)[:-1]), strict=True)]
    for part in list(told)[:-1]:
        changes = {each for each in mutants.explained() if each.file.startswith(part.strip("`"))}
        assert told[part][2] >= len(changes), f"{part}: more changes are explained than docs/proof.md tells"
