"""Impact: what quantizing one node alone does to the model's outputs, the best guide to which nodes to give back to fp32."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.quantization.sensitivity import SECONDS, SHARE_OF_BUDGET, SensitivityRequest
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.activations import MEMORY_BUDGET
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

ENTRY: Final = "inspector.optimize.quantization.sensitivity_child:impact_in_child"


@dataclass(frozen=True, slots=True)
class NodeImpact:
    """One node of the fp32 model: SQNR in dB of the worst output with that node alone quantized, inf where nothing changes."""

    node: int
    name: str
    operator: str
    output_sqnr_db: float


@dataclass(frozen=True, slots=True)
class ImpactAnswer:
    """What was measured; left counts the nodes there was no time for."""

    nodes: tuple[NodeImpact, ...]
    left: int = 0


def impact(
    original: str,
    quantized: str,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken,
    *,
    folder: str = "",
    seconds: float | None = None,
) -> Steps[ImpactAnswer]:
    """Return the quantized nodes whose impact was measured, the worst first; names are the fp32 model's, not cleaned.

    A few samples are run for every node through a model that holds both forms of each. Arguments as of sensitivity(). Raises
    OperationFailed where both models cannot be put together (external data in two folders), or ChildFailed.
    """
    work = Path(folder or Path(quantized).parent / "sensitivity")
    work.mkdir(parents=True, exist_ok=True)
    allowed = seconds if seconds is not None else min(SECONDS, settings.budget_seconds * SHARE_OF_BUDGET)
    request = SensitivityRequest(original, quantized, inputs, str(work), settings.threads, MEMORY_BUDGET, allowed)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"measuring what each node of {plain_line(Path(quantized).name, 80)} does to the outputs"
    child = run_child(ENTRY, request, ImpactAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    return (yield from finish(child)).result
