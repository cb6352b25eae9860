"""An ONNX model in a few numbers, from its structure alone."""

from __future__ import annotations

from inspector.records.artifact import Computation
from inspector.records.optimization import ModelFacts


def model_facts(computation: Computation, sha256: str = "") -> ModelFacts:
    """Return the facts of a model: bytes with external data that is there, nodes of all graphs, functions and subgraphs."""
    nodes = [node for graph in computation.graphs() for node in graph.nodes]
    return ModelFacts(
        size_bytes=computation.total_bytes,
        node_count=len(nodes),
        constant_count=sum(node.operator == "Constant" and node.domain == "ai.onnx" for node in nodes),
        parameter_count=sum(weight.element_count for weight in computation.weights),
        weight_bytes=sum(weight.byte_count for weight in computation.weights),
        opset=computation.opsets.get("ai.onnx"),
        ir_version=computation.ir_version,
        sha256=sha256,
    )
