"""What times starts for a step: the original beside files made of it, on the inputs that judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.records.event import Steps

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Race, Timing
    from inspector.records.benchmark import StartupCandidate, StartupFile
    from inspector.records.measurement import Comparison
    from inspector.records.runnable import Runnable
    from inspector.workflows.optimization.grounds import Grounds


def race_of(grounds: Grounds) -> Race | None:
    """Return what times starts, within the budget of a step; None where nothing is to be timed."""
    settings = grounds.settings
    if not settings.comparison_seconds:
        return None

    def race(before: str, files: tuple[StartupFile, ...], cancel: CancelToken) -> Steps[tuple[StartupCandidate, ...]]:
        from inspector.bench.startup import BUDGET_SECONDS, startup

        budget = min(BUDGET_SECONDS, settings.budget_seconds)
        inputs = grounds.evaluation.inputs
        return (yield from startup(before, files, inputs, settings, cancel, budget_seconds=budget, partials=False))

    return race


def timing_of(grounds: Grounds, cancel: CancelToken) -> Timing | None:
    """Return what times two ways of calling the default signature side by side; None where nothing is to be timed."""
    settings = grounds.settings
    if not settings.comparison_seconds:
        return None

    def timing(before: Runnable, after: Runnable) -> Steps[tuple[Comparison, ...]]:
        from inspector.bench.quick import quick_comparison_of

        inputs = grounds.evaluation.inputs
        return (yield from quick_comparison_of(before, after, inputs, settings, cancel, settings.comparison_seconds))

    return timing
