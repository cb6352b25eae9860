"""Findings about what callers of a TensorFlow Lite model meet: its signature, shapes, element types, and what is left over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import (
    Place,
    agreeing,
    amount,
    at_nodes,
    at_tensors,
    graph_name,
    listed,
    overall,
    size,
)
from inspector.records.contract import CONTRACT_KEY
from inspector.records.finding import Finding
from inspector.records.graph import Graph, Node
from inspector.records.tensor import TensorSpec
from inspector.records.tflite import TFLiteFacts

_DESCRIPTIONS: Final = (CONTRACT_KEY, "TFLITE_METADATA")
"""Metadata that says how to feed a model."""
_QUANTIZED: Final = ("int8", "uint8", "int16")
_WITHOUT_SHAPE: Final = ("resource", "variant", "undefined")
_OUT_OF_ORDER: Final = "operators run in the order they are stored: it reads what was not computed yet"


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield tensors that nothing makes, and what the signature, the inputs and the buffers leave to be desired."""
    facts = evidence.computation.tflite
    if facts is None:
        return
    yield from _undefined(evidence)
    yield from _signature(evidence, facts)
    yield from _inputs(evidence.computation.graph.inputs)
    yield from _shapes(evidence)
    yield from _float_edges(evidence)
    if facts.unused_buffers:
        message = f"nothing refers to {amount(facts.unused_buffers, 'buffer')} ({size(facts.unused_bytes)})"
        yield overall("unused-buffer", message)


def _undefined(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.computation.graph.outputs:
        yield overall("no-outputs", "the main graph declares no outputs, so nothing it computes can be read")
    for use in evidence.tensor_uses.values():
        names = list(use.outside)
        readers = [reader for reader in use.outside.values() if reader is not None]
        verb = agreeing(len(names), "is read but produced", "are read but produced")
        message = f"in {graph_name(use.graph)}, {amount(len(names), 'tensor')} {verb} by nothing: {listed(names, len(names))}"
        if readers:
            yield at_nodes("undefined-tensor", message, readers, tensor=names[0])
        elif names:
            yield at_tensors("undefined-tensor", message, names, kind="output")
        if use.early:
            verb = agreeing(len(use.early), "stands before a node whose output it reads", "stand before nodes they read from")
            message = f"in {graph_name(use.graph)}, {amount(len(use.early), 'node')} {verb}"
            places = [(use.graph, node) for node in use.early]
            yield at_nodes("not-topologically-sorted", message, places, "high", _OUT_OF_ORDER)


def _signature(evidence: Evidence, facts: TFLiteFacts) -> Iterator[Finding]:
    if not facts.signatures:
        yield overall("no-signature", "the file declares no signature: its inputs and outputs are known by their tensors only")
    metadata = evidence.computation.artifact.metadata
    if not any(name in metadata for name in _DESCRIPTIONS):
        message = "the file carries neither a contract nor TFLITE_METADATA: how to feed it is not written down"
        yield overall("no-contract", message, hint="write preprocessing, labels and tolerances into a contract beside it")


def _inputs(inputs: Sequence[TensorSpec]) -> Iterator[Finding]:
    open_ones = [spec for spec in inputs if spec.shape is not None and None in spec.shape]
    if open_ones:
        dims = sum((spec.shape or ()).count(None) for spec in open_ones)
        message = f"{amount(dims, 'dimension')} of {amount(len(open_ones), 'input')} {agreeing(dims, 'is', 'are')} open"
        yield at_tensors("resizable-input", message, [spec.name for spec in open_ones], kind="input")
    unranked = [spec.name for spec in inputs if spec.shape is None and spec.dtype not in _WITHOUT_SHAPE]
    if unranked:
        verb = agreeing(len(unranked), "does not say how many dimensions it has", "do not say how many dimensions they have")
        yield at_tensors("input-without-shape", f"{amount(len(unranked), 'input')} {verb}", unranked, kind="input")
    text = [spec.name for spec in inputs if spec.dtype == "string"]
    if text:
        message = f"{amount(len(text), 'input')} {agreeing(len(text), 'takes', 'take')} text"
        yield at_tensors("string-tensors", message, text, kind="input")


def _shapes(evidence: Evidence) -> Iterator[Finding]:
    graph = evidence.computation.graph
    read = evidence.tensor_uses[graph.path].read
    unknown: list[Place] = [
        (graph, node) for node in graph.nodes if any(name in read and _is_unranked(graph, name) for name in node.outputs)
    ]
    if unknown:
        verb = agreeing(len(unknown), "gives", "give")
        message = f"{len(unknown):,} of {amount(len(graph.nodes), 'node')} {verb} tensors of unknown shape"
        yield at_nodes("missing-shape", message, unknown)


def _is_unranked(graph: Graph, name: str) -> bool:
    spec = graph.values.get(name)
    return spec is not None and spec.shape is None and spec.dtype not in _WITHOUT_SHAPE


def _float_edges(evidence: Evidence) -> Iterator[Finding]:
    """Yield float inputs that are only quantized, and float outputs that were only dequantized."""
    graph = evidence.computation.graph
    readers: dict[str, list[Node]] = {}
    makers: dict[str, Node] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
        makers.update(dict.fromkeys(node.outputs, node))
    fed = [spec.name for spec in graph.inputs if _is_edge(readers.get(spec.name, ()), "QUANTIZE") and _is_float(spec)]
    given = [
        spec.name
        for spec in graph.outputs
        if _is_float(spec) and spec.name in makers and _is_edge([makers[spec.name]], "DEQUANTIZE")
        and _is_quantized(graph, makers[spec.name].inputs[:1])
    ]  # fmt: skip
    if fed or given:
        parts = [amount(len(names), what) for names, what in ((fed, "input"), (given, "output")) if names]
        verb = agreeing(len(fed) + len(given), "is", "are")
        message = f"{' and '.join(parts)} {verb} float32 at the edge of integer arithmetic"
        yield at_tensors("float-interface", message, [*fed, *given])


def _is_edge(nodes: Sequence[Node], operator: str) -> bool:
    return bool(nodes) and all(node.operator == operator for node in nodes)


def _is_float(spec: TensorSpec) -> bool:
    return spec.dtype == "float32"


def _is_quantized(graph: Graph, names: Sequence[str]) -> bool:
    return all((spec := graph.values.get(name)) is not None and spec.dtype in _QUANTIZED for name in names)
