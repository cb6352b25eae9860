"""Which 8-bit types suit a processor: of activations, of weights, and over which range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from inspector.runtimes.processor import IntegerArithmetic

Signedness = Literal["int8", "uint8"]


@dataclass(frozen=True, slots=True)
class NumberTypes:
    """8-bit types of activations and weights; reduced says that weights use 7 of their 8 bits."""

    activations: Signedness
    weights: Signedness
    reduced: bool = False

    @property
    def name(self) -> str:
        """What people call it: "U8S8"."""
        short = {"int8": "S8", "uint8": "U8"}
        return short[self.activations] + short[self.weights] + (", 7-bit weights" if self.reduced else "")


def number_types(arithmetic: IntegerArithmetic) -> NumberTypes:
    """Return the types for a processor.

    On x86 the fast products are uint8 x int8; without VNNI those saturate at 16 bits, so weights get 7 bits. Arm multiplies
    int8 x int8. Source: "When and why do I need to try U8U8?" and "reduce_range" in
    https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html.
    """
    if arithmetic.architecture == "arm":
        return NumberTypes("int8", "int8")
    if arithmetic.instructions:
        return NumberTypes("uint8", "int8")
    return NumberTypes("uint8", "int8", reduced=True)


_SATURATE: Final = "its products of 8-bit numbers saturate at 16 bits, so weights take 7 of their 8 bits (reduce_range)"


def processor_note(arithmetic: IntegerArithmetic) -> str:
    """Return what the processor means for int8, as a sentence."""
    if arithmetic.instructions:
        return (
            f"this CPU has {arithmetic.instructions}: sums of 8-bit products do not saturate ({number_types(arithmetic).name})"
        )
    if arithmetic.architecture == "arm":
        return "this CPU has no dot-product instructions for 8-bit numbers: int8 may be no faster (S8S8)"
    if not arithmetic.known:
        return "what this CPU can do with 8-bit numbers is not known: weights take 7 of their 8 bits, which is safe everywhere"
    return f"this CPU has no VNNI: {_SATURATE}; int8 is less of a gain here"
