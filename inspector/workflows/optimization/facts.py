"""A model in a few numbers, from its structure alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inspector.records.artifact import Computation
from inspector.records.optimization import ModelFacts
from inspector.records.saved_model import TENSORFLOW

_STANDARD = ("ai.onnx", TENSORFLOW)


def model_facts(computation: Computation, sha256: str = "") -> ModelFacts:
    """Return the facts of a model: bytes with external data that is there, or of all files in a SavedModel's folder, nodes of
    all graphs, functions and subgraphs."""
    nodes = [node for graph in computation.graphs() for node in graph.nodes]
    return ModelFacts(
        size_bytes=artifact_bytes(computation),
        node_count=len(nodes),
        constant_count=sum(node.operator in ("Constant", "Const") and node.domain in _STANDARD for node in nodes),
        parameter_count=sum(weight.element_count for weight in computation.weights),
        weight_bytes=sum(weight.byte_count for weight in computation.weights),
        opset=computation.opsets.get("ai.onnx"),
        ir_version=computation.ir_version,
        sha256=sha256,
    )


def artifact_bytes(computation: Computation) -> int:
    """Return the bytes of a model with its external data, or of every file in a SavedModel's folder."""
    facts = computation.saved_model
    if facts is None:
        return computation.total_bytes
    return sum(path.stat().st_size for path in Path(facts.folder).rglob("*") if path.is_file())


def facts_of_all(parts: Sequence[ModelFacts]) -> ModelFacts:
    """Return the facts of an artifact that is several files, such as one for each signature: the sum of what they hold."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return ModelFacts(
        size_bytes=sum(part.size_bytes for part in parts),
        node_count=sum(part.node_count for part in parts),
        constant_count=sum(part.constant_count for part in parts),
        parameter_count=sum(part.parameter_count for part in parts),
        weight_bytes=sum(part.weight_bytes for part in parts),
        opset=first.opset,
        ir_version=first.ir_version,
    )
