"""How the place draws that a report is shown on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    r"""What a renderer may draw with.

    ``width`` is in columns; None means that lines may be of any length, as in a CI log. ``color`` allows escape
    sequences for colour, which a CI log can show as well. ``unicode`` allows characters beyond ASCII; without it, those
    in names are written as ``\xNN``.
    """

    width: int | None = None
    color: bool = False
    unicode: bool = True
