"""Small computations written as text, for tests of what the graph tab shows."""

from __future__ import annotations

from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Attribute, Function, Graph, Node
from inspector.records.inspection import Inspection
from inspector.records.tensor import Shape, Storage, TensorSpec, Weight
from inspector.workflows.analyse import analyse


def net(text: str, path: str = "", subgraphs: dict[str, tuple[Graph, ...]] | None = None, shape: Shape = ("n", 4)) -> Graph:
    """Return a graph from lines such as "y, z = Split(x) /encoder/split": outputs, operator, inputs, name.

    A first line "in x, y" names the inputs, a last line "out y" the outputs; names beginning with W are initializers.
    A node whose first output is in subgraphs holds those graphs.
    """
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    nodes: list[Node] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("in "):
            inputs = _names(line[3:])
        elif line.startswith("out "):
            outputs = _names(line[4:])
        else:
            nodes.append(_node(len(nodes), line, (subgraphs or {})))
    made = [name for node in nodes for name in node.outputs]
    weights = {name: (4, 4) for node in nodes for name in node.inputs if name.startswith("W")}
    values = {name: TensorSpec(name, "float32", shape) for name in (*inputs, *made)}
    values |= {name: TensorSpec(name, "float32", dims) for name, dims in weights.items()}
    specs = values.__getitem__
    return Graph(path, "net", tuple(map(specs, inputs)), tuple(map(specs, outputs)), tuple(nodes), values, frozenset(weights))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text.strip() else ()


def _node(index: int, line: str, subgraphs: dict[str, tuple[Graph, ...]]) -> Node:
    left, right = line.split("=", 1)
    call, _, name = right.strip().partition(")")
    operator, _, inputs = call.partition("(")
    outputs = _names(left)
    held = subgraphs.get(outputs[0], ())
    attributes = tuple(Attribute(graph.path.rpartition(".")[2], "graph", graph.path) for graph in held)
    domain, _, operator = operator.rpartition(":")
    return Node(index, name.strip() or f"n{index}", operator, domain, _names(inputs), outputs, attributes, held)


def computation_of(graph: Graph, *functions: Function) -> Computation:
    """Return a computation around a graph, every initializer of every graph stored."""
    bare = Computation(Artifact("/models/net.onnx", "onnx", 1000), (), graph, functions=functions, inferred=True)
    weights = tuple(
        Weight(name, "float32", (4, 4), Storage("raw", "", 64 * at, 64), graph=holder.path)
        for at, (holder, name) in enumerate((g, n) for g in bare.graphs() for n in sorted(g.initializers))
    )
    return Computation(bare.artifact, (), graph, functions=functions, weights=weights, opsets={"ai.onnx": 17}, inferred=True)


def inspected(graph: Graph, *functions: Function) -> Inspection:
    """Analyze a graph and functions."""
    return analyse(computation_of(graph, *functions))


RESIDUAL = """
in x
a = MatMul(x, W1)
b = Relu(a)
c = MatMul(b, W2)
y = Add(x, c)
out y
"""


def blocks(count: int, tail: str = "") -> Graph:
    """Return that many residual blocks in a row, named layer.0 and so on, then one more line."""
    lines = ["in x"]
    source = "x"
    for at in range(count):
        lines += [
            f"a{at} = MatMul({source}, W{at}a) /layer.{at}/fc1",
            f"b{at} = Relu(a{at}) /layer.{at}/act",
            f"c{at} = MatMul(b{at}, W{at}b) /layer.{at}/fc2",
            f"y{at} = Add({source}, c{at}) /layer.{at}/add",
        ]
        source = f"y{at}"
    lines += [f"last = Softmax({source}) /head", "out last"]
    return net("\n".join([*lines, tail]))


def conditional() -> Graph:
    """Return an If in the middle, whose branches read the tensor before it; the else branch holds another If."""
    inner_then = net("t = Neg(mid) /deep/neg\nout t", "/1.else_branch/0.then_branch")
    inner_else = net("e = Abs(mid) /deep/abs\nout e", "/1.else_branch/0.else_branch")
    then = net("p = Relu(mid) /then/relu\nq = Exp(p) /then/exp\nout q", "/1.then_branch")
    other = net(
        "r = If(flag) /else/if\ns = Sqrt(r) /else/sqrt\nout s",
        "/1.else_branch",
        {"r": (inner_then, inner_else)},
    )
    return net(
        "in x, flag\nmid = Tanh(x) /before\nout1 = If(flag) /choice\nz = Add(out1, mid) /after\nout z",
        subgraphs={"out1": (then, other)},
    )


def function(name: str, text: str, domain: str = "local") -> Function:
    """Return a function whose body is a net."""
    return Function(domain, name, "", net(text, f"function:{domain}:{name}"))
