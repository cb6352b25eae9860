"""The command `modelpack-tui`, also as `python -m inspector`: the one place that knows both front ends."""

from __future__ import annotations

import sys

from inspector.cli import main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inspector.records.benchmark import BenchPlan
    from inspector.records.opened import Target
    from inspector.records.optimization import OptimizationRequest
    from inspector.records.review import Review
    from inspector.workflows.opening import Opening


def run(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments (default: sys.argv) ask for and return the exit code."""
    return main.run(sys.argv[1:] if argv is None else argv, open_workbench)


def open_workbench(
    opening: Opening | None,
    batch: int,
    settings: Mapping[str, int],
    request: OptimizationRequest | None = None,
    plan: BenchPlan | None = None,
    *,
    compare_with: Target | None = None,
    review: Review | None = None,
    path: Path | None = None,
) -> int:
    """Open the workbench; Textual is imported only now."""
    from inspector.tui.app import run_app

    return run_app(opening, batch, settings, request, plan, compare_with=compare_with, review=review, path=path)


if __name__ == "__main__":
    sys.exit(run())
