"""Layers are merged as engines apply them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings

from inspector.analysis.image import layer_tree
from inspector.analysis.image.file_system import Merger, dangling_links, merge
from inspector.analysis.image.waste import find_waste
from inspector.records.image import Entry, Layer
from tests.unit.analysis.image.layer_making import file, folder, hard_link, opaque, stack, stacks, symlink, whiteout
from tests.unit.analysis.image.plain_model import applied, sizes


def paths(*layers: list) -> list[str]:  # type: ignore[type-arg]
    return sorted(merge(stack(*layers)).entries)


@settings(max_examples=200, deadline=None)
@given(stacks())
def test_any_layers_merge_as_entry_by_entry(layers: list[Layer]) -> None:
    model = applied(layers)
    merger = Merger()
    for index, (layer, nodes) in enumerate(zip(layers, model.states, strict=True)):
        merger.add(layer)
        found = merge(layers, index)
        assert {path: (node.entry, node.layer, node.content, node.inode[0]) for path, node in nodes.items()} == {
            path: (placed.entry, placed.layer, placed.content, placed.content_layer) for path, placed in found.entries.items()
        }
        assert (found.top, found.size_bytes) == (index, sum(sizes(nodes).values()))
        assert found.file_count == sum(node.content.kind == "file" for node in nodes.values())
        assert merger.file_system() == found


def test_a_whiteout_removes_a_file() -> None:
    assert paths([folder("d"), file("d/f"), file("d/g")], [whiteout("d/f")]) == ["d", "d/g"]


def test_a_whiteout_removes_a_folder_and_all_in_it() -> None:
    assert paths([folder("d"), folder("d/e"), file("d/e/f"), file("da")], [whiteout("d")]) == ["da"]


def test_a_whiteout_spares_what_its_own_layer_adds() -> None:
    assert paths([file("f")], [file("f", 2), whiteout("f")]) == ["f"]
    assert paths([folder("d"), file("d/old")], [folder("d"), file("d/new"), whiteout("d")]) == ["d", "d/new"]


def test_an_opaque_folder_hides_lower_layers_wherever_it_stands() -> None:
    lower = [folder("d"), file("d/old"), folder("d/e"), file("d/e/old")]
    assert paths(lower, [folder("d"), opaque("d"), file("d/new")]) == ["d", "d/new"]
    assert paths(lower, [folder("d"), file("d/new"), opaque("d")]) == ["d", "d/new"]


def test_folders_that_whiteouts_lie_in_are_made_as_engines_do() -> None:
    assert paths([], [whiteout("d/f"), opaque("e")]) == ["d", "e"]
    assert paths([file("d/f")], [whiteout("d"), whiteout("d/f")]) == []
    assert paths([], [file("d"), whiteout("d/f")]) == ["d"]


def test_a_folder_over_a_folder_keeps_what_is_in_it_and_takes_its_mode() -> None:
    merged = merge(stack([folder("d", 0o755), file("d/f")], [folder("d", 0o700)]))
    assert sorted(merged.entries) == ["d", "d/f"]
    assert (merged.entries["d"].entry.mode, merged.entries["d"].layer) == (0o700, 1)


def test_a_folder_that_is_only_implied_keeps_the_mode_it_had() -> None:
    assert merge(stack([folder("d", 0o700)], [file("d/f")])).entries["d"].entry.mode == 0o700


def test_folders_nobody_wrote_down_are_there() -> None:
    merged = merge(stack([file("a/b/c")]))
    assert sorted(merged.entries) == ["a", "a/b", "a/b/c"]
    assert merged.entries["a/b"].entry == folder("a/b", 0o755)


def test_a_file_over_a_folder_removes_what_was_in_it() -> None:
    merged = merge(stack([folder("d"), folder("d/e"), file("d/e/f")], [file("d", 7)]))
    assert list(merged.entries) == ["d"]
    assert merged.size_bytes == 7


def test_a_folder_over_a_file_replaces_it() -> None:
    assert paths([file("d", 7)], [folder("d"), file("d/f")]) == ["d", "d/f"]


def test_a_symlink_of_a_lower_layer_is_replaced_by_a_folder() -> None:
    merged = merge(stack([folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib")], [file("lib/f")]))
    assert sorted(merged.entries) == ["lib", "lib/f", "usr", "usr/lib"]
    assert merged.entries["lib"].entry.kind == "directory"


def test_a_symlink_of_the_same_layer_is_followed_inside_the_root() -> None:
    usr = [folder("usr"), folder("usr/lib")]
    assert "usr/lib/f" in paths([*usr, symlink("lib", "usr/lib"), file("lib/f")])
    assert "usr/lib/f" in paths([*usr, symlink("lib", "/usr/lib"), file("lib/f")])
    assert "usr/lib/f" in paths([*usr, symlink("lib", "../../../usr/lib"), file("lib/f")])


def test_symlinks_in_a_circle_end() -> None:
    assert paths([symlink("a", "b"), symlink("b", "a"), file("a/f")]) == ["a", "a/f", "b"]


def test_a_hard_link_shares_the_content_of_its_target() -> None:
    merged = merge(stack([file("f", 5), hard_link("g", "f"), hard_link("h", "g")]))
    assert [merged.entries[path].size for path in "fgh"] == [5, 5, 5]
    assert (merged.file_count, merged.size_bytes) == (3, 5)


def test_a_hard_link_keeps_the_content_when_its_target_goes() -> None:
    layers = stack([file("f", 5), hard_link("g", "f")], [whiteout("f")])
    assert merge(layers).size_bytes == 5
    overwritten = merge(stack([file("f", 5), hard_link("g", "f")], [file("f", 3)]))
    assert (overwritten.entries["g"].size, overwritten.entries["f"].size, overwritten.size_bytes) == (5, 3, 8)


def test_a_hard_link_to_a_lower_layer_says_where_the_content_is() -> None:
    placed = merge(stack([file("f", 5)], [hard_link("g", "f")])).entries["g"]
    assert (placed.layer, placed.content_layer, placed.content.path, placed.size) == (1, 0, "f", 5)


def test_a_hard_link_before_its_target_finds_it() -> None:
    merged = merge(stack([hard_link("h", "g"), hard_link("g", "f"), file("f", 5)]))
    assert [merged.entries[path].size for path in "fgh"] == [5, 5, 5]
    assert merged.size_bytes == 5


def test_a_hard_link_to_nothing_is_kept_empty_and_told() -> None:
    merged = merge(stack([hard_link("g", "f"), hard_link("self", "self"), folder("d"), hard_link("e", "d")]))
    assert dangling_links(merged) == ("g", "self", "e")
    assert (merged.entries["g"].size, merged.file_count) == (0, 0)


def test_of_two_entries_with_one_path_the_last_counts() -> None:
    merged = merge(stack([file("f", 5), file("f", 3)]))
    assert (merged.entries["f"].size, merged.file_count) == (3, 1)


def test_layers_that_were_not_indexed_count_as_empty() -> None:
    merged = merge([*stack([file("f")]), Layer(1)])
    assert (list(merged.entries), merged.top) == (["f"], 1)


def test_no_layers_are_an_empty_file_system() -> None:
    merged = merge(())
    assert (merged.entries, merged.top, merged.size_bytes) == ({}, -1, 0)


@pytest.mark.parametrize("make", [file, whiteout, opaque, partial(hard_link, target="a/" * 2000 + "f")])
def test_absurdly_deep_paths_do_not_fill_the_memory(make: Callable[[str], Entry]) -> None:
    entries = [make(f"{number}/" + "a/" * 2040 + "f") for number in range(200)]
    merged = merge(stack(entries))
    assert all(entry.path in merged.entries for entry in entries if not entry.whiteout)
    assert sum(map(len, merged.entries)) < 80 << 20


def test_many_entries_through_a_long_chain_of_symlinks_end() -> None:
    chain = [symlink(f"l{number}", f"l{number + 1}") for number in range(38)]
    merged = merge(stack([*chain, folder("l38"), *(file(f"l0/{number}") for number in range(100))]))
    assert "l38/99" in merged.entries


def test_when_patience_ends_entries_still_lie_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_tree, "_MOST_EFFORT", 100)
    entries = [symlink("l", "d"), *(file(f"{top}/{number}/f", 1) for top in ("d", "l", "d/e") for number in range(20))]
    layers = stack(entries, [whiteout("d"), file("d", 2)], [opaque(""), file("d/1/f", 3)])
    for up_to in range(3):
        assert merge(layers, up_to).size_bytes >= 1
    assert find_waste(layers, merge(layers)).reclaimable_bytes > 0


def test_long_paths_through_long_symlinks_end() -> None:
    assert len(merge(stack([symlink("a", "a/" * 2000), file("a/f")])).entries) == 2
