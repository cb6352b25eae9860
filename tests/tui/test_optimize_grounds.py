"""Naming what steps are judged by: a file of inputs, a contract; what is wrong with it is said in the dialog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.tui.screens.name_file import NameContractScreen, NameDataScreen
from inspector.tui.widgets.optimize import OptimizePane
from tests.builders import save, small_cnn
from tests.tui.driving import SAMPLES, opened, press, settle, shows, until
from tests.tui.optimizations import all_idle
from tests.tui.test_optimize import put


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(monkeypatch, all_idle())
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    monkeypatch.chdir(tmp_path)


async def test_a_file_of_samples_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "digits_cnn.npz").symlink_to(SAMPLES / "digits_cnn.npz")
    async with opened(SAMPLES / "digits_cnn.onnx") as (app, pilot):
        await press(pilot, "7", "i")
        await until(pilot, lambda: isinstance(app.screen, NameDataScreen))
        await press(pilot, *"dig", "tab", "enter")
        await until(pilot, lambda: not isinstance(app.screen, NameDataScreen))
        await shows(pilot, "digits_cnn.npz: 2,985 samples, labelled")
        pane = app.screen.query_one(OptimizePane)
        assert pane.runner.session.request.data == "digits_cnn.npz"
        await press(pilot, "ctrl+r")
        await settle(pilot)
        await press(pilot, "7")
        await shows(pilot, "digits_cnn.npz")


async def test_a_file_that_does_not_fit_is_explained_and_nothing_changes(tmp_path: Path) -> None:
    np.savez(tmp_path / "wrong.npz", other=np.zeros((4, 2), np.float32))
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7", "i", *"wrong.npz", "enter")
        await shows(pilot, "wrong.npz", "other")
        assert isinstance(app.screen, NameDataScreen)
        await press(pilot, "escape")
        await shows(pilot, "16 seeded, synthetic")


async def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7", "i", *"nowhere.npz", "enter")
        await shows(pilot, "nowhere.npz:")
        assert isinstance(app.screen, NameDataScreen)


async def test_a_contract_is_read_and_named(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("contract: 1\nname: digits in production\n")
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7", "c", *"con", "tab", "enter")
        await until(pilot, lambda: not isinstance(app.screen, NameContractScreen))
        await shows(pilot, "contract: digits in production")
        request = app.screen.query_one(OptimizePane).runner.session.request
        assert request.contract_folder == str(tmp_path)


async def test_the_data_a_contract_names_is_what_steps_use(tmp_path: Path) -> None:
    (tmp_path / "digits.npz").symlink_to(SAMPLES / "digits_cnn.npz")
    (tmp_path / "contract.yaml").write_text("contract: 1\nconformance:\n  data: digits.npz\n")
    async with opened(SAMPLES / "digits_cnn.onnx") as (_, pilot):
        await press(pilot, "7", "c", *"contract.yaml", "enter")
        await shows(pilot, "digits.npz: 2,985 samples, labelled")


async def test_a_broken_contract_is_explained(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("contract: 1\nnonsense: 3\n")
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7", "c", *"contract.yaml", "enter")
        await shows(pilot, "nonsense")
        assert isinstance(app.screen, NameContractScreen)
