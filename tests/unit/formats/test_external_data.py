"""External data: where it may lie, and what is said of what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from inspector.formats.onnx.read import read
from inspector.formats.onnx.weight_bytes import read_range
from inspector.records.artifact import ByteRange, Computation, ExternalFile
from tests import builders


def judged(location: str, folder: Path, **entries: int) -> tuple[ExternalFile, Computation]:
    computation = read(builders.save(builders.external_model(location, **entries), folder / "m.onnx"))
    (file,) = computation.external_files
    return file, computation


def rules(computation: Computation) -> list[str]:
    return [finding.rule for finding in computation.findings]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside.bin").write_bytes(b"o" * 16)
    inside = tmp_path / "model"
    inside.mkdir()
    (inside / "w.bin").write_bytes(b"w" * 16)
    return inside


def test_a_sound_file_gives_no_finding(folder: Path) -> None:
    file, computation = judged("w.bin", folder)
    assert (file.location, file.size_bytes, file.contained, file.link, file.problem) == ("w.bin", 16, True, "none", "")
    assert (file.tensor_count, file.used_bytes, file.missing_bytes, file.overlaps, file.gaps) == (1, 16, 0, (), ())
    assert rules(computation) == []


@pytest.mark.parametrize("location", ["./w.bin", "w.bin", ".//w.bin"])
def test_spellings_of_one_place_are_one_file(location: str, folder: Path) -> None:
    file, _ = judged(location, folder)
    assert file.location == "w.bin"


@pytest.mark.parametrize(
    "location",
    ["../outside.bin", "a/../../outside.bin", "/etc/passwd", "..", "C:\\Windows\\x", "\\\\host\\share", "..\\outside.bin"],
)
def test_locations_that_leave_the_folder(location: str, folder: Path) -> None:
    file, computation = judged(location, folder)
    assert not file.contained
    assert file.size_bytes is None
    (finding,) = computation.findings
    assert (finding.rule, finding.severity) == ("external-data-escapes", "high")
    assert "never opened" in finding.message


@pytest.mark.parametrize("location", ["", ".", "a\x1bb", "zero\0byte", "\u202ew.bin"])
def test_locations_that_name_no_file(location: str, folder: Path) -> None:
    file, computation = judged(location, folder)
    assert not file.contained
    assert rules(computation) == ["external-data-unusable"]


def test_a_symbolic_link_out_of_the_folder(folder: Path) -> None:
    (folder / "l.bin").symlink_to("../outside.bin")
    file, computation = judged("l.bin", folder)
    assert (file.contained, file.link) == (False, "symlink")
    assert rules(computation) == ["external-data-escapes"]


def test_a_linked_folder_out_of_the_folder(folder: Path) -> None:
    (folder / "sub").symlink_to("..")
    file, computation = judged("sub/outside.bin", folder)
    assert not file.contained
    assert rules(computation) == ["external-data-escapes"]


def test_a_symbolic_link_within_the_folder(folder: Path) -> None:
    (folder / "l.bin").symlink_to("w.bin")
    file, computation = judged("l.bin", folder)
    assert (file.contained, file.link, file.size_bytes) == (True, "symlink", 16)
    assert rules(computation) == ["external-data-link"]
    assert read_range(computation, computation.weights[0], 0, 4) == b"wwww"


def test_a_hard_link_out_of_the_folder(folder: Path) -> None:
    os.link(folder.parent / "outside.bin", folder / "h.bin")
    file, computation = judged("h.bin", folder)
    assert (file.contained, file.link) == (False, "hard_link")
    assert rules(computation) == ["external-data-escapes"]


def test_hard_links_within_the_folder(folder: Path) -> None:
    os.link(folder / "w.bin", folder / "h.bin")
    file, computation = judged("h.bin", folder)
    assert (file.contained, file.link) == (True, "hard_link")
    assert rules(computation) == ["external-data-link"]
    assert read_range(computation, computation.weights[0], 0, 4) == b"wwww"


def test_what_is_no_regular_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "sub").mkdir()
    for location in ("pipe", "device", "dangling", "loop", "sub"):
        file, computation = judged(location, folder)
        assert not file.contained, location
        assert [finding.severity for finding in computation.findings] == ["high"], location


def test_a_missing_file(folder: Path) -> None:
    file, computation = judged("gone.bin", folder)
    assert (file.contained, file.size_bytes, file.problem) == (True, None, "missing")
    assert rules(computation) == ["external-data-missing"]


def test_bytes_past_the_end(folder: Path) -> None:
    file, computation = judged("w.bin", folder, offset=8, length=16)
    assert file.missing_bytes == 8
    assert rules(computation) == ["external-data-truncated"]


def test_an_offset_far_past_the_end(folder: Path) -> None:
    file, computation = judged("w.bin", folder, offset=2**62, length=16)
    assert file.missing_bytes == 16
    assert rules(computation) == ["external-data-truncated"]


def test_a_length_that_is_not_the_shapes(folder: Path) -> None:
    _, computation = judged("w.bin", folder, offset=0, length=12)
    assert rules(computation) == ["weight-size-mismatch"]


@pytest.mark.parametrize("text", ["-1", "1e3", "x", "", "9" * 30, "٣", "0x10"])
@pytest.mark.parametrize("key", ["offset", "length"])
def test_numbers_that_are_none(key: str, text: str, folder: Path) -> None:
    model = builders.external_model("w.bin")
    model.graph.initializer[0].external_data.add(key=key, value=text)
    computation = read(builders.save(model, folder / "m.onnx"))
    assert rules(computation) == ["external-data-invalid"]


def model_with_ranges(folder: Path, *ranges: tuple[int, int]) -> Computation:
    tensors = [
        builders.point_outside(TensorProto(name=f"w{i}", data_type=2, dims=[length]), "w.bin", offset, length)
        for i, (offset, length) in enumerate(ranges)
    ]
    return read(builders.save(builders.model_of([], initializers=tensors), folder / "m.onnx"))


def test_overlaps_are_not_tied_weights(folder: Path) -> None:
    computation = model_with_ranges(folder, (0, 8), (0, 8), (4, 12))
    (file,) = computation.external_files
    assert file.overlaps == (ByteRange(4, 4),)
    assert file.used_bytes == 16
    assert rules(computation) == ["external-data-overlap"]


def test_the_same_range_twice_is_tied_not_overlapping(folder: Path) -> None:
    computation = model_with_ranges(folder, (0, 16), (0, 16))
    assert computation.external_files[0].overlaps == ()
    assert rules(computation) == []


def test_gaps_are_listed_but_only_large_ones_are_found(folder: Path) -> None:
    computation = model_with_ranges(folder, (2, 4), (8, 4))
    assert computation.external_files[0].gaps == (ByteRange(0, 2), ByteRange(6, 2), ByteRange(12, 4))
    assert rules(computation) == []
    (folder / "w.bin").write_bytes(b"w" * 200_000)
    assert rules(model_with_ranges(folder, (0, 16))) == ["external-data-gap"]


def test_a_declared_checksum_is_kept(folder: Path) -> None:
    model = builders.external_model("w.bin")
    model.graph.initializer[0].external_data.add(key="checksum", value="ab" * 20)
    computation = read(builders.save(model, folder / "m.onnx"))
    assert computation.external_files[0].declared_sha1 == "ab" * 20


def test_external_constants_and_weights_of_subgraphs(folder: Path) -> None:
    def outside() -> TensorProto:
        return builders.point_outside(TensorProto(data_type=1, dims=[4], name="w"), "w.bin")

    branch = helper.make_graph([], "g", [], [], [outside()])
    nodes = [helper.make_node("Constant", [], ["c"], value=outside()), helper.make_node("If", ["c"], [], then_branch=branch)]
    computation = read(builders.save(builders.model_of(nodes), folder / "m.onnx"))
    assert computation.external_files[0].tensor_count == 2
    for weight in computation.weights:
        assert read_range(computation, weight, 0, 16) == b"w" * 16


def hub_cache(root: Path) -> Path:
    """Lay out a Hugging Face cache as its library does, and return the folder of the snapshot."""
    cache = root / "models--org--name"
    snapshot = cache / "snapshots" / "abc" / "onnx"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    (cache / "blobs" / "d1").write_bytes(b"w" * 16)
    builders.save(builders.external_model("model.onnx_data"), cache / "blobs" / "m1")
    (snapshot / "model.onnx").symlink_to("../../../blobs/m1")
    (snapshot / "model.onnx_data").symlink_to("../../../blobs/d1")
    return snapshot


def test_a_hub_cache_opens_and_is_named_as_one(tmp_path: Path) -> None:
    computation = read(hub_cache(tmp_path) / "model.onnx")
    assert computation.artifact.link == "hub_cache"
    (file,) = computation.external_files
    assert (file.contained, file.link, file.size_bytes) == (True, "hub_cache", 16)
    assert rules(computation) == ["hub-cache-link"]
    assert read_range(computation, computation.weights[0], 0, 4) == b"wwww"


def test_a_hub_cache_link_out_of_the_cache_is_refused(tmp_path: Path) -> None:
    snapshot = hub_cache(tmp_path)
    (tmp_path / "secret").write_bytes(b"s" * 16)
    (snapshot / "model.onnx_data").unlink()
    (snapshot / "model.onnx_data").symlink_to(tmp_path / "secret")
    computation = read(snapshot / "model.onnx")
    assert not computation.external_files[0].contained
    assert "external-data-escapes" in rules(computation)


def test_a_link_to_a_hub_cache_finds_its_data(tmp_path: Path) -> None:
    snapshot = hub_cache(tmp_path)
    (tmp_path / "short.onnx").symlink_to(snapshot / "model.onnx")
    computation = read(tmp_path / "short.onnx")
    assert computation.artifact.link == "symlink"
    assert computation.external_files[0].link == "hub_cache"


def test_links_of_the_artifact_itself(folder: Path) -> None:
    path = builders.save(builders.chain(), folder / "m.onnx")
    assert read(path).artifact.link == "none"
    (folder / "l.onnx").symlink_to("m.onnx")
    assert read(folder / "l.onnx").artifact.link == "symlink"
    os.link(path, folder / "h.onnx")
    assert read(path).artifact.link == "hard_link"


def test_a_relative_path_is_resolved_where_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builders.save(builders.external_model("w.bin"), folder / "m.onnx")
    monkeypatch.chdir(folder)
    assert read(Path("m.onnx")).external_files[0].contained
    builders.save(builders.external_model("../outside.bin"), folder / "m.onnx")
    assert not read(Path("m.onnx")).external_files[0].contained
