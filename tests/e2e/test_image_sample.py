"""The committed sample image holds what its README says, adds up, and is what its maker makes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from inspector.formats.image.layer_contents import read_entry
from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.workflows.inspect_image import examine_image
from sample_models import digits_image

SAMPLES = Path(__file__).parents[2] / "sample_models"
SAMPLE = SAMPLES / "digits_image.tar"
SITE = "usr/local/lib/python3.12/site-packages"


@pytest.fixture(scope="module")
def inspection() -> ImageInspection:
    *_, last = examine_image(SAMPLE, everything=True)
    assert isinstance(last, Finished)
    return last.result


def test_the_sample_is_small() -> None:
    assert SAMPLE.stat().st_size <= 4_000_000


def test_its_maker_makes_it_from_the_model_alone(tmp_path: Path) -> None:
    (tmp_path / "digits_cnn.onnx").write_bytes((SAMPLES / "digits_cnn.onnx").read_bytes())
    digits_image.write(tmp_path)
    made, committed = _config(tmp_path / "digits_image.tar"), _config(SAMPLE)
    assert made == committed, "the configuration names the digest of every uncompressed layer"


def test_every_layer_is_verified(inspection: ImageInspection) -> None:
    assert {layer.verification for layer in inspection.image.layers} == {"verified"}
    assert {layer.compression for layer in inspection.image.layers} == {"none", "gzip"}


def test_sizes_are_those_that_tarfile_finds(inspection: ImageInspection) -> None:
    waste = inspection.waste
    assert waste is not None
    assert [one.shipped_bytes for one in waste.by_layer] == [sum(sizes.values()) for sizes in _layers_as_tarfile_reads_them()]
    seen: dict[str, int] = {}
    for sizes in _layers_as_tarfile_reads_them():
        for name, size in sizes.items():
            folder, _, base = name.rpartition("/")
            hidden = f"{folder}/" if base == ".wh..wh..opq" else f"{folder}/{base.removeprefix('.wh.')}/"
            if base.startswith(".wh."):
                seen = {path: bytes_ for path, bytes_ in seen.items() if not f"{path}/".startswith(hidden)}
            else:
                seen[name] = size
    assert inspection.file_system is not None
    assert waste.final_bytes == sum(seen.values())
    assert {path: one.size for path, one in inspection.file_system.entries.items() if one.entry.kind == "file"} == seen
    assert waste.shipped_bytes - waste.final_bytes == waste.reclaimable_bytes == sum(one.bytes for one in waste.by_cause)


def test_each_kind_of_waste_is_there(inspection: ImageInspection) -> None:
    assert inspection.waste is not None
    by_cause = {cause.cause: cause.files for cause in inspection.waste.by_cause}
    assert all(by_cause[cause] for cause in ("overwritten", "deleted", "copied_up"))
    largest = {one.cause: one.path for one in reversed(inspection.waste.files)}
    assert largest["overwritten"] == "models/digits_cnn.onnx"
    assert largest["deleted"] == "root/.cache/pip/http-v2/4/c/numlite-2.1.0.body"
    assert largest["copied_up"].startswith(f"{SITE}/pixelops/")


def test_leftovers_are_there(inspection: ImageInspection) -> None:
    assert inspection.leftovers is not None
    assert {one.kind for one in inspection.leftovers.by_kind} >= {
        "package caches",
        "bytecode",
        "tests",
        "headers",
        "static libraries",
        "build tools",
        "docs",
        "locales",
        "same content twice",
    }


def test_packages_hold_what_their_records_say(inspection: ImageInspection) -> None:
    assert inspection.packages is not None
    found = {package.name: package for package in inspection.packages.packages}
    assert {"numlite", "portico", "pixelops", "libc6", "gcc"} <= found.keys()
    assert [(one.missing_files, one.changed_files) for one in found.values()] == [(0, 0)] * len(found)


def test_findings_are_there(inspection: ImageInspection) -> None:
    assert {finding.rule for finding in inspection.findings} >= {
        "runs-as-root",
        "secret-like-file",
        "secret-like-environment",
        "setuid-file",
        "no-healthcheck",
        "latest-tagged-base",
        "world-writable-path",
        "gzip-on-weights",
        "duplicate-weights",
        "reclaimable-bytes",
    }


def test_the_model_inside_is_the_sample_model(inspection: ImageInspection) -> None:
    assert inspection.file_system is not None
    assert {model.path for model in inspection.models} == {"models/digits_cnn.onnx", "app/models/digits_cnn.onnx"}
    placed = inspection.file_system.entries["models/digits_cnn.onnx"]
    assert inspection.image.layers[placed.content_layer].compression == "gzip"
    content = read_entry(inspection.image, placed.content_layer, placed.content, 0, placed.size)
    assert content == (SAMPLES / "digits_cnn.onnx").read_bytes()


def test_a_change_of_code_is_said_to_move_the_weights(inspection: ImageInspection) -> None:
    costs = {cost.change: cost for cost in inspection.pull_costs}
    assert costs.keys() == {"weights", "code", "dependencies"}
    assert costs["code"].advice.startswith("Code and weights share layer 8")


def _config(path: Path) -> Any:
    with tarfile.open(path) as archive:
        manifest = json.loads(_member(archive, "manifest.json"))
        return json.loads(_member(archive, manifest[0]["Config"]))


def _layers_as_tarfile_reads_them() -> list[dict[str, int]]:
    """Return the bytes of regular files, markers of whiteouts included, by layer and name."""
    with tarfile.open(SAMPLE) as archive:
        names = json.loads(_member(archive, "manifest.json"))[0]["Layers"]
        layers = [tarfile.open(fileobj=io.BytesIO(_member(archive, name))) for name in names]  # noqa: SIM115
    return [{member.name: member.size for member in layer if member.isreg()} for layer in layers]


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()
