"""Contracts of files on disk: derived with their digest, taken over where they are embedded, made for what was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest

from inspector.errors import OperationFailed
from inspector.formats.contract_file import to_json
from inspector.isolation.limits import CancelToken
from inspector.records.contract import CONTRACT_KEY, ConformanceTerms, Contract, Provenance
from inspector.records.event import Event, Finished, Steps, Warned
from inspector.records.inspection import Inspection
from inspector.workflows.contract import check, contract_after, derive_contract, derive_from
from inspector.workflows.inspect import inspect
from tests.builders import save, save_external, small_cnn
from tests.tflite_models import made, parts


def inspected(path: Path) -> Inspection:
    opened = next(event.result for event in inspect(path) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    return opened


def derived(inspection: Inspection) -> tuple[Contract, list[Event[Contract]]]:
    events = list(derive_contract(inspection))
    last = events[-1]
    assert isinstance(last, Finished)
    return last.result, events


def embed(path: Path, text: str) -> Path:
    model = onnx.load(path)
    model.metadata_props.add(key=CONTRACT_KEY, value=text)
    onnx.save(model, path)
    return path


def test_a_derived_contract_names_the_digest_of_the_file(tmp_path: Path) -> None:
    path = save(small_cnn(), tmp_path / "cnn.onnx")
    contract, _ = derived(inspected(path))
    assert contract.provenance.source == "cnn.onnx"
    assert contract.provenance.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not [one for one in check(contract, inspected(path).computation) if one.status != "passed"]


def test_an_embedded_contract_is_taken_over(tmp_path: Path) -> None:
    carried = Contract(name="mine", conformance=ConformanceTerms(margin=0.01), provenance=Provenance("first.onnx", "c" * 64))
    path = embed(save(small_cnn(), tmp_path / "cnn.onnx"), to_json(carried))
    contract, _ = derived(inspected(path))
    assert (contract.name, contract.conformance) == ("mine", carried.conformance)
    assert contract.provenance.source_sha256 == "c" * 64
    assert contract.inputs
    assert derive_from(inspected(path).computation).conformance == carried.conformance
    assert derive_from(inspected(path).computation, carried=False).conformance is None


def test_a_broken_embedded_contract_is_warned_of_and_left_aside(tmp_path: Path) -> None:
    path = embed(save(small_cnn(), tmp_path / "cnn.onnx"), '{"contract": 1, "limits": {"size_bytes": -1}}')
    contract, events = derived(inspected(path))
    assert contract.name == "cnn"
    assert "limits.size_bytes" in next(event.message for event in events if isinstance(event, Warned))
    assert derive_from(inspected(path).computation).name == "cnn"


def after(original: Inspection, current: Inspection, contract: Contract | None = None) -> Contract:
    steps = contract_after(original, current, contract, ["int8: static"], CancelToken())
    return result_in(steps)


def result_in(steps: Steps[Contract]) -> Contract:
    """Return what a part of a workflow returns."""
    results: list[Contract] = []

    def collect() -> Iterator[Event[Contract]]:
        results.append((yield from steps))

    list(collect())
    return results[0]


def test_the_contract_of_a_change_names_its_source_recipe_and_tools(tmp_path: Path) -> None:
    source = save(small_cnn(), tmp_path / "cnn.onnx")
    model = small_cnn()
    model.opset_import[0].version = 21
    changed = save(model, tmp_path / "candidate.onnx")
    contract = after(inspected(source), inspected(changed))
    assert contract.name == "cnn"
    assert contract.provenance.source == "cnn.onnx"
    assert contract.provenance.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert contract.provenance.recipe == ("int8: static",)
    assert set(contract.provenance.tools) == {"modelpack-tui", "onnx", "onnxruntime"}
    assert contract.runtime.opsets["ai.onnx"] == 21


def test_what_was_done_before_stays_in_the_recipe_and_the_terms_of_the_user_count(tmp_path: Path) -> None:
    carried = Contract(provenance=Provenance("first.onnx", "c" * 64, recipe=("simplify",)))
    source = embed(save(small_cnn(), tmp_path / "cnn.onnx"), to_json(carried))
    assert after(inspected(source), inspected(source)).provenance.recipe == ("simplify", "int8: static")
    users = Contract(name="users", conformance=ConformanceTerms())
    contract = after(inspected(source), inspected(source), users)
    assert (contract.name, contract.conformance, contract.provenance.recipe) == ("users", users.conformance, ("int8: static",))


def test_external_data_of_the_source_is_named_with_its_digest(tmp_path: Path) -> None:
    path = save_external(small_cnn(), tmp_path)
    contract = after(inspected(path), inspected(path))
    digest = hashlib.sha256((tmp_path / "weights.bin").read_bytes()).hexdigest()
    assert f"source data weights.bin: sha256 {digest}" in contract.provenance.recipe


def test_cancelling_ends_the_digest(tmp_path: Path) -> None:
    source = inspected(save(small_cnn(), tmp_path / "cnn.onnx"))
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        list(contract_after(source, source, None, [], token))


def test_the_size_of_a_saved_model_is_that_of_its_folder() -> None:
    from inspector.records.contract import ArtifactLimits

    folder = Path(__file__).parents[3] / "sample_models" / "digits_keras"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    computation = inspected(folder).computation
    exact = check(Contract(limits=ArtifactLimits(size_bytes=size)), computation)
    assert next(one.status for one in exact if one.rule.startswith("size")) == "passed"
    less = check(Contract(limits=ArtifactLimits(size_bytes=size - 1)), computation)
    assert next(one.status for one in less if one.rule.startswith("size")) == "failed"


def test_the_contract_that_a_tensorflow_lite_model_carries(tmp_path: Path) -> None:
    carried = b'{"contract":1,"name":"digits","inputs":[{"name":"x","dtype":"float32"}]}'
    path = tmp_path / "model.tflite"
    path.write_bytes(made.dense(buffers=[parts.buffer(carried)], metadata=[("modelpack-tui.contract", 3)]))
    contract = derive_from(inspected(path).computation)
    assert contract.name == "digits"
    assert [promise.name for promise in contract.inputs] == ["x"]
