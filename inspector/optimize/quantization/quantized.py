"""What is asked of the quantizers, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.optimize.quantization.number_types import NumberTypes


@dataclass(frozen=True, slots=True)
class QuantizeRequest:
    """Quantize the prepared model at source into folder/model.onnx.

    Nodes named in exclude stay in fp32, and of the rest only those of operators become int8. ranges is the file of the
    activations' ranges for static quantization, "" for dynamic. described names the tensors whose descriptions stay.
    """

    source: str
    folder: str
    types: NumberTypes
    per_channel: bool
    operators: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    ranges: str = ""
    external: bool = False
    described: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A node that the quantizer could not take, by its name in the prepared model, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quantized:
    """The file that was made; conversions counts its QuantizeLinear, DequantizeLinear and 8-bit operators."""

    path: str
    size_bytes: int
    conversions: int
    domains: tuple[str, ...] = ()
    """Of its operators, as the model imports them."""
    left_out: tuple[LeftOut, ...] = ()
