"""What a contract's text may hold at most, whatever it is written in."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 1024 * 1024
"""Bytes of a file."""

DEEPEST: Final = 12
"""Lists and mappings inside one another; a contract needs five."""

MOST_VALUES: Final = 50_000
"""Scalars, keys, lists and mappings."""


class BadText(Exception):
    """The text is no contract: what is wrong, with the place, in one line that is safe to show, and a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
