"""The whole matrix."""

from __future__ import annotations

from tests.faults import answers, connection, freshness, statuses

ROWS = (*connection.ROWS, *statuses.ROWS, *answers.ROWS, *freshness.ROWS)
