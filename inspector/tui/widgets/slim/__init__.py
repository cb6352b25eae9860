"""The slim tab: how far an image is slimmed, what goes and what stays, and what proves that the rest still serves."""

from __future__ import annotations

from inspector.tui.widgets.slim.pane import SlimPane

__all__ = ["SlimPane"]
