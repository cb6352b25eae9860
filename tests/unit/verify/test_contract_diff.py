"""Every kind of difference between two contracts is told, and is allowed only where it breaks no promise or was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.contract import (
    ChangeKind,
    Contract,
    ContractChange,
    PreprocessingStep,
    RuntimeRequirements,
    TensorPromise,
    ValueRange,
)
from inspector.records.optimization import Permission
from inspector.verify.contract_diff import differences

RANK_3 = TensorPromise("image", "float32", ("batch", 3, 224))
ONE_CHANNEL = TensorPromise("image", "float32", ("batch", 1, 224, 224))
ONE_IMAGE = TensorPromise("image", "float32", (1, 3, 224, 224))
LOST: ChangeKind = "dynamic dimension lost"
WAS = "[batch, 3, 224, 224]"

NOTHING: frozenset[Permission] = frozenset()

IMAGE = TensorPromise("image", "float32", ("batch", 3, 224, 224))
MASK = TensorPromise("mask", "int64", ("batch", None))
LOGITS = TensorPromise("logits", "float32", ("batch", 10))
BOXES = TensorPromise("boxes", "float32", (None, 4))

BEFORE = Contract(
    inputs=(IMAGE, MASK),
    outputs=(LOGITS, BOXES),
    runtime=RuntimeRequirements(minimum_version="1.22", opsets={"ai.onnx": 12}, ir_version=7),
)


def with_inputs(*promises: TensorPromise) -> Contract:
    return replace(BEFORE, inputs=promises)


def with_outputs(*promises: TensorPromise) -> Contract:
    return replace(BEFORE, outputs=promises)


def with_runtime(**values: object) -> Contract:
    return replace(BEFORE, runtime=replace(BEFORE.runtime, **values))  # type: ignore[arg-type]


def told(after: Contract, *allow: Permission, expected: frozenset[Permission] = NOTHING) -> list[ContractChange]:
    return list(differences(BEFORE, after, frozenset(allow), expected))


def test_a_contract_does_not_differ_from_itself() -> None:
    assert told(BEFORE) == []


@pytest.mark.parametrize(
    ("after", "kind", "place", "was", "now"),
    [
        (with_inputs(IMAGE), "input removed", "input mask", "int64 [batch, ?]", "none"),
        (with_inputs(IMAGE, MASK, replace(MASK, name="more")), "input added", "input more", "none", "int64 [batch, ?]"),
        (with_outputs(LOGITS), "output removed", "output boxes", "float32 [?, 4]", "none"),
        (with_outputs(LOGITS, BOXES, replace(LOGITS, name="x")), "output added", "output x", "none", "float32 [batch, 10]"),
        (with_inputs(MASK, IMAGE), "order", "inputs", "image, mask", "mask, image"),
        (with_outputs(BOXES, LOGITS), "order", "outputs", "logits, boxes", "boxes, logits"),
        (with_inputs(replace(IMAGE, dtype="float16"), MASK), "dtype", "input image", "float32", "float16"),
        (with_inputs(RANK_3, MASK), "shape", "input image", WAS, "[batch, 3, 224]"),
        (with_inputs(ONE_CHANNEL, MASK), "shape", "input image", WAS, "[batch, 1, 224, 224]"),
        (with_inputs(ONE_IMAGE, MASK), LOST, "input image, dimension 0", "batch", "1"),
        (with_outputs(replace(LOGITS, shape=(1, 10)), BOXES), LOST, "output logits, dimension 0", "batch", "1"),
        (with_runtime(opsets={"ai.onnx": 13}), "opset raised", "operator set ai.onnx", "12", "13"),
        (with_runtime(opsets={"ai.onnx": 12, "com.microsoft": 1}), "domain added", "operator set com.microsoft", "none", "1"),
        (with_runtime(ir_version=13, minimum_version="1.24"), "IR version raised", "file format", "7", "13"),
        (with_runtime(name="tensorflow"), "other", "runtime", "onnxruntime", "tensorflow"),
    ],
)  # fmt: skip
def test_what_breaks_a_promise_is_not_allowed(after: Contract, kind: ChangeKind, place: str, was: str, now: str) -> None:
    assert told(after) == [ContractChange(kind, place, was, now, allowed=False)]


@pytest.mark.parametrize(
    ("after", "permission"),
    [
        (with_inputs(replace(IMAGE, dtype="float16"), MASK), "io-dtype"),
        (with_inputs(ONE_IMAGE, MASK), "static-dims"),
        (with_runtime(opsets={"ai.onnx": 13}), "opset"),
        (with_runtime(opsets={"ai.onnx": 12, "com.microsoft": 1}), "opset"),
        (with_runtime(ir_version=13, minimum_version="1.24"), "opset"),
    ],
)
def test_what_was_asked_for_or_declared_is_allowed_and_nothing_else_is(after: Contract, permission: Permission) -> None:
    others: set[Permission] = {"io-dtype", "static-dims", "opset", "growth"}
    assert [one.allowed for one in told(after, permission)] == [True]
    assert [one.allowed for one in told(after, expected=frozenset({permission}))] == [True]
    assert [one.allowed for one in told(after, *(others - {permission}))] == [False]


@pytest.mark.parametrize(
    "after",
    [
        with_inputs(IMAGE),
        with_inputs(MASK, IMAGE),
        with_inputs(replace(IMAGE, shape=("batch", 3)), MASK),
        with_runtime(name="x"),
    ],
)
def test_no_permission_lets_a_signature_change_its_names_order_or_rank(after: Contract) -> None:
    assert [one.allowed for one in told(after, "io-dtype", "static-dims", "opset", "growth")] == [False]


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (with_runtime(opsets={"ai.onnx": 11}), "opset lowered"),
        (with_runtime(ir_version=8), "IR version raised"),
        (with_inputs(replace(IMAGE, shape=("N", 3, 224, 224)), MASK), "shape"),
        (with_inputs(replace(IMAGE, shape=("batch", 3, "height", "width")), MASK), "shape"),
        (with_outputs(LOGITS, replace(BOXES, shape=(100, 4))), "shape"),
        (with_outputs(LOGITS, replace(BOXES, shape=None)), "shape"),
    ],
)
def test_what_breaks_no_promise_is_told_and_allowed(after: Contract, kind: ChangeKind) -> None:
    assert [(one.kind, one.allowed) for one in told(after)] == [(kind, True)]


def test_what_a_contract_leaves_open_it_does_not_promise() -> None:
    bare = Contract(inputs=(replace(IMAGE, shape=None),))
    assert differences(bare, BEFORE, NOTHING, NOTHING)[0].kind == "input added"
    assert differences(Contract(), BEFORE, NOTHING, NOTHING) == ()


def test_ranges_of_inputs_may_widen_and_those_of_outputs_narrow() -> None:
    def ranged(side: str, low: float, high: float | None) -> Contract:
        promise = replace(IMAGE, range=ValueRange(low, high))
        return Contract(inputs=(promise,)) if side == "input" else Contract(outputs=(promise,))

    def allowed(side: str, before: tuple[float, float | None], after: tuple[float, float | None]) -> list[bool]:
        return [one.allowed for one in differences(ranged(side, *before), ranged(side, *after), NOTHING, NOTHING)]

    assert allowed("input", (0, 1), (0, 2)) == [True]
    assert allowed("input", (0, 1), (0, None)) == [True]
    assert allowed("input", (0, None), (0, 1)) == [False]
    assert allowed("output", (0, 1), (0, 2)) == [False]
    assert allowed("output", (0, 2), (0, 1)) == [True]


def test_preprocessing_may_not_change_but_files_do_not_say_it() -> None:
    before = replace(BEFORE, preprocessing=(PreprocessingStep("resize"),))
    other = replace(BEFORE, preprocessing=(PreprocessingStep("crop"),))
    assert [(one.kind, one.allowed) for one in differences(before, other, NOTHING, NOTHING)] == [("preprocessing", False)]
    assert differences(before, BEFORE, NOTHING, NOTHING) == ()
