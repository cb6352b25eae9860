"""What fp16 would do to a model, told from what was read of it; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from inspector.optimize.half.half_range import LARGEST, SMALLEST_NORMAL
from inspector.records.artifact import Computation
from inspector.records.optimization import OptimizeSettings, Preflight, Subject

_FLOATS = ("float32", "float64")
_MB = 1_000_000


def preflight(subject: Subject, settings: OptimizeSettings) -> Preflight:
    """Return whether there is anything to convert, and what it would save."""
    computation = subject.inspection.computation
    weights = [weight for weight in computation.weights if weight.carrier != "training"]
    nodes = sum(1 for graph in computation.graphs() for node in graph.nodes if node.operator != "Constant")
    stored = {dtype: sum(one.byte_count for one in weights if one.dtype == dtype) for dtype in (*_FLOATS, "float16")}
    if not nodes:
        return Preflight(False, "nothing to do: the graph has no nodes", nothing_to_do=True)
    if not stored["float32"] and not _computes_in_floats(computation):
        return Preflight(False, _nothing(stored), nothing_to_do=True)
    saved = stored["float32"] // 2
    notes = [f"about {_size(saved)} of {_size(subject.facts.size_bytes)} would be saved: fp32 weights take half the bytes"]
    notes.append(f"{nodes:,} nodes; those whose values fp16 cannot hold stay in fp32")
    if stored["float64"]:
        notes.append(f"{_size(stored['float64'])} of fp64 weights stay as they are")
    if outside := _outside(computation):
        large, small = outside
        notes.append(f"{large} constants beyond 65,504 and {small} below {SMALLEST_NORMAL:.1g}: what takes them stays in fp32")
    if settings.keep_fp32:
        notes.append(f"{len(settings.keep_fp32)} nodes stay in fp32 as asked")
    notes.append("inputs and outputs become fp16" if "io-dtype" in settings.allow else "inputs and outputs stay fp32")
    return Preflight(True, choice="fp16, fp32 islands where ranges demand them", notes=tuple(notes), warnings=_WARNINGS)


_WARNINGS = ("a CPU computes most of fp16 in fp32: what it gains is size, not time",)


def _nothing(stored: dict[str, int]) -> str:
    """Return why there is nothing to convert."""
    if stored["float16"]:
        return "nothing to do: it is in fp16 already"
    if stored["float64"]:
        return "nothing to do: its weights are fp64, none is fp32"
    return "nothing to do: it has neither fp32 weights nor fp32 tensors"


def _computes_in_floats(computation: Computation) -> bool:
    """Return whether the result of some node but a Cast is known to be fp32, or what it is is not known."""
    for graph in computation.graphs():
        for node in graph.nodes:
            for name in node.outputs if node.operator != "Cast" else ():
                spec = graph.values.get(name)
                if name and (spec is None or spec.dtype in ("float32", "")):
                    return True
    return False


def _outside(computation: Computation) -> tuple[int, int] | None:
    """Return how many small float constants hold values beyond fp16's largest and below its smallest normal number."""
    large = small = 0
    for sizes in _float_constants(computation):
        large += any(size > LARGEST for size in sizes)
        small += any(size > 0 for size in sizes) and max(sizes) < SMALLEST_NORMAL
    return (large, small) if large or small else None


def _float_constants(computation: Computation) -> Iterator[list[float]]:
    dtypes = {(weight.graph, weight.name): weight.dtype for weight in computation.weights}
    for key, values in computation.small_values.items():
        if dtypes.get(key) == "float32":
            yield [abs(value) for value in values if isfinite(value)] or [0.0]


def _size(count: int) -> str:
    return f"{count / _MB:.1f} MB" if count >= _MB else f"{count / 1000:.1f} KB"
