"""Makes graphs as the reader would, in a few lines, and a transformer as PyTorch exports it."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.graph import Attribute, AttributeKind, Graph, Node
from inspector.records.tensor import Shape, TensorSpec

HIDDEN: Shape = ("batch", "sequence", 64)
HEADS: Shape = ("batch", 4, "sequence", 16)
SCORES: Shape = ("batch", 4, "sequence", "sequence")


class GraphMaker:
    """Collects inputs, weights and nodes; every method returns the name of the tensor it adds."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.inputs: list[TensorSpec] = []
        self.outputs: list[TensorSpec] = []
        self.nodes: list[Node] = []
        self.values: dict[str, TensorSpec] = {}
        self.weights: list[str] = []

    def describe(self, name: str, shape: Shape | None, dtype: str = "float32") -> TensorSpec:
        """Note what is known of a tensor."""
        self.values[name] = TensorSpec(name, dtype, shape)
        return self.values[name]

    def input(self, name: str, shape: Shape | None = (1,), dtype: str = "float32") -> str:
        """Add a graph input."""
        self.inputs.append(self.describe(name, shape, dtype))
        return name

    def output(self, name: str, shape: Shape | None = (1,)) -> str:
        """Make a tensor an output of the graph."""
        self.outputs.append(self.values.get(name) or TensorSpec(name, "float32", shape))
        return name

    def weight(self, *shape: int, dtype: str = "float32") -> str:
        """Add an initializer."""
        name = f"weight_{len(self.weights)}"
        self.describe(name, shape, dtype)
        self.weights.append(name)
        return name

    def constant(self, *shape: int) -> str:
        """Add a Constant node of integers."""
        value = Attribute("value", "tensor", f"t{len(self.nodes)}")
        return self.node("Constant", shape=shape, dtype="int64", attributes=(value,))

    def node(
        self,
        operator: str,
        *inputs: str,
        shape: Shape | None = (1,),
        dtype: str = "float32",
        name: str = "",
        domain: str = "",
        outputs: Sequence[str] = (),
        attributes: Sequence[Attribute] = (),
        subgraphs: Sequence[Graph] = (),
        **integers: int,
    ) -> str:
        """Add a node and return its first output; integers are attributes."""
        index = len(self.nodes)
        given = tuple(outputs) or (f"t{index}",)
        kind: AttributeKind = "int"
        settings = (*attributes, *(Attribute(key, kind, value) for key, value in integers.items()))
        nested = tuple(Attribute(g.path.rpartition(".")[2], "graph", g.path) for g in subgraphs)
        title = name or f"{operator}_{index}"
        node = Node(index, title, operator, domain, inputs, given, settings + nested, tuple(subgraphs))
        self.nodes.append(node)
        for output in given:
            self.describe(output, shape, dtype)
        return given[0]

    def graph(self) -> Graph:
        """Return what was collected."""
        return Graph(
            self.path, "made", tuple(self.inputs), tuple(self.outputs), tuple(self.nodes), self.values, frozenset(self.weights)
        )


class Transformer(GraphMaker):
    """An encoder with shape arithmetic in every Reshape and one mask for all layers."""

    def normalized(self, x: str, name: str) -> str:
        return self.node("LayerNormalization", x, self.weight(64), self.weight(64), shape=HIDDEN, name=name)

    def dense(self, x: str, name: str, width: int = 64) -> str:
        wide: Shape = ("batch", "sequence", width)
        product = self.node("MatMul", x, self.weight(64, width), shape=wide, name=f"{name}/MatMul")
        return self.node("Add", self.weight(width), product, shape=wide, name=f"{name}/Add")

    def split(self, x: str, name: str) -> str:
        projected = self.dense(x, name)
        shape = self.node("Shape", projected, shape=(3,), dtype="int64", name=f"{name}/Shape")
        length = self.node("Gather", shape, self.constant(), shape=(), dtype="int64", name=f"{name}/Gather")
        wide = self.node("Unsqueeze", length, self.constant(1), shape=(1,), dtype="int64", name=f"{name}/Unsqueeze")
        target = self.node("Concat", wide, self.constant(3), shape=(4,), dtype="int64", name=f"{name}/Concat")
        apart = self.node("Reshape", projected, target, shape=("batch", "sequence", 4, 16), name=f"{name}/Reshape")
        order = Attribute("perm", "ints", (0, 2, 1, 3))
        return self.node("Transpose", apart, shape=HEADS, attributes=(order,), name=f"{name}/Transpose")

    def attention(self, x: str, mask: str, name: str) -> str:
        query, key, value = (self.split(x, f"{name}/{part}") for part in ("query", "key", "value"))
        scores = self.node("MatMul", query, key, shape=SCORES, name=f"{name}/MatMul")
        scores = self.node("Div", scores, self.constant(), shape=SCORES, name=f"{name}/Div")
        if mask:
            scores = self.node("Add", scores, mask, shape=SCORES, name=f"{name}/Add")
        weights = self.node("Softmax", scores, shape=SCORES, name=f"{name}/Softmax")
        context = self.node("MatMul", weights, value, shape=HEADS, name=f"{name}/MatMul_1")
        joined = self.node("Reshape", context, self.constant(3), shape=HIDDEN, name=f"{name}/Reshape")
        return self.dense(joined, f"{name}/output")

    def layer(self, x: str, mask: str, name: str, extra: str = "") -> str:
        attended = self.attention(self.normalized(x, f"{name}/norm1"), mask, f"{name}/attention")
        x = self.node("Add", attended, x, shape=HIDDEN, name=f"{name}/Add")
        inner = self.dense(self.normalized(x, f"{name}/norm2"), f"{name}/fc1", 64)
        inner = self.node("Gelu", inner, shape=HIDDEN, name=f"{name}/Gelu")
        if extra:
            inner = self.node(extra, inner, shape=HIDDEN, name=f"{name}/{extra}")
        return self.node("Add", x, self.dense(inner, f"{name}/fc2"), shape=HIDDEN, name=f"{name}/Add_1")


def transformer(layers: int, *, masked: bool = True, odd: int | None = None) -> Graph:
    """Return an encoder of 51 nodes a layer (52 if masked); the layer of index odd has one node more."""
    maker = Transformer()
    ids = maker.input("ids", ("batch", "sequence"), "int64")
    x = maker.node("Gather", maker.weight(1000, 64), ids, shape=HIDDEN, name="/embed/Gather")
    mask = ""
    if masked:
        mask = maker.input("mask", ("batch", "sequence"), "int64")
        for operator in ("Unsqueeze", "Cast", "Sub", "Mul"):
            mask = maker.node(operator, mask, maker.constant(1), shape=("batch", 1, 1, "sequence"), name=f"/mask/{operator}")
    for k in range(layers):
        x = maker.layer(x, mask, f"/encoder/layer.{k}", "Dropout" if k == odd else "")
    maker.output(maker.node("MatMul", x, maker.weight(64, 2), shape=("batch", "sequence", 2), name="/head/MatMul"))
    return maker.graph()
