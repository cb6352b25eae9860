"""Which nodes are drawn with their consumer: constants, whatever is computed from them alone, and shape arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from inspector.analysis.tensorflow_absorption import (
    CONSTANT_OPERATORS,
    TENSORFLOW_SHAPE_ARITHMETIC,
    TENSORFLOW_SHAPE_READERS,
    is_shown_always,
)
from inspector.analysis.tflite_absorption import TFLITE_SHAPE_ARITHMETIC, TFLITE_SHAPE_READERS
from inspector.analysis.tflite_absorption import is_shown_always as is_shown_always_in_tflite
from inspector.analysis.wiring import Wiring, captured_names, wire
from inspector.records.graph import Graph, Node
from inspector.records.saved_model import TENSORFLOW
from inspector.records.tflite import TFLITE

CONSTANT: Final = 0
SHAPE: Final = 1
DATA: Final = 2

STANDARD_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "ai.onnx.preview.training"})

SHAPE_READERS: Final = frozenset({"Shape", "Size"})

RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)

SHAPE_ARITHMETIC: Final = frozenset(
    """
    Shape Size Constant ConstantOfShape Identity Cast CastLike Gather GatherElements GatherND Slice Split
    SplitToSequence SequenceAt SequenceConstruct ConcatFromSequence SequenceLength Concat Reshape Flatten Squeeze
    Unsqueeze Transpose Expand Tile Pad Range EyeLike OneHot Trilu ScatterElements ScatterND Scatter NonZero Compress
    CumSum Where Not And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual IsNaN IsInf Add Sub Mul Div Mod Neg Abs
    Sign Floor Ceil Round Sqrt Pow Reciprocal Min Max Clip BitShift ReduceProd ReduceSum ReduceMax ReduceMin ArgMax
    ArgMin TopK Unique
    """.split()  # noqa: SIM905
)
"""What computes with shapes; any other operator fed from shapes (Sin, MatMul, a table look-up) makes data worth a row."""

_ARITHMETIC: Final = {
    **dict.fromkeys(STANDARD_DOMAINS, SHAPE_ARITHMETIC),
    TENSORFLOW: TENSORFLOW_SHAPE_ARITHMETIC,
    TFLITE: TFLITE_SHAPE_ARITHMETIC,
}
"""By domain of operators."""

LARGE_TABLE: Final = 1024
"""Elements of a stored tensor above which arithmetic that reads it is data: a position embedding, not a shape."""


@dataclass(frozen=True, slots=True)
class Absorption:
    """What each node is made from and whether it gets a row of its own; indexed as Wiring says."""

    kinds: bytearray
    """CONSTANT, SHAPE or DATA."""
    visible: bytearray


def absorb(wiring: Wiring) -> Absorption:
    """Decide which nodes have a row.

    Constants and shape arithmetic have none, unless nothing consumes them, they give an output of the graph, or the
    graph computes nothing else.
    """
    kinds = _kinds(wiring)
    sinks = _sinks(wiring)
    _show_shapes_for_their_own_sake(wiring, kinds, sinks)
    count = len(wiring.nodes)
    visible = bytearray(kind == DATA for kind in kinds)
    if not any(visible[:count]):
        for position, node in enumerate(wiring.nodes):
            visible[position] = node.operator not in CONSTANT_OPERATORS
    for position in sinks:
        visible[position] = True
    return Absorption(kinds, visible)


def _kinds(wiring: Wiring) -> bytearray:
    count = len(wiring.nodes)
    kinds = bytearray([CONSTANT]) * (count + 1) + bytearray([DATA]) * len(wiring.graph.inputs)
    outer, nodes = wiring.outer, wiring.nodes
    for position, row in enumerate(wiring.sources):
        kind = CONSTANT
        for source in row:
            if kinds[source] > kind:
                kind = kinds[source]
        node = nodes[position]
        if position in outer:
            kind = DATA
        if kind == DATA:
            kinds[position] = SHAPE if _reads_shape(node) else DATA
        else:
            kinds[position] = DATA if _makes_data(wiring, kinds, node, kind) else kind
    return kinds


def _reads_shape(node: Node) -> bool:
    if node.domain == TENSORFLOW:
        return node.operator in TENSORFLOW_SHAPE_READERS
    if node.domain == TFLITE:
        return node.operator in TFLITE_SHAPE_READERS
    return node.operator in SHAPE_READERS and node.domain in STANDARD_DOMAINS


def _makes_data(wiring: Wiring, kinds: bytearray, node: Node, kind: int) -> bool:
    """Tell whether a node fed from constants or shapes only is worth a row nevertheless."""
    if node.subgraphs or (node.operator in RANDOM and node.domain in STANDARD_DOMAINS):
        return True
    if is_shown_always(node) or (node.domain == TFLITE and is_shown_always_in_tflite(node)):
        return True
    arithmetic = _ARITHMETIC.get(node.domain)
    if arithmetic is None:
        return not any(node.inputs)
    if kind == CONSTANT:
        return False
    return node.operator not in arithmetic or _reads_large_table(wiring, kinds, node)


def _reads_large_table(wiring: Wiring, kinds: bytearray, node: Node) -> bool:
    for name in node.inputs:
        spec = wiring.graph.values.get(name)
        if spec is None or not spec.shape or kinds[wiring.producers[name]] != CONSTANT:
            continue
        lengths = [length for length in spec.shape if isinstance(length, int)]
        if len(lengths) == len(spec.shape) and prod(lengths) > LARGE_TABLE:
            return True
    return False


def _sinks(wiring: Wiring) -> list[int]:
    """Return the positions that give a graph output or feed nothing."""
    consumed = bytearray(wiring.size)
    for row in wiring.sources:
        for source in row:
            consumed[source] = True
    for spec in wiring.graph.outputs:
        consumed[wiring.producers.get(spec.name, len(wiring.nodes))] = False
    return [position for position in range(len(wiring.nodes)) if not consumed[position]]


def _show_shapes_for_their_own_sake(wiring: Wiring, kinds: bytearray, sinks: list[int]) -> None:
    """Turn shape arithmetic that ends in a graph output, or nowhere, into data: it is all there is to see."""
    pending = [position for position in sinks if kinds[position] == SHAPE]
    while pending:
        position = pending.pop()
        if kinds[position] == SHAPE:
            kinds[position] = DATA
            pending.extend(source for source in wiring.sources[position] if source >= 0 and kinds[source] == SHAPE)


def owners(wiring: Wiring, visible: bytearray, row_of: Sequence[int]) -> dict[int, list[int]]:
    """Return, by position of the owner, the absorbed positions drawn with it: the first in row order of all that use them.

    row_of is indexed as Wiring says and holds the row of visible nodes.
    """
    count = len(wiring.nodes)
    never = wiring.size
    owner_row = [never] * count
    owner = [-1] * count
    for position in range(count - 1, -1, -1):
        shown = visible[position]
        row, node = (row_of[position], position) if shown else (owner_row[position], owner[position])
        for source in wiring.sources[position]:
            if source >= 0 and not visible[source] and row < owner_row[source]:
                owner_row[source], owner[source] = row, node
    owned: dict[int, list[int]] = {}
    for position in range(count):
        if not visible[position]:
            owned.setdefault(owner[position], []).append(position)
    return owned


def captured_constants(graph: Graph) -> dict[str, frozenset[str]]:
    """Return, by path of each graph nested in this one, the tensors it takes from outer graphs that are constants there."""
    found: dict[str, frozenset[str]] = {}
    pending: list[tuple[Graph, frozenset[str]]] = [(graph, frozenset())]
    while pending:
        outer, known = pending.pop()
        if not any(node.subgraphs for node in outer.nodes):
            continue
        is_constant = _constants_of(outer, known)
        for inner in (inner for node in outer.nodes for inner in node.subgraphs):
            found[inner.path] = frozenset(name for name in captured_names((inner,)) if is_constant(name))
            pending.append((inner, found[inner.path]))
    return found


def _constants_of(graph: Graph, known: Collection[str]) -> Callable[[str], bool]:
    """Return what tells whether a name is a constant for the graphs nested in this one."""
    wiring = wire(graph, known)
    kinds, producers = _kinds(wiring), wiring.producers

    def is_constant(name: str) -> bool:
        producer = producers.get(name)
        return name in known if producer is None else kinds[producer] == CONSTANT

    return is_constant
