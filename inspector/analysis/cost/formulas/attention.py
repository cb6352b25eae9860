"""Scaled dot-product attention, with the work of the scores: queries · (new + cached keys) · head size, twice.

Counted without regard to causal or window masks, as runtimes compute full rows; masks themselves are not counted.
Sources: https://onnx.ai/onnx/operators/onnx__Attention.html and ONNX Runtime's ContribOperators.md.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.expression import Factor, Factors
from inspector.analysis.cost.use import UnknownCostError, Use, Work

SCORE_OPERATIONS: Final = 5
"""For each score: scale, and softmax's four (subtract the maximum, exp, sum, divide)."""


def attention(use: Use) -> Work:
    """Attention of opset 23: Q, K, V as [batch, heads, length, head size] or [batch, length, heads·head size]."""
    query, key = use.input(0), use.input(1)
    cached = use.input(4)[-2] if use.has_input(4) else 0
    if len(query) == 4:
        batch, heads, length, size = query
        value_size = use.input(2)[-1]
        return _scores((batch, heads, length), (size, value_size), (key[2], cached), heads_counted=True)
    heads = _heads(use, "q_num_heads")
    batch, length, hidden = query
    return _scores((batch, length), (hidden, use.output()[-1]), (key[1], cached), heads=heads)


def flex_attention(use: Use) -> Work:
    """FlexAttention: as Attention on [batch, heads, length, head size], without what its modifier graphs add."""
    batch, heads, length, size = use.input(0)
    return _scores((batch, heads, length), (size, use.input(2)[-1]), (use.input(1)[2],), heads_counted=True)


def projected_attention(use: Use) -> Work:
    """com.microsoft Attention and QAttention: input [batch, length, in] times weights [in, q + k + v], then attention."""
    batch, length, inner = use.input(0)
    columns = use.input(1)[1]
    hidden = use.output()[-1]
    past = 8 if use.node.operator == "QAttention" else 4
    cached = use.input(past)[-2] if use.has_input(past) else 0
    scores = _scores((batch, length), (hidden, hidden), (length, cached), heads=_heads(use, "num_heads"))
    return Work(macs=((batch, length, inner, columns), *scores.macs), others=scores.others)


def multi_head_attention(use: Use) -> Work:
    """com.microsoft MultiHeadAttention: query [batch, length, hidden], keys likewise or packed with queries or values."""
    query = use.input(0)
    batch, length = query[:2]
    hidden = use.output()[-1]
    past = 6 if use.node.operator == "MultiHeadAttention" else 5
    cached = use.input(past)[-2] if use.has_input(past) else 0
    key_length: Factor = length
    if use.has_input(1):
        key = use.input(1)
        key_length = key[2] if len(key) == 4 else key[1]
    return _scores((batch, length), (hidden, hidden), (key_length, cached), heads=_heads(use, "num_heads"))


def grouped_query_attention(use: Use) -> Work:
    """com.microsoft GroupQueryAttention: query [batch, length, …], the keys of this step and those of the cache."""
    batch, length = use.input(0)[:2]
    hidden = use.output()[-1]
    cached = use.input(3)[-2] if use.has_input(3) else 0
    return _scores((batch, length), (hidden, hidden), (length, cached), heads=_heads(use, "num_heads"))


def linear_attention(use: Use) -> Work:
    """LinearAttention, token by token: update a state of key size · value size (outer product), read it with the query.

    Decay multiplies the state; the delta rules read the state once more.
    """
    batch, length, key_hidden = use.input(1)
    query_hidden = use.input(0)[2]
    value_size = _divided(use.input(2)[2], _heads(use, "kv_num_heads"))
    rule = use.text("update_rule", "gated_delta")
    state: Factors = (batch, length, key_hidden, value_size)
    updates = 2 if "delta" in rule else 1
    macs: tuple[Factors, ...] = ((updates, *state), (batch, length, query_hidden, value_size))
    return Work(macs=macs, others=(state,) if "gated" in rule else ())


def _scores(
    rows: Factors, sizes: tuple[Factor, Factor], lengths: tuple[Factor, ...], *, heads: int = 1, heads_counted: bool = False
) -> Work:
    """Work of rows of queries against keys of the given lengths; sizes: of a query and of a value, heads included or not."""
    lengths = tuple(length for length in lengths if length != 0)
    macs = tuple((*rows, length, size) for length in lengths for size in sizes)
    each = () if heads_counted else (heads,)
    return Work(macs=macs, others=tuple((SCORE_OPERATIONS, *rows, *each, length) for length in lengths))


def _heads(use: Use, name: str) -> int:
    heads = use.integer(name)
    if heads <= 0:
        raise UnknownCostError(f"attribute {name} missing")
    return heads


def _divided(length: Factor, divisor: int) -> Factor:
    return length // divisor if isinstance(length, int) else f"floor(({length})/{divisor})"


FORMULAS: Final = {
    "Attention": attention,
    "ai.onnx.preview:FlexAttention": flex_attention,
    "LinearAttention": linear_attention,
    "com.microsoft:Attention": projected_attention,
    "com.microsoft:QAttention": projected_attention,
    "com.microsoft:DecoderMaskedSelfAttention": projected_attention,
    "com.microsoft:MultiHeadAttention": multi_head_attention,
    "com.microsoft:DecoderMaskedMultiHeadAttention": multi_head_attention,
    "com.microsoft:GroupQueryAttention": grouped_query_attention,
}
