"""Same content at several paths: who is a candidate, and what hashes make of it."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.analysis.image.duplicates import may_be_same, same_content, uncompared
from inspector.analysis.image.file_system import merge
from inspector.analysis.image.same_content import Located
from tests.unit.analysis.image.content_making import Content, image_of, kind, layer, leftovers_of
from tests.unit.analysis.image.layer_making import file, hard_link, whiteout


def paths(found: Sequence[Sequence[Located]]) -> list[list[tuple[int, str]]]:
    """Return the groups by path."""
    return [[(layer, entry.path) for layer, entry in group] for group in found]


def test_what_may_be_same_shares_its_size_and_comes_with_the_one_whose_digest_is_known() -> None:
    files: dict[str, Content] = {
        "a": 5000,
        "b": 5000,
        "hashed": file("hashed", 5000, sha256="aa"),
        "alone": 6000,
        "small": 100,
        "small_too": 100,
        "link": hard_link("link", "a"),
    }
    assert paths(may_be_same((layer(files),))) == [[(0, "a"), (0, "b"), (0, "hashed")]]


def test_contents_whose_digests_are_all_known_need_no_comparison() -> None:
    files: dict[str, Content] = {name: file(name, 5000, sha256=name) for name in "ab"}
    assert may_be_same((layer(files),)) == []


def test_hard_links_alone_need_no_comparison() -> None:
    assert may_be_same((layer({"a": 5000, "b": hard_link("b", "a")}),)) == []


def test_groups_are_of_all_layers_in_their_order_whatever_lies_above() -> None:
    image = image_of(
        layer({"x": 5000, "y": 7000, "gone": 5000}),
        layer({"gone": whiteout("gone"), "z": 5000, "link": hard_link("link", "x")}),
    )
    assert paths(may_be_same(image.layers)) == [[(0, "x"), (0, "gone"), (1, "z")]]


def test_keys_find_copies_and_links_stay_one_content() -> None:
    image = image_of(layer({"deep/x": 5000, "link": hard_link("link", "deep/x"), "y": 5000}), layer({"a/b/z": 5000}))
    final = merge(image.layers)
    keys = {
        (index, entry.offset): "same" if entry.path != "y" else "other"
        for group in may_be_same(image.layers)
        for index, entry in group
    }
    assert same_content(final, keys) == ((("link", "deep/x"), ("a/b/z",)),)
    assert same_content(final) == ()
    assert uncompared(final) == 3
    assert uncompared(final, keys) == 0


def test_groups_come_largest_first() -> None:
    files: dict[str, Content] = {
        "a": file("a", 5000, sha256="1"),
        "b": file("b", 5000, sha256="1"),
        "c": file("c", 9000, sha256="2"),
        "d": file("d", 9000, sha256="2"),
    }
    assert same_content(merge((layer(files),))) == ((("c",), ("d",)), (("a",), ("b",)))


def test_every_name_of_a_copy_must_go_to_free_its_bytes() -> None:
    files: dict[str, Content] = {
        "a": file("a", 5000, sha256="1"),
        "srv/b": file("srv/b", 5000, sha256="1"),
        "srv/c": hard_link("srv/c", "srv/b"),
    }
    found = kind(leftovers_of(image_of(layer(files))), "same content twice")
    assert found is not None
    assert (found.paths, found.bytes, found.files) == (("srv/b", "srv/c"), 5000, 2)
