"""A SavedModel on the workbench: every tab says what only a SavedModel has, and Enter leads to the node."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from inspector.records.artifact import Computation
from inspector.records.saved_model import (
    AssetFacts,
    EntryPoint,
    MetaGraphFacts,
    SavedModelFacts,
    ServedVersion,
    SignatureFacts,
    SignatureTensor,
    WarmUp,
)
from inspector.report.text import to_text
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.graph import GraphPane
from inspector.tui.widgets.signatures_pane import SignaturesPane
from inspector.tui.widgets.weights_pane import WeightsPane
from inspector.workflows.review import review
from tests.saved_models.session import SavedModels
from tests.tui.driving import SAMPLES, opened, press, screen_text, settle, showing
from tests.tui.inspections import HOSTILE, small_inspection

SAMPLE = SAMPLES / "digits_keras"


async def test_the_overview_says_what_a_saved_model_holds() -> None:
    async with opened(SAMPLE) as (app, _):
        text = screen_text(app)
        for said in ("SavedModel · TF 2.", "saved model", "serve  1 signature", "init op: NoOp", "46 variables"):
            assert said in text, said


async def test_weights_are_counted_as_the_report_counts_them() -> None:
    async with opened(SAMPLE, (160, 60)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        assert screen.inspection is not None
        told = review(screen.inspection)
        assert told.graph is not None
        tiles = [line.split() for line in screen_text(app).splitlines() if "KB" in line or "on disk" in line]
        assert tiles[1][-2] == str(told.graph.weight_count) == "26"
        text = to_text(told)
        for said in ("32.0 K parameters in 26 weights, 127.9 KB", "only training needs 27 variables, 27 of an optimizer"):
            assert said in text
        assert "only training needs 27 variables, 27 of an" in screen_text(app)
        await press(pilot, "5")
        assert "26 weights · 127.9 KB · only training needs 254.2 KB · 76 listed" in screen_text(app)


async def test_another_artifact_has_no_such_card() -> None:
    async with opened(SAMPLES / "digits_cnn.onnx") as (app, _):
        assert not app.screen.query_one("#saved-model").display


async def test_a_serving_folder_says_which_version_is_picked(tmp_path: Path) -> None:
    for version in ("1", "2"):
        shutil.copytree(SAMPLE, tmp_path / "served" / version)
    async with opened(tmp_path / "served") as (app, _):
        text = screen_text(app)
        assert "2  a server picks this one" in text
        assert "the same signatures as the served version" in text


async def test_signatures_say_where_a_value_comes_from() -> None:
    async with opened(SAMPLE) as (app, pilot):
        await press(pilot, "4")
        text = screen_text(app)
        for said in ("serving_default_image:0", "kwargs['image']", "tensorflow/serving/predict", "__inference_serve"):
            assert said in text, said


async def test_signatures_lead_to_their_nodes() -> None:
    async with opened(SAMPLE) as (app, pilot):
        for row in ("up", "down"):
            await press(pilot, "4", row, "enter")
            screen = app.screen
            assert isinstance(screen, WorkbenchScreen)
            assert screen.tab == "graph", row


async def test_each_output_leads_to_the_node_in_the_function_that_makes_it(saved_models: SavedModels) -> None:
    async with opened(saved_models.path("nested")) as (app, pilot):
        landed = []
        for name in ("mapped", "total"):
            await press(pilot, "4")
            table = app.screen.query_one(SignaturesPane).table
            assert table.go_to(next(port for port in table.view.shown if port.spec.name == name))
            await press(pilot, "enter")
            state = app.screen.query_one(GraphPane).state
            assert state is not None
            assert state.ref is not None
            landed.append((state.ref.graph, state.document.graphs[""].nodes[state.ref.index].outputs))
        results = [spec.name for spec in state.document.graphs[""].outputs]
        assert landed == [("", (result,)) for result in results]


async def test_signatures_of_all_tag_sets_are_listed(saved_models: SavedModels) -> None:
    async with opened(saved_models.path("two_tag_sets")) as (app, pilot):
        await press(pilot, "4")
        ports = app.screen.query_one(SignaturesPane).table.view.shown
        assert len(ports) == 7
        text = screen_text(app)
        for said in ("3 signatures", "classes · features", "serving_default · scores", "train · loss"):
            assert said in text, said


async def test_variables_are_read_and_say_their_shard(saved_models: SavedModels) -> None:
    async with opened(saved_models.path("sharded"), (120, 50)) as (app, pilot):
        await press(pilot, "5")
        app.screen.query_one(WeightsPane).go_to("", "projection")
        await press(pilot, "enter")
        await settle(pilot)
        text = screen_text(app)
        for said in ("shard     2", "projection/.ATTRIBUTES", "range", "sha256 of the stored bytes"):
            assert said in text, said


async def test_calls_open_in_place(saved_models: SavedModels) -> None:
    async with opened(saved_models.path("nested"), (160, 60)) as (app, pilot):
        await press(pilot, "2")
        state = app.screen.query_one(GraphPane).state
        assert state is not None
        rows = [state.outline.row_at(index) for index in range(len(state.outline))]
        titles = {row.section.title for row in rows}
        for begun in ("function __inference_inner", "then_branch: cond_true", "else_branch: cond_false", "body: while_body"):
            assert any(title.startswith(begun) for title in titles), begun


async def test_a_finding_leads_to_the_planted_node(saved_models: SavedModels) -> None:
    async with opened(saved_models.path("planted_in_init")) as (app, pilot):
        await press(pilot, "6", "enter")
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        assert screen.tab == "graph"
        state = screen.query_one(GraphPane).state
        assert state is not None
        assert state.ref is not None
        node = state.document.node(state.ref)
        assert node is not None
        assert node.operator == "WriteFile"


async def test_hostile_text_of_a_saved_model_stays_text() -> None:
    async with showing(replace(small_inspection(), computation=hostile_computation()), (160, 60)) as (app, pilot):
        for tab in ("1", "4"):
            await press(pilot, tab)
            text = screen_text(app)
            assert "[/foo]" in text, tab
            assert all(line.isprintable() for line in text.split("\n")), tab


def hostile_computation() -> Computation:
    tensors = tuple(SignatureTensor(text, text, (text, None), text, "composite", text, text) for text in HOSTILE)
    one = MetaGraphFacts(
        tags=HOSTILE,
        tensorflow_version=HOSTILE[0],
        is_main=True,
        signatures=(SignatureFacts(HOSTILE[0], HOSTILE[1], tensors, tensors, None, HOSTILE[2]),),
        entries=(EntryPoint("load", HOSTILE[2]),),
        assets=tuple(AssetFacts(text, text, text, 1, False, text) for text in HOSTILE),
    )
    versions = tuple(ServedVersion(number, text, 1, differences=HOSTILE) for number, text in enumerate(HOSTILE))
    warm_up = WarmUp(HOSTILE[0], 1, 1, problem=HOSTILE[2])
    return replace(
        small_inspection().computation,
        saved_model=SavedModelFacts("/models", "saved_model.pb", 1, (one,), warm_up=warm_up, versions=versions),
    )
