"""Width and colour of the terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    r"""What a renderer may use.

    ``width`` is in columns; None means lines of any length, as in a CI log. ``color`` allows escape sequences for
    colour. ``unicode`` allows characters beyond ASCII; without it they are written as ``\xNN``.
    """

    width: int | None = None
    color: bool = False
    unicode: bool = True
