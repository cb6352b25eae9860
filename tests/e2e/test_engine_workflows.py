"""The command and the workbench's workflows on images of real engines: the same figures as the archive gives, models open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.records.artifact import EngineReference
from inspector.records.event import Event, Finished, Partial
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import Inspection
from inspector.workflows.image_contents import close_inside, open_inside, preview
from inspector.workflows.inspect import inspect
from tests.images.build import File, ImageSpec, build_layer, docker_archive
from tests.images.engine import EngineUnderTest
from tests.unit.workflows.images import CREATED, ONNX, SAMPLES, SECRET, inspected, serving_image

NAME = f"engine-workflows-{os.getpid()}:1"
KERAS = SAMPLES / "digits_keras"


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EngineUnderTest:
    """Return each engine in turn, as the one that the environment names."""
    found: EngineUnderTest = request.getfixturevalue(f"{request.param}_engine")
    monkeypatch.setenv("DOCKER_HOST", found.host)
    return found


@pytest.fixture
def archive(engine: EngineUnderTest, tmp_path: Path) -> Iterator[Path]:
    """Return an image with an ONNX model and a SavedModel, which the engine has too."""
    spec = serving_image()
    saved = {f"srv/digits/1/{path.relative_to(KERAS)}": File(path.read_bytes()) for path in KERAS.rglob("*") if path.is_file()}
    steps = [*(spec.history or ()), {"created": CREATED, "created_by": "COPY srv /srv # buildkit"}]
    path = docker_archive(
        tmp_path / "image.tar", [ImageSpec([*spec.layers, build_layer(saved)], spec.config, (NAME,), history=steps)]
    )
    engine.load(path)
    yield path
    engine.client().remove_image(NAME, force=True)


def result(events: list[Event[Any]]) -> ImageInspection:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, ImageInspection)
    return last.result


def report(*arguments: str) -> Any:
    done = subprocess.run([sys.executable, "-m", "inspector", *arguments, "--format", "json"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert SECRET not in done.stdout
    return json.loads(done.stdout)["image"]


def test_an_engine_says_what_the_archive_says(archive: Path) -> None:
    stored = report(str(archive))
    for name in (f"docker://{NAME}", NAME):
        told = report(name)
        assert told["source"] == "engine"
        assert told["compressed_bytes"] is None
        for key in ("file_count", "shipped_bytes", "final_bytes", "reclaimable_bytes", "artifacts", "packages", "leftovers"):
            assert told[key] == stored[key], key
        assert [layer["caused_bytes"] for layer in told["layers"]] == [layer["caused_bytes"] for layer in stored["layers"]]
        assert [layer["created_by"] for layer in told["layers"]] == [layer["created_by"] for layer in stored["layers"]]


def test_layers_come_first_and_what_they_mean_last(archive: Path) -> None:
    events = list(inspect(EngineReference(NAME)))
    shown = [event.result for event in events if isinstance(event, Partial)]
    assert isinstance(shown[0], ImageInspection)
    assert len(shown[0].image.layers) == 4
    assert shown[0].file_system is None
    found, stored = result(events), inspected(archive)
    assert found.file_system is not None
    assert stored.file_system is not None
    assert set(found.file_system.entries) == set(stored.file_system.entries)
    assert found.models == stored.models


@pytest.mark.parametrize(("path", "nodes"), [("models/digits.onnx", 12), ("srv/digits/1", None)])
def test_models_open_out_of_the_engine(archive: Path, path: str, nodes: int | None) -> None:
    found = result(list(inspect(EngineReference(NAME))))
    model = next(model for model in found.models if model.path == path)
    *_, last = open_inside(found, model)
    assert isinstance(last, Finished)
    assert isinstance(last.result, Inspection)
    assert last.result.computation.artifact.inside == f"docker://{NAME} ▸ {path}"
    if nodes is None:
        *_, there = inspect(KERAS)
        assert isinstance(there, Finished)
        assert isinstance(there.result, Inspection)
        assert last.result.computation.graph == there.result.computation.graph
        assert not any(file.problem for file in last.result.computation.external_files)
    else:
        assert len(last.result.computation.graph.nodes) == nodes
    close_inside(last.result)


def test_previews_are_read_from_the_engine(archive: Path) -> None:
    found = result(list(inspect(EngineReference(NAME))))
    assert found.file_system is not None
    place = found.file_system.entries["models/digits.onnx"]
    assert preview(found, place.content_layer, place.content, 1_000, 50) == ONNX[1_000:1_050]
    gone = next(entry for entry in found.image.layers[0].entries or () if entry.path == "data/a.bin")
    assert preview(found, 0, gone, 9_990, 100) == b"a" * 10
