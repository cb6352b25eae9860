"""BERT-base (https://arxiv.org/abs/1810.04805, uncased: 30,522 tokens) with the nodes PyTorch's exporter writes."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

from onnx import TensorProto

from tests.published_models.building import GraphBuilder, tensor

LAYERS, HIDDEN, HEADS, INNER = 12, 768, 12, 3072
VOCABULARY, POSITIONS, SEGMENTS = 30_522, 512, 2


class _Encoder(GraphBuilder):
    def dense(self, x: str, width: int, filters: int) -> str:
        return self.node("Add", self.node("MatMul", x, self.weight(width, filters)), self.weight(filters))

    def normalization(self, x: str) -> str:
        return self.node("LayerNormalization", x, self.weight(HIDDEN), self.weight(HIDDEN), epsilon=1e-12)

    def gelu(self, x: str) -> str:
        error = self.node("Erf", self.node("Div", x, self.number(sqrt(2))))
        return self.node("Mul", self.node("Mul", x, self.node("Add", error, self.number(1.0))), self.number(0.5))

    def heads(self, x: str, order: tuple[int, ...]) -> str:
        split = self.node("Reshape", x, self.integers((0, -1, HEADS, HIDDEN // HEADS)))
        return self.node("Transpose", split, perm=order)

    def embeddings(self) -> str:
        words = self.node("Gather", self.weight(VOCABULARY, HIDDEN), "input_ids")
        segments = self.node("Gather", self.weight(SEGMENTS, HIDDEN), "token_type_ids")
        length = self.node("Gather", self.node("Shape", "input_ids"), self.integers((1,), scalar=True))
        end = self.node("Unsqueeze", length, self.integers((0,)))
        all_positions = self.weight(1, POSITIONS, element_type=TensorProto.INT64)
        ids = self.node("Slice", all_positions, self.integers((0,)), end, self.integers((1,)))
        positions = self.node("Gather", self.weight(POSITIONS, HIDDEN), ids)
        return self.normalization(self.node("Add", self.node("Add", words, segments), positions))

    def mask(self) -> str:
        widened = self.node("Unsqueeze", "attention_mask", self.integers((1, 2)))
        kept = self.node("Cast", widened, to=TensorProto.FLOAT)
        return self.node("Mul", self.node("Sub", self.number(1.0), kept), self.number(-1e9))

    def layer(self, x: str, mask: str) -> str:
        query = self.heads(self.dense(x, HIDDEN, HIDDEN), (0, 2, 1, 3))
        key = self.heads(self.dense(x, HIDDEN, HIDDEN), (0, 2, 3, 1))
        value = self.heads(self.dense(x, HIDDEN, HIDDEN), (0, 2, 1, 3))
        scores = self.node("Div", self.node("MatMul", query, key), self.number(sqrt(HIDDEN // HEADS)))
        weights = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        context = self.node("Transpose", self.node("MatMul", weights, value), perm=(0, 2, 1, 3))
        joined = self.node("Reshape", context, self.integers((0, -1, HIDDEN)))
        x = self.normalization(self.node("Add", self.dense(joined, HIDDEN, HIDDEN), x))
        inner = self.gelu(self.dense(x, HIDDEN, INNER))
        return self.normalization(self.node("Add", self.dense(inner, INNER, HIDDEN), x))


def save_bert_base(folder: Path) -> Path:
    """Write BERT-base with its pooler into the folder and return the model's path; batch and sequence are symbols."""
    encoder = _Encoder()
    x, mask = encoder.embeddings(), encoder.mask()
    for _ in range(LAYERS):
        x = encoder.layer(x, mask)
    first = encoder.node("Gather", x, encoder.integers((0,), scalar=True), axis=1)
    pooled = encoder.node("Gemm", first, encoder.weight(HIDDEN, HIDDEN), encoder.weight(HIDDEN), transB=1)
    encoder.node("Tanh", pooled)
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [tensor(name, "batch", "sequence", element_type=TensorProto.INT64) for name in names]
    return encoder.save(folder, inputs, tensor("pooled", "batch", HIDDEN))
