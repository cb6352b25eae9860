"""The nodes of a file as a runtime's names for what it executes lead back to them.

What ONNX Runtime makes of names was observed in its profiles: a node it leaves alone keeps its name, one without a name is
"OPERATOR_INDEX"; fusions write "fused NAME", "NAME/MatMulAddFusion/" or the bare name of the fused operator; convolutions and
poolings in blocked layout are "TENSOR_nchwc" after the tensor they give, nodes of a function it has put in place of a call
"_inlfunc_FUNCTION_NAME"; what would not be unique ends in "_token_7".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.node_times import NodeTime

_TOKEN: Final = re.compile(r"_token_\d+$")
_TOKEN_WITHIN: Final = re.compile(r"_token_\d+_")
_ESCAPE: Final = re.compile(r"\\(?:\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_FUSED: Final = re.compile(r"^fused (?P<after>.+)$|^(?P<before>.+?)/\w+Fusion(?:L\d)?/?$", re.DOTALL)
_OF_A_TENSOR: Final = re.compile(r"^(?:Inserted(?:PrecisionFree)?Cast_)?(?P<tensor>.+)_(?:bn_)?nchwc$", re.DOTALL)
_INLINED: Final = re.compile(r"^_inlfunc_(?P<rest>.+)$", re.DOTALL)
_STEPS_BACK: Final = 4
"""Nodes that a fusion may have put behind the one whose operator is executed."""
_ROOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "BiasGelu": ("Gelu", "Erf"),
    "FastGelu": ("Gelu", "Tanh"),
    "Gelu": ("Erf",),
    "QuickGelu": ("Sigmoid",),
    "SkipLayerNormalization": ("LayerNormalization",),
    "SkipSimplifiedLayerNormalization": ("RMSNormalization", "SimplifiedLayerNormalization"),
    "EmbedLayerNormalization": ("LayerNormalization",),
    "BiasSoftmax": ("Softmax",),
    "FusedMatMul": ("MatMul",),
    "FusedConv": ("Conv",),
    "FusedGemm": ("Gemm",),
}
"""Fused operators and those of the file that do their work."""


class FileNodes:
    """The nodes of every graph of a file, found by what the runtime calls them; several where several could be meant."""

    def __init__(self, computation: Computation) -> None:
        self._nodes: dict[NodeRef, Node] = {}
        self._positions: dict[NodeRef, int] = {}
        self._by_name: dict[str, list[NodeRef]] = {}
        self._by_position: dict[tuple[str, int], list[NodeRef]] = {}
        self._producers: dict[str, list[NodeRef]] = {}
        self._main = computation.graph.path
        self._inlined: dict[str, list[NodeRef]] = {}
        for graph in computation.graphs():
            if graph.path.startswith("function:"):
                self._add_function(graph)
            elif not graph.path.startswith("training:"):
                self._add(graph)

    def _add_function(self, graph: Graph) -> None:
        """Take in the nodes of a function, or of a subgraph in one: the runtime executes copies of them."""
        name = graph.path.split("/")[0].split(":")[2:3]
        for node in graph.nodes:
            ref = NodeRef(graph.path, node.index)
            self._nodes[ref], self._positions[ref] = node, -1
            if node.name and name:
                self._inlined.setdefault(_file_key(f"{name[0]}_{node.name}"), []).append(ref)

    def _add(self, graph: Graph) -> None:
        """Take in the nodes of one graph; the runtime turns Constant nodes into initializers before it counts."""
        position = 0
        for node in graph.nodes:
            if node.operator == "Constant":
                continue
            ref = NodeRef(graph.path, node.index)
            self._nodes[ref], self._positions[ref] = node, position
            self._by_position.setdefault((node.operator, position), []).append(ref)
            if node.name:
                self._by_name.setdefault(_file_key(node.name), []).append(ref)
            for output in node.outputs:
                self._producers.setdefault(_file_key(output), []).append(ref)
            position += 1

    def operator(self, ref: NodeRef) -> str:
        """Return the operator of a node."""
        return self._nodes[ref].operator

    def by_name(self, time: NodeTime) -> NodeRef | None:
        """Return the node of that very name, or the unnamed one at that place; None where there is none, or several."""
        found = self._by_name.get(_key(time.name), [])
        if not found and time.index is not None:
            at_place = self._by_position.get((time.operator, time.index), [])
            found = [ref for ref in at_place if self._may_be(self._nodes[ref].name, time)]
        return self._one(found, time)

    def by_fused_name(self, time: NodeTime) -> tuple[NodeRef, ...]:
        """Return the nodes of the name that is left when what a fusion adds is taken away."""
        name = _TOKEN.sub("", time.name)
        match = _FUSED.match(name)
        found = self._by_name.get(_key((match["after"] or match["before"]) if match else name), [])
        one = self._one(found, time)
        return (one,) if one is not None else tuple(found)

    def by_tensor(self, time: NodeTime) -> tuple[NodeRef, ...]:
        """Return the node that gives the tensor after which the runtime named one, or those before it that were fused."""
        match = _OF_A_TENSOR.match(_TOKEN.sub("", time.name))
        found = self._producers.get(_key(match["tensor"]), []) if match else []
        return self._back_to(found[0], time.operator) if len(found) == 1 else ()

    def by_inlined_name(self, time: NodeTime) -> tuple[NodeRef, ...]:
        """Return the nodes of functions whose copy may have that name."""
        match = _INLINED.match(time.name)
        if match is None:
            return ()
        name = _TOKEN_WITHIN.sub("_", match["rest"]).split("_inlfunc_")[-1]
        return tuple(ref for ref in self._inlined.get(_key(name), []) if self._nodes[ref].operator == time.operator)

    def may_be_shared(self, ref: NodeRef, time: NodeTime) -> bool:
        """Whether a node can be what several executed ones come from: not of the same operator, but for copies of functions."""
        return self._nodes[ref].operator != time.operator or ref.graph.startswith("function:")

    def roots_of(self, operator: str) -> tuple[str, ...]:
        """Return the operators of the file that a fused one can stand for."""
        return _ROOTS.get(operator, ())

    def unclaimed(self, operators: Iterable[str], taken: Collection[NodeRef]) -> list[NodeRef]:
        """Return the nodes of the main graph, in file order, of the first of these operators that it has any left of."""
        for operator in operators:
            left = [
                ref
                for ref, node in self._nodes.items()
                if node.operator == operator and ref.graph == self._main and ref not in taken
            ]
            if left:
                return left
        return []

    def _may_be(self, name: str, time: NodeTime) -> bool:
        """Whether a node of the same operator at the same place is the executed one: without a name, or with one cut short."""
        if not name:
            return time.name in ("", f"{time.operator}_{time.index}")
        return time.name.endswith("…") and _file_key(name).startswith(_key(time.name[:-1]))

    def _back_to(self, ref: NodeRef, operator: str) -> tuple[NodeRef, ...]:
        """Return the nearest nodes of that operator at or a few steps before a node of the same graph, else the node itself."""
        reached = [ref]
        for _ in range(_STEPS_BACK):
            found = [one for one in reached if self._nodes[one].operator == operator]
            if found:
                return tuple(dict.fromkeys(found))
            names = [name for one in reached for name in self._nodes[one].inputs if name]
            reached = [one for name in names for one in self._producers.get(_file_key(name), []) if one.graph == ref.graph]
        return (ref,)

    def _one(self, found: list[NodeRef], time: NodeTime) -> NodeRef | None:
        """Return the one node that can be meant: of the same operator, and at the same place, where there are several."""
        if len(found) > 1:
            found = [ref for ref in found if self._nodes[ref].operator == time.operator] or found
        if len(found) > 1:
            found = [ref for ref in found if self._positions[ref] == time.index]
        return found[0] if len(found) == 1 else None


def _file_key(name: str) -> str:
    """Return a name of the file as it is compared: the reader writes harmful characters as escapes."""
    return _key(_ESCAPE.sub(lambda escape: "\\" if escape[0] == "\\\\" else "", name) if "\\" in name else name)


def _key(name: str) -> str:
    """Return a name as it is compared: what ran the model leaves harmful characters and some blanks out."""
    return "".join(character for character in name if character.isprintable() and not character.isspace())
