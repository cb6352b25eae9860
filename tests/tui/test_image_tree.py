"""The file tree of an image as nodes and rows: sums, folds, search, kinds of change, and what stays when it is made anew."""

from __future__ import annotations

from inspector.records.file_system import Change, ChangeKind, Placed
from inspector.records.image import Entry
from inspector.tui.widgets.image.file_table import FileTable
from inspector.tui.widgets.image.tree import FileTree, bit_of, change_tree, whole_tree
from inspector.tui.widgets.image.tree_view import TreeView


def placed(path: str, size: int = 0, kind: str = "file", layer: int = 0) -> Placed:
    entry = Entry(path, kind, size)  # type: ignore[arg-type]
    return Placed(entry, layer, entry, layer)


def link(path: str, to: Placed) -> Placed:
    return Placed(Entry(path, "hard_link", link=to.entry.path), 0, to.content, to.content_layer)


def tree_of(*items: Placed, **changes: ChangeKind) -> FileTree:
    entries = {item.entry.path: item for item in items}
    marks = {path: Change(path, kind, entries.get(path), entries.get(path)) for path, kind in changes.items()}
    return whole_tree(entries, marks)


SMALL = (
    placed("etc", kind="directory"),
    placed("etc/hosts", 10),
    placed("usr/lib/a.so", 300),
    placed("usr/lib/b.so", 500),
    placed("usr/bin/tool", 40),
)


def view_of(tree: FileTree) -> TreeView:
    table = FileTable()
    table.tree_view.set_tree(tree)
    return table.tree_view


def names(view: TreeView) -> list[str]:
    return [node.path for node in view.shown]


def test_folders_add_up() -> None:
    tree = tree_of(*SMALL)
    assert {path: (node.size, node.files) for path, node in tree.by_path.items() if node.is_folder} == {
        "": (850, 4),
        "etc": (10, 1),
        "usr": (840, 3),
        "usr/lib": (800, 2),
        "usr/bin": (40, 1),
    }


def test_content_with_two_names_counts_once() -> None:
    one = placed("a/one", 100)
    tree = tree_of(one, link("b/two", one))
    assert tree.root.size == 100
    assert tree.root.files == 2
    assert tree.by_path["b/two"].size == 0


def test_a_removed_file_stays_in_sight_and_out_of_the_sums() -> None:
    gone = Change("etc/gone", "removed", placed("etc/gone", 77), None)
    tree = whole_tree({item.entry.path: item for item in SMALL}, {"etc/gone": gone})
    assert tree.by_path["etc/gone"].kind == "removed"
    assert (tree.root.size, tree.root.removed, tree.root.files) == (850, 77, 4)


def test_a_layers_changes_are_what_is_not_as_before() -> None:
    changes = [
        Change("etc/hosts", "modified", placed("etc/hosts", 10), placed("etc/hosts", 12, layer=1)),
        Change("usr/lib", "unchanged", placed("usr/lib"), placed("usr/lib")),
        Change("usr/bin/tool", "removed", placed("usr/bin/tool", 40), None),
    ]
    tree = change_tree(changes)
    assert sorted(tree.by_path) == ["", "etc", "etc/hosts", "usr", "usr/bin", "usr/bin/tool"]
    assert (tree.root.size, tree.root.removed) == (12, 40)


def test_largest_first_within_each_folder() -> None:
    view = view_of(tree_of(*SMALL))
    assert names(view) == ["usr", "etc"]
    view.open_all()
    view.apply()
    assert names(view) == ["usr", "usr/lib", "usr/lib/b.so", "usr/lib/a.so", "usr/bin", "usr/bin/tool", "etc", "etc/hosts"]
    view.reverse = False
    view.apply()
    assert names(view)[:2] == ["etc", "etc/hosts"]


def test_a_search_keeps_matches_and_what_they_lie_in() -> None:
    view = view_of(tree_of(*SMALL))
    view.filter = "B.SO"
    view.apply()
    assert names(view) == ["usr", "usr/lib", "usr/lib/b.so"]
    assert view.found == 1
    view.filter = ""
    view.apply()
    assert names(view) == ["usr", "etc"], "what was folded is folded again"


def test_a_folder_that_matches_stays_folded() -> None:
    view = view_of(tree_of(*SMALL))
    view.filter = "lib"
    view.apply()
    assert names(view) == ["usr", "usr/lib"]
    assert view.found == 3


def test_paths_asked_for_bring_what_lies_in_them() -> None:
    view = view_of(tree_of(*SMALL))
    view.only = frozenset({"usr/lib", "etc/hosts"})
    view.apply()
    assert view.found == 4
    assert "usr/bin" not in names(view)


def test_kinds_of_change_can_be_hidden() -> None:
    tree = tree_of(*SMALL, **{"etc/hosts": "modified"})
    view = view_of(tree)
    view.open_all()
    view.kinds = bit_of("modified")
    view.apply()
    assert names(view) == ["etc", "etc/hosts"]
    view.kinds ^= bit_of("modified") | bit_of("unchanged")
    view.apply()
    assert "etc/hosts" not in names(view)


def test_a_row_that_was_folded_away_is_found_in_its_folder() -> None:
    tree = tree_of(*SMALL)
    view = view_of(tree)
    assert view.position(tree.by_path["usr/lib/a.so"]) == names(view).index("usr")


def test_folds_outlive_a_new_tree() -> None:
    view = view_of(tree_of(*SMALL))
    view.set_open(view.shown[0], True)
    view.apply()
    view.set_tree(tree_of(*SMALL, placed("usr/lib/c.so", 900)))
    assert names(view) == ["usr", "usr/lib", "usr/bin", "etc"]
