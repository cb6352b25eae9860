"""Waste adds up to the byte, whichever way it is split."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.waste import find_waste, undecided
from inspector.records.image import Entry, Layer
from inspector.records.image_waste import Waste, WasteCause
from tests.unit.analysis.image.layer_making import file, folder, hard_link, opaque, stack, stacks, whiteout
from tests.unit.analysis.image.plain_model import Inode, Node, applied, sizes


def waste_of(*layers: list[Entry]) -> Waste:
    made = stack(*layers)
    return find_waste(made, merge(made))


def causes(waste: Waste) -> dict[WasteCause, int]:
    return {one.cause: one.bytes for one in waste.by_cause if one.files}


@settings(max_examples=200, deadline=None)
@given(stacks())
def test_any_waste_adds_up(layers: list[Layer]) -> None:
    final = merge(layers)
    waste = find_waste(layers, final)
    assert waste.shipped_bytes == sum(e.size for layer in layers for e in layer.entries or () if e.kind == "file")
    assert waste.final_bytes == final.size_bytes
    total = waste.shipped_bytes - waste.final_bytes
    assert waste.reclaimable_bytes == total == sum(one.bytes for one in waste.by_cause)
    assert total == sum(one.reclaimable_bytes for one in waste.by_layer) == sum(one.caused_bytes for one in waste.by_layer)
    assert total == sum(one.bytes for one in waste.files)
    assert sum(one.final_bytes for one in waste.by_layer) == waste.final_bytes
    assert all(one.shipped_bytes == one.final_bytes + one.reclaimable_bytes for one in waste.by_layer)


@settings(max_examples=200, deadline=None)
@given(stacks())
def test_any_content_is_lost_to_the_layer_after_which_no_name_is_left(layers: list[Layer]) -> None:
    states = applied(layers).states
    expected = []
    for layer in layers:
        for position, entry in enumerate(layer.entries or ()):
            inode = (layer.index, position)
            gone = [index for index in range(layer.index, len(layers)) if inode not in sizes(states[index])]
            if entry.kind == "file" and not entry.whiteout and entry.size and gone:
                expected.append((entry.path, entry.size, layer.index, gone[0]))
    found = find_waste(layers, merge(layers)).files
    assert sorted((one.path, one.bytes, one.layer, one.by_layer) for one in found) == sorted(expected)


@settings(max_examples=200, deadline=None)
@given(stacks())
def test_any_cause_is_told_from_what_lies_there_afterwards(layers: list[Layer]) -> None:
    states = applied(layers).states
    entries = {(layer.index, at): entry for layer in layers for at, entry in enumerate(layer.entries or ())}
    for one in find_waste(layers, merge(layers)).files:
        if one.by_layer == one.layer:
            continue
        possible = {
            _cause(states[one.by_layer], path, inode, entries[inode], one.by_layer)
            for path, inode in _names_of_size(states[one.by_layer - 1], one.layer, one.path, one.bytes)
        }
        assert one.cause in possible


def _names_of_size(nodes: dict[str, Node], layer: int, shown: str, size: int) -> list[tuple[str, Inode]]:
    return [
        (path, node.inode)
        for path, node in nodes.items()
        if node.inode[0] == layer and node.content.path == shown and node.content.size == size
    ]


def _cause(nodes: dict[str, Node], path: str, inode: Inode, content: Entry, by_layer: int) -> WasteCause:
    after = nodes.get(path)
    if after is None:
        return "deleted"
    other = after.content
    if other.kind != "file" or other.size != content.size or after.inode[0] != by_layer:
        return "overwritten"
    hashed = content.sha256 and other.sha256
    same = content.sha256 == other.sha256 if hashed else content.mtime == other.mtime
    return "copied_up" if same else "overwritten"


def test_overwriting_a_file_and_then_deleting_its_folder() -> None:
    waste = waste_of(
        [folder("etc"), file("etc/kept", 10_000), folder("d"), file("d/f", 5_000, sha256="1")],
        [file("d/f", 5_000, sha256="2")],
        [whiteout("d")],
    )
    assert (waste.shipped_bytes, waste.reclaimable_bytes) == (20_000, 10_000)
    assert causes(waste) == {"overwritten": 5_000, "deleted": 5_000}
    assert [one.caused_bytes for one in waste.by_layer] == [0, 5_000, 5_000]
    assert [one.reclaimable_bytes for one in waste.by_layer] == [5_000, 5_000, 0]


def test_the_copy_that_is_kept_is_no_waste() -> None:
    waste = waste_of([file("f", 10_000, sha256="1")], [file("f", 10_000, sha256="2")])
    assert (waste.reclaimable_bytes, causes(waste)) == (10_000, {"overwritten": 10_000})


def test_one_layer_wastes_nothing() -> None:
    waste = waste_of([file("f", 10_000), hard_link("g", "f")])
    assert (waste.shipped_bytes, waste.final_bytes, waste.reclaimable_bytes, waste.files) == (10_000, 10_000, 0, ())


def test_changing_only_the_mode_ships_the_content_again() -> None:
    waste = waste_of([file("f", 9, sha256="1")], [file("f", 9, mode=0o755, mtime=5, sha256="1")])
    assert causes(waste) == {"copied_up": 9}


def test_without_hashes_the_time_decides() -> None:
    assert causes(waste_of([file("f", 9, mtime=1)], [file("f", 9, mtime=1)])) == {"copied_up": 9}
    assert causes(waste_of([file("f", 9, mtime=1)], [file("f", 9, mtime=2)])) == {"overwritten": 9}


def test_what_an_opaque_folder_hides_is_deleted_or_replaced() -> None:
    waste = waste_of([file("d/f", 9), file("d/g", 5)], [folder("d"), opaque("d"), file("d/g", 6)])
    assert causes(waste) == {"deleted": 9, "overwritten": 5}


def test_what_was_deleted_and_came_back_counts_as_deleted() -> None:
    waste = waste_of([file("f", 9)], [whiteout("f")], [file("f", 9)])
    assert [(one.cause, one.layer, one.by_layer) for one in waste.files] == [("deleted", 0, 1)]


def test_a_content_with_another_name_left_is_no_waste() -> None:
    lower = [file("f", 9), hard_link("g", "f")]
    assert waste_of(lower, [whiteout("f")]).reclaimable_bytes == 0
    assert waste_of(lower, [file("g", 4)]).reclaimable_bytes == 0


def test_a_content_is_lost_with_its_last_name() -> None:
    waste = waste_of([file("f", 9), hard_link("g", "f")], [whiteout("f")], [whiteout("g")])
    assert [(one.path, one.bytes, one.layer, one.by_layer) for one in waste.files] == [("f", 9, 0, 2)]


def test_an_entry_that_comes_twice_is_overwritten_by_its_own_layer() -> None:
    waste = waste_of([file("f", 9, sha256="1"), file("f", 9, sha256="1")])
    assert [(one.cause, one.bytes, one.layer, one.by_layer) for one in waste.files] == [("overwritten", 9, 0, 0)]


def test_the_same_record_many_times_over_still_adds_up() -> None:
    entry = file("f", 9)
    layers = [Layer(0, entries=(entry, entry, entry)), Layer(1, entries=(entry,))]
    waste = find_waste(layers, merge(layers))
    assert waste.reclaimable_bytes == sum(one.bytes for one in waste.files) == 27


def test_compressed_bytes_are_in_proportion_to_the_layer_that_ships() -> None:
    waste = waste_of([file("f", 500)], [whiteout("f")])
    assert waste.compressed_bytes == waste.files[0].compressed_bytes == 50


def test_compressed_bytes_are_unknown_where_the_layer_does_not_say() -> None:
    layers = [Layer(0, entries=(file("f", 500),), size_bytes=1000), Layer(1, entries=(whiteout("f"),))]
    assert find_waste(layers, merge(layers)).compressed_bytes is None


def test_files_come_largest_first() -> None:
    waste = waste_of([file("a", 1), file("b", 3), file("c", 2)], [whiteout("a"), whiteout("b"), whiteout("c")])
    assert [one.path for one in waste.files] == ["b", "c", "a"]


def test_what_a_file_system_lost_need_not_be_known() -> None:
    layers = stack([file("f", 9), file("d/g", 4)], [file("f", 9, mtime=1), whiteout("d")])
    final = merge(layers)
    forgetful = replace(final, lost=None)
    assert find_waste(layers, forgetful) == find_waste(layers, final)
    assert undecided(layers) == undecided(layers, final)


@pytest.mark.parametrize(("second", "cause"), [("same", "copied_up"), ("other", "overwritten")])
def test_hashes_settle_what_was_undecided(second: str, cause: WasteCause) -> None:
    layers = stack([file("f", 9, mtime=1), file("g", 5)], [file("f", 9, mtime=2), file("g", 6)])
    wanted = undecided(layers)
    assert [[(layer, entry.path) for layer, entry in group] for group in wanted] == [[(0, "f"), (1, "f")]]
    hashes = {(layer, entry.offset): key for (layer, entry), key in zip(wanted[0], ("same", second), strict=True)}
    assert undecided(layers, keys=hashes) == []
    assert {one.path: one.cause for one in find_waste(layers, merge(layers), hashes).files}["f"] == cause


def test_nothing_is_undecided_where_hashes_are_known() -> None:
    assert undecided(stack([file("f", 9, sha256="1")], [file("f", 9, sha256="2")])) == []
