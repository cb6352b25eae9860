"""Where in a quantized model each fp32 node went, and which of its nodes compute that one node's output from fp32 tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from onnx import AttributeProto, GraphProto, NodeProto

from inspector.optimize.quantization.operators import is_quantized

_RENAMED_OUTPUT = "_QuantizeLinear_Input"
"""What onnxruntime's quantizer adds to the name of a graph output before it is quantized."""


@dataclass(frozen=True, slots=True)
class Site:
    """One quantized node: index, name and operator in the fp32 model.

    references are its outputs there, observed the same tensors in the quantized model as consumers see them; nodes (a part of
    the quantized graph, in order) compute these from inputs, which are tensors of the fp32 model.
    """

    node: int
    name: str
    operator: str
    references: tuple[str, ...]
    observed: tuple[str, ...]
    nodes: tuple[int, ...]
    inputs: frozenset[str]
    computed: frozenset[str] = field(default_factory=frozenset)
    """Tensors that its nodes compute."""


class SiteFinder:
    """Finds sites in the main graph of a quantized model; tensors are those the fp32 model feeds or computes."""

    def __init__(self, quantized: GraphProto, tensors: Collection[str]) -> None:
        self._nodes = list(quantized.node)
        self._tensors = tensors
        self._producers = {name: index for index, node in enumerate(self._nodes) for name in node.output if name}
        self._consumers: dict[str, list[int]] = {}
        for index, node in enumerate(self._nodes):
            for name in node.input:
                self._consumers.setdefault(name, []).append(index)
        counts = Counter(node.name for node in self._nodes)
        self._kept: set[int] = set()
        """Nodes of the quantized model that the fp32 model has by the same name."""
        self._by_name = {node.name: index for index, node in enumerate(self._nodes) if node.name and counts[node.name] == 1}

    def find(self, original: GraphProto) -> Iterator[Site]:
        """Yield the site of every node that is quantized, in file order."""
        names = Counter(node.name for node in original.node)
        self._kept = {place for name, place in self._by_name.items() if names[name] == 1}
        for index, node in enumerate(original.node):
            twin = self._by_name.get(node.name) if names[node.name] == 1 else None
            pairs = dict(self._pairs_of_twin(twin) if twin is not None else self._pairs_of_outputs(node))
            site = self._site(index, node, twin, pairs)
            if site is not None:
                yield site

    def _pairs_of_twin(self, twin: int) -> Iterator[tuple[str, str]]:
        """Yield the fp32 tensors that the node of the same name computes, with the tensor to look at in their stead.

        An activation function that rounding to 8 bits does for nothing is left out of the quantized model, the node before it
        then computing its output: what is looked at comes after the rounding.
        """
        for name in self._nodes[twin].output:
            reference = name if name in self._tensors else name.removesuffix(_RENAMED_OUTPUT)
            if name and reference in self._tensors:
                yield reference, self._as_consumers_see(name)

    def _pairs_of_outputs(self, node: NodeProto) -> Iterator[tuple[str, str]]:
        """Yield the same for a node that others, of new names, stand in for."""
        for name in node.output:
            if name in self._tensors and name in self._producers:
                yield name, name

    def _as_consumers_see(self, name: str) -> str:
        for consumer in self._consumers.get(name, ()):
            node = self._nodes[consumer]
            if node.op_type == "QuantizeLinear" and node.input[0] == name:
                for reader in self._consumers.get(node.output[0], ()):
                    if self._nodes[reader].op_type == "DequantizeLinear":
                        return str(self._nodes[reader].output[0])
        return name

    def _site(self, index: int, node: NodeProto, twin: int | None, pairs: dict[str, str]) -> Site | None:
        if not pairs:
            return None
        outputs = set(self._nodes[twin].output) if twin is not None else set(pairs)
        before = self._before(twin, outputs)
        if before is None:
            return None
        members = sorted(before | self._back_from(pairs.values(), outputs | set(pairs.values())))
        if any(_has_body(self._nodes[one]) for one in members):
            return None
        computed = frozenset(name for one in members for name in self._nodes[one].output if name)
        passing = outputs | set(pairs.values())
        inputs = {name for one in members for name in self._nodes[one].input if name in self._tensors and name not in passing}
        references, observed = tuple(pairs), tuple(pairs.values())
        return Site(
            index,
            node.name,
            node.op_type,
            references,
            observed,
            tuple(members),
            frozenset(inputs),
            computed - frozenset(inputs),
        )

    def _before(self, twin: int | None, outputs: set[str]) -> set[int] | None:
        """Return the nodes that quantize what a node takes in, or stand in for it; None where it is not quantized.

        A node that takes in 8-bit numbers but passes on floats, and has no weight of 8 bits, computes in fp32.
        """
        if twin is None:
            before = self._back_from(outputs, outputs)
            quantized = before.isdisjoint(self._kept) and any(is_quantized(self._nodes[one].op_type) for one in before)
            return before if quantized else None
        node = self._nodes[twin]
        before = self._back_from(node.input, set())
        rounded = any(is_quantized(self._nodes[one].op_type) for one in before)
        passed_on = any(self._as_consumers_see(name) != name for name in node.output if name)
        if is_quantized(node.op_type) or (rounded and (passed_on or self._has_small_weight(node))):
            return before
        return None

    def _has_small_weight(self, node: NodeProto) -> bool:
        """Whether an input is dequantized from a stored weight, or from no tensor that is computed."""
        for name in node.input:
            producer = self._producers.get(name)
            if producer is not None and self._nodes[producer].op_type == "DequantizeLinear":
                source = self._nodes[producer].input[0]
                if source not in self._producers and source not in self._tensors:
                    return True
        return False

    def _back_from(self, names: Iterable[str], passing: set[str]) -> set[int]:
        """Return the nodes that compute these tensors from fp32 tensors; passing are fp32 names to go through nevertheless."""
        found: set[int] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            producer = self._producers.get(name)
            if producer is None or producer in found or (name in self._tensors and name not in passing):
                continue
            found.add(producer)
            waiting.extend(self._nodes[producer].input)
        return found

    def part(self, site: Site, prefix: str) -> Iterator[NodeProto]:
        """Yield the site's nodes with every tensor they compute renamed by the prefix."""
        for index in site.nodes:
            node = NodeProto()
            node.CopyFrom(self._nodes[index])
            node.name = f"{prefix}{index}"
            for names in (node.input, node.output):
                names[:] = [prefix + name if name in site.computed else name for name in names]
            yield node


def _has_body(node: NodeProto) -> bool:
    return any(one.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for one in node.attribute)
