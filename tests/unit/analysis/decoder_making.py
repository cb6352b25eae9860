"""Makes a decoder as exported for generation: rotary positions, a causal mask, a cache that goes in and out of every layer."""

from __future__ import annotations

from inspector.records.graph import Graph
from inspector.records.tensor import Shape
from tests.unit.analysis.graph_making import GraphMaker

HIDDEN: Shape = ("batch", "sequence", 64)


class Decoder(GraphMaker):
    """A Llama-like decoder; all shapes are said to be alike, wiring is what matters."""

    def op(self, operator: str, *inputs: str, outputs: tuple[str, ...] = ()) -> str:
        return self.node(operator, *inputs, shape=HIDDEN, outputs=outputs)

    def normalized(self, x: str) -> str:
        variance = self.op("ReduceMean", self.op("Pow", x, self.constant()))
        root = self.op("Sqrt", self.op("Add", variance, self.constant()))
        return self.op("Mul", self.op("Mul", x, self.op("Reciprocal", root)), self.weight(64))

    def tables(self) -> tuple[str, str]:
        positions = self.op("Unsqueeze", self.input("position_ids", ("batch", "sequence"), "int64"), self.constant(1))
        angles = self.op("MatMul", positions, self.weight(1, 8))
        return self.op("Cos", angles), self.op("Sin", angles)

    def mask(self, ids: str) -> str:
        length = self.op("Gather", self.op("Shape", ids), self.constant())
        causal = self.op("Trilu", self.op("ConstantOfShape", self.op("Concat", length, length)))
        padding = self.input("attention_mask", ("batch", "total"), "int64")
        for operator in ("Unsqueeze", "Cast", "Sub"):
            padding = self.op(operator, padding, self.constant())
        return self.op("Add", causal, padding)

    def rotated(self, x: str, cos: str, sin: str) -> str:
        halves = [self.op("Slice", x, self.constant(1)) for _ in range(2)]
        turned = self.op("Concat", self.op("Neg", halves[1]), halves[0])
        return self.op("Add", self.op("Mul", x, cos), self.op("Mul", turned, sin))

    def attention(self, x: str, k: int, cos: str, sin: str, mask: str) -> str:
        target = self.op("Concat", self.op("Gather", self.op("Shape", x), self.constant()), self.constant(2))
        products = [self.op("MatMul", x, self.weight(64, 64)) for _ in range(3)]
        query, key, value = (self.op("Transpose", self.op("Reshape", product, target)) for product in products)
        query, key = self.rotated(query, cos, sin), self.rotated(key, cos, sin)
        keys = self.op("Concat", f"past.{k}.key", key, outputs=(f"present.{k}.key",))
        values = self.op("Concat", f"past.{k}.value", value, outputs=(f"present.{k}.value",))
        scores = self.op("Add", self.op("MatMul", query, self.op("Transpose", keys)), mask)
        context = self.op("MatMul", self.op("Softmax", scores), values)
        return self.op("MatMul", self.op("Reshape", context, self.constant(3)), self.weight(64, 64))

    def gated(self, x: str) -> str:
        gate, up = (self.op("MatMul", x, self.weight(64, 128)) for _ in range(2))
        opened = self.op("Mul", gate, self.op("Sigmoid", gate))
        return self.op("MatMul", self.op("Mul", opened, up), self.weight(128, 64))


def decoder(layers: int) -> Graph:
    """Return a decoder with a cache of two tensors a layer."""
    maker = Decoder()
    ids = maker.input("input_ids", ("batch", "sequence"), "int64")
    for k in range(layers):
        for part in ("key", "value"):
            maker.input(f"past.{k}.{part}", ("batch", 4, "past", 16))
    x = maker.op("Gather", maker.weight(1000, 64), ids)
    cos, sin = maker.tables()
    mask = maker.mask(ids)
    for k in range(layers):
        x = maker.op("Add", x, maker.attention(maker.normalized(x), k, cos, sin, mask))
        x = maker.op("Add", x, maker.gated(maker.normalized(x)))
    maker.output(maker.op("MatMul", maker.normalized(x), maker.weight(64, 1000), outputs=("logits",)))
    for k in range(layers):
        maker.output(f"present.{k}.key")
        maker.output(f"present.{k}.value")
    return maker.graph()
