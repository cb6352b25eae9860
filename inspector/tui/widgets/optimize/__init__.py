"""The optimize tab: steps to pick, what each came to, and everything that was proven of it."""

from __future__ import annotations

from inspector.tui.widgets.optimize.pane import OptimizePane

__all__ = ["OptimizePane"]
