"""The keys that move through rows, for whatever holds graph views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode

    Base = DOMNode
else:
    Base = object


class RowActions(Base):
    """Moves the view that has the cursor; what that is, _move() says."""

    def _move(self, by: Callable[[Any], None]) -> None:
        """Let by move the view that the keys are for."""
        raise NotImplementedError

    def action_cursor_up(self) -> None:
        """Move up one row."""
        self._move(lambda view: view.move(-1))

    def action_cursor_down(self) -> None:
        """Move down one row."""
        self._move(lambda view: view.move(1))

    def action_page_up(self) -> None:
        """Move up one page."""
        self._move(lambda view: view.page(-1))

    def action_page_down(self) -> None:
        """Move down one page."""
        self._move(lambda view: view.page(1))

    def action_first_row(self) -> None:
        """Move to the first row."""
        self._move(lambda view: view.first())

    def action_last_row(self) -> None:
        """Move to the last row."""
        self._move(lambda view: view.last())
