"""What `make compat` runs in each environment; it takes minutes, so a wrong path is found here."""

from __future__ import annotations

import pytest

from tests.compat import QUICK, ROOT


@pytest.mark.parametrize("path", QUICK)
def test_the_quick_tests_exist(path: str) -> None:
    assert (ROOT / path).exists()
