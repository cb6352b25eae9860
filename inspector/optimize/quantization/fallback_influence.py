"""What each node does to the outputs when it alone is int8: the order in which nodes are best given back to fp32.

What a node loses by itself does not tell: a small error before a logarithm may ruin an output, a large one before a maximum
may not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.optimize.quantization.children import run_in_child
from inspector.optimize.quantization.fallback_influence_answer import Influence, InfluenceAnswer, InfluenceRequest
from inspector.records.event import Steps

if TYPE_CHECKING:
    from inspector.optimize.quantization.fallback_trials import Trials
    from inspector.optimize.quantization.quantized import QuantizeRequest

SAMPLES: Final = 2
_SHARE_OF_BUDGET: Final = 0.25
_MOST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Alone:
    """What to quantize one node at a time: how, and which."""

    request: QuantizeRequest
    static: bool
    names: tuple[str, ...]


def influence(trials: Trials, alone: Alone) -> Steps[tuple[Influence, ...]]:
    """Return the SQNR in dB of the worst output with one node at a time in int8, as many as there is time for.

    Raises OperationFailed or ChildFailed.
    """
    settings = trials.work.settings
    seconds = min(_MOST_SECONDS, settings.budget_seconds * _SHARE_OF_BUDGET, settings.step_seconds / 2)
    folder = str(Path(trials.work.folder, "alone"))
    request = InfluenceRequest(
        alone.request, alone.static, alone.names, trials.work.calibration, SAMPLES, seconds, folder, settings.threads
    )
    entry, title = "fallback_influence_child:measure", "measuring nodes alone"
    finished = yield from run_in_child(entry, request, InfluenceAnswer, settings, trials.cancel, title)
    return finished.result.nodes
