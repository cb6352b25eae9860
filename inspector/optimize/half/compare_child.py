"""Node by node, how far a candidate's activations are from those of the fp32 model on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto

from inspector.formats.clean_text import one_line
from inspector.optimize.half.element_types_child import FLOAT, element_types
from inspector.optimize.half.graph_walk_child import nodes_within
from inspector.optimize.half.kept_nodes_child import WrittenNames
from inspector.optimize.half.messages import PREPARED, CompareRequest, Comparison, NodeError
from inspector.runtimes.onnx_runtime.activations import MEMORY_BUDGET, open_activations

EXACT_DB: Final = 200.0

Report = Callable[[int, int, str], None]


@dataclass(slots=True)
class _Difference:
    """Sums of squares over all samples, in float64."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, reference: NDArray[Any], changed: NDArray[Any]) -> None:
        """Take in one sample of a tensor; elements that are not finite in the reference are left out."""
        if reference.shape != changed.shape:
            self.noise = float("inf")
            return
        exact = reference.astype(np.float64)
        finite = np.isfinite(exact)
        with np.errstate(all="ignore"):
            gap = np.where(finite, changed.astype(np.float64) - exact, 0.0)
            self.signal += float(np.sum(np.square(exact, where=finite, out=np.zeros_like(exact))))
            lost = float(np.sum(gap * gap))
        self.noise += lost if np.isfinite(lost) else float("inf")

    def decibels(self) -> float:
        """Return 10 log10(signal / noise), between -EXACT_DB and EXACT_DB."""
        if self.noise == 0:
            return EXACT_DB
        if self.signal == 0 or self.noise == float("inf"):
            return -EXACT_DB
        return float(np.clip(10 * np.log10(self.signal / self.noise), -EXACT_DB, EXACT_DB))


def compare_nodes(request: CompareRequest, report: Report) -> Comparison:
    """Run both models with their activations shown and return each node's error. Raises OperationFailed."""
    folder = Path(request.folder)
    original = onnx.load(str(folder / PREPARED), load_external_data=False)
    candidate = onnx.load(request.candidate, load_external_data=False)
    pairs = _pairs(original, candidate)
    found = _differences(request, pairs, report)
    errors = {name: one.decibels() for name, one in found.items()}
    names = WrittenNames(folder)
    makers = {name: node.name for node in original.graph.node for name in node.output if name in errors}
    nodes = [node for node in original.graph.node if _worst(node.output, errors) is not None]
    return Comparison(tuple(_node_error(node, errors, names, makers) for node in nodes))


def _pairs(original: ModelProto, candidate: ModelProto) -> dict[str, str]:
    """Return what each fp32 tensor of the main graph is called in the candidate: outputs of nodes of the same name."""
    kinds = element_types(original)
    changed = {node.name: node for node in candidate.graph.node}
    pairs = {}
    for node in original.graph.node:
        twin = changed.get(node.name)
        for before, after in zip(node.output, twin.output if twin is not None else (), strict=False):
            if before and after and kinds.get(before) == FLOAT:
                pairs[before] = after
    return pairs


def _differences(request: CompareRequest, pairs: Mapping[str, str], report: Report) -> dict[str, _Difference]:
    inputs = replace(request.inputs, count=min(request.samples, request.inputs.count))
    budget = min(MEMORY_BUDGET, request.memory_bytes // 8)
    folder = request.folder
    reference = open_activations(
        str(Path(folder, PREPARED)), inputs, folder, tensors=pairs.keys(), memory_budget=budget, threads=request.threads
    )
    changed = open_activations(
        request.candidate, inputs, folder, tensors=pairs.values(), memory_budget=budget, threads=request.threads
    )
    found: dict[str, _Difference] = {}
    for done, group in enumerate(reference.groups):
        names = [name for name in group if pairs[name] not in changed.missing]
        for before, after in _side_by_side(reference, changed, names, pairs, inputs.count):
            found.setdefault(before.name, _Difference()).add(before.array, after.array)
        report(done + 1, len(reference.groups), "groups of tensors")
    return found


def _side_by_side(
    reference: Any, changed: Any, names: list[str], pairs: Mapping[str, str], samples: int
) -> Iterator[tuple[Any, Any]]:
    """Yield each tensor of the fp32 model with the candidate's, sample by sample."""
    exact, rounded = reference.opened(names), changed.opened([pairs[name] for name in names])
    for sample in range(samples):
        yield from zip(exact(sample), rounded(sample), strict=True)


def _worst(names: Any, errors: Mapping[str, float]) -> float | None:
    return min((errors[name] for name in names if name in errors), default=None)


def _node_error(node: NodeProto, errors: Mapping[str, float], names: WrittenNames, makers: Mapping[str, str]) -> NodeError:
    index, shown = names.of(node)
    held = tuple(inner.name for inner in nodes_within(node))
    given = tuple(dict.fromkeys(makers[name] for name in node.input if name in makers))
    output, operands = _worst(node.output, errors), _worst(node.input, errors)
    return NodeError(node.name, one_line(node.op_type), index, shown, output, operands, held, given)
