"""The smallest runs of two known tools for checks of data: they hold the row count of a table of one row to bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.environments import environment
from bench.lab import CACHE, Process, process

if TYPE_CHECKING:
    from pathlib import Path

SODA_SOURCE = """\
data_source bench:
  type: duckdb
  path: {path}
"""
SODA_CHECKS = """\
checks for people:
  - row_count between 1 and 100
"""
SODA_TABLE = (
    "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create or replace table people as select 1 as id')"
)
EXPECTATION = """\
import great_expectations
import pandas

batch = (
    great_expectations.get_context(mode="ephemeral")
    .data_sources.add_pandas("bench")
    .add_dataframe_asset("people")
    .add_batch_definition_whole_dataframe("all")
    .get_batch({"dataframe": pandas.DataFrame({"id": [1]})})
)
expected = great_expectations.expectations.ExpectTableRowCountToBeBetween(min_value=1, max_value=100)
raise SystemExit(0 if batch.validate(expected).success else 1)
"""


class Soda:
    """``soda scan`` over a table in DuckDB."""

    def __init__(self) -> None:
        self._programs, self._home = environment("soda"), _home()
        files = {"source.yml": SODA_SOURCE.format(path=self._home / "table.duckdb"), "checks.yml": SODA_CHECKS}
        for name, text in files.items():
            (self._home / name).write_text(text, encoding="utf-8")
        process(self._programs / "python", "-c", SODA_TABLE, self._home / "table.duckdb")

    def __call__(self) -> Process:
        source, checks = self._home / "source.yml", self._home / "checks.yml"
        command: list[str | Path] = [self._programs / "soda", "scan", "-d", "bench", "-c", source, checks]
        return process(*command, environment={"HOME": str(self._home)})


class GreatExpectations:
    """A script that validates a data frame of pandas."""

    def __init__(self) -> None:
        self._python, self._home = environment("great_expectations") / "python", _home()
        self._script = self._home / "expectation.py"
        self._script.write_text(EXPECTATION, encoding="utf-8")

    def __call__(self) -> Process:
        quiet = {"HOME": str(self._home), "GX_ANALYTICS_ENABLED": "false"}
        return process(self._python, self._script, environment=quiet)


def _home() -> Path:
    """Return a home directory in which neither tool sends statistics of its use."""
    home = CACHE / "home"
    (home / ".soda").mkdir(parents=True, exist_ok=True)
    (home / ".soda/config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")
    return home
