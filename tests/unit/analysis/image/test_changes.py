"""What one layer does to what lies below it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from inspector.analysis.image.changes import changes
from inspector.analysis.image.file_system import merge
from inspector.records.file_system import ChangeKind, FileSystem
from inspector.records.image import Entry, Layer
from tests.unit.analysis.image.layer_making import file, folder, hard_link, opaque, stack, stacks, symlink, whiteout


def kinds(*layers: list[Entry]) -> dict[str, ChangeKind]:
    return {path: change.kind for path, change in changes(stack(*layers), len(layers) - 1).items()}


@settings(max_examples=200, deadline=None)
@given(stacks())
def test_changes_lead_from_the_lower_file_system_to_the_upper(layers: list[Layer]) -> None:
    for index in range(len(layers)):
        below = merge(layers, index - 1).entries if index else merge(()).entries
        upper = dict(below)
        for path, change in changes(layers, index).items():
            assert change.path == path
            assert change.before == upper.pop(path, None)
            if change.after is not None:
                upper[path] = change.after
            assert (change.kind == "added") == (change.before is None)
            assert (change.kind == "removed") == (change.after is None)
        assert upper == merge(layers, index).entries


def test_the_first_layer_adds_everything() -> None:
    assert kinds([file("d/f"), symlink("l", "d")]) == {"d": "added", "d/f": "added", "l": "added"}


def test_a_removed_folder_is_told_with_all_that_was_in_it() -> None:
    assert kinds([folder("d"), folder("d/e"), file("d/e/f")], [whiteout("d")]) == {
        "d": "removed",
        "d/e": "removed",
        "d/e/f": "removed",
    }


def test_an_opaque_folder_removes_and_replaces() -> None:
    lower = [folder("d"), file("d/kept", sha256="1"), file("d/gone")]
    assert kinds(lower, [folder("d"), opaque("d"), file("d/kept", sha256="1", mode=0o600)]) == {
        "d": "unchanged",
        "d/kept": "metadata",
        "d/gone": "removed",
    }


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (file("f", 3, sha256="1"), file("f", 3, sha256="2"), "modified"),
        (file("f", 3), file("f", 4), "modified"),
        (file("f", 3, mtime=1), file("f", 3, mtime=2), "modified"),
        (file("f", 3, mtime=1, sha256="1"), file("f", 3, mtime=2, sha256="1"), "metadata"),
        (file("f", 3, mode=0o644), file("f", 3, mode=0o755), "metadata"),
        (file("f", 3, sha256="1"), file("f", 3, sha256="1"), "unchanged"),
        (folder("f"), folder("f", 0o700), "metadata"),
        (folder("f", mtime=1), folder("f", mtime=2), "unchanged"),
        (folder("f"), file("f"), "modified"),
        (symlink("f", "a"), symlink("f", "b"), "modified"),
        (symlink("f", "a"), symlink("f", "a"), "unchanged"),
        (hard_link("f", "nowhere"), file("f", 0), "modified"),
    ],
)
def test_what_differs_decides_the_kind(before: Entry, after: Entry, kind: ChangeKind) -> None:
    assert kinds([before], [after])["f"] == kind


def test_hashes_that_were_computed_later_decide() -> None:
    layers = stack([file("f", 3, mtime=1)], [file("f", 3, mtime=2)])
    assert changes(layers, 1, {(0, 0): "1", (1, 0): "1"})["f"].kind == "metadata"
    assert changes(layers, 1, {(0, 0): "1", (1, 0): "2"})["f"].kind == "modified"


def test_nothing_is_changed_by_a_layer_that_was_not_indexed() -> None:
    assert changes([*stack([file("f")]), Layer(1)], 1) == {}
    assert isinstance(merge([Layer(0)]), FileSystem)
