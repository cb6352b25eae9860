"""A copy of a model that measures itself: the largest finite |x| of every fp32 tensor, those inside If, Loop and Scan included.

Each graph gathers its figures in one vector and hands it to the graph around it, a Loop or Scan the largest over its rounds. So
one run gives a number a tensor and nothing has to be kept, however large the tensors are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

from inspector.optimize.half.element_types_child import FLOAT, Schemas, attribute, element_types
from inspector.optimize.half.graph_walk_child import subgraphs
from inspector.optimize.half.names_child import Names

_MEANS: Final = ("ReduceMean", "GlobalAveragePool", "AveragePool")
_ROOTS: Final = ("ReduceL2",)
"""Operators that take the root of a sum of squares."""

_SUMS: Final = ("ReduceSum", *_MEANS)
"""Operators that add up many elements: what is measured is the sum of |x|, which no order of adding exceeds."""

_AXES_AS_INPUT: Final = 18
"""Operator set from which ReduceMax takes its axes as an input."""


_INITIALIZERS_APART: Final = 4
"""IR version from which initializers need not be inputs."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one figure is about: a tensor, or the sum that a node adds up on its way."""

    kind: Literal["tensor", "sum"]
    name: str


@dataclass(slots=True)
class ProbedModel:
    """The model with probes and what each element of its output stands for."""

    model: ModelProto
    output: str
    probes: list[Probe]


def add_probes(model: ModelProto) -> ProbedModel:
    """Add probes to the model itself; names must be unique over all graphs, nodes in order."""
    prober = _Prober(model)
    probes, vector = prober.probe(model.graph)
    model.ir_version = max(model.ir_version, _INITIALIZERS_APART)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(vector, FLOAT, [len(probes)]))
    return ProbedModel(model, vector, probes)


class _Prober:
    """Adds nodes graph by graph, the innermost first."""

    def __init__(self, model: ModelProto) -> None:
        self._names = Names(model)
        self._kinds = element_types(model)
        self._opset = Schemas(model).opset
        self._nodes: list[NodeProto] = []
        constants = {
            "zero": np.zeros(1, np.float32),
            "flat": np.array([-1], np.int64),
            "rounds": np.array([0], np.int64),
            "infinity": np.array(np.inf, np.float32),
        }
        self._constants = {key: self._names.fresh(f"census_{key}") for key in constants}
        tensors = [numpy_helper.from_array(array, self._constants[key]) for key, array in constants.items()]
        model.graph.initializer.extend(tensors)

    def probe(self, graph: GraphProto) -> tuple[list[Probe], str]:
        """Add probes to a graph; return what they are about and the name of the vector that holds their figures."""
        outside, self._nodes = self._nodes, []
        found = [self._measure(value.name) for value in graph.input]
        for node in graph.node:
            outputs = list(node.output)
            bodies = self._probe_bodies(node)
            self._nodes.append(node)
            found += [self._measure(name) for name in outputs]
            found.append(self._measure_sum(node))
            found += [self._gather(node, probes, output) for probes, output in bodies]
        probes = [probe for some in found for probe in some[0]]
        vectors = [vector for some, vector in found if some]
        gathered = self._add("Concat", [self._constants["zero"], *vectors], axis=0)
        copies = [NodeProto.FromString(node.SerializeToString()) for node in self._nodes]
        del graph.node[:]
        graph.node.extend(copies)
        self._nodes = outside
        return [Probe("tensor", ""), *probes], gathered

    def _add(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node of one output and return its name."""
        output = self._names.fresh("census")
        self._nodes.append(helper.make_node(operator, list(inputs), [output], self._names.fresh("census_node"), **attributes))
        return output

    def _sizes(self, name: str) -> str:
        """Return |x| with 0 in place of what is not finite."""
        sizes = self._add("Abs", [name])
        if self._opset < 9:
            return sizes
        finite = self._add("Less", [sizes, self._constants["infinity"]])
        return self._add("Where", [finite, sizes, self._constants["zero"]])

    def _largest(self, name: str) -> str:
        """Return the largest element as a vector of one, 0 of a tensor without elements."""
        flat = self._add("Reshape", [name, self._constants["flat"]])
        padded = self._add("Concat", [self._constants["zero"], flat], axis=0)
        return self._add("ReduceMax", [padded], keepdims=1)

    def _measure(self, name: str) -> tuple[list[Probe], str]:
        if not name or self._kinds.get(name) != FLOAT:
            return [], ""
        return [Probe("tensor", name)], self._largest(self._sizes(name))

    def _measure_sum(self, node: NodeProto) -> tuple[list[Probe], str]:
        """Measure the sum of |x| that a reduction adds up, from a copy of the node on |x|."""
        if node.op_type not in (*_SUMS, *_ROOTS) or self._kinds.get(node.input[0]) != FLOAT:
            return [], ""
        if node.op_type in _ROOTS:
            root = self._largest(self._sizes(node.output[0]))
            return [Probe("sum", node.name)], self._add("Mul", [root, root])
        copy = NodeProto.FromString(node.SerializeToString())
        copy.input[0] = self._sizes(node.input[0])
        copy.name, copy.output[0] = self._names.fresh("census_node"), self._names.fresh("census")
        self._nodes.append(copy)
        largest = self._largest(copy.output[0])
        if node.op_type in _MEANS:
            largest = self._add("Mul", [largest, self._terms(node, copy.output[0])])
        return [Probe("sum", node.name)], largest

    def _terms(self, node: NodeProto, result: str) -> str:
        """Return over how many elements a mean is taken."""
        kernel = attribute(node, "kernel_shape")
        if kernel is not None:
            return self._constant(np.array([np.prod(kernel.ints)], np.float32))
        counts = [self._add("Cast", [self._add("Size", [name])], to=FLOAT) for name in (node.input[0], result)]
        shaped = [self._add("Reshape", [count, self._constants["flat"]]) for count in counts]
        return self._add("Div", shaped)

    def _constant(self, array: Any) -> str:
        return self._add("Constant", [], value=numpy_helper.from_array(array))

    def _probe_bodies(self, node: NodeProto) -> list[tuple[list[Probe], str]]:
        """Add probes to the bodies of a node; return what they are about and the output of the node that gives the figures."""
        bodies = list(subgraphs(node))
        if node.op_type not in ("If", "Loop", "Scan") or (node.op_type == "Scan" and self._opset < 9):
            return []
        found = [(body, *self.probe(body)) for body in bodies]
        results = []
        for body, probes, vector in found:
            output = self._names.fresh("census")
            node.output.append(output)
            results.append((probes, output))
            for other in bodies:
                given = vector if other is body else self._zeros(other, len(probes))
                other.output.append(helper.make_tensor_value_info(given, FLOAT, [len(probes)]))
        if node.op_type == "Scan":
            for one in node.attribute:
                if one.name in ("scan_output_axes", "scan_output_directions"):
                    one.ints.append(0)
        return results

    def _zeros(self, graph: GraphProto, count: int) -> str:
        """Return figures for a branch that was not taken."""
        name = self._names.fresh("census")
        value = numpy_helper.from_array(np.zeros(count, np.float32))
        graph.node.append(helper.make_node("Constant", [], [name], self._names.fresh("census_node"), value=value))
        return name

    def _gather(self, node: NodeProto, probes: list[Probe], output: str) -> tuple[list[Probe], str]:
        """Return the figures of a body as one vector: of a Loop or Scan the largest over all rounds."""
        if node.op_type == "If":
            return probes, output
        padded = self._add("Concat", [self._constant(np.zeros((1, len(probes)), np.float32)), output], axis=0)
        if self._opset >= _AXES_AS_INPUT:
            return probes, self._add("ReduceMax", [padded, self._constants["rounds"]], keepdims=0)
        return probes, self._add("ReduceMax", [padded], axes=[0], keepdims=0)
