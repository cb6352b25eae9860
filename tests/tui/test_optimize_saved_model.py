"""The optimize tab with a SavedModel open: what it offers as the model becomes another, and what it tells of each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from inspector.optimize import catalogue
from inspector.records.inspection import Inspection
from inspector.records.optimization import Change, ModelFacts, SignatureProof
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.save_model import SaveModelScreen, proposed_name
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.tabs import PANES
from inspector.tui.widgets.optimize import OptimizePane
from inspector.tui.widgets.optimize.change_text import proof_lines, verdict_lines
from tests.golden.converted_reviews import converted_review
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing, shows, until
from tests.tui.inspections import HOSTILE
from tests.tui.optimizations import Idle, accepted, shown_rows
from tests.tui.saved_model_steps import CHANGES, NOW_LITERT, STEPS, SavedModelSession, tflite_inspection
from tests.tui.test_hostile_text import assert_harmless

SAMPLE = SAMPLES / "digits_keras"
MISSING = "TensorFlow is not installed: pip install 'modelpack-tui[tensorflow]'"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes come as they were written down."""
    monkeypatch.setattr("inspector.workflows.optimization.session.OptimizationSession", SavedModelSession)


def pane_of(app: ModelpackApp) -> OptimizePane:
    return app.screen.query_one(OptimizePane)


def told(change: Change, width: int = 60) -> str:
    """Return everything the details say of a change, in one line."""
    row = replace(shown_rows(tflite_inspection(), change)[1])
    lines = [*verdict_lines(row, width), *proof_lines(change, width)]
    return " ".join(" ".join(line.plain for line in lines).split())


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_stranger_reads_what_a_saved_model_can_become(size: tuple[int, int], session: None) -> None:
    async with opened(SAMPLE, size) as (app, pilot):
        await press(pilot, "7")
        await shows(pilot, *STEPS, "what prune does", "space picks steps", "a .tflite")
        await press(pilot, *("down",) * 6)
        await shows(pilot, "would do", "what int8-dynamic does")
        assert "warmstart" not in screen_text(app)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_without_tensorflow_steps_stay_and_say_what_to_install(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    idle: Mapping[str, Idle] = {name: Idle(name, MISSING, nothing_to_do=False) for name in STEPS}
    monkeypatch.setattr(catalogue, "SAVED_MODEL_OPTIMIZERS", MappingProxyType(idle))
    async with opened(SAMPLE, size) as (app, pilot):
        await press(pilot, "7")
        await shows(pilot, *STEPS, "cannot run: TensorFlow is not installed")
        await settle(pilot)
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert "pip install 'modelpack-tui[tensorflow]'" in text
        await press(pilot, "space")
        assert not pane_of(app).picks


async def test_steps_follow_what_the_model_has_become(session: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(SAMPLE, (120, 36)) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        pane = pane_of(app)
        await press(pilot, "space", "down", "down", "space", "enter")
        await until(pilot, lambda: pane.runner.log.count == 2)
        await settle(pilot)
        await shows(pilot, "it is an ONNX model now", "u goes back to the SavedModel", "warmstart", "what warmstart does")
        assert [step.name for step in pane.steps.view.shown] == ["simplify", "fp16", "int8", "int8-dynamic", "warmstart"]
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveModelScreen))
        await shows(pilot, "digits_keras-pruned.onnx", "after prune, to-onnx", "1 file, one a signature: count")
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveModelScreen))
        await shows(pilot, "digits_keras-pruned.count.onnx")
        await press(pilot, "up", "u", "enter")
        await until(pilot, lambda: pane.runner.log.count == 1)
        await settle(pilot)
        assert [step.name for step in pane.steps.view.shown] == list(STEPS)
        assert "ONNX model now" not in screen_text(app)


async def test_a_litert_model_is_the_end(session: None) -> None:
    async with opened(SAMPLE, (120, 36)) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, *("down",) * 5, "enter")
        await until(pilot, lambda: pane_of(app).runner.log.count == 1)
        await settle(pilot)
        await shows(pilot, "it is a LiteRT model now", f"cannot run: {NOW_LITERT}")
        assert proposed_name(pane_of(app).runner.session) == "digits_keras-int8.tflite"
        await press(pilot, "g")
        await shows(pilot, "before: the original", "after int8")


async def test_a_folder_is_never_written_over(session: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits_keras-pruned").mkdir()
    (tmp_path / "digits_keras-pruned" / "saved_model.pb").write_text("mine")
    async with opened(SAMPLE, (80, 24)) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: pane_of(app).runner.log.count == 1)
        await settle(pilot)
        await press(pilot, "ctrl+s", "enter")
        await shows(pilot, "digits_keras-pruned is there already")
        assert (tmp_path / "digits_keras-pruned" / "saved_model.pb").read_text() == "mine"


async def test_a_path_ending_in_a_number_is_a_version(session: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(SAMPLE, (120, 36)) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: pane_of(app).runner.log.count == 1)
        await settle(pilot)
        await press(pilot, "ctrl+s")
        await shows(pilot, "such as serving/2")
        await press(pilot, *("backspace",) * len("digits_keras-pruned"), *"serving/3", "enter")
        await shows(pilot, "serving holds version 3 already")
        await press(pilot, "backspace", "4", "enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveModelScreen))
        await shows(pilot, "8 warm-up requests: serving/4", "written   serving/4")


def test_a_version_is_named_after_what_it_is_a_version_of(tmp_path: Path) -> None:
    folder = tmp_path / "classifier" / "3"
    folder.mkdir(parents=True)
    inspection = tflite_inspection()
    saved_model = _saved_model_at(inspection, folder)
    session = SavedModelSession(saved_model, None)  # type: ignore[arg-type]
    session._done = [(CHANGES["prune"], replace(session.current))]
    assert proposed_name(session) == "classifier-pruned"  # type: ignore[arg-type]


def _saved_model_at(inspection: Inspection, folder: Path) -> Inspection:
    from inspector.records.saved_model import SavedModelFacts

    artifact = replace(inspection.computation.artifact, path=str(folder), format="saved_model")
    facts = SavedModelFacts(str(folder), "saved_model.pb", 1, ())
    return replace(inspection, computation=replace(inspection.computation, artifact=artifact, saved_model=facts))


def test_each_signature_has_its_proof() -> None:
    text = told(CHANGES["int8"])
    for said in (
        "runs on LiteRT",
        "1 of 2 signatures proven",
        "✓ serving_default",
        "400 inputs: 29.7 dB 200 unseen: 29.7 dB accuracy passed",
        "✗ count output lengths: 99 % equal, 100 % needed",
        "0.010×",
        "TensorFlow before, LiteRT after",
        "input words: other, words → serving_default_words:0 in the file",
    ):
        assert said in text, said
    assert "input words: other, words → serving_default_words:0" in told(CHANGES["to-onnx"])
    assert "opset none → 18" in told(CHANGES["to-onnx"])


def test_a_single_signature_is_named_and_nothing_is_told_twice() -> None:
    text = told(CHANGES["fp16"])
    assert "signature serving_default" in text
    assert "each signature" not in text


def test_many_signatures_are_counted_not_listed() -> None:
    proofs = tuple(SignatureProof(f"head{at}") for at in range(40))
    text = told(replace(CHANGES["prune"], signatures=proofs))
    assert "40 of 40 signatures proven" in text
    assert "and 16 more" in text
    assert "head24" not in text


def test_a_change_of_an_onnx_model_says_what_it_did_before() -> None:
    text = told(accepted())
    assert "runs on" not in text
    assert "signature" not in text


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_every_change_has_a_row(size: tuple[int, int], session: None) -> None:
    changes = converted_review().changes
    async with opened(SAMPLE, size) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        pane = pane_of(app)
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        assert isinstance(screen.inspection, Inspection)
        pane.runner.log.rows = shown_rows(screen.inspection, *changes)
        pane.refresh_all()
        await press(pilot, "tab", "home")
        for change in changes:
            await press(pilot, "down")
            await shows(pilot, f"step: {change.optimizer}")
        await shows(pilot, "TensorFlow is not installed")


async def test_hostile_names_of_signatures_are_text(session: None) -> None:
    everything = " ".join(HOSTILE)
    proofs = tuple(SignatureProof(text, CHANGES["int8"].parity, reason=text, notes=(everything,)) for text in HOSTILE)
    change = replace(CHANGES["int8"], signatures=proofs, files=HOSTILE, output=everything, before=ModelFacts(1, 1, 0))
    async with opened(SAMPLE, (120, 36)) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        pane = pane_of(app)
        pane.runner.log.rows = shown_rows(tflite_inspection(), change)
        pane.refresh_all()
        await press(pilot, "tab", "end")
        assert_harmless(app)
        await press(pilot, "J", "J")
        assert_harmless(app)


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_a_tflite_model_has_every_tab_but_optimize(size: tuple[int, int]) -> None:
    assert "optimize" not in PANES["tflite"]
    async with showing(tflite_inspection(), size) as (app, pilot):
        assert "TFLite" in screen_text(app).splitlines()[0]
        for key, words in (
            ("1", ("12.0 KB", "Conv")),
            ("2", ("Conv", "Gemm")),
            ("3", ("Relu",)),
            ("4", ("serving_default", "count") if size[0] > 100 else ("image", "scores")),
            ("5", ("w1",)),
            ("6", ()),
            ("7", ("cold start", "latency")),
        ):
            await press(pilot, key)
            await shows(pilot, *words)
        assert "tflite.Conv" not in screen_text(app)
        await press(pilot, "m")
        await shows(pilot, "Only the runtime of ONNX models")


async def test_a_tflite_model_tells_what_its_integers_stand_for() -> None:
    async with showing(tflite_inspection(), (160, 60)) as (app, pilot):
        await shows(pilot, "TFLite, schema version 3", "up to version 3: CONV_2D 3", "2 buffers of 1.0 KB")
        await press(pilot, "2", "home")
        await shows(pilot, "row 1 of 5")
        await shows(pilot, "4 scales along axis 0, 0.25 first", "scale 0.125, zero point -128")
        await press(pilot, "5", "end")
        await shows(pilot, "quantized 4 scales along axis 0")
        await press(pilot, "4", "down", "down")
        await shows(pilot, "signature count", "tensor    a", "quantized scale 0.125, zero point -128")
        await press(pilot, "enter")
        await shows(pilot, "row 2 of 5")
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        assert screen.tab == "graph"
