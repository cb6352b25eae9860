"""The file users get: the same model with other metadata, its weights where they are allowed to be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from inspector.errors import InspectorError, OperationFailed, UsageError
from inspector.formats.onnx.read import read
from inspector.formats.onnx.save import check_target, save_model
from inspector.formats.onnx.save_child import SaveRequest, save_in_child
from inspector.isolation.limits import CancelToken, Limits
from tests import builders
from tests.unit.formats.onnx.saving import names, outcome, same_in_meaning, save, tensors_of, with_large_weights, write_external


def properties(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}


@pytest.mark.parametrize("make", [builders.small_cnn, builders.every_carrier, builders.subgraphs, with_large_weights])
def test_all_but_metadata_stays_byte_for_byte(make, tmp_path: Path) -> None:
    model = make()
    onnx.helper.set_model_props(model, {"author": "somebody", "contract": "old"})
    model.metadata_props.add(key="contract", value="older still")
    source = builders.save(model, tmp_path / "in.onnx")
    save(source, tmp_path / "out.onnx", {"contract": "new", "empty": ""})
    assert properties(tmp_path / "out.onnx") == {"author": "somebody", "contract": "new", "empty": ""}
    written = onnx.load(tmp_path / "out.onnx")
    assert len(written.metadata_props) == 3
    del written.metadata_props[:], model.metadata_props[:]
    assert written == model
    assert names(tmp_path) == ["in.onnx", "out.onnx"]


def test_unknown_fields_survive(tmp_path: Path) -> None:
    source = tmp_path / "in.onnx"
    unknown = bytes([0xFA, 0x3F]) + bytes([3]) + b"abc"  # field 1023, three bytes
    source.write_bytes(builders.small_cnn().SerializeToString() + unknown)
    save(source, tmp_path / "out.onnx", {"key": "value"})
    assert unknown in (tmp_path / "out.onnx").read_bytes()


def test_external_data_is_rewritten_into_one_aligned_file(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    source = write_external(with_large_weights(), folder / "in.onnx")
    target = tmp_path / "out.onnx"
    save(source, target, {"key": "value"})
    assert names(tmp_path) == ["out.onnx", "out.onnx.data", "source"]
    assert same_in_meaning(source, target)
    (file,) = read(target).external_files
    assert (file.location, file.problem, file.overlaps) == ("out.onnx.data", "", ())
    tensors = tensors_of(onnx.load(target, load_external_data=False).graph)
    places = [{entry.key: entry.value for entry in tensor.external_data} for tensor in tensors if tensor.external_data]
    assert all(set(place) == {"location", "offset", "length"} and int(place["offset"]) % 4096 == 0 for place in places)
    lengths = [int(place["length"]) for place in places]
    assert sorted(lengths) == [4000, 4000, 40_000]  # 400 bytes are in the model, where runtimes want small values
    data = (tmp_path / "out.onnx.data").read_bytes()
    used = {(int(place["offset"]) + at) for place in places for at in range(int(place["length"]))}
    assert all(byte == 0 for at, byte in enumerate(data) if at not in used)


def test_what_weights_share_is_written_once(tmp_path: Path) -> None:
    model = with_large_weights()
    source = write_external(model, tmp_path / "in.onnx")
    tied = onnx.load(source, load_external_data=False)
    large = tied.graph.initializer[0]
    for name, shift in (("tied", 0), ("overlapping", 400)):
        other = tied.graph.initializer.add()
        other.CopyFrom(large)
        other.name = name
        other.external_data[1].value = str(int(large.external_data[1].value) + shift)
        if shift:
            other.dims[0] = 99
            other.external_data[2].value = str(99 * 400)
    builders.save(tied, source)
    target = tmp_path / "out.onnx"
    save(source, target)
    assert same_in_meaning(source, target)
    written = {tensor.name: tensor for tensor in onnx.load(target, load_external_data=False).graph.initializer}
    offsets = {name: int(tensor.external_data[1].value) for name, tensor in written.items() if tensor.external_data}
    assert offsets["tied"] == offsets["large"]
    assert offsets["overlapping"] == offsets["large"] + 400
    assert (tmp_path / "out.onnx.data").stat().st_size < source.with_name("weights.bin").stat().st_size + 3 * 4096


def test_a_weight_without_offset_and_length_takes_what_its_shape_asks_for(tmp_path: Path) -> None:
    values = np.arange(1000, dtype=np.float32)
    (tmp_path / "w.bin").write_bytes(values.tobytes() + b"left over")
    model = builders.external_model("w.bin")
    tensor = tensors_of(model.graph)[0]
    del tensor.external_data[:], tensor.dims[:]
    tensor.dims.append(1000)
    tensor.external_data.add(key="location", value="w.bin")
    save(builders.save(model, tmp_path / "in.onnx"), tmp_path / "out.onnx")
    (weight,) = [one for one in read(tmp_path / "out.onnx").weights if one.storage.encoding == "external"]
    assert (weight.storage.offset, weight.storage.length) == (0, 4000)
    assert (tmp_path / "out.onnx.data").read_bytes() == values.tobytes()


def test_a_file_beyond_protobufs_limit_moves_its_weights_out(tmp_path: Path) -> None:
    source = builders.save(with_large_weights(), tmp_path / "in.onnx")
    target = tmp_path / "out.onnx"
    request = SaveRequest(os.fsencode(source), os.fsencode(target), {"key": "value"}, largest_file=10_000)
    save_in_child(request, lambda *_: None)
    assert target.stat().st_size < 10_000
    assert same_in_meaning(source, target)
    assert properties(target) == {"key": "value"}


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "link.bin", "missing.bin", "a/../../secret", "C:\\x"])
def test_locations_outside_the_folder_are_refused(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s" * 100)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret")
    source = builders.save(builders.external_model(location), folder / "in.onnx")
    with pytest.raises(OperationFailed):
        save(source, tmp_path / "out.onnx")
    assert names(tmp_path) == ["model", "secret"]


def test_a_data_file_that_ends_too_early_is_said(tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    os.truncate(tmp_path / "weights.bin", 20_000)
    with pytest.raises(OperationFailed, match=r"weights\.bin ends [\d,]+ bytes before the values of"):
        save(source, tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_replaced_output_takes_its_own_data_along_and_nothing_else(tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    target = tmp_path / "out.onnx"
    for _ in range(3):
        save(source, target)
        assert names(tmp_path)[:2] == ["in.onnx", "out.onnx"]
        assert len(names(tmp_path)) == 4
        assert same_in_meaning(source, target)
    neighbor = builders.save(onnx.load(target, load_external_data=False), tmp_path / "neighbor.onnx")
    save(source, target)
    assert same_in_meaning(source, neighbor)
    assert len(names(tmp_path)) == 6


def test_a_file_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out.onnx.data").write_bytes(b"somebody's")
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    save(source, tmp_path / "out.onnx")
    assert (tmp_path / "out.onnx.data").read_bytes() == b"somebody's"
    assert same_in_meaning(source, tmp_path / "out.onnx")


@pytest.mark.parametrize("name", ["out\n\x1b[31m.onnx", os.fsdecode(b"out\xff.onnx"), "[b] %s.onnx", "модель.onnx"])
def test_odd_names_make_models_that_find_their_data(name: str, tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    (tmp_path / "target").mkdir()
    for _ in range(2):
        save(source, tmp_path / "target" / name)
    assert len(names(tmp_path / "target")) == 2
    (file,) = read(tmp_path / "target" / name).external_files
    assert not file.problem
    target = builders.save(onnx.load(tmp_path / "target" / name, load_external_data=False), tmp_path / "target" / "plain.onnx")
    assert same_in_meaning(source, target)


def test_the_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    source = builders.save(builders.small_cnn(), tmp_path / "in.onnx")
    target = tmp_path / "out.onnx"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link = tmp_path / "link.onnx"
    link.symlink_to(target)
    save(source, link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert onnx.load(target) == onnx.load(source)


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    source = builders.save(builders.small_cnn(), tmp_path / "in.onnx")
    (tmp_path / "same.onnx").hardlink_to(source)
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path: (UsageError, "it is a folder"),
        tmp_path / "none" / "out.onnx": (UsageError, "there is no folder"),
        source: (UsageError, "would overwrite"),
        tmp_path / "same.onnx": (UsageError, "would overwrite"),
        tmp_path / "pipe": (UsageError, "no regular file"),
        tmp_path / "in.onnx" / "out.onnx": (InspectorError, "cannot write"),
        tmp_path / ("n" * 300): (OperationFailed, "name too long"),
    }
    before = source.read_bytes()
    for target, (kind, message) in cases.items():
        with pytest.raises(kind, match=message) as raised:
            save(source, target)
        assert "\n" not in str(raised.value)
    assert source.read_bytes() == before
    assert len(names(tmp_path)) == 3


def test_files_to_protect_are_neither_overwritten_nor_removed(tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    original = tmp_path / "original.model"
    save(source, tmp_path / "out.onnx")
    with pytest.raises(UsageError, match=r"would overwrite .*out\.onnx"):
        check_target(tmp_path / "out.onnx", [tmp_path / "out.onnx"])
    builders.save(onnx.load(tmp_path / "out.onnx", load_external_data=False), original)
    save(source, tmp_path / "out.onnx", protected=[tmp_path / "out.onnx.data"])
    assert same_in_meaning(source, original)
    with pytest.raises(UsageError, match="data of the model itself"):
        save(source, tmp_path / "weights.bin")


def test_cancelled_and_limited_savings_leave_nothing(tmp_path: Path) -> None:
    source = write_external(with_large_weights(), tmp_path / "in.onnx")
    before = names(tmp_path)
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        outcome(save_model(str(source), tmp_path / "out.onnx", {}, token, Limits()))
    steps = save_model(str(source), tmp_path / "out.onnx", {}, CancelToken(), Limits())
    next(steps, None)
    steps.close()
    with pytest.raises(OperationFailed):
        outcome(save_model(str(source), tmp_path / "out.onnx", {}, CancelToken(), Limits(1 << 20, 60)))
    assert names(tmp_path) in (before, sorted([*before, "out.onnx", "out.onnx.data"]))


def test_no_model_at_all_is_said(tmp_path: Path) -> None:
    source = tmp_path / "in.onnx"
    source.write_bytes(b"\xff" * 100)
    with pytest.raises(OperationFailed, match=r"in\.onnx"):
        save(source, tmp_path / "out.onnx")
    assert names(tmp_path) == ["in.onnx"]
