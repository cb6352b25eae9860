"""Costs of published and made SavedModels, held against the ONNX export of the same network and closed forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.onnx.read import read as read_onnx
from inspector.formats.saved_model.read import read
from inspector.records.inspection import Inspection
from inspector.workflows.analyse import analyse
from tests.saved_models.published import basic_pitch_folder
from tests.saved_models.session import SavedModels


def inspection_of(path: Path, batch: int = 1) -> Inspection:
    return analyse(read(path), batch)


def test_basic_pitch_costs_what_its_onnx_export_does() -> None:
    folder = basic_pitch_folder()
    ours = inspection_of(folder, batch=2)
    exported = analyse(read_onnx(next(folder.parent.glob("*.onnx"))), batch=2)
    assert ours.cost.multiply_accumulates == exported.cost.multiply_accumulates > 1e9
    assert ours.cost.flops == pytest.approx(exported.cost.flops, rel=0.01)
    assert ours.cost.covered == 1.0
    assert not ours.cost.assumed


def test_a_keras_network_costs_what_its_layers_say(saved_models: SavedModels) -> None:
    cost = inspection_of(saved_models.path("keras_export"), batch=5).cost
    stem, depthwise, head = 8 * 8 * 4 * 9, 4 * 4 * 4 * 9, 64 * 10
    assert cost.multiply_accumulates == 5 * (stem + depthwise + head)
    assert cost.covered == 1.0
    assert cost.bindings == {"batch": 5}


def test_parameters_leave_the_optimizer_out(saved_models: SavedModels) -> None:
    inspection = inspection_of(saved_models.path("optimizer_slots"))
    facts = inspection.computation.saved_model
    assert facts is not None
    assert {one.role for one in facts.variables} >= {"parameter", "optimizer"}
    kernel_and_bias = 6 * 3 + 3
    assert inspection.cost.parameters_by_dtype["float32"] == pytest.approx(kernel_and_bias, abs=12)
    assert inspection.cost.parameters_by_dtype["float32"] >= kernel_and_bias


def test_nested_functions_are_counted_and_loops_said(saved_models: SavedModels) -> None:
    inspection = inspection_of(saved_models.path("nested"))
    assert inspection.cost.covered == 1.0
    assert any(note.startswith("While: body counted once") for note in inspection.cost.notes)
    assert inspection.cost.multiply_accumulates > 0
