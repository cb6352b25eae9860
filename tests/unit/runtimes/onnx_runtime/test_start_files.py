"""Which files of external data a model is said to have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from inspector.runtimes.onnx_runtime import start_files
from inspector.runtimes.onnx_runtime.start_files import model_files
from tests.builders import chain, external_model, model_of, save, save_external, value, weight


def test_a_model_alone(tmp_path: Path) -> None:
    path = save(chain(), tmp_path / "m.onnx")
    assert model_files(str(path)) == (str(path),)


def test_external_data_as_onnx_writes_it(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    model = model_of([node], [value("x", [4])], [value("y", [4])], [weight("w", np.ones(4, np.float32))])
    path = save_external(model, tmp_path, "weights.bin")
    assert model_files(str(path)) == (str(path), str(tmp_path / "weights.bin"))


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/passwd", "sub/../../weights.bin", "not there", ".", ""])
def test_names_that_lead_elsewhere_are_left_aside(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "weights.bin").touch()
    path = save(external_model(location), folder / "m.onnx")
    assert model_files(str(path)) == (str(path),)


@pytest.mark.parametrize("name", ["w" * 200, "weights ü \x1b[31m.bin"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"1234" * 4)
    path = save(external_model(name), tmp_path / "m.onnx")
    assert model_files(str(path)) == (str(path), str(tmp_path / name))


@pytest.mark.parametrize("chunk", range(1, 40, 3))
def test_names_that_lie_across_what_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    (tmp_path / "weights.bin").write_bytes(b"1234" * 4)
    path = save(external_model("weights.bin"), tmp_path / "m.onnx")
    monkeypatch.setattr(start_files, "_CHUNK", chunk)
    start_files._files_of.cache_clear()
    assert model_files(str(path)) == (str(path), str(tmp_path / "weights.bin"))


def test_a_changed_file_is_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"1234" * 4)
    path = save(chain(), tmp_path / "m.onnx")
    assert len(model_files(str(path))) == 1
    save(external_model("weights.bin"), path)
    assert len(model_files(str(path))) == 2


def test_a_file_that_is_not_there() -> None:
    assert model_files("/nowhere/m.onnx") == ("/nowhere/m.onnx",)
