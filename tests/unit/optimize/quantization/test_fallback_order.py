"""In which order nodes go back to fp32, and what counts as passing with room to spare."""

from __future__ import annotations

from math import inf

import pytest

from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.optimize.quantization.fallback_order import worst_first
from inspector.optimize.quantization.fallback_trial import has_room
from inspector.optimize.quantization.prepared import Prepared, PreparedNode
from inspector.records.optimization import NodeSensitivity
from inspector.records.parity import Gate, GateCheck

PREPARED = Prepared("", 17, nodes=tuple(PreparedNode(name, "MatMul", (at,), True, index=at) for at, name in enumerate("abcde")))


def order(alone: dict[str, float], local: dict[int, float | None], always: str = "") -> str:
    measured = [NodeSensitivity("", "MatMul", node, value, None) for node, value in local.items()]
    solo = [Influence(name, value) for name, value in alone.items()]
    return "".join(worst_first(PREPARED, measured, ("MatMul",), frozenset(always), solo))


def test_what_ruins_the_outputs_alone_goes_first() -> None:
    assert order({"a": 30, "b": 10, "c": -inf, "d": inf, "e": 20}, {0: 1.0}) == "cbea"  # d stays int8
    assert order({"a": 30, "b": 10, "c": -inf, "d": 40, "e": 20}, {0: 1.0}) == "cbea"  # without d there would be no int8


def test_what_was_not_measured_alone_goes_by_what_it_loses() -> None:
    assert order({"a": 30.0}, {1: 40.0, 2: 5.0, 3: None, 4: inf}) == "acbd"


def test_without_measures_both_ends_go_first() -> None:
    assert order({}, {}) == "aebd"
    assert order({}, {}, always="a") == "bec"


@pytest.mark.parametrize(
    ("figure", "threshold", "observed", "room"),
    [
        ("sqnr_db", 15.0, 15.1, False),
        ("sqnr_db", 15.0, 18.0, True),
        ("cosine", 0.98, 0.984, False),
        ("cosine", 0.98, 0.99, True),
        ("top1_agreement", 0.9, 0.9, True),
        ("sqnr_db", 15.0, None, True),
    ],
)
def test_room_to_spare(figure: str, threshold: float, observed: float | None, room: bool) -> None:
    check = GateCheck(Gate(figure, "at least", threshold), "y", observed, True)  # type: ignore[arg-type]
    assert has_room((check,)) is room
