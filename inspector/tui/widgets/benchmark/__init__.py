"""The benchmark tab: what to measure, the measuring as it goes, and what came of it with intervals."""

from __future__ import annotations

from inspector.tui.widgets.benchmark.pane import BenchmarkPane

__all__ = ["BenchmarkPane"]
