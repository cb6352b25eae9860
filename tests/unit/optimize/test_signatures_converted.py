"""Every signature as an ONNX model and within a frozen SavedModel: the same names, order and types, and the same answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest

from inspector.formats.onnx.read import read
from inspector.runtimes.onnx_runtime.feeds import read_arrays
from tests.saved_models.session import SavedModels, run_tensorflow
from tests.unit.optimize.converting_results import UNSEEN, Result

MODELS = (
    "two_signatures",
    "in_the_way",
    "looping",
    "recurrent",
    "keras_export",
    "digits_keras",
    "basic_pitch!session",
    "optimizer_slots!session",
    "tables_and_assets",
    "default_values",
    "many_types",
    "two_signatures!externally",
)


@pytest.fixture(scope="module")
def out(saved_models: SavedModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted")
    folder.joinpath("home").mkdir()
    run_tensorflow("tests.unit.optimize.converting_signatures", str(folder), *(_argument(saved_models, one) for one in MODELS))
    return folder


def _argument(saved_models: SavedModels, model: str) -> str:
    name, mark, way = model.partition("!")
    return f"{saved_models.path(name)}{mark}{way}"


def result(out: Path, name: str) -> Result:
    return msgspec.json.decode((out / f"{name}.json").read_bytes(), type=Result)


def assert_same(given: list[Any], wanted: list[Any], names: tuple[str, ...]) -> None:
    for name, one, other in zip(names, given, wanted, strict=True):
        assert one.shape == other.shape, name
        if other.dtype == object:
            assert one.tolist() == other.tolist(), name
            continue
        assert one.dtype == other.dtype, name
        scale = max(float(np.abs(other).max(initial=0)), 1e-6)
        assert np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0) <= 1e-5 * scale, name


CONVERTED = [
    *("two_signatures", "in_the_way", "looping", "recurrent", "keras_export", "digits_keras", "basic_pitch"),
    *("tables_and_assets", "two_signatures_externally"),
]


@pytest.mark.parametrize("name", CONVERTED)
def test_onnx_models_give_what_signatures_give(out: Path, name: str) -> None:
    found = result(out, name)
    assert found.conversion is not None
    assert [one.signature for one in found.conversion.made] == list(found.called)
    assert found.conversion.failed == ()
    for one in found.conversion.made:
        called = found.called[one.signature]
        session = onnxruntime.InferenceSession(one.path, providers=["CPUExecutionProvider"])
        assert [each.name for each in session.get_inputs()] == list(called.inputs)
        assert [each.name for each in session.get_outputs()] == [one.renamed.get(each, each) for each in called.outputs]
        for at in range(1, UNSEEN + 1):
            feed = dict(zip(called.inputs, read_arrays(called.feeds, at), strict=True))
            assert_same(session.run(None, feed), read_arrays(called.given["tensorflow"], at), called.outputs)


@pytest.mark.parametrize("name", CONVERTED)
def test_onnx_models_say_what_they_are_and_nothing_of_this_machine(out: Path, name: str) -> None:
    found = result(out, name)
    assert found.conversion is not None
    for one in found.conversion.made:
        model = onnx.load(one.path)
        onnx.checker.check_model(one.path, full_check=True)
        assert (model.ir_version, model.producer_name) == (8, "tf2onnx")
        assert model.doc_string == f'signature "{one.signature}" of a TensorFlow SavedModel'
        used = {node.domain for node in model.graph.node} | {""}
        assert {each.domain for each in model.opset_import} == used
        assert next(each.version for each in model.opset_import if each.domain == "") == 18
        assert os.fsencode(out) not in Path(one.path).read_bytes()
        nodes = [node.name for node in model.graph.node]
        assert all(nodes)
        assert len(set(nodes)) == len(nodes)


def shapes(path: str) -> dict[str, tuple[object, ...] | None]:
    graph = read(Path(path)).graph
    return {spec.name: spec.shape for spec in (*graph.inputs, *graph.outputs)}


def test_open_dimensions_are_named_by_what_they_follow(out: Path) -> None:
    found = result(out, "two_signatures").conversion
    assert found is not None
    paths = {one.signature: one.path for one in found.made}
    assert shapes(paths["serving_default"]) == {"ids": ("batch", 7), "scores": ("batch", 5), "best": ("batch",)}
    assert shapes(paths["embed/rows:2"]) == {
        "candidates": ("candidates_dim0", 16),
        "ids": ("batch", 7),
        "mask": ("batch", 7),
        "products": ("batch", "candidates_dim0"),
        "vector": ("batch", 16),
    }


def test_names_that_onnx_cannot_have_twice_are_mapped(out: Path) -> None:
    found = result(out, "in_the_way").conversion
    assert found is not None
    assert found.made[0].renamed == {"values": "values_output"}
    assert shapes(found.made[0].path) == {
        "a_count": (),
        "unused": ("unused_dim0", 4),
        "values": ("batch", 4),
        "again": ("batch", 4),
        "constant": (4,),
        "count": (),
        "twice": ("batch", 4),
        "values_output": ("batch", 4),
    }


def test_weights_may_lie_beside_the_model(out: Path) -> None:
    found = result(out, "two_signatures_externally").conversion
    assert found is not None
    external = read(Path(found.made[0].path)).external_files
    assert [(one.location, one.problem) for one in external] == [("0.onnx.data", "")]


def test_loops_stay_loops(out: Path) -> None:
    found = result(out, "looping").conversion
    assert found is not None
    operators = {node.op_type for node in onnx.load(found.made[0].path).graph.node}
    assert {"Loop", "If"} <= operators


def test_what_cannot_be_converted_is_said_of_its_signature(out: Path) -> None:
    for name, reason in (
        ("default_values", "ReduceJoin (node ReduceJoin/ReduceJoin) has no ONNX operator"),
        ("many_types", 'input "of_any_rank" has no rank: tf2onnx would take it for a scalar'),
    ):
        found = result(out, name).conversion
        assert found is not None
        assert found.made == ()
        assert [(one.signature, one.reason, one.final) for one in found.failed] == [("serving_default", reason, True)]


def test_signatures_that_keep_state_are_neither_converted_nor_frozen(out: Path) -> None:
    found = result(out, "optimizer_slots")
    assert found.conversion is not None
    assert [one.signature for one in found.conversion.made] == ["serving_default"]
    assert [one.signature for one in found.conversion.failed] == ["train"]
    assert "AssignSubVariableOp (node" in found.conversion.failed[0].reason
    assert found.conversion.repairs == (
        "slot variables of the optimizer were taken out of the object graph: TensorFlow refuses them",
    )
    assert found.reasons["freeze"].startswith("signature train: AssignSubVariableOp")


def test_tables_are_not_frozen_away(out: Path) -> None:
    found = result(out, "tables_and_assets")
    assert found.frozen is None
    assert "HashTableV2" in found.reasons["freeze"]


FROZEN = [
    "two_signatures",
    "in_the_way",
    "looping",
    "recurrent",
    "keras_export",
    "digits_keras",
    "basic_pitch",
    "default_values",
]


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_models_give_what_the_original_gives(out: Path, saved_models: SavedModels, name: str) -> None:
    found = result(out, name)
    assert found.frozen is not None
    assert [one.way for one in found.frozen.models] == ["frozen", "frozen, then Grappler"]
    original = read_saved_model(saved_models.path(name))
    for model in found.frozen.models:
        frozen = read_saved_model(Path(model.path))
        assert frozen.saved_model.variables == ()
        assert signatures_of(frozen) == signatures_of(original)
        assert model.nodes == sum(len(graph.nodes) for graph in frozen.graphs())
        for called in found.called.values():
            for at in range(1, UNSEEN + 1):
                wanted = read_arrays(called.given["tensorflow"], at)
                assert_same(read_arrays(called.given[model.way], at), wanted, called.outputs)


def read_saved_model(folder: Path) -> Any:
    from inspector.formats.saved_model.read import read as read_folder

    return read_folder(folder)


def signatures_of(computation: Any) -> dict[str, Any]:
    """Return of each signature what a request sees: names, types, shapes, defaults, method."""
    return {
        one.name: (
            one.method,
            sorted((each.name, each.dtype, each.shape, each.default) for each in one.inputs),
            sorted((each.name, each.dtype, each.shape) for each in one.outputs),
        )
        for one in computation.saved_model.main.signatures
    }


def test_signatures_share_their_weights(out: Path) -> None:
    """Keras exports one function by two names, and both of ours take one table: no weight is written twice."""
    for name in ("keras_export", "two_signatures"):
        found = result(out, name).frozen
        assert found is not None
        for model in found.models:
            written = Path(model.path, "saved_model.pb").read_bytes()
            weights = [one for one in read_saved_model(Path(model.path)).weights if one.byte_count >= 256]
            assert weights
            for weight in weights:
                place = weight.storage
                assert written.count(written[place.offset : place.offset + place.length]) == 1, weight.name
