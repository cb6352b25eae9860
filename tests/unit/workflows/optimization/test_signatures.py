"""One signature of what a SavedModel became: names, order and runtime as far as they are promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import Artifact, Computation
from inspector.records.contract import Contract, RuntimeRequirements, TensorPromise
from inspector.records.event import Finished
from inspector.records.graph import Graph, Signature
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet, ModelFacts, OptimizationRequest, OptimizeSettings, Reference, Subject
from inspector.records.runnable import Runnable
from inspector.records.tensor import TensorSpec
from inspector.workflows.examine import examine
from inspector.workflows.optimization.facts import facts_of_all
from inspector.workflows.optimization.saving import other_targets
from inspector.workflows.optimization.session import OptimizationSession
from inspector.workflows.optimization.signatures import before_conversion, of_signature, renamed_reference, with_original_names

SAMPLES = Path(__file__).parents[4] / "sample_models"
CALL = Runnable("/m.onnx", signature="embed", renamed={"x": "x_output"})


def specs(*names: str) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, "float32", ("batch", 2)) for name in names)


def promises(*names: str) -> tuple[TensorPromise, ...]:
    return tuple(TensorPromise(name, "float32", ("batch", 2)) for name in names)


def computation(*signatures: Signature) -> Computation:
    return Computation(Artifact("m", "onnx", 1), signatures, Graph("", "", (), (), ()))


def test_an_output_that_lost_its_name_is_found_by_it() -> None:
    both = computation(Signature("", specs("x"), specs("x_output", "y")))
    found = of_signature(both, CALL).signatures
    assert [[one.name for one in side] for side in (found[0].inputs, found[0].outputs)] == [["x"], ["x", "y"]]


def test_the_signature_that_is_called_is_the_one_that_counts() -> None:
    two = computation(Signature("a", specs("x"), specs("y")), Signature("embed", specs("z"), specs("w")))
    assert [one.name for one in of_signature(two, CALL).signatures] == ["embed"]


def test_a_conversion_changes_the_runtime_and_litert_the_order() -> None:
    promised = Contract(inputs=promises("a", "b"), runtime=RuntimeRequirements("tensorflow"))
    to_onnx = Contract(inputs=promises("b", "a"), runtime=RuntimeRequirements("onnxruntime", opsets={"ai.onnx": 18}))
    assert before_conversion(promised, to_onnx) == replace(promised, runtime=to_onnx.runtime)
    to_litert = replace(to_onnx, runtime=RuntimeRequirements("litert"))
    assert before_conversion(promised, to_litert).inputs == promises("b", "a")
    assert before_conversion(promised, promised) is promised


def test_the_contract_says_what_an_output_was_called() -> None:
    contract = with_original_names(Contract(outputs=promises("x_output", "y")), CALL)
    assert [one.original_name for one in contract.outputs] == ["x", ""]


def test_the_outputs_of_the_original_get_the_names_of_the_file() -> None:
    reference = Reference("/out", ("x", "y"), InputSet("/in", ("x",), 1, "synthetic"))
    assert renamed_reference(reference, CALL.renamed).names == ("x_output", "y")
    assert renamed_reference(reference, CALL.renamed).inputs.names == ("x",)


def test_each_further_file_is_named_after_its_signature(tmp_path: Path) -> None:
    calls = (Runnable("/1.onnx", signature="serving_default"), Runnable("/2.onnx", signature="embed/rows:2"))
    subject = Subject("/1.onnx", None, ModelFacts(1, 1, 0), calls)  # type: ignore[arg-type]
    assert other_targets(subject, tmp_path / "out.onnx") == (tmp_path / "out.embed_rows_2.onnx",)
    same = tuple(replace(one, path="/all.tflite") for one in calls)
    assert other_targets(replace(subject, calls=same), tmp_path / "out.tflite") == ()


def test_no_two_signatures_are_written_to_one_file(tmp_path: Path) -> None:
    calls = tuple(Runnable(f"/{at}.onnx", signature=name) for at, name in enumerate(("serve", "a/b", "a:b", "A_b")))
    subject = Subject("/0.onnx", None, ModelFacts(1, 1, 0), calls)  # type: ignore[arg-type]
    names = [one.name for one in other_targets(subject, tmp_path / "out.onnx")]
    assert names == ["out.a_b.onnx", "out.a_b.2.onnx", "out.A_b.3.onnx"]


def test_files_that_signatures_share_come_in_the_order_of_the_first_that_needs_them(tmp_path: Path) -> None:
    places = ("/1.onnx", "/2.onnx", "/1.onnx", "/3.onnx", "/2.onnx")
    calls = tuple(Runnable(path, signature=f"s{at}") for at, path in enumerate(places))
    subject = Subject("/1.onnx", None, ModelFacts(1, 1, 0), calls)  # type: ignore[arg-type]
    assert [one.name for one in other_targets(subject, tmp_path / "out.onnx")] == ["out.s1.onnx", "out.s3.onnx"]


def test_several_files_are_as_large_as_all_of_them() -> None:
    whole = facts_of_all([ModelFacts(10, 3, 1, 5, 20, opset=18), ModelFacts(1, 2, 0, 1, 4, opset=18)])
    assert (whole.size_bytes, whole.node_count, whole.parameter_count, whole.opset) == (11, 5, 6, 18)


def opened(name: str) -> Inspection:
    found = next(event.result for event in examine(SAMPLES / name) if isinstance(event, Finished))
    assert isinstance(found, Inspection)
    return found


def test_steps_are_those_of_what_it_is() -> None:
    request = OptimizationRequest()
    assert OptimizationSession(opened("digits_keras"), request).steps()[:3] == ("prune", "simplify", "to-onnx")
    session = OptimizationSession(opened("digits_cnn.onnx"), request)
    assert session.steps() == ("simplify", "fp16", "int8", "int8-dynamic", "warmstart")
    assert session.preflight("prune").reason == "prune is a step for SavedModels"
    assert "to-onnx makes one" in OptimizationSession(opened("digits_keras"), request).preflight("warmstart").reason


@pytest.mark.parametrize("wanted", [{"signature": "nowhere"}, {"settings": OptimizeSettings(signatures=("nowhere",))}])
def test_a_signature_that_is_not_there_is_refused_by_name(wanted: dict[str, object]) -> None:
    session = OptimizationSession(opened("digits_keras"), OptimizationRequest(**wanted))  # type: ignore[arg-type]
    try:
        with pytest.raises(UsageError, match=r'has no signature "nowhere".*serving_default'):
            list(session.run("to-litert", CancelToken()))
    finally:
        session.close()
