"""Recurrent layers, from the equations in the ONNX operator reference (https://onnx.ai/onnx/operators/onnx__LSTM.html).

Every step multiplies the input by W and the state by R, for all gates, directions and samples: W being
[directions, gates·hidden, input] and R [directions, gates·hidden, hidden]. Gate arithmetic is counted for the default
activations: sigmoid four operations, tanh one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.expression import Factors
from inspector.analysis.cost.use import Use, Work

GATE_OPERATIONS: Final = {"LSTM": 18, "GRU": 14, "RNN": 1}
"""For each hidden unit and step. LSTM: three sigmoids, two tanh, f·c + i·g, o·tanh(c). GRU: two sigmoids, tanh, r·h,
(1 - z)·n + z·h. RNN: one tanh."""

PEEPHOLE_OPERATIONS: Final = 6
BIAS_OPERATIONS: Final = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""One bias is where the accumulation starts; the other is added, once for each gate."""


def recurrent(operator: str, *, weights_transposed: bool = False) -> Callable[[Use], Work]:
    """Return the formula of LSTM, GRU or RNN."""

    def work(use: Use) -> Work:
        sequence, batch = use.input(0)[:2]
        w, r = use.input(1), use.input(2)
        rows_of_w: Factors = (w[0], w[1], w[2])
        rows_of_r: Factors = (r[0], r[1], r[2])
        hidden = r[1] if weights_transposed else r[2]
        each = GATE_OPERATIONS[operator]
        each += BIAS_OPERATIONS[operator] if use.has_input(3) else 0
        each += PEEPHOLE_OPERATIONS if operator == "LSTM" and use.has_input(7) else 0
        return Work(
            macs=((sequence, batch, *rows_of_w), (sequence, batch, *rows_of_r)),
            others=((each, sequence, batch, r[0], hidden),),
        )

    return work


FORMULAS: Final = {
    **{operator: recurrent(operator) for operator in GATE_OPERATIONS},
    "com.microsoft:DynamicQuantizeLSTM": recurrent("LSTM", weights_transposed=True),
}
