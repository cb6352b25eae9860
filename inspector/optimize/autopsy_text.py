"""What an autopsy says in words a person can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from inspector.records.node_times import NodeTimes

CONVERSIONS: Final = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast")

_FAMILIES: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "Conv": (("Conv", "FusedConv", "NhwcFusedConv"), ("QLinearConv", "ConvInteger")),
    "MatMul": (
        ("MatMul", "FusedMatMul", "TransposeMatMul"),
        ("QLinearMatMul", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits"),
    ),
    "Gemm": (("Gemm", "FusedGemm"), ("QGemm",)),
    "LSTM": (("LSTM",), ("DynamicQuantizeLSTM",)),
    "Attention": (("Attention", "MultiHeadAttention"), ("QAttention", "QOrderedAttention")),
}
"""Operators by what a person calls them: those that compute in floating point, and in integers."""

_PUT_IN: Final = ("InsertedCast_", "InsertedPrecisionFreeCast_")
"""How the runtime begins the names of casts that it puts in where it has no kernel for fp16, and of what takes them in."""
_WORTH_SAYING: Final = 0.01


def sentences(found: Mapping[str, int], times: NodeTimes) -> tuple[str, ...]:
    """Return what there is to say of a model with these conversions in its file and these times by executed node."""
    said = [*_families(found, times), *_running(found, times)]
    if any(node.name.startswith(_PUT_IN) for node in times.nodes):
        casts = sum(node.operator == "Cast" and node.name.startswith(_PUT_IN) for node in times.nodes)
        left = f", {casts:,} of which run on their own" if casts else ""
        said.append(
            f"this runtime computes fp16 in fp32 on a CPU where it has no kernel for it, by casts that it puts in{left}"
        )
    return tuple(said)


def _families(found: Mapping[str, int], times: NodeTimes) -> list[str]:
    """Say of each kind of computation how much of it runs in integers, for a model that is quantized at all."""
    executed = Counter(node.operator for node in times.nodes)
    quantized = any(executed[operator] for _, integer in _FAMILIES.values() for operator in integer)
    if not quantized and not any(found.get(operator) for operator in CONVERSIONS[:3]):
        return []
    said = []
    for family, (plain, integer) in _FAMILIES.items():
        by_operator = {operator: executed[operator] for operator in integer if executed[operator]}
        count = sum(by_operator.values())
        whole = count + sum(executed[operator] for operator in plain)
        if not whole:
            continue
        if not count:
            said.append(f"none of {whole:,} {family} runs in int8")
        elif len(by_operator) == 1:
            said.append(f"{count:,} of {whole:,} {family} run as {next(iter(by_operator))}")
        else:
            named = ", ".join(f"{number:,} {operator}" for operator, number in by_operator.items())
            said.append(f"{count:,} of {whole:,} {family} run in int8 ({named})")
    return said


def _running(found: Mapping[str, int], times: NodeTimes) -> list[str]:
    """Say what the conversions cost that are executed, and what became of the others."""
    running = [node for node in times.nodes if node.operator in CONVERSIONS]
    if not running:
        return ["no conversion is left when it runs"] if found else ["there are no conversions"]
    counts = Counter(node.operator for node in running)
    named = " and ".join(f"{counts[operator]:,} {operator}" for operator in CONVERSIONS if counts[operator])
    share = sum(node.milliseconds for node in running) / times.node_ms if times.node_ms else 0.0
    cost = f"{100 * share:.0f} %" if share >= _WORTH_SAYING else "less than 1 %"
    said = [f"{named} {'takes' if len(running) == 1 else 'take'} {cost} of the run"]
    in_file = sum(found.values())
    if in_file > len(running):
        said.append(
            f"{in_file - len(running):,} of {in_file:,} conversions in the file are fused, folded, or in branches not taken"
        )
    return said
