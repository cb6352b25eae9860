"""Models inside an image open from their layers, with what they need beside them and nothing that lies elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import InspectorError, OperationFailed, UnreadableArtifact, UsageError
from inspector.formats.image import memory_folder
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Progress, Started
from inspector.records.image_contents import InsideArtifact
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import Inspection
from inspector.workflows.image_contents import close_inside, open_inside, preview
from inspector.workflows.inspect import inspect
from inspector.workflows.shapes import infer_shapes
from inspector.workflows.weights import EVERYTHING, compare_weights
from tests.cli.models import dense_model
from tests.images.artifacts import artifact_members, model_kit, model_pack
from tests.images.build import (
    Compression,
    HardLink,
    ImageSpec,
    Sparse,
    Symlink,
    build_layer,
    docker_archive,
    write_archive,
)
from tests.unit.workflows.images import ONNX, SAMPLES, inspected, serving_archive

COMPRESSIONS: list[Compression] = ["none", "gzip", "zstd"]


@pytest.fixture(autouse=True)
def _nothing_stays() -> Any:
    yield
    for folder in list(memory_folder._open_folders):
        folder.close()


def opened(found: ImageInspection, model: InsideArtifact | None = None, **more: Any) -> Inspection:
    *_, last = open_inside(found, model or found.models[0], **more)
    assert isinstance(last, Finished)
    assert isinstance(last.result, Inspection)
    return last.result


def of_files(tmp_path: Path, *layers: Mapping[str, Any], compression: Compression = "none") -> ImageInspection:
    spec = ImageSpec([build_layer(files, compression) for files in layers])
    return inspected(docker_archive(tmp_path / "image.tar", [spec]))


def external_model(tmp_path: Path) -> tuple[bytes, bytes]:
    """Return an ONNX model and the external data it names weights.bin."""
    folder = tmp_path / "external"
    folder.mkdir()
    model = dense_model(folder / "model.onnx", external=True)
    return model.read_bytes(), (folder / "weights.bin").read_bytes()


@pytest.mark.parametrize("wrapping", ["none", "gzip"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_model_inside_is_the_model_itself(tmp_path: Path, compression: Compression, wrapping: Compression) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", compression, wrapping))
    inside = opened(found)
    *_, last = inspect(SAMPLES / "digits_cnn.onnx")
    assert isinstance(last, Finished)
    assert isinstance(last.result, Inspection)
    artifact = inside.computation.artifact
    assert artifact.inside == "image.tar ▸ models/digits.onnx"
    assert Path(artifact.path).read_bytes() == ONNX
    assert inside.computation.graph == last.result.computation.graph
    assert inside.operators == last.result.operators


def test_its_weights_and_shapes_are_read_while_it_is_open_and_not_after(tmp_path: Path) -> None:
    inside = opened(inspected(serving_archive(tmp_path / "image.tar", "gzip")))
    *_, compared = compare_weights(inside, EVERYTHING)
    assert isinstance(compared, Finished)
    assert compared.result.weights_compared
    *_, inferred = infer_shapes(inside)
    assert isinstance(inferred, Finished)
    assert inferred.result.computation.inferred
    folder = Path(inside.computation.artifact.path).parent
    close_inside(inside)
    close_inside(inside)
    assert not folder.exists()


def test_progress_counts_the_bytes_copied(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", "gzip"))
    events = list(open_inside(found, found.models[0]))
    assert isinstance(events[0], Started)
    copied = [event for event in events if isinstance(event, Progress) and event.note == "bytes"]
    assert copied[-1].done == copied[-1].total == len(ONNX)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_external_data_is_taken_from_the_same_folder_of_the_image(tmp_path: Path, compression: Compression) -> None:
    model, data = external_model(tmp_path)
    layers = ({"m/model.onnx": model}, {"m/weights.bin": data, "weights.bin": b"another"})
    inside = opened(of_files(tmp_path, *layers, compression=compression))
    [file] = inside.computation.external_files
    assert (file.location, file.size_bytes, file.problem) == ("weights.bin", len(data), "")
    beside = Path(inside.computation.artifact.path).with_name("weights.bin")
    assert beside.read_bytes() == data


def test_external_data_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    model, data = external_model(tmp_path)
    inside = opened(of_files(tmp_path, {"m/model.onnx": model, "weights.bin": data, "m/weights.bin/x": b"a folder"}))
    assert "external-data-missing" in {finding.rule for finding in inside.findings}


Links = Callable[[bytes], Mapping[str, Any]]

WITHIN: dict[str, Links] = {
    "symlink": lambda data: {"m/real.bin": data, "m/weights.bin": Symlink("real.bin")},
    "symlink to a folder beside": lambda data: {"m/d/real.bin": data, "m/weights.bin": Symlink("d/real.bin")},
    "hard link": lambda data: {"elsewhere/real.bin": data, "m/weights.bin": HardLink("elsewhere/real.bin")},
    "absolute symlink": lambda data: {"m/real.bin": data, "m/weights.bin": Symlink("/m/real.bin")},
}

OUTSIDE: dict[str, Links] = {
    "symlink out": lambda data: {"secret.bin": data, "m/weights.bin": Symlink("../secret.bin")},
    "absolute symlink out": lambda data: {"etc/secret.bin": data, "m/weights.bin": Symlink("/etc/secret.bin")},
    "symlink to the host": lambda data: {"m/weights.bin": Symlink("/etc/passwd")},
    "circle": lambda data: {"m/weights.bin": Symlink("weights.bin")},
    "device": lambda data: {"m/weights.bin": Symlink("/dev/zero")},
}


@pytest.mark.parametrize("name", WITHIN)
def test_links_within_the_folder_are_followed(tmp_path: Path, name: str) -> None:
    model, data = external_model(tmp_path)
    inside = opened(of_files(tmp_path, {"m/model.onnx": model, **WITHIN[name](data)}))
    assert inside.computation.external_files[0].size_bytes == len(data)


@pytest.mark.parametrize("name", OUTSIDE)
def test_links_out_of_the_folder_are_not(tmp_path: Path, name: str) -> None:
    model, data = external_model(tmp_path)
    inside = opened(of_files(tmp_path, {"m/model.onnx": model, **OUTSIDE[name](data)}))
    assert inside.computation.external_files[0].size_bytes is None
    assert [path.name for path in Path(inside.computation.artifact.path).parent.iterdir()] == ["model.onnx"]


def test_a_hugging_face_cache_is_one_folder(tmp_path: Path) -> None:
    model, data = external_model(tmp_path)
    cache = "root/.cache/huggingface/hub/models--acme--net"
    files = {
        f"{cache}/blobs/aa": data,
        f"{cache}/snapshots/1/model.onnx": model,
        f"{cache}/snapshots/1/weights.bin": Symlink("../../blobs/aa"),
    }
    inside = opened(of_files(tmp_path, files))
    assert inside.computation.external_files[0].size_bytes == len(data)


def hostile_model(tmp_path: Path, location: str) -> bytes:
    import onnx

    folder = tmp_path / "hostile"
    folder.mkdir()
    model = onnx.load(dense_model(folder / "model.onnx", external=True), load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/passwd", "a/../../weights.bin", ".", "", "x\x1b[2J", "a" * 5_000])
def test_a_location_that_leads_elsewhere_copies_nothing(tmp_path: Path, location: str) -> None:
    model = hostile_model(tmp_path, location)
    inside = opened(of_files(tmp_path, {"m/model.onnx": model, "weights.bin": b"w", "etc/passwd": b"p"}))
    assert [path.name for path in Path(inside.computation.artifact.path).parent.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_saved_model_is_opened_whole(tmp_path: Path, compression: Compression) -> None:
    source = SAMPLES / "digits_keras"
    files = {
        f"srv/digits/1/{path.relative_to(source)}": path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()
    }
    found = of_files(tmp_path, files, compression=compression)
    [model] = found.models
    assert (model.path, model.format) == ("srv/digits/1", "saved_model")
    inside = opened(found)
    *_, last = inspect(source)
    assert isinstance(last, Finished)
    assert isinstance(last.result, Inspection)
    assert inside.computation.artifact.inside == "image.tar ▸ srv/digits/1"
    assert inside.computation.graph == last.result.computation.graph
    assert inside.cost == last.result.cost
    assert not any(file.problem for file in inside.computation.external_files)


def test_a_saved_model_at_the_root_takes_nothing_else_along(tmp_path: Path) -> None:
    source = SAMPLES / "digits_keras"
    files = {str(path.relative_to(source)): path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()}
    files |= {"etc/passwd": b"root", "variables.txt": b"v", "usr/lib/big": b"x" * 100_000}
    inside = opened(of_files(tmp_path, files))
    folder = Path(inside.computation.artifact.path)
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*")} <= {
        "saved_model.pb",
        "fingerprint.pb",
        "variables",
        "assets",
    }
    assert not any(file.problem for file in inside.computation.external_files)


def test_links_of_a_saved_model_are_followed_inside_it_only(tmp_path: Path) -> None:
    source = SAMPLES / "digits_keras"
    shard = "variables/variables.data-00000-of-00001"
    files: dict[str, Any] = {
        f"m/{path.relative_to(source)}": path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()
    }
    files["m/variables/real"] = files[f"m/{shard}"]
    files[f"m/{shard}"] = Symlink("real")
    files["m/assets/words.txt"] = Symlink("../../etc/passwd")
    inside = opened(of_files(tmp_path, {**files, "etc/passwd": b"root"}))
    folder = Path(inside.computation.artifact.path)
    assert (folder / shard).read_bytes() == (source / shard).read_bytes()
    assert not (folder / "assets" / "words.txt").exists()


def test_a_model_in_several_layers_is_the_uppermost(tmp_path: Path) -> None:
    found = of_files(tmp_path, {"m.onnx": b"\x08\x07old"}, {"m.onnx": ONNX})
    assert Path(opened(found).computation.artifact.path).read_bytes() == ONNX


def test_blobs_of_an_artifact_open(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "model.tar", artifact_members(model_pack({"digits.onnx": ONNX, "README.md": b"# digits"})))
    found = inspected(path)
    inside = opened(found)
    assert inside.computation.artifact.inside == "model.tar ▸ digits.onnx"
    assert len(inside.computation.graph.nodes) == 12


def test_models_in_the_tars_of_an_artifact_open(tmp_path: Path) -> None:
    found = inspected(write_archive(tmp_path / "kit.tar", artifact_members(model_kit({"model.onnx": ONNX}))))
    assert len(opened(found).computation.graph.nodes) == 12


def test_errors_name_the_image_and_the_path_in_it(tmp_path: Path) -> None:
    found = of_files(tmp_path, {"m/broken.onnx": b"\x08\x07" + b"\xff" * 60})
    model = InsideArtifact("m/broken.onnx", "onnx", 62, 0)
    with pytest.raises(UnreadableArtifact) as caught:
        opened(found, model)
    assert caught.value.message.startswith("image.tar ▸ m/broken.onnx")
    assert not memory_folder._open_folders


@pytest.mark.parametrize("name", ["b\x1b[2J.onnx", "back\\\\slash.onnx", "n" * 240 + ".onnx", "with space.onnx"])
def test_errors_about_oddly_named_models_name_nothing_of_this_machine(tmp_path: Path, name: str) -> None:
    found = of_files(tmp_path, {f"m/{name}": b"\x08\x07" + b"\xff" * 60})
    assert found.file_system is not None
    path = next(path for path, place in found.file_system.entries.items() if place.entry.kind == "file")
    with pytest.raises(UnreadableArtifact) as caught:
        opened(found, InsideArtifact(path, "onnx", 62, 0))
    assert caught.value.message.startswith("image.tar ▸ m/")
    assert "/dev/shm" not in str(caught.value)


@pytest.mark.parametrize("path", ["absent.onnx", "m", ""])
def test_what_is_no_file_is_refused(tmp_path: Path, path: str) -> None:
    found = of_files(tmp_path, {"m/x": b"1"})
    with pytest.raises(OperationFailed, match="is no file of the image"):
        opened(found, InsideArtifact(path, "onnx", 1, 0))


def test_what_is_too_large_for_memory_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    found = of_files(tmp_path, {"huge.onnx": Sparse(1 << 52, ((0, ONNX[:100]),))})
    with pytest.raises(OperationFailed, match=r"image\.tar ▸ huge\.onnx: [\d,]+ bytes, and memory has room for"):
        opened(found, InsideArtifact("huge.onnx", "onnx", 1 << 52, 0))


def test_settings_are_checked_against_the_model(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar"))
    with pytest.raises(UsageError, match="no dimension named sequence"):
        opened(found, settings={"sequence": 3})
    assert opened(found, batch=4).batch == 4


def test_leaving_early_leaves_nothing(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", "gzip"))
    events = open_inside(found, found.models[0])
    next(event for event in events if isinstance(event, Progress))
    events.close()  # type: ignore[attr-defined]
    assert not memory_folder._open_folders


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar", "gzip"))
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed):
        opened(found, cancel=token)
    assert not memory_folder._open_folders


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_previews_read_what_is_asked_for(tmp_path: Path, compression: Compression) -> None:
    found = of_files(tmp_path, {"a": bytes(range(256)) * 40, "empty": b"", "link": HardLink("a")}, compression=compression)
    assert found.file_system is not None
    place = found.file_system.entries["a"]
    assert preview(found, place.content_layer, place.content, 300, 10) == (bytes(range(256)) * 40)[300:310]
    assert preview(found, place.content_layer, place.content, 10_235, 100) == b"\xfb\xfc\xfd\xfe\xff"
    link = found.file_system.entries["link"]
    assert preview(found, link.content_layer, link.content)[:4] == b"\0\1\2\3"
    empty = found.file_system.entries["empty"]
    assert preview(found, empty.content_layer, empty.content) == b""


def test_an_image_that_went_away_says_so(tmp_path: Path) -> None:
    found = inspected(serving_archive(tmp_path / "image.tar"))
    (tmp_path / "image.tar").unlink()
    with pytest.raises(InspectorError, match=r"image\.tar"):
        opened(found)
    assert not memory_folder._open_folders


def test_nothing_is_written_beside_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.copy(serving_archive(tmp_path / "image.tar", "gzip"), folder / "image.tar")
    opened(inspected(Path("image.tar")))
    assert [path.name for path in folder.iterdir()] == ["image.tar"]
