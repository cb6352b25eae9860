"""The index of a checkpoint: blocks, checksums, prefixes, slices, and what the data files must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.formats.onnx.containment import Locator
from inspector.formats.saved_model.checkpoint import (
    Checkpoint,
    checkpoint_facts,
    inspect_shards,
    read_checkpoint,
    read_object_graph,
    shard_location,
)
from tests.e2e.hostile.wire import field
from tests.e2e.hostile_saved_models.table import SNAPPY, STORED, Settings, bundle_entry, header, masked_crc, table

PAIRS = [(b"layer/%03d" % number, bundle_entry([2], number * 8, 8)) for number in range(100)]


def read(folder: Path, index: bytes, *data: bytes) -> tuple[Checkpoint, Locator]:
    (folder / "variables").mkdir(parents=True)
    (folder / "variables" / "variables.index").write_bytes(index)
    for number, content in enumerate(data):
        (folder / shard_location(number, len(data))).write_bytes(content)
    locator = Locator(folder / "saved_model.pb")
    return read_checkpoint(locator), locator


@pytest.mark.parametrize("restart_every", [1, 2, 16, 1000])
@pytest.mark.parametrize("per_block", [1, 7, 1000])
@pytest.mark.parametrize("compression", [STORED, SNAPPY])
def test_entries_of_every_way_of_writing(tmp_path: Path, restart_every: int, per_block: int, compression: int) -> None:
    settings = Settings(compression, restart_every, per_block=per_block)
    checkpoint, locator = read(tmp_path, table([header(), *PAIRS], settings), bytes(800))
    assert not checkpoint.problem
    assert list(checkpoint.entries) == [key for key, _ in PAIRS]
    entry = checkpoint.entries[b"layer/042"]
    assert (entry.dtype, entry.shape, entry.shard, entry.offset, entry.size) == ("float32", (2,), 0, 336, 8)
    (use,) = inspect_shards(checkpoint, locator)
    assert (use.facts.size_bytes, use.facts.needed_bytes, use.file.missing_bytes, use.file.gaps) == (800, 800, 0, ())


def test_without_an_index(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(Locator(tmp_path / "saved_model.pb"))
    assert not checkpoint.is_there
    assert checkpoint_facts(checkpoint, []) is None


def test_a_damaged_byte_anywhere_in_a_block_is_told(tmp_path: Path) -> None:
    whole = table([header(), *PAIRS[:3]])
    for position in range(0, len(whole) - 48, 5):
        damaged = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        checkpoint, _ = read(tmp_path / str(position), damaged)
        in_metaindex = not checkpoint.problem and len(checkpoint.entries) == 3
        assert "checksum" in checkpoint.problem or in_metaindex


@pytest.mark.parametrize("kept", [0, 1, 47, 48, 100, -1])
def test_cut_short(tmp_path: Path, kept: int) -> None:
    checkpoint, _ = read(tmp_path, table([header(), *PAIRS])[:kept])
    assert checkpoint.problem


@pytest.mark.parametrize(
    "entry", [bundle_entry([2], -8, 8), bundle_entry([2], 0, -8), bundle_entry([2], 0, 8, shard=-1), b"\x0a\xff"]
)
def test_entries_that_cannot_be(tmp_path: Path, entry: bytes) -> None:
    checkpoint, _ = read(tmp_path, table([header(), (b"w", entry)]))
    assert checkpoint.problem


def test_keys_out_of_order(tmp_path: Path) -> None:
    checkpoint, _ = read(tmp_path, table([header(), PAIRS[1], PAIRS[0]]))
    assert "order" in checkpoint.problem


@pytest.mark.parametrize("count", [-1, 10_001, 2**31 - 1])
def test_impossible_numbers_of_data_files(tmp_path: Path, count: int) -> None:
    checkpoint, locator = read(tmp_path, table([header(count), PAIRS[0]]))
    assert "data files" in checkpoint.problem
    assert len(inspect_shards(checkpoint, locator)) <= 1


def test_data_files_missing_and_cut_short(tmp_path: Path) -> None:
    pairs = [(b"a", bundle_entry([2], 0, 8)), (b"b", bundle_entry([2], 8, 8)), (b"c", bundle_entry([2], 0, 8, shard=1))]
    checkpoint, locator = read(tmp_path, table([header(2), *pairs]), bytes(12), bytes(8))
    (tmp_path / shard_location(1, 2)).unlink()
    first, second = inspect_shards(checkpoint, locator)
    assert (first.file.missing_bytes, first.facts.entry_count, first.facts.problem) == (4, 2, "")
    assert (second.facts.size_bytes, second.facts.needed_bytes, second.facts.problem) == (None, 8, "missing")


def test_a_data_file_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(8))
    folder = tmp_path / "model"
    checkpoint, locator = read(folder, table([header(), PAIRS[0]]), b"")
    (folder / shard_location(0, 1)).unlink()
    (folder / shard_location(0, 1)).symlink_to(tmp_path / "secret")
    (use,) = inspect_shards(checkpoint, locator)
    assert not use.file.contained
    assert use.facts.size_bytes is None


def string_tensor(text: bytes) -> bytes:
    """Return how a checkpoint stores a tensor of one short text: its length, the checksum of that, the text."""
    return bytes([len(text)]) + masked_crc(len(text).to_bytes(4, "little")).to_bytes(4, "little") + text


def slice_key(name: bytes, start: int, length: int) -> bytes:
    """Return the key of a slice along the first dimension: numbers below 64 take one byte with the top bit set."""
    return b"\0" + name + b"\0\1" + b"\1\1" + bytes([start ^ 0x80, length ^ 0x80])


def test_slices_belong_to_their_tensor(tmp_path: Path) -> None:
    extents = b"".join(field(7, field(1, field(1, start) + field(2, 2))) for start in (0, 2))
    parts = [(slice_key(b"w", start, 2), bundle_entry([2], start * 4, 8)) for start in (0, 2)]
    checkpoint, _ = read(tmp_path, table([header(), *parts, (b"w", bundle_entry([4], 0, 0, extents))]), bytes(16))
    assert not checkpoint.problem
    (entry,) = checkpoint.entries.values()
    assert (entry.slices, entry.byte_count, len(entry.parts)) == (("0,2", "2,2"), 16, 2)


def test_the_object_graph_is_read_and_its_checksum_verified(tmp_path: Path) -> None:
    stored = string_tensor(b"objects")
    entry = bundle_entry([], 0, len(stored), dtype=7)
    index = table([header(), (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry)])
    checkpoint, locator = read(tmp_path / "sound", index, stored)
    assert read_object_graph(checkpoint, locator) == b"objects"
    damaged, locator = read(tmp_path / "damaged", index, stored[:1] + b"\0" + stored[2:])
    with pytest.raises(ValueError, match="damaged"):
        read_object_graph(damaged, locator)


def test_masked_checksums_agree(tmp_path: Path) -> None:
    from inspector.formats.saved_model.masked_checksum import masked_checksum

    for data in (b"", b"123456789", bytes(32), bytes(range(256)) * 3):
        assert masked_checksum(data) == masked_crc(data)
