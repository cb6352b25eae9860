"""A container image on the workbench: its tabs, what each says, where Enter leads, and models on top of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Progress
from inspector.records.opened import artifact_of
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.tabs import PANES
from inspector.tui.widgets.image.files_pane import FilesPane
from inspector.tui.widgets.image.packages_pane import PackagesPane
from inspector.tui.widgets.image.waste_pane import WastePane
from inspector.tui.widgets.key_bar import MOST_KEYS, KeyBar
from tests.images.build import artifact_members, model_pack, write_archive
from tests.tui.driving import SIZES, opened, press, screen_text, settle, shows, until
from tests.tui.image_making import CNN, demo_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_archive(tmp_path_factory.mktemp("image"), "none")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"model/digits.onnx": CNN.read_bytes(), "README.md": b"# digits\n", "config.json": b"{}"}
    return write_archive(tmp_path_factory.mktemp("pack") / "pack.tar", artifact_members(model_pack(files)))


def workbench(app: ModelpackApp) -> WorkbenchScreen:
    screen = app.screen
    assert isinstance(screen, WorkbenchScreen)
    return screen


def files(app: ModelpackApp) -> FilesPane:
    return app.screen.query_one(FilesPane)


async def in_tree(pilot: Any, app: ModelpackApp, path: str) -> None:
    """Wait until the cursor of the tree is on a path."""
    await until(pilot, lambda: files(app).table.row is not None and files(app).table.row.path == path)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_tab_says_what_it_is_for(archive: Path, size: tuple[int, int]) -> None:
    telling = {
        "1": ("acme/digits:latest", "pulled", "reclaimable", "COPY models"),
        "2": ("6 layers", "final file system", "23 files", "models/", "usr/"),
        "3": ("2 packages", "tinylib", "2.1.0", "files no package owns"),
        "4": ("shipped", "deleted by a later layer", "RUN chown", "only the weights change"),
        "5": ("8 instructions", "6 layers", "apt-get update"),
        "6": ("4 findings", "no user is set"),
    }
    async with opened(archive, size) as (app, pilot):
        for key, expected in telling.items():
            await press(pilot, key)
            await shows(pilot, *expected)
            shown = app.screen.query_one(KeyBar).shown
            assert len(shown) <= MOST_KEYS
            assert {"help", "quit"} <= {action.id for action in shown}


async def test_the_header_says_source_platform_sizes_layers_and_files(archive: Path) -> None:
    async with opened(archive) as (app, _):
        header = screen_text(app).splitlines()[0]
    for said in ("acme/digits:latest", "docker archive", "linux/amd64", "2.9 MB", "6 layers", "23 files"):
        assert said in header


async def test_one_look_at_the_overview_says_what_the_image_is(archive: Path) -> None:
    async with opened(archive, (200, 60)) as (app, _):
        text = screen_text(app)
    for said in ("/models/digits.onnx", "/models/keras", "SavedModel", "root", "python /app/server.py", "8000/tcp", "no check"):
        assert said in text
    for said in ("copied up", "1.3 MB", "tests", "tinylib 2.1.0", "new packages", "COPY --link", "runs as root", "every layer"):
        assert said in text


async def test_tabs_of_models_are_absent(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        strip = screen_text(app).splitlines()[1]
        assert [title for title in ("Graph", "Operators", "Signatures", "Weights") if title in strip] == []
        await press(pilot, "b")
        assert workbench(app).tab == "image_overview", "a batch size means nothing here"


async def test_enter_on_a_model_opens_it_and_escape_returns(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "2", "slash", *"digits.onnx", "enter", "end")
        await in_tree(pilot, app, "models/digits.onnx")
        before = screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: len([one for one in app.screen_stack if isinstance(one, WorkbenchScreen)]) == 2)
        await settle(pilot)
        assert workbench(app).tab == next(iter(PANES["onnx"]))
        assert "digits.tar ▸ models/digits.onnx" in screen_text(app).splitlines()[0]
        copy = Path(artifact_of(workbench(app).inspection).path)  # type: ignore[arg-type]
        assert copy.is_file()
        await press(pilot, "3")
        await shows(pilot, "5 operators", "Conv")
        await press(pilot, "escape")
        await settle(pilot)
        assert screen_text(app) == before
        assert not copy.exists()


async def test_a_saved_model_opens_from_the_overview(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "n", "enter")
        await until(pilot, lambda: workbench(app).inside)
        await settle(pilot)
        await shows(pilot, "models/keras", "SavedModel", "saved model")
        await press(pilot, "escape")
        assert workbench(app).tab == "image_overview"


async def test_escape_stops_opening_a_model(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> Any:
        token = arguments[-1]
        assert isinstance(token, CancelToken)

        def events() -> Any:
            while not token.cancelled:
                event: Event[object] = Progress(1, 2, "bytes")
                yield event

        return events()

    monkeypatch.setattr("inspector.workflows.image_contents.open_inside", never)
    async with opened(archive) as (app, pilot):
        await press(pilot, "enter")
        await shows(pilot, "reading digits.onnx", "50%", "esc cancel")
        await press(pilot, "escape")
        await settle(pilot)
        assert not workbench(app).inside
        assert app.jobs.running == ()


async def test_a_package_leads_to_its_files(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "3", "enter")
        await until(pilot, lambda: workbench(app).tab == "files" and files(app).table.tree_view.only)
        await shows(pilot, "files of tinylib", "core.so", "METADATA")
        assert "passwd" not in screen_text(app)
        await press(pilot, "escape")
        await shows(pilot, "final file system", "etc/")


async def test_unowned_files_stand_last_whatever_they_weigh(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "3")
        rows = app.screen.query_one(PackagesPane).table.view.shown
        assert [row.name for row in rows] == ["tinylib", "base-files", "files no package owns"]
        assert rows[-1].bytes > rows[0].bytes


async def test_waste_leads_to_the_layer_that_shipped_it(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "4", *"lllll", "enter")
        await in_tree(pilot, app, "models/digits.onnx")
        assert files(app).layer_list.selected == 3
        await shows(pilot, "everything up to layer 3")


async def test_sections_of_waste_come_one_after_the_other(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "4")
        pane = app.screen.query_one(WastePane)
        seen = []
        for _ in range(6):
            seen.append({row.section for row in pane.table.view.shown})
            await press(pilot, "l")
        assert seen[0] == set().union(*seen[1:])
        assert [len(one) for one in seen[1:]] == [1] * 5
        total = sum(row.bytes for row in pane.table.view.shown if row.section == "cause")
        assert pane.inspection is not None
        assert pane.inspection.waste is not None
        assert total == pane.inspection.waste.reclaimable_bytes


async def test_leftovers_lead_to_their_files(archive: Path) -> None:
    async with opened(archive) as (_, pilot):
        await press(pilot, "4", *"lll", "enter")
        await shows(pilot, "leftovers: tests", "test_core.py")


async def test_an_instruction_leads_to_what_it_changed(archive: Path) -> None:
    async with opened(archive) as (_, pilot):
        await press(pilot, "5", "down", "down", "down", "down", "down")
        await shows(pilot, "RUN chown -R app /models && rm -rf", "instruction")
        await press(pilot, "enter")
        await shows(pilot, "changes of layer 4", "0:0 → 1000:0")


async def test_a_finding_leads_to_its_file(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "6", "slash", *"setuid", "enter", "enter")
        await in_tree(pilot, app, "usr/bin/su")
        assert workbench(app).tab == "files"


async def test_digests_are_verified_on_demand(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "d")
        await settle(pilot)
        inspection: Any = workbench(app).inspection
        assert {layer.verification for layer in inspection.image.layers} == {"verified"}
        assert inspection.image.artifact.sha256


async def test_another_artifact_takes_the_place_of_image_and_model(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: workbench(app).inside)
        await settle(pilot)
        app.open_artifact(str(CNN))
        await settle(pilot)
        assert [type(one) for one in app.screen_stack].count(WorkbenchScreen) == 1
        assert "digits_cnn.onnx" in screen_text(app).splitlines()[0]
        assert workbench(app).kind == "onnx"
        app.open_artifact(str(archive))
        await settle(pilot)
        assert workbench(app).kind == "image"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_an_artifact_has_tabs_of_its_own(artifact: Path, size: tuple[int, int]) -> None:
    shown = ["Overview", "Blobs", "Files"]
    async with opened(artifact, size) as (app, pilot):
        strip = screen_text(app).splitlines()[1]
        assert [title for title in ("Overview", "Blobs", "Files", "Packages", "Waste") if title in strip] == shown
        assert "OCI artifact" in screen_text(app).splitlines()[0]
        await press(pilot, "2")
        await shows(pilot, "5 blobs", "weights", "digits.onnx")


async def test_a_blob_that_is_a_model_opens(artifact: Path) -> None:
    async with opened(artifact) as (app, pilot):
        await press(pilot, "2", "slash", *"digits.onnx", "enter", "enter")
        await until(pilot, lambda: workbench(app).inside)
        await settle(pilot)
        await press(pilot, "3")
        await shows(pilot, "5 operators")
        await press(pilot, "escape")
        assert workbench(app).tab == "blobs"
