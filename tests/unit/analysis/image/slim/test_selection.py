"""What is written of an image: every kept path once, in order, in parts, with its bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.image.slim.parts import parts_of
from inspector.analysis.image.slim.selection import may_link, select
from inspector.records.image import Entry, Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.written_image import AddedFile, EntryPlace, Selection
from tests.images.build import File, Folder, HardLink, Symlink, Whiteout
from tests.unit.analysis.image.layer_making import file, folder, hard_link, stack, stacks, symlink
from tests.unit.analysis.image.slim.slim_making import SITE, by_path, of_archive, of_files, of_layers


def entry_at(inspection: ImageInspection, place: EntryPlace) -> Entry:
    entries = inspection.image.layers[place.layer].entries
    assert entries is not None
    return entries[place.index]


def bytes_of(inspection: ImageInspection, selection: Selection) -> int:
    contents = {entry.content for entry in selection.entries if entry.content is not None}
    return sum(entry_at(inspection, content).size for content in contents)


def test_everything_of_a_real_archive_is_selected_once(tmp_path: Path) -> None:
    base = {"etc": Folder(), "etc/a": b"one", "etc/gone": b"bye", "usr/lib/deep/x": b"xx", "srv/old": b"old"}
    upper = [
        ("etc/gone", Whiteout()),
        ("etc/b", File(b"twins", mode=0o600)),
        ("etc/c", HardLink("etc/b", mode=0o600)),
        ("srv", Folder(0o700)),
        ("srv/link", Symlink("../etc/a")),
    ]
    inspection = of_archive(tmp_path / "image.tar", [base, upper])
    selection = select(inspection)
    found = by_path(selection)
    assert list(found) == [
        "etc",
        "etc/a",
        "etc/b",
        "etc/c",
        "srv",
        "srv/link",
        "srv/old",
        "usr",
        "usr/lib",
        "usr/lib/deep",
        "usr/lib/deep/x",
    ]
    assert (found["etc/c"].link_to, found["etc/c"].content) == ("etc/b", found["etc/b"].content)
    assert found["usr/lib/deep"].entry is None
    assert found["srv/link"].content is None
    assert entry_at(inspection, found["srv"].entry or EntryPlace(0, 0)).mode == 0o700
    assert bytes_of(inspection, selection) == len(b"one" + b"twins" + b"xx" + b"old")
    for path, entry in found.items():
        if entry.entry is not None:
            assert entry_at(inspection, entry.entry).path == path


def test_a_hard_link_that_sorts_first_waits_for_the_name_with_the_bytes() -> None:
    inspection = of_layers(stack([file("b/file", 5), hard_link("a/name", "b/file"), hard_link("c/name", "b/file")]))
    assert [entry.path for entry in select(inspection).entries] == ["a", "b", "b/file", "a/name", "c", "c/name"]
    assert {entry.link_to for entry in select(inspection).entries} == {"", "b/file"}


def test_links_to_a_name_that_is_not_kept_share_the_bytes_of_the_first_kept_one() -> None:
    inspection = of_layers(stack([file("b/file", 5), hard_link("a/name", "b/file"), hard_link("c/name", "b/file")]))
    found = by_path(select(inspection, {"a/name", "c/name"}))
    assert list(found) == ["a", "a/name", "c", "c/name"]
    assert found["a/name"].content == found["c/name"].content == EntryPlace(0, 0)
    assert (found["a/name"].link_to, found["c/name"].link_to) == ("", "a/name")


def test_content_comes_from_the_layer_that_has_it() -> None:
    inspection = of_layers(stack([file("etc/f", 7, mtime=5)], [hard_link("etc/g", "etc/f"), folder("etc", 0o711)]))
    found = by_path(select(inspection))
    assert found["etc/f"].content == found["etc/g"].content == EntryPlace(0, 0)
    assert (found["etc/g"].entry, found["etc"].entry) == (EntryPlace(1, 0), EntryPlace(1, 1))


def test_a_link_that_leads_nowhere_is_not_written() -> None:
    assert by_path(select(of_layers(stack([hard_link("etc/a", "etc/none"), file("etc/b")])))).keys() == {"etc", "etc/b"}


def test_folders_above_what_is_kept_come_with_it_and_others_do_not() -> None:
    inspection = of_layers(stack([folder("etc"), file("etc/a"), folder("var"), folder("var/empty"), file("var/x")]))
    assert list(by_path(select(inspection, ["etc/a", "var/empty", "no/such"]))) == ["etc", "etc/a", "var", "var/empty"]


def test_a_folder_has_the_uppermost_part_of_what_is_kept_in_it() -> None:
    files = {"app/main.py": 3, "app/weights/net.safetensors": 9, "opt/x/readme": 2, f"{SITE}/m.py": 2}
    inspection = of_files(files)
    parts = {path: entry.part for path, entry in by_path(select(inspection)).items()}
    assert (parts["app"], parts["app/weights"], parts["usr"], parts["opt"]) == ("weights", "weights", "dependencies", "code")
    fewer = {path: entry.part for path, entry in by_path(select(inspection, {"app/main.py"})).items()}
    assert fewer == {"app": "code", "app/main.py": "code"}


def test_an_empty_folder_has_the_part_of_its_place() -> None:
    parts = {
        path: one.part for path, one in by_path(select(of_layers(stack([folder("var/log"), folder("app/cache")])))).items()
    }
    assert parts == {"app": "code", "app/cache": "code", "var": "base", "var/log": "base"}


def test_added_files_bring_their_folders_and_take_the_place_of_what_is_there() -> None:
    inspection = of_files(
        {"app/main.py": 3, "app/__pycache__/main.cpython-312.pyc": 4, "app/other.py": 4, "etc/link": symlink("etc/link", "x")}
    )
    added = [
        AddedFile("lib/py/__pycache__/a.pyc", "code", b"two"),
        AddedFile("app/__pycache__/main.cpython-312.pyc", "base", b"new"),
        AddedFile("etc/link/inside", "base", b"lost"),
        AddedFile("app/main.py/inside", "base", b"lost"),
    ]
    selection = select(inspection, ["app/main.py", "app/__pycache__/main.cpython-312.pyc"], added)
    assert [(one.path, one.part, one.content) for one in selection.added] == [
        ("app/__pycache__/main.cpython-312.pyc", "code", b"new"),
        ("lib/py/__pycache__/a.pyc", "base", b"two"),
    ]
    found = by_path(selection)
    assert list(found) == ["app", "app/__pycache__", "app/main.py", "lib", "lib/py", "lib/py/__pycache__"]
    assert found["lib/py"].entry is None


def test_equal_contents_become_one_where_everything_about_them_is_equal() -> None:
    same = {"mode": 0o640, "mtime": 7}
    entries = [
        file("app/a", 5000, **same),
        file("app/b", 5000, **same),
        file("app/later", 5000, mode=0o640, mtime=8),
        file("app/other_mode", 5000, mode=0o600, mtime=7),
        file("etc/elsewhere", 5000, **same),
        replace(file("app/capable", 5000, **same), xattrs=("security.capability",)),
    ]
    inspection = of_layers([Layer(0, entries=tuple(entries))])
    linked = dict.fromkeys(("app/b", "app/later", "app/other_mode", "etc/elsewhere", "app/capable", "no/such"), "app/a")
    found = by_path(select(inspection, None, (), linked))
    assert {path: entry.link_to for path, entry in found.items() if entry.link_to} == {"app/b": "app/a"}
    assert found["app/b"].content == found["app/a"].content
    assert not may_link(inspection, "app/a", "app/a")


def test_a_file_can_link_to_one_that_sorts_after_it() -> None:
    inspection = of_layers(stack([file("app/a", 9), file("app/b", 9)]))
    found = by_path(select(inspection, None, (), {"app/a": "app/b"}))
    assert list(found) == ["app", "app/b", "app/a"]
    assert found["app/a"].link_to == "app/b"


@settings(max_examples=150, deadline=None)
@given(stacks(), st.data())
def test_whatever_the_layers_are(layers: list[Layer], data: st.DataObject) -> None:
    inspection = of_layers(layers)
    final = inspection.file_system
    assert final is not None
    paths = sorted(final.entries)
    kept = data.draw(st.none() | (st.sets(st.sampled_from(paths)) if paths else st.just(set())))
    selection = select(inspection, kept)
    found = by_path(selection)
    there = {path for path in (paths if kept is None else kept) if final.entries[path].content.kind != "hard_link"}
    assert there <= found.keys()
    assert selection == select(inspection, None if kept is None else sorted(kept, reverse=True))
    written: set[str] = set()
    for entry in selection.entries:
        above = entry.path.rpartition("/")[0]
        assert not above or above in written, "folders come first"
        if entry.link_to:
            target = found[entry.link_to]
            assert entry.link_to in written
            assert (target.link_to, target.part, target.content) == ("", entry.part, entry.content)
        written.add(entry.path)
    if kept is None:
        assert found.keys() == {path for path in paths if final.entries[path].content.kind != "hard_link"}
        assert bytes_of(inspection, selection) == final.size_bytes
    assert all(
        parts_of(inspection)[path] == found[path].part for path in there if final.entries[path].entry.kind != "directory"
    )
