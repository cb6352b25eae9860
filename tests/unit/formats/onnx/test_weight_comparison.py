"""Values of weights larger than what is read at once are compared in a child; what it cannot read, or dies of, is unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from inspector.formats.onnx import weight_comparison
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.difference import ArtifactComparison
from inspector.records.event import Finished
from inspector.records.opened import Opened
from inspector.workflows.compare import compare
from inspector.workflows.examine import examine
from tests import builders

ROWS, COLUMNS = 1024, 2048


def opened(path: Path) -> Opened:
    *_, last = examine(path)
    assert isinstance(last, Finished)
    return last.result


def write(folder: Path, *, changed: float = 0.0, external: bool = False) -> Path:
    """Write y = x @ w with 8 MiB of w, one element of which is off by so much."""
    folder.mkdir()
    values = np.random.default_rng(3).normal(size=(ROWS, COLUMNS)).astype(np.float32)
    values[700, 1999] += changed
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "product")]
    inputs, outputs = [builders.value("x", [1, ROWS])], [builders.value("y", [1, COLUMNS])]
    model = builders.model_of(nodes, inputs, outputs, [builders.weight("w", values)])
    path = folder / "model.onnx"
    onnx.save(model, path, save_as_external_data=external, location="weights.bin", size_threshold=0)
    return path


def compared(before: Opened, after: Opened) -> ArtifactComparison:
    *_, last = compare(before, after, run=False)
    assert isinstance(last, Finished)
    return last.result.comparison


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened(write(tmp_path_factory.mktemp("large") / "m"))


def test_one_element_in_8_mib(large: Opened, tmp_path: Path) -> None:
    (found,) = compared(large, opened(write(tmp_path / "m", changed=0.5))).differences
    assert (found.area, found.way, found.what) == ("weights", "changed", "w")
    assert (found.figures["elements"], found.figures["changed elements"]) == (ROWS * COLUMNS, 1)
    assert found.figures["largest error"] == pytest.approx(0.5, abs=1e-6)


def test_the_same_values_in_external_data(large: Opened, tmp_path: Path) -> None:
    assert compared(large, opened(write(tmp_path / "m", external=True))).same


def test_external_data_that_is_cut_short(large: Opened, tmp_path: Path) -> None:
    path = write(tmp_path / "m", external=True)
    data = path.parent / "weights.bin"
    data.write_bytes(data.read_bytes()[:5_000_000])
    found = compared(large, opened(path))
    (weights,) = [area for area in found.areas if area.area == "weights"]
    assert weights.unknown.startswith("values of 1 weights could not be read: ")
    assert "w" in weights.unknown
    assert not found.same
    assert "weights could not be compared" in found.summary


def test_a_child_that_dies_leaves_weights_unknown(large: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_comparison, "_limits", lambda _: Limits(wall_seconds=1e-3))
    found = compared(large, opened(write(tmp_path / "m", changed=0.5)))
    (weights,) = [area for area in found.areas if area.area == "weights"]
    assert "took longer than 0.001 s" in weights.unknown
    assert not found.same


def test_cancelling_is_no_result(large: Opened, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(compare(large, opened(write(tmp_path / "m", changed=0.5)), cancel))
    assert caught.value.kind == "cancelled"
