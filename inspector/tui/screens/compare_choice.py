"""The dialog that asks what to compare with: what the steps came to, a path, what was opened lately, a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.tui.candidates import Candidate
from inspector.tui.recent import RecentList
from inspector.tui.screens.open_file import OpenFileScreen

if TYPE_CHECKING:
    from inspector.tui.engine_list import EngineList

RESULT = "\0result"
"""Chosen where the user wants what the steps on the Optimize tab came to; no path holds a NUL."""


class CompareChoiceScreen(OpenFileScreen):
    """Gives a path, RESULT, or None where the user thinks better of it."""

    TITLE_TEXT = "compare with"
    DOES = "compares"

    def __init__(self, recent: RecentList, engine_list: EngineList, own: str, result: str = "") -> None:
        """own is the path of what is open, which is not offered; result names what the steps came to, empty for nothing."""
        super().__init__(recent, engine_list)
        self._own = own
        self._result = result

    def known(self) -> list[Candidate]:
        """Return what the steps came to, then what was opened lately and samples."""
        from pathlib import Path

        made = [Candidate(RESULT, "model", None, f"after {self._result}, on the Optimize tab")] if self._result else []
        own = {self._own, str(Path(self._own).absolute())}
        return [*made, *(one for one in super().known() if one.path not in own)]

    def _open(self, path: str) -> None:
        if path == RESULT:
            self.dismiss(path)
        else:
            super()._open(path)
