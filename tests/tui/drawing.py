"""When the screen is drawn in tests: once it settles and whenever it is looked at, not after every message.

Drawing takes two fifths of the time of a test. Layout, focus and messages are as they are for a user.
"""

from __future__ import annotations

import pytest
from textual.app import App
from textual.screen import Screen

_compositor_refresh = Screen._compositor_refresh


def drawn_when_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let screens remember what has changed and draw none of it until draw()."""
    monkeypatch.setattr(Screen, "_compositor_refresh", _remember)


def draw(app: App[object]) -> None:
    """Draw what has changed since the last time."""
    _compositor_refresh(app.screen)


def _remember(screen: Screen[object]) -> None:
    """Leave the changed regions with the compositor, and do what comes after drawing."""
    if screen is not screen.app.screen:
        _compositor_refresh(screen)
        return
    screen._dirty_widgets.clear()
    screen.app._update_mouse_over(screen)
