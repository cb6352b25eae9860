"""An artifact is held against a contract: a check for each promise, derived from files that onnx itself wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from inspector.formats.onnx.read import read
from inspector.records.artifact import Computation
from inspector.records.contract import (
    ArtifactLimits,
    ConformanceTerms,
    Contract,
    PreprocessingStep,
    Provenance,
    RuntimeRequirements,
    TensorPromise,
    Tolerances,
    ValueRange,
)
from inspector.runtimes.onnx_runtime_support import OLDEST_MEASURED, oldest_release
from inspector.verify.contract_check import check_contract
from inspector.verify.contract_derive import derive, used_opsets

Dims = Sequence[int | str | None] | None


def computation(
    folder: Path,
    x: Dims = ("batch", 3),
    y: Dims = ("batch", 3),
    opsets: tuple[tuple[str, int], ...] = (("", 17),),
    ir_version: int = 8,
    domain: str = "",
) -> Computation:
    node = helper.make_node("Relu", ["x"], ["y"], domain=domain)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)]
    imports = [helper.make_opsetid(*one) for one in opsets]
    model = helper.make_model(helper.make_graph([node], "g", inputs, outputs), opset_imports=imports, ir_version=ir_version)
    model.producer_name, model.model_version = "maker", 3
    path = folder / "relu.onnx"
    onnx.save(model, path)
    return read(path)


def statuses(contract: Contract, found: Computation, size: int = 100) -> dict[str, str]:
    return {check.rule: check.status for check in check_contract(contract, found, size)}


def observed(contract: Contract, found: Computation, rule: str, size: int = 100) -> tuple[str, str]:
    return next(
        (check.status, check.observed) for check in check_contract(contract, found, size) if check.rule.startswith(rule)
    )


def test_an_artifact_keeps_what_was_derived_from_it(tmp_path: Path) -> None:
    found = computation(tmp_path)
    assert set(statuses(derive(found, "a" * 64), found).values()) == {"passed"}


def test_what_is_derived_is_what_the_file_says(tmp_path: Path) -> None:
    contract = derive(computation(tmp_path), "a" * 64, tools={"onnx": "1.23"})
    assert contract == Contract(
        name="relu",
        inputs=(TensorPromise("x", "float32", ("batch", 3)),),
        outputs=(TensorPromise("y", "float32", ("batch", 3)),),
        provenance=Provenance("relu.onnx", "a" * 64, "maker", "3", (), {"onnx": "1.23"}),
        runtime=RuntimeRequirements("onnxruntime", OLDEST_MEASURED, {"ai.onnx": 17}, 8),
    )


def test_a_length_that_an_input_leaves_open_is_promised_as_one_that_varies(tmp_path: Path) -> None:
    contract = derive(computation(tmp_path, (None, 3), (None, 3)))
    assert contract.inputs[0].shape == ("x_dim_0", 3)
    assert contract.outputs[0].shape == (None, 3)


def test_a_contract_that_the_artifact_carries_keeps_what_no_file_says(tmp_path: Path) -> None:
    carried = Contract(
        name="mine",
        inputs=(TensorPromise("x", "float16", (1,), ValueRange(0, 1), "pixels"), TensorPromise("gone", "int8")),
        preprocessing=(PreprocessingStep("scale"),),
        provenance=Provenance("original.onnx", "b" * 64, "trainer", "7", ("int8",), {"onnx": "1.20", "x": "1"}),
        conformance=ConformanceTerms(),
        limits=ArtifactLimits(size_bytes=5),
    )
    contract = derive(computation(tmp_path), "a" * 64, carried, {"onnx": "1.23"})
    assert contract.inputs == (TensorPromise("x", "float32", ("batch", 3), ValueRange(0, 1), "pixels"),)
    assert contract.provenance == Provenance("original.onnx", "b" * 64, "trainer", "7", ("int8",), {"onnx": "1.23", "x": "1"})
    assert (contract.name, contract.preprocessing, contract.conformance, contract.limits) == (
        "mine",
        carried.preprocessing,
        carried.conformance,
        carried.limits,
    )
    assert contract.runtime.opsets == {"ai.onnx": 17}


def test_operator_sets_that_no_node_uses_are_no_need(tmp_path: Path) -> None:
    found = computation(tmp_path, opsets=(("", 17), ("com.microsoft", 1), ("ai.onnx.ml", 3)))
    assert used_opsets(found) == {"ai.onnx": 17}
    assert used_opsets(computation(tmp_path, opsets=(("", 17), ("com.x", 2)), domain="com.x")) == {"ai.onnx": 17, "com.x": 2}


@pytest.mark.parametrize(
    ("promised", "actual", "status"),
    [
        (("batch", 3), ("batch", 3), "passed"),
        (("N", 3), ("batch", 3), "passed"),
        (("batch", 3), (None, 3), "passed"),
        (("batch", 3), (1, 3), "failed"),
        ((1, 3), ("batch", 3), "passed"),
        ((1, 3), (2, 3), "failed"),
        ((None, 3), (7, 3), "passed"),
        (("batch", 3), ("batch",), "failed"),
        (("batch", 3), None, "unknown"),
        (None, (1, 3), None),
    ],
)
def test_a_fixed_length_keeps_no_promise_of_one_that_varies(
    tmp_path: Path, promised: Dims, actual: Dims, status: str | None
) -> None:
    shape = None if promised is None else tuple(promised)
    found = computation(tmp_path, x=actual)
    checks = check_contract(Contract(inputs=(TensorPromise("x", "float32", shape),)), found, 1)
    assert next((check.status for check in checks if "shape" in check.rule), None) == status


def test_an_output_whose_length_the_file_leaves_open_is_unknown(tmp_path: Path) -> None:
    contract = Contract(outputs=(TensorPromise("y", "float32", (1, 3)),))
    assert observed(contract, computation(tmp_path), "output y: shape") == ("unknown", "[batch, 3]: the file does not say more")


def test_names_order_and_element_types_are_held(tmp_path: Path) -> None:
    found = computation(tmp_path)
    wrong = Contract(inputs=(TensorPromise("x", "int8"), TensorPromise("z", "int8")))
    assert statuses(wrong, found)["inputs, in order: x, z"] == "failed"
    assert observed(wrong, found, "input x: element type int8") == ("failed", "float32")


@pytest.mark.parametrize(
    ("runtime", "rule", "status"),
    [
        (RuntimeRequirements(opsets={"ai.onnx": 16}), "operator set ai.onnx 16 at most", "failed"),
        (RuntimeRequirements(opsets={"ai.onnx": 18}), "operator set ai.onnx 18 at most", "passed"),
        (RuntimeRequirements(opsets={"ai.onnx.ml": 3}), "operator set ai.onnx.ml 3 at most", "passed"),
        (RuntimeRequirements(opsets={"ai.onnx.ml": 3}), "no other operator set", "failed"),
        (RuntimeRequirements(ir_version=7), "file format", "failed"),
        (RuntimeRequirements(ir_version=8), "file format", "passed"),
        (RuntimeRequirements("tensorflow"), "runtime: tensorflow", "failed"),
        (RuntimeRequirements(minimum_version="1.30.1"), "loads in ONNX Runtime 1.30.1", "passed"),
        (RuntimeRequirements(minimum_version="1.10"), "loads in ONNX Runtime 1.10", "unknown"),
    ],
)
def test_the_runtime_that_was_promised_must_do(tmp_path: Path, runtime: RuntimeRequirements, rule: str, status: str) -> None:
    assert observed(Contract(runtime=runtime), computation(tmp_path), rule)[0] == status


def test_a_newer_operator_set_needs_a_newer_release(tmp_path: Path) -> None:
    found = computation(tmp_path, opsets=(("", 24),), ir_version=12)
    contract = Contract(runtime=RuntimeRequirements(minimum_version="1.23"))
    assert observed(contract, found, "loads in") == ("failed", "the oldest release that loads them is 1.24")
    beyond = computation(tmp_path, opsets=(("", 99),))
    assert observed(contract, beyond, "loads in")[0] == "unknown"
    assert oldest_release({"ai.onnx": 99}, 8) == ""


def test_size_is_measured_and_what_takes_a_benchmark_is_never_passed(tmp_path: Path) -> None:
    found = computation(tmp_path)
    contract = Contract(
        limits=ArtifactLimits(100, 1e9, 1e9), conformance=ConformanceTerms(), tolerances=Tolerances(min_cosine=0.0)
    )
    contract = replace(contract, inputs=(TensorPromise("x", "float32", range=ValueRange(0, 1)),))
    assert observed(contract, found, "size", 100) == ("passed", "100 bytes")
    assert observed(contract, found, "size", 101) == ("failed", "101 bytes")
    for rule in ("latency", "cold start", "conformance", "tolerances", "input x: values from 0 to 1"):
        status, why = observed(contract, found, rule)
        assert status == "unknown"
        assert why
