"""Names in archives lead to files in archives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.image.archive_members import Member, Members, normalized


def members(*found: Member) -> Members:
    return Members(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", "a"),
        ("./a/b/", "a/b"),
        ("a//b/./c", "a/b/c"),
        ("a/../b", "b"),
        ("a/b/../../c", "c"),
        ("/a", None),
        ("..", None),
        ("a/../../b", None),
        ("", None),
        (".", None),
        ("a\0b", None),
        ("...", "..."),
    ],
)
def test_normalized(name: str, expected: str | None) -> None:
    assert normalized(name) == expected


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b"]), max_size=12))
def test_no_name_leads_out(parts: list[str]) -> None:
    found = normalized("/".join(parts))
    assert found is None or ".." not in found.split("/")
    assert found is None or not found.startswith("/")


def test_links_are_followed_inside() -> None:
    found = members(
        Member("a/layer.tar", "file", 512, 10),
        Member("b/layer.tar", "symlink", link="../a/layer.tar"),
        Member("c", "hard_link", link="b/layer.tar"),
        Member("d", "symlink", link="c"),
    )
    for name in ("a/layer.tar", "./b/layer.tar", "c", "d"):
        located = found.locate(name)
        assert located.member is not None
        assert (located.member.name, located.member.offset) == ("a/layer.tar", 512)


def test_the_last_of_several_with_one_name_counts() -> None:
    found = members(Member("a", "file", 0, 1), Member("a", "file", 512, 2))
    located = found.locate("a").member
    assert located is not None
    assert located.size == 2
    assert found.repeated == {"a"}


@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["a", "b", "c", "d", "../a", "/a", "e"]), max_size=4))
def test_no_chain_of_links_goes_on_for_ever(links: dict[str, str]) -> None:
    found = members(*(Member(name, "symlink", link=link) for name, link in links.items()))
    for name in links:
        located = found.locate(name)
        assert located.member is None
        assert located.problem
