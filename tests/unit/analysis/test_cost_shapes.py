"""Derived shapes against onnx: its own test cases declare the shape and type of every output."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from inspector.analysis.cost.dimension import value_of
from inspector.analysis.cost.formulas import qualified_name
from inspector.analysis.cost.scope import Program
from inspector.analysis.cost.shapes import RULES, derive
from inspector.analysis.cost.shapes.lengths import broadcast, plus, quotient, rounded_up_quotient, times, windows
from inspector.analysis.cost.use import Use
from inspector.formats.onnx.read import read
from inspector.records.tensor import Dim, Shape

LARGEST_CONSTANT = 64
UNTESTED = {"GlobalLpPool", "SimplifiedLayerNormalization"}
"""Rules that onnx has no test case of."""


@cache
def single_node_models() -> list[onnx.ModelProto]:
    """Return onnx's node test cases of one node, their small inputs made constants so that bounds, axes… are known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    return [_with_constants(case.model, case.data_sets) for case in cases if len(case.model.graph.node) == 1]


def _with_constants(model: onnx.ModelProto, data_sets: list[tuple[list[object], list[object]]]) -> onnx.ModelProto:
    given_inputs = data_sets[0][0] if data_sets else []
    kept = []
    for position, (info, value) in enumerate(zip(list(model.graph.input), given_inputs, strict=False)):
        is_small = isinstance(value, np.ndarray) and value.size <= LARGEST_CONSTANT and value.dtype.kind in "iuf"
        if is_small and (position or model.graph.node[0].op_type == "ConstantOfShape"):
            model.graph.initializer.append(numpy_helper.from_array(value, info.name))
        else:
            kept.append(info)
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model


def derived_and_declared(folder: Path) -> Iterator[tuple[str, tuple[str, Shape], tuple[str, Shape]]]:
    """Yield the rule's name, what it derives and what onnx declares, for every output of every case that has both."""
    for number, model in enumerate(single_node_models()):
        made = model.graph.node[0]
        rule = RULES.get(qualified_name(made.domain, made.op_type))
        if rule is None:
            continue
        path = folder / f"{number}.onnx"
        path.write_bytes(model.SerializeToString())
        computation = read(path)
        scope = Program(computation).main_scope(computation.graph)
        node = computation.graph.nodes[0]
        for name, (dtype, shape) in zip(node.outputs, derive(rule, Use(node, scope)), strict=False):
            declared = computation.graph.values.get(name)
            if name and declared is not None and declared.shape is not None and shape is not None:
                yield made.op_type, (dtype, shape), (declared.dtype, declared.shape)


def test_every_derived_shape_is_the_one_onnx_declares(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for operator, (dtype, shape), (declared_dtype, declared_shape) in derived_and_declared(tmp_path):
        assert len(shape) == len(declared_shape), operator
        for ours, theirs in zip(shape, declared_shape, strict=True):
            assert ours is None or theirs is None or isinstance(theirs, str) or ours == theirs, operator
        assert dtype in ("undefined", declared_dtype), operator
        seen[operator] += None not in shape
    standard = {name for name in RULES if ":" not in name}
    assert {name for name in standard if not seen[name]} == UNTESTED
    assert sum(seen.values()) > 500


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (((2, 3), (3,)), (2, 3)),
        ((("batch", 1), (1, 5)), ("batch", 5)),
        ((("batch", 1), (4, 5)), (4, 5)),
        ((("total",), ("past + seq",)), ("total",)),
        (((2,), (3,)), (None,)),
        (((None, 3), ("n", 1)), ("n", 3)),
        (((), (2,), (1, 1)), (1, 2)),
        ((), ()),
    ],
)
def test_broadcast(shapes: tuple[Shape, ...], expected: Shape) -> None:
    assert broadcast(shapes) == expected


_steps = st.tuples(
    st.sampled_from(("windows", "up", "plus", "quotient", "up_quotient", "times")), st.integers(1, 5), st.integers(1, 4)
)


@given(st.lists(_steps, max_size=6), st.integers(40, 400))
def test_symbolic_lengths_have_the_values_of_numbers(steps: list[tuple[str, int, int]], number: int) -> None:
    symbolic: Dim = "h"
    fixed: Dim = number
    for kind, a, b in steps:
        symbolic, fixed = _step(kind, symbolic, a, b), _step(kind, fixed, a, b)
    assert isinstance(fixed, int)
    if symbolic is not None:  # formulas that grow too long are given up
        assert value_of(str(symbolic), {"h": number}) == max(fixed, 0)


def _step(kind: str, length: Dim, a: int, b: int) -> Dim:
    match kind:
        case "windows" | "up":
            return windows(length, a, b, a // 2, round_up=kind == "up")
        case "plus":
            return plus(length, a - b)
        case "quotient":
            return quotient(length, b)
        case "up_quotient":
            return rounded_up_quotient(length, b)
        case _:
            return times((length, b))


def test_strides_that_follow_each_other_stay_one_formula() -> None:
    length: Dim = "h"
    for _ in range(5):
        length = windows(length, 3, 2, 2)
    assert length == "floor((h + 31)/32)"
