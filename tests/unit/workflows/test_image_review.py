"""What a review says of an image: paths from the root, secrets left out, lists bounded and counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Entry, HistoryStep
from inspector.records.image_contents import InsideArtifact, Package, Packages
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import Leftover, Leftovers, Waste, WastedFile
from inspector.report.json import to_json
from inspector.workflows import image_review as bounds
from inspector.workflows.image_review import image_review, redacted
from inspector.workflows.review import review
from tests.unit.workflows.images import ONNX, SECRET, inspected, serving_archive


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ImageInspection:
    return inspected(serving_archive(tmp_path_factory.mktemp("images") / "image.tar", "gzip"))


def test_sums_are_those_of_the_inspection(found: ImageInspection) -> None:
    said = image_review(found)
    assert said.shipped_bytes - said.final_bytes == said.reclaimable_bytes == 20_000
    assert sum(layer.shipped_bytes for layer in said.layers) == said.shipped_bytes
    assert sum(layer.reclaimable_bytes for layer in said.layers) == said.reclaimable_bytes
    assert sum(layer.caused_bytes for layer in said.layers) == said.reclaimable_bytes
    assert sum(share.bytes for share in said.waste) == said.reclaimable_bytes
    assert said.size_bytes == sum(layer.size_bytes or 0 for layer in said.layers)
    assert said.compressed_bytes == sum(layer.compressed_bytes or 0 for layer in said.layers)
    assert said.complete


def test_paths_begin_at_the_root(found: ImageInspection) -> None:
    said = image_review(found)
    assert [one.path for one in said.artifacts] == ["/models/digits.onnx"]
    assert (said.largest_files[0].path, said.largest_files[0].bytes) == ("/models/digits.onnx", len(ONNX))
    assert {file.path for file in said.wasted_files} == {"/data/a.bin"}
    assert all(path.startswith("/") for one in said.leftovers.by_kind for path in one.paths)
    assert said.packages[0].place.startswith("/usr/lib")


def test_a_model_that_is_a_blob_keeps_its_title(found: ImageInspection) -> None:
    blob = InsideArtifact("digits.onnx", "onnx", 5, -1, "sha256:00")
    assert image_review(replace(found, models=(blob,))).artifacts == (blob,)


def test_secrets_do_not_reach_a_review(found: ImageInspection) -> None:
    written = to_json(review(found)).decode()
    assert SECRET not in written
    assert "API_TOKEN" in written
    assert image_review(found).config.environment["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("RUN TOKEN=abcdef ./build", "RUN TOKEN=[left out] ./build"),
        ("RUN |1 DB_PASSWORD='two words' /bin/sh -c x", "RUN |1 DB_PASSWORD=[left out] /bin/sh -c x"),
        ("ENV TOKENIZERS_PARALLELISM=false A=b", "ENV TOKENIZERS_PARALLELISM=false A=b"),
        (
            "pip install --index-url https://me:secret@host/simple x",
            "pip install --index-url https://me:[left out]@host/simple x",
        ),
        ("git clone https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@host/x", "git clone [left out]"),
        ("COPY models /models", "COPY models /models"),
        ("", ""),
    ],
)
def test_what_looks_like_a_secret_is_left_out_of_instructions(text: str, left: str) -> None:
    assert redacted(text) == left


def test_one_unknown_size_makes_the_total_unknown(found: ImageInspection) -> None:
    first, *rest = found.image.layers
    image = replace(found.image, layers=(replace(first, compressed_bytes=None, size_bytes=None), *rest))
    said = image_review(replace(found, image=image))
    assert (said.size_bytes, said.compressed_bytes) == (None, None)


def test_a_layer_that_could_not_be_read_is_said(found: ImageInspection) -> None:
    first, *rest = found.image.layers
    image = replace(found.image, layers=(replace(first, problem="ends early"), *rest))
    assert not image_review(replace(found, image=image)).complete
    image = replace(found.image, layers=(replace(first, entries=None), *rest))
    said = image_review(replace(found, image=image))
    assert not said.complete
    assert said.layers[0].entry_count is None


def test_an_image_still_being_indexed_has_a_review(found: ImageInspection) -> None:
    said = image_review(ImageInspection(found.image))
    assert (said.file_count, said.shipped_bytes, said.largest_files) == (0, 0, ())
    assert [layer.digest for layer in said.layers] == [layer.digest for layer in found.image.layers]


def test_long_lists_are_cut_and_counted(found: ImageInspection) -> None:
    many = 5_000
    wasted = tuple(WastedFile(f"w{index}", 1, "deleted", 0, 1) for index in range(many))
    packages = tuple(Package("debian", f"p{index}", "1", 2, 1) for index in range(many))
    models = tuple(InsideArtifact(f"m{index}.onnx", "onnx", 1, 0) for index in range(many))
    paths = tuple(f"docs/{index}" for index in range(many))
    entries = {f"f{index}": Placed(*(Entry(f"f{index}", "file", index), 0) * 2) for index in range(many)}
    large = ImageInspection(
        replace(found.image, history=tuple(HistoryStep(f"RUN {index}") for index in range(many))),
        FileSystem(entries, 0, many, 1),
        Waste(many, 0, many, files=wasted),
        Leftovers(many, many, (Leftover("docs", many, many, paths),)),
        Packages(packages),
        models,
    )
    said = image_review(large)
    assert (len(said.wasted_files), said.wasted_file_count) == (bounds.WASTED, many)
    assert (len(said.packages), said.package_count, said.package_bytes) == (bounds.PACKAGES, many, 2 * many)
    assert (len(said.artifacts), said.artifact_count) == (bounds.ARTIFACTS, many)
    assert (len(said.history), said.history_count) == (bounds.STEPS, many)
    assert (len(said.leftovers.by_kind[0].paths), said.leftovers.by_kind[0].files) == (bounds.PATHS, many)
    assert [one.bytes for one in said.largest_files] == list(range(many - 1, many - 1 - bounds.LARGEST, -1))
    assert len(to_json(review(large))) < 2_000_000


def test_blobs_are_listed_without_where_they_lie_here(found: ImageInspection, tmp_path: Path) -> None:
    from inspector.records.image import Blob, BlobPlace

    blob = Blob("sha256:00", "application/x", 3, "a.onnx", "weights", BlobPlace(str(tmp_path), 0, 3))
    said = image_review(replace(found, image=replace(found.image, blobs=(blob,))))
    assert said.blobs == (replace(blob, place=None),)
