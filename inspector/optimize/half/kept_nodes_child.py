"""Which nodes must compute in fp32 and why, before anything has run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from onnx import ModelProto, NodeProto

from inspector.formats.clean_text import one_line
from inspector.optimize.half.element_types_child import (
    DOUBLE,
    FLOAT16,
    NOT_A_TENSOR,
    ElementType,
    Schemas,
)
from inspector.optimize.half.graph_walk_child import CONTROL_FLOW, all_nodes, nodes_within, subgraphs
from inspector.optimize.half.messages import Kept

NODE_NAMES: Final = "nodes.json"

SENSITIVE: Final[Mapping[str, str]] = {
    "CumSum": "a running sum loses what is below a 2,048th of it",
    "Range": "fp16 counts in whole numbers up to 2,048 only",
    "RandomNormal": "random numbers stay what they were",
    "RandomUniform": "random numbers stay what they were",
    "RandomNormalLike": "random numbers stay what they were",
    "RandomUniformLike": "random numbers stay what they were",
    "Bernoulli": "random numbers stay what they were",
    "Multinomial": "random numbers stay what they were",
    "NonMaxSuppression": "boxes are compared in fp32",
    "TopK": "equal values after rounding change the order",
    "Upsample": "its scales are fp32",
    "DequantizeLinear": "scales stay fp32",
    "QuantizeLinear": "scales stay fp32",
    "DynamicQuantizeLinear": "scales stay fp32",
    "DFT": "sums over the whole signal",
    "STFT": "sums over the whole signal",
    "MelWeightMatrix": "frequencies exceed what fp16 counts exactly",
}
"""Operators that stay in fp32 whatever the values are."""


class KeptNodes:
    """Collects nodes that stay in fp32, the first reason each."""

    def __init__(self, model: ModelProto) -> None:
        self._shown: dict[str, tuple[int, str]] = {}
        self._kept: dict[str, Kept] = {}
        self._written = [node.name for node in model.graph.node]

    def remember(self, model: ModelProto) -> None:
        """Note the index and the written name of every node of the main graph, which by now has a name of its own."""
        for index, (node, written) in enumerate(zip(model.graph.node, self._written, strict=True)):
            self._shown[node.name] = index, one_line(written)

    def keep(self, node: NodeProto, reason: str) -> None:
        """Keep a node in fp32; what it holds is not kept with it."""
        if node.name not in self._kept:
            index, shown = self._shown.get(node.name, (-1, one_line(node.name)))
            self._kept[node.name] = Kept(node.name, one_line(node.op_type), reason, index, shown)

    def keep_all(self, node: NodeProto, reason: str) -> None:
        """Keep a node and all that it holds."""
        for one in (node, *nodes_within(node)):
            self.keep(one, reason)

    def keep_named(self, model: ModelProto, wanted: Sequence[str]) -> None:
        """Keep the nodes a user named, by name as the file writes it or "#index" in the main graph."""
        for node in model.graph.node:
            index = self._shown.get(node.name, (-1, ""))[0]
            written = self._written[index] if index >= 0 else node.name
            if written in wanted or f"#{index}" in wanted or (written and one_line(written) in wanted):
                self.keep_all(node, "asked for")

    def keep_operators(self, model: ModelProto, schemas: Schemas, types: Mapping[str, ElementType]) -> None:
        """Keep what cannot or should not compute in fp16: by operator, by what the installed onnx knows, by its operands."""
        for node in all_nodes(model):
            reason = _reason(node, schemas, types)
            if reason:
                self.keep_all(node, reason)

    def write_names(self, folder: Path) -> None:
        """Keep what the nodes of the main graph are called in the file for the children that come later."""
        (folder / NODE_NAMES).write_text(json.dumps(self._shown), encoding="utf-8")

    def records(self) -> tuple[Kept, ...]:
        """Return what was collected, in the order it was."""
        return tuple(self._kept.values())

    def __contains__(self, name: str) -> bool:
        return name in self._kept


def _reason(node: NodeProto, schemas: Schemas, types: Mapping[str, ElementType]) -> str:
    """Return why a node cannot be converted at all, or nothing."""
    if node.op_type in SENSITIVE:
        return SENSITIVE[node.op_type]
    schema = schemas.of(node)
    if schema is None:
        return f"{one_line(node.domain)}.{one_line(node.op_type)} is no operator the installed onnx knows"
    kinds = {types.get(name) for name in (*node.input, *node.output) if name}
    if NOT_A_TENSOR in kinds and node.op_type not in CONTROL_FLOW:
        return "it handles sequences or optionals, which stay as they are"
    if node.op_type == "Scan" and schemas.opset < 9:
        return "Scan before operator set 9"
    if node.op_type not in CONTROL_FLOW and any(True for _ in subgraphs(node)):
        return "it holds a graph"
    if _computes_in_double(node, types):
        return "it computes in fp64"
    return "" if node.op_type in CONTROL_FLOW or _takes_half(node, schemas) else f"{node.op_type} takes no fp16"


def _computes_in_double(node: NodeProto, types: Mapping[str, ElementType]) -> bool:
    inputs = {types.get(name) for name in node.input if name}
    return node.op_type not in ("Cast", *CONTROL_FLOW) and DOUBLE in inputs


def _takes_half(node: NodeProto, schemas: Schemas) -> bool:
    """Return whether some operand may be fp16, or none is a float at all."""
    parameters = [one for one in (*schemas.inputs(node), *schemas.outputs(node)) if one is not None]
    floats = [one for one in parameters if 1 in one.allowed]
    return not floats or any(FLOAT16 in one.allowed for one in floats)


class WrittenNames:
    """What nodes of the prepared model are called in the file: index in its main graph, and name."""

    def __init__(self, folder: Path) -> None:
        self._known: dict[str, tuple[int, str]] = json.loads((folder / NODE_NAMES).read_text(encoding="utf-8"))

    def kept(self, node: NodeProto, reason: str) -> Kept:
        """Return the node as one that stays in fp32."""
        index, shown = self.of(node)
        return Kept(node.name, one_line(node.op_type), reason, index, shown)

    def of(self, node: NodeProto) -> tuple[int, str]:
        """Return the node's index (-1: it has none there) and its name, cleaned."""
        index, shown = self._known.get(node.name, (-1, one_line(node.name)))
        return index, shown
