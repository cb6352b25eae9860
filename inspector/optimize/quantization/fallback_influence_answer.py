"""What is asked of the child that measures nodes alone, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.optimize.quantization.quantized import QuantizeRequest
from inspector.records.optimization import InputSet


@dataclass(frozen=True, slots=True)
class InfluenceRequest:
    """Quantize each of the nodes alone as base says, and run the model on the first samples of the inputs, for so many seconds.

    Nodes base excludes stay in fp32 throughout; folder is for the models made on the way.
    """

    base: QuantizeRequest
    static: bool
    names: tuple[str, ...]
    inputs: InputSet
    samples: int
    seconds: float
    folder: str
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Influence:
    """SQNR in dB of the worst output with that node alone in int8, by its prepared name.

    inf where it changes nothing, -inf where the model then cannot be made or run.
    """

    name: str
    sqnr_db: float


@dataclass(frozen=True, slots=True)
class InfluenceAnswer:
    """What was measured, in the order asked for; the rest there was no time for."""

    nodes: tuple[Influence, ...]
