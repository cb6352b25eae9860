"""Findings about what training left behind."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, overall, size
from inspector.records.finding import Finding
from inspector.records.graph import Graph, Node


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield training graphs, and normalization and dropout by whether they still train."""
    yield from _training_info(evidence)
    dropouts = [place for place in evidence.uses_of("Dropout") if _runs_at_inference(place)]
    training = [place for place in dropouts if _dropout_trains(evidence, *place)]
    training += [place for place in evidence.uses_of("BatchNormalization") if _normalization_trains(place[1])]
    if training:
        message = f"{amount(len(training), 'node')} {agreeing(len(training), 'runs', 'run')} in training mode"
        yield at_nodes("training-mode", message, training)
    idle = [place for place in dropouts if not _dropout_trains(evidence, *place)]
    if idle:
        message = f"{amount(len(idle), 'Dropout node')} {agreeing(len(idle), 'does', 'do')} nothing at inference"
        yield at_nodes("dropout", message, idle)


def _training_info(evidence: Evidence) -> Iterator[Finding]:
    training = evidence.computation.training
    if not training:
        return
    nodes = sum(len(graph.nodes) for graph in training)
    held = sum(weight.byte_count for weight in evidence.computation.weights if weight.graph.startswith("training:"))
    with_weights = f" and {size(held)} of weights" if held else ""
    message = f"the file carries training graphs with {amount(nodes, 'node')}{with_weights}, which inference does not run"
    yield overall("training-info", message, place="training_info")


def _runs_at_inference(place: Place) -> bool:
    return not place[0].path.startswith("training:")


def _dropout_trains(evidence: Evidence, graph: Graph, node: Node) -> bool:
    """Return whether a Dropout drops: is_test=0 before opset 7, a true training_mode input since opset 12."""
    is_test = node.attribute("is_test")
    opset = evidence.computation.opsets.get("ai.onnx", evidence.computation.opsets.get("", 7))
    if opset < 7:
        return is_test is None or not is_test.value
    mode = evidence.small_values(graph.path, node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    return bool(mode and mode[0])


def _normalization_trains(node: Node) -> bool:
    """Return whether a BatchNormalization uses the batch's own statistics: training_mode=1, or is_test=0 before opset 7."""
    mode = node.attribute("training_mode")
    return mode is not None and bool(mode.value)
