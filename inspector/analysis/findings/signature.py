"""Findings about inputs, shapes and what the artifact says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, agreeing, amount, at_nodes, at_tensors, overall
from inspector.records.dtype import BITS
from inspector.records.finding import Finding
from inspector.records.graph import Graph
from inspector.records.tensor import TensorSpec

_SEQUENCE_MAKERS: Final = frozenset(
    ("SequenceEmpty", "SequenceConstruct", "SequenceInsert", "SequenceErase", "SequenceMap", "SplitToSequence", "Optional")
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield inputs that promise too little, tensors of unknown shape, and a missing contract."""
    graph = evidence.computation.graph
    inputs = [spec for spec in graph.inputs if spec.name not in graph.initializers]
    yield from _inputs(inputs)
    yield from _shadowed(evidence, graph)
    if evidence.computation.inferred:
        yield from _shapes(evidence, graph)
    yield from _contract(evidence)


def _inputs(inputs: list[TensorSpec]) -> Iterator[Finding]:
    unnamed = [spec for spec in inputs if spec.shape is not None and None in spec.shape]
    if unnamed:
        dims = sum(spec.shape.count(None) for spec in unnamed if spec.shape is not None)
        what = "has neither a length nor a name" if dims == 1 else "have neither lengths nor names"
        message = f"{amount(dims, 'dimension')} of {amount(len(unnamed), 'input')} {what}"
        yield at_tensors("unnamed-dynamic-dimension", message, [spec.name for spec in unnamed], kind="input")
    unranked = [spec.name for spec in inputs if spec.shape is None and (spec.dtype in BITS or spec.dtype == "string")]
    if unranked:
        verb = agreeing(len(unranked), "does not say how many dimensions it has", "do not say how many dimensions they have")
        yield at_tensors("input-without-shape", f"{amount(len(unranked), 'input')} {verb}", unranked, kind="input")
    text = [spec.name for spec in inputs if spec.dtype == "string"]
    if text:
        message = f"{amount(len(text), 'input')} {agreeing(len(text), 'takes', 'take')} text"
        yield at_tensors("string-tensors", message, text, kind="input")


def _shadowed(evidence: Evidence, graph: Graph) -> Iterator[Finding]:
    shadowed = [spec.name for spec in graph.inputs if spec.name in graph.initializers]
    if not shadowed:
        return
    ir_version = evidence.computation.ir_version
    if ir_version is not None and ir_version < 4:
        verb = agreeing(len(shadowed), "is listed as an input", "are listed as inputs")
        message = f"{amount(len(shadowed), 'initializer')} {verb}, as IR version {ir_version} demands, and can be overridden"
        yield at_tensors("initializer-shadows-input", message, shadowed, "info", kind="input")
        return
    verb = agreeing(len(shadowed), "is also an input", "are also inputs")
    message = f"{amount(len(shadowed), 'initializer')} {verb}, so runtimes cannot treat what they hold as constant"
    yield at_tensors("initializer-shadows-input", message, shadowed, kind="input")


def _shapes(evidence: Evidence, graph: Graph) -> Iterator[Finding]:
    """Yield one finding for nodes with a tensor of unknown shape that somebody reads; sequences have no shape to know."""
    values, read = graph.values, evidence.tensor_uses[graph.path].read
    unknown: list[Place] = [
        (graph, node)
        for node in graph.nodes
        if any(name in read and ((spec := values.get(name)) is None or spec.shape is None) for name in node.outputs if name)
        and node.operator not in _SEQUENCE_MAKERS
    ]
    if unknown:
        verb = agreeing(len(unknown), "gives", "give")
        message = f"{len(unknown):,} of {amount(len(graph.nodes), 'node')} {verb} tensors of unknown shape"
        yield at_nodes("missing-shape", message, unknown)


def _contract(evidence: Evidence) -> Iterator[Finding]:
    computation = evidence.computation
    if computation.artifact.metadata:
        return
    absent = [
        what
        for what, present in (
            ("producer", computation.producer),
            ("model version", computation.version),
            ("documentation", computation.doc),
        )
        if not present
    ]
    also = f", no {', no '.join(absent)}" if absent else ""
    yield overall("no-contract", f"the file carries no metadata{also}: how to feed it and what it promises is not written down")
