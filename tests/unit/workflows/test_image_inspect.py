"""Opening a container image: layers first, files as they are indexed, then waste, packages, models and findings."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import OperationFailed, UnreadableArtifact, UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import EngineReference
from inspector.records.event import Event, Finished, Partial, Progress, Started, Warned
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.analyse_image import analyse_image, analyse_image_in_steps
from inspector.workflows.examine import examine
from inspector.workflows.inspect import inspect
from inspector.workflows.opening import Opening
from inspector.workflows.verify_image import verify_image
from tests.images.build import File, ImageSpec, Whiteout, build_layer, docker_archive, oci_layout, platforms_archive
from tests.unit.workflows.images import METADATA, ONNX, RECORD, inspected, serving_archive, serving_image

COMPRESSIONS = ["none", "gzip", "zstd"]


def result(events: Any) -> ImageInspection:
    *_, last = events
    assert isinstance(last, Finished)
    assert isinstance(last.result, ImageInspection)
    return last.result


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_layers_come_before_files_and_files_before_what_they_mean(tmp_path: Path, compression: Any) -> None:
    events: list[Event[Any]] = list(inspect(serving_archive(tmp_path / "image.tar", compression)))
    assert isinstance(events[0], Started)
    shown = [event.result for event in events if isinstance(event, Partial)]
    assert len(shown[0].image.layers) == 3
    assert shown[0].file_system is None
    assert shown[0].image.config.entrypoint == ("/app/serve.sh",)
    first = next(one for one in shown if one.file_system is not None and one.image.complete)
    assert (first.waste, first.leftovers) == (None, None)
    assert isinstance(events[-1], Finished)
    assert events[-1].result.waste is not None


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_figures_are_the_same_however_layers_are_stored(tmp_path: Path, compression: Any) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", compression))
    assert found.waste is not None
    assert found.leftovers is not None
    assert found.packages is not None
    assert found.waste.reclaimable_bytes == found.waste.shipped_bytes - found.waste.final_bytes == 20_000
    assert {one.cause: one.bytes for one in found.waste.by_cause if one.files} == {"overwritten": 10_000, "deleted": 10_000}
    assert [(one.kind, one.bytes) for one in found.leftovers.by_kind] == [("same content twice", 9_000)]
    assert [(one.path, one.bytes, one.layer) for one in found.models] == [("models/digits.onnx", len(ONNX), 2)]
    [package] = found.packages.packages
    assert (package.name, package.bytes, package.missing_files) == ("pkg", 4 + len(METADATA) + len(RECORD), 0)
    assert found.pull_costs
    assert found.findings


def test_a_copy_up_is_told_from_an_overwrite_by_content(tmp_path: Path) -> None:
    """Only hashing tells them apart: size is the same, and so is time."""
    layers = [
        build_layer({"same": File(b"s" * 5_000, mtime=1), "other": File(b"o" * 5_000, mtime=1)}),
        build_layer({"same": File(b"s" * 5_000, 0o600, mtime=1), "other": File(b"p" * 5_000, 0o600, mtime=1)}),
    ]
    found = inspected(docker_archive(tmp_path / "image.tar", [ImageSpec(layers)]))
    assert found.waste is not None
    assert {file.path: file.cause for file in found.waste.files} == {"same": "copied_up", "other": "overwritten"}


def test_examining_finds_what_inspecting_does_and_shows_nothing_before(tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar", "gzip")
    events = list(examine(path))
    assert not any(isinstance(event, Partial) for event in events)
    assert result(events) == inspected(path)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_everything_verifies_every_layer_and_hashes_the_archive(tmp_path: Path, compression: Any) -> None:
    path = serving_archive(tmp_path / "image.tar", compression)
    found = result(examine(path, everything=True))
    assert {layer.verification for layer in found.image.layers} == {"verified"}
    assert found.image.artifact.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert result(verify_image(inspected(path))) == found


def test_a_layout_is_verified_without_a_digest_of_its_own(tmp_path: Path) -> None:
    found = result(examine(oci_layout(tmp_path / "layout", [serving_image("gzip")]), everything=True))
    assert {layer.verification for layer in found.image.layers} == {"verified"}
    assert found.image.artifact.sha256 is None


def test_an_archive_that_went_away_cannot_be_verified(tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar")
    found = inspected(path)
    path.unlink()
    with pytest.raises(OperationFailed, match=r"image\.tar: no such file"):
        list(verify_image(found))


def test_contents_that_cannot_be_compared_are_warned_of(tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar")
    found = inspected(path)
    layers = tuple(
        replace(layer, entries=tuple(replace(entry, sha256="") for entry in layer.entries or ()))
        for layer in found.image.layers
    )
    assert found.waste is not None
    path.unlink()
    events = list(analyse_image_in_steps(replace(found.image, layers=layers)))
    last = result(events)
    assert last.waste is not None
    assert (last.waste.shipped_bytes, last.waste.reclaimable_bytes) == (found.waste.shipped_bytes, 20_000)
    assert last.leftovers is not None
    assert "same content twice" not in {one.kind for one in last.leftovers.by_kind}
    [warning] = [event for event in events if isinstance(event, Warned)]
    assert warning.message == "6 contents could not be read to compare them"


def test_analysis_depends_on_nothing_but_the_image(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", "gzip"))
    assert analyse_image(found.image) == found


def test_the_platform_asked_for_is_opened(tmp_path: Path) -> None:
    specs = [
        ImageSpec([build_layer({platform: File(platform.encode())})], platform=f"linux/{platform}")
        for platform in ("amd64", "arm64", "s390x")
    ]
    path = platforms_archive(tmp_path / "image.tar", specs)
    for platform in ("arm64", "s390x"):
        found = result(inspect(path, platform=f"linux/{platform}"))
        assert found.image.platform.startswith(f"linux/{platform}")
        assert found.file_system is not None
        assert platform in found.file_system.entries
    with pytest.raises(UsageError, match="linux/riscv64") as caught:
        list(inspect(path, platform="linux/riscv64"))
    assert "linux/s390x" in str(caught.value)


def test_what_only_models_have_is_refused(tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar")
    for work in (inspect(path, settings={"batch": 2}), examine(path, settings={"batch": 2})):
        with pytest.raises(UsageError, match="has no dimension named batch"):
            list(work)


def test_what_only_images_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "digits.onnx"
    path.write_bytes(ONNX)
    for work in (inspect(path, platform="linux/arm64"), examine(path, platform="linux/arm64")):
        with pytest.raises(UsageError, match="no container image"):
            list(work)


def test_a_bare_name_without_an_engine_is_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(UnreadableArtifact) as caught:
        list(inspect(EngineReference("shop/serve:1", explicit=False)))
    assert caught.value.message.startswith("shop/serve:1: no such file or folder, and ")
    with pytest.raises(UnreadableArtifact) as caught:
        list(inspect(EngineReference("shop/serve:1")))
    assert "no such file" not in caught.value.message
    assert caught.value.hint


def test_cancelling_stops_it(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed):
        list(inspect(serving_archive(tmp_path / "image.tar", "gzip"), cancel=token))


def test_an_opening_waits_with_layers_until_it_is_followed(tmp_path: Path) -> None:
    opening = Opening(serving_archive(tmp_path / "image.tar", "gzip"))
    opening.settle(60)
    events = list(opening.events())
    assert [type(event) for event in events[:2]] == [Started, Partial]
    assert result(events) == inspected(tmp_path / "image.tar")


def test_an_opening_of_no_engine_raises_while_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(UnreadableArtifact):
        Opening(EngineReference("shop/serve:1")).settle(60)


def test_an_image_without_layers_is_empty(tmp_path: Path) -> None:
    found = inspected(docker_archive(tmp_path / "image.tar", [ImageSpec([])]))
    assert found.file_system is not None
    assert found.waste is not None
    assert (found.file_system.file_count, found.waste.shipped_bytes) == (0, 0)


def test_a_layer_that_only_removes_reclaims_nothing_by_itself(tmp_path: Path) -> None:
    layers = [build_layer({"a/b": File(b"x" * 100)}), build_layer({"a": Whiteout()})]
    found = inspected(docker_archive(tmp_path / "image.tar", [ImageSpec(layers)]))
    assert found.waste is not None
    assert [(one.shipped_bytes, one.reclaimable_bytes, one.caused_bytes) for one in found.waste.by_layer] == [
        (100, 100, 0),
        (0, 0, 100),
    ]


def test_opening_a_plain_image_loads_no_engine_and_no_decompressor(tmp_path: Path) -> None:
    path = serving_archive(tmp_path / "image.tar")
    code = (
        "import sys, pathlib; from inspector.workflows.inspect import inspect\n"
        f"events = list(inspect(pathlib.Path({str(path)!r})))\n"
        "unwanted = ('docker', 'requests', 'onnx', 'numpy', 'textual', 'rich', 'isal', 'zstandard')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_progress_never_passes_its_total(tmp_path: Path) -> None:
    for event in inspect(serving_archive(tmp_path / "image.tar", "zstd")):
        if isinstance(event, Progress) and event.total:
            assert 0 <= event.done <= event.total
