"""Models that are not the same are run on the same inputs; those that cannot be are unknown, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from inspector.records.difference import ArtifactComparison, ComparedArea, Difference
from inspector.records.event import Finished
from inspector.records.opened import Opened
from inspector.workflows.compare import compare
from inspector.workflows.examine import examine
from tests.compared import onnx_models, saved_models


def opened(path: Path) -> Opened:
    *_, last = examine(path)
    assert isinstance(last, Finished)
    return last.result


def compared(before: Opened, after: Opened) -> ArtifactComparison:
    *_, last = compare(before, after)
    assert isinstance(last, Finished)
    return last.result.comparison


def parity_of(comparison: ArtifactComparison) -> tuple[ComparedArea, list[Difference]]:
    (area,) = [one for one in comparison.areas if one.area == "parity"]
    return area, [one for one in comparison.differences if one.area == "parity"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened(onnx_models.write(onnx_models.base(), tmp_path_factory.mktemp("base") / "m"))


def changed(folder: Path, *changes: Callable[[ModelProto], None]) -> Opened:
    made = onnx_models.base()
    for change in changes:
        change(made)
    return opened(onnx_models.write(made, folder / "m"))


def squash_twice_negated(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[7].input[0] = "back"
    nodes[7:7] = [helper.make_node("Neg", ["s"], ["away"], "one"), helper.make_node("Neg", ["away"], ["back"], "two")]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def other_size(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 9


def divided_by_zero(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[6].op_type = "Div"
    nodes[6].input[:] = ["zero", "zero"]
    nodes.insert(6, helper.make_node("Sub", ["g", "g"], ["zero"], "nothing"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def random_result(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[6] = helper.make_node("RandomNormalLike", ["g"], ["s"], "noise", dtype=TensorProto.FLOAT)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def test_a_changed_weight_shows_in_the_outputs(model: Opened, tmp_path: Path) -> None:
    area, (found,) = parity_of(compared(model, changed(tmp_path, onnx_models.one_element)))
    assert (area.same, area.changed, area.unknown) == (False, 1, "")
    assert found.what == "output scores"
    assert found.figures["largest error"] > 1e-3
    assert 0 < found.figures["SQNR dB"] < 100
    assert 0 <= found.figures["top-1 agreement"] <= 1
    assert found.figures["NaN"] == 0


def test_the_same_models_are_not_run(model: Opened, tmp_path: Path) -> None:
    found = compared(model, changed(tmp_path, onnx_models.renamed_nodes))
    assert "parity" not in [area.area for area in found.areas]


def test_another_way_to_the_same_result(model: Opened, tmp_path: Path) -> None:
    found = compared(model, changed(tmp_path, squash_twice_negated))
    area, differences = parity_of(found)
    assert (area.same, area.equal, differences) == (True, 1, [])
    assert not found.same
    assert "outputs" in found.summary.rpartition("; ")[2]


def test_new_nan_is_counted(model: Opened, tmp_path: Path) -> None:
    _, (found,) = parity_of(compared(model, changed(tmp_path, divided_by_zero)))
    assert found.figures["NaN"] > found.figures["NaN before"] == 0
    assert "NaN 0 -> " in found.detail


def test_an_input_of_another_name_is_fed_the_same(model: Opened, tmp_path: Path) -> None:
    area, _ = parity_of(compared(model, changed(tmp_path, onnx_models.one_element, onnx_models.renamed_input)))
    assert (area.changed, area.unknown) == (1, "")


def test_inputs_that_fit_only_one_are_told(model: Opened, tmp_path: Path) -> None:
    area, differences = parity_of(compared(model, changed(tmp_path, onnx_models.one_element, other_size)))
    assert (area.same, differences) == (False, [])
    assert area.unknown == ("no inputs fit both: input image is float32[batch,3,8,8] and float32[batch,3,8,9]")


@pytest.mark.parametrize(("first", "which"), [(True, "the first"), (False, "the second")])
def test_one_that_does_not_run_is_named(model: Opened, tmp_path: Path, first: bool, which: str) -> None:
    broken = changed(tmp_path, onnx_models.half)
    area, _ = parity_of(compared(broken, model) if first else compared(model, broken))
    assert not area.same
    assert area.unknown.startswith(f"{which} was not run: ")


def test_random_results_cannot_be_compared(model: Opened, tmp_path: Path) -> None:
    area, _ = parity_of(compared(changed(tmp_path, random_result), model))
    assert "outputs differ between two runs" in area.unknown


def test_without_tensorflow_parity_is_unknown(model: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.runtimes.tensorflow.availability._is_there", lambda: False)
    found = compared(model, opened(saved_models.write(tmp_path / "s")))
    area, _ = parity_of(found)
    assert area.unknown == "TensorFlow is not installed, and SavedModels run on it"
    assert not found.same
    assert "outputs could not be compared" in found.summary


def test_other_weights_in_external_data_that_is_gone(model: Opened, tmp_path: Path) -> None:
    path = onnx_models.write(onnx_models.base(), tmp_path / "m", onnx_models.external)
    (path.parent / "weights.bin").unlink()
    area, _ = parity_of(compared(model, opened(path)))
    assert area.unknown
    assert onnx.load(path, load_external_data=False).graph.node[0].name == "stem"
