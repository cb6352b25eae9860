"""What the workbench says of a TensorFlow Lite model beside its graphs: how integers stand for values, what signatures run."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from inspector.records.artifact import Computation
from inspector.records.graph import NodeRef
from inspector.records.tflite import Quantization, SignatureGraph
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import plain
from inspector.tui.widgets.text_rows import labeled


def quantization_text(computation: Computation, graph: str, tensor: str) -> str:
    """Return "scale 0.00392, zero point -128", or of each slice along an axis the first; empty where there is none."""
    facts = computation.tflite
    known = facts.quantization.get((graph, tensor)) if facts is not None else None
    return "" if known is None or not known.scales else _said(known)


def _said(known: Quantization) -> str:
    zero = f", zero point {known.zero_points[0]:,}" if known.zero_points else ""
    if known.count < 2:
        return f"scale {known.scales[0]:.4g}{zero}"
    return f"{known.count:,} scales along axis {known.axis}, {known.scales[0]:.4g} first{zero}"


def signature_graph(computation: Computation, signature: str) -> SignatureGraph | None:
    """Return what a signature of a TensorFlow Lite model runs, None of another artifact and where it declares none."""
    facts = computation.tflite
    return next((one for one in facts.signatures if one.name == signature), None) if facts is not None else None


def tensor_of(computation: Computation, signature: str, direction: str, name: str) -> tuple[str, str]:
    """Return graph path and name of the tensor that an input or output stands for: of the main graph, by its own name, where
    nothing else is said."""
    runs = signature_graph(computation, signature)
    if runs is None:
        return computation.graph.path, name
    return runs.graph, (runs.inputs if direction == "in" else runs.outputs).get(name, name)


def touching_nodes(computation: Computation, graph: str, tensor: str, direction: str) -> Iterator[NodeRef]:
    """Yield the nodes of a graph that take (in) or make (out) a tensor."""
    for one in computation.graphs():
        if one.path == graph:
            yield from (
                NodeRef(graph, node.index)
                for node in one.nodes
                if tensor in (node.inputs if direction == "in" else node.outputs)
            )


def port_lines(computation: Computation, signature: str, direction: str, name: str, width: int) -> list[Content]:
    """Return which tensor an input or output of a signature is, and how it is quantized."""
    if computation.tflite is None:
        return []
    graph, tensor = tensor_of(computation, signature, direction, name)
    quantized = quantization_text(computation, graph, tensor)
    lines = labeled("signature", plain(signature, "$ink bold"), width) if signature else []
    lines += labeled("tensor", tensor, width) if tensor != name else []
    return [Content(), *lines, *(labeled("quantized", quantized, width) if quantized else [])]


def file_lines(computation: Computation, width: int) -> list[Content]:
    """Return what else a TensorFlow Lite file says of itself: newest operators it asks for, what nothing refers to."""
    facts = computation.tflite
    if facts is None:
        return []
    newest = sorted(facts.operator_versions.items(), key=lambda item: (-item[1], item[0]))[:3]
    said = ", ".join(f"{name} {version}" for name, version in newest if version > 1)
    lines = labeled("operators", f"up to version {newest[0][1]}: {said}" if said else "of version 1", width) if newest else []
    if facts.unused_buffers:
        unused = f"{plural(facts.unused_buffers, 'buffer')} of {bytes_text(facts.unused_bytes)} that nothing refers to"
        lines += labeled("unused", plain(unused, "$medium"), width)
    return lines
