"""Whatever an image calls its parts is shown as text on every tab of it: no markup, no escape sequence, no action."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.records.artifact import Artifact
from inspector.records.file_system import FileSystem, Placed
from inspector.records.finding import Finding
from inspector.records.image import Blob, Entry, Healthcheck, HistoryStep, Image, ImageConfig, Layer, Manifest
from inspector.records.image_contents import InsideArtifact, Package, Packages, PullCost
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LayerWaste, Leftover, Leftovers, Waste, WasteByCause, WastedFile
from inspector.tui.plain_text import clean
from inspector.tui.screens.preview import PreviewScreen
from tests.images.build import ImageSpec, build_layer, docker_archive
from tests.tui.driving import opened, press, screen_text, settle, showing, until
from tests.tui.inspections import HOSTILE
from tests.tui.test_hostile_text import assert_harmless

ALL_AT_ONCE = " ".join(HOSTILE)
CASES = [*((text, (120, 36)) for text in HOSTILE), (ALL_AT_ONCE, (80, 24)), (ALL_AT_ONCE, (200, 60))]


def hostile_image(text: str) -> ImageInspection:
    """Return an image with the text in every string that one can carry; the reader would have cleaned it."""
    name = text.replace("/", "∕")
    entries = (
        Entry(name, "directory"),
        Entry(f"{name}/{name}", "file", 100, 0o4755, offset=512, xattrs=(text,)),
        Entry(f"{name}/link", "symlink", link=text),
        Entry(f"{name}/hard", "hard_link", link=f"{name}/{name}"),
    )
    layer = Layer(0, text, text, text, "gzip", 50, 2048, text, text, text, None, entries, problem=text)
    config = ImageConfig(
        text,
        ((text, text),),
        (text,),
        (text,),
        text,
        (text,),
        (text,),
        {text: text},
        Healthcheck(("CMD", text)),
        text,
        text,
        text,
    )
    image = Image(
        Artifact(f"/images/{name}.tar", "image", 4096),
        "docker archive",
        config,
        (layer,),
        (HistoryStep(text, text, text, 0), HistoryStep(text)),
        (text, text),
        text,
        text,
        (Manifest(text, text, 3, "image", text, (text,), True), Manifest(text, text, 3, "attestation", text, (text,))),
    )
    files = {entry.path: Placed(entry, 0, entries[1] if entry.kind == "hard_link" else entry, 0) for entry in entries}
    wasted = WastedFile(f"{name}/{name}", 100, "deleted", 0, 0, 50)
    return ImageInspection(
        image,
        FileSystem(files, 0, 2, 100),
        Waste(200, 100, 100, (WasteByCause("deleted", 100, 1, 50),), (LayerWaste(0, 200, 100, 100, 100),), (wasted,), 50),
        Leftovers(100, 1, (Leftover("docs", 100, 1, (f"{name}/{name}",), text),)),
        Packages((Package("python", text, text, 100, 1, 90, 1, 1, f"{name}/{name}", 0, text),), 100, 1, ((name, 100),)),
        (InsideArtifact(f"{name}/{name}", "onnx", 100, 0), InsideArtifact(text, "saved_model", 1, 0)),
        (PullCost("weights", (0,), 50, 100, (0,), text),),
        (Finding(text, "high", text, text, text), Finding(text, "low", text, f"file /{name}/{name}")),
    )


def hostile_artifact(text: str) -> ImageInspection:
    """Return an OCI artifact with the text in every string."""
    blobs = tuple(Blob(f"{text}{index}", text, 100, text, text) for index in range(3))
    image = Image(
        Artifact(f"/{text}", "image", 1), "OCI layout", ImageConfig(), references=(text,), artifact_type=text, blobs=blobs
    )
    models = (InsideArtifact(text, "onnx", 100, -1, f"{text}0"),)
    return ImageInspection(image, models=models, findings=(Finding(text, "low", text, text),))


@pytest.mark.parametrize(("text", "size"), CASES, ids=range(len(CASES)))
async def test_every_tab_of_an_image(text: str, size: tuple[int, int]) -> None:
    async with showing(hostile_image(text), size) as (app, pilot):
        for key in "123456":
            await press(pilot, key, "down")
            await settle(pilot)
            assert_harmless(app)
        await press(pilot, "2", "Z", "c", "slash", *"[/x", "enter")
        assert_harmless(app)


@pytest.mark.parametrize("text", ["[/foo]", "[batch, 3]", "[bold red]x[/]"])
async def test_names_are_shown_in_full(text: str) -> None:
    async with showing(hostile_image(text)) as (app, pilot):
        for key in "123456":
            await press(pilot, key)
            await settle(pilot)
            shown = screen_text(app)
            assert clean(text) in shown or clean(text.replace("/", "∕")) in shown, key


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_tab_of_an_artifact(text: str) -> None:
    async with showing(hostile_artifact(text)) as (app, pilot):
        for key in "123":
            await press(pilot, key, "down")
            assert_harmless(app)


@pytest.mark.parametrize("text", [HOSTILE[2], ALL_AT_ONCE], ids=range(2))
async def test_jumps_to_hostile_paths(text: str) -> None:
    async with showing(hostile_image(text)) as (app, pilot):
        for keys in (("4", "end", "enter"), ("6", "end", "enter"), ("5", "enter"), ("3", "end", "enter")):
            await press(pilot, *keys)
            await settle(pilot)
            assert_harmless(app)


async def test_hostile_bytes_are_looked_at_as_text(tmp_path: Path) -> None:
    content = "\n".join((*HOSTILE, "plain text " * 30)).encode() + b"\n\xff\xfe\x80 \x9b2J\n"
    path = docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer({"etc/motd": content})])])
    async with opened(path) as (app, pilot):
        await press(pilot, "2", "Z", "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await settle(pilot)
        assert "[/foo]" in screen_text(app)
        assert "[bold red]x[/]" in screen_text(app)
        assert_harmless(app)
        await press(pilot, "x")
        assert_harmless(app)


async def test_hostile_names_in_an_archive(tmp_path: Path) -> None:
    names = {f"models/{index}{text.replace('/', '_')}.onnx": b"\x08\x01" for index, text in enumerate(HOSTILE)}
    history = [{"created_by": f"RUN echo {ALL_AT_ONCE}", "created": "2026"}]
    spec = ImageSpec([build_layer(names)], {"User": ALL_AT_ONCE}, ("x:1",), history=history)
    async with opened(docker_archive(tmp_path / "image.tar", [spec])) as (app, pilot):
        for key in "123456":
            await press(pilot, key, "down", "enter")
            await settle(pilot)
            assert_harmless(app)
