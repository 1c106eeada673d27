"""Without the packages of the extra the app says what to install, and everything else works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.slack.workspace import Workspace, hiding

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("missing", ["slack_bolt", "slack_sdk", "waitress"])
def test_a_missing_extra_is_told(tmp_path: Path, missing: str) -> None:
    with Workspace(tmp_path, "http", before=hiding(missing)) as there:
        app = there.start()
        assert app.ended() == 2
        assert f"needs the package {missing}" in app.stderr
        assert "in a clone, pip install '.[slack]'" in app.stderr


def test_check_needs_no_extra(tmp_path: Path) -> None:
    with Workspace(tmp_path, "http", before=hiding("slack_bolt", "slack_sdk", "waitress", "guard.slack")) as there:
        assert there.check("--segment", "good") == (0, "pass")
