"""The smallest runs of two known tools for checks of data: they hold the row count of a table of one row to bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.environments import environment
from bench.lab import CACHE, Process, process

if TYPE_CHECKING:
    from collections.abc import Callable
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


def soda() -> Callable[[], Process]:
    """Return ``soda scan`` over a table in DuckDB."""
    programs, home = environment("soda"), _home()
    table, source, checks = home / "table.duckdb", home / "source.yml", home / "checks.yml"
    source.write_text(SODA_SOURCE.format(path=table), encoding="utf-8")
    checks.write_text(SODA_CHECKS, encoding="utf-8")
    process(programs / "python", "-c", SODA_TABLE, table)
    command = (programs / "soda", "scan", "-d", "bench", "-c", source, checks)
    return partial(process, *command, environment={"HOME": str(home)})


def great_expectations() -> Callable[[], Process]:
    """Return a script that validates a data frame of pandas."""
    python, home = environment("great_expectations") / "python", _home()
    script = home / "expectation.py"
    script.write_text(EXPECTATION, encoding="utf-8")
    return partial(process, python, script, environment={"HOME": str(home), "GX_ANALYTICS_ENABLED": "false"})


def _home() -> Path:
    """Return a home directory in which neither tool sends statistics of its use."""
    home = CACHE / "home"
    (home / ".soda").mkdir(parents=True, exist_ok=True)
    (home / ".soda/config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")
    return home
