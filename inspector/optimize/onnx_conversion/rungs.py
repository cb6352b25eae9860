"""The ways a graph is given to tf2onnx, the most promising first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NEWEST_OPSET: Final = 18
"""Newest operator set of which tf2onnx knows the IR version (constants.OPSET_TO_IR_VERSION of 1.17)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way: the operator set, whether Grappler folds constants first, whether tf2onnx optimizes what it made."""

    opset: int = NEWEST_OPSET
    grappler: bool = True
    optimized: bool = True

    @property
    def name(self) -> str:
        """What it is called in the log: "tf2onnx, opset 18", "tf2onnx, opset 15, without Grappler"."""
        without = ", without Grappler" * (not self.grappler) + ", without its optimizers" * (not self.optimized)
        return f"tf2onnx, opset {self.opset}{without}"


LADDER: Final = (
    Rung(18),
    Rung(17),
    Rung(15),
    Rung(15, grappler=False),
    Rung(15, optimized=False),
    Rung(13),
)
"""15 is what tf2onnx prefers itself; 13 the first one whose operators take most attributes as inputs."""
