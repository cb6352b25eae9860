"""Paths of members: none leaves the root, and whiteouts hide what engines take them to hide."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.image.tar_paths import Refused, hidden_by, leads_outside, normalize, simple

PARTS = st.sampled_from([b"a", b"b.c", b".", b"..", b"", b"...", b".hidden", b"..x", b"\xff"])
RAW = st.lists(PARTS, max_size=8).map(b"/".join)


@given(RAW)
def test_paths_are_what_the_system_makes_of_them_below_a_root(raw: bytes) -> None:
    climbs = posixpath.normpath(raw or b".").split(b"/")[0] == b".."
    if climbs:
        with pytest.raises(Refused):
            normalize(raw)
        return
    path = normalize(raw)
    assert b"/" + path == posixpath.normpath(b"/" + raw.lstrip(b"/"))
    assert not {b"", b".", b".."} & set(path.split(b"/")) or path == b""


@given(RAW)
def test_the_short_cut_agrees_with_the_rule(raw: bytes) -> None:
    short = simple(raw)
    if short is not None:
        assert short == normalize(raw)
        assert hidden_by(short) == (short, "")


def test_paths_that_cannot_be() -> None:
    for raw in (b"n" * 4097, b"a\0b", b"./" + b"n/" * 3000):
        assert simple(raw) is None
        with pytest.raises(Refused):
            normalize(raw)
    assert simple(b"n" * 4096) == b"n" * 4096


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        (b".wh.a", (b"a", "file")),
        (b"d/.wh.a", (b"d/a", "file")),
        (b"d/.wh..wh..opq", (b"d", "opaque")),
        (b".wh..wh..opq", (b"", "opaque")),
        (b"d/.wh..a", (b"d/.a", "file")),
        (b"d/.wh.x/y", (b"d/.wh.x/y", "")),
        (b"d/a.wh.b", (b"d/a.wh.b", "")),
        (b".wh..wh.plnk", None),
        (b".wh..wh.plnk/12.34", None),
        (b"d/.wh..wh.orph/x", None),
        (b"d/.wh..wh.aufs", None),
    ],
)
def test_whiteouts(path: bytes, hidden: tuple[bytes, str] | None) -> None:
    assert hidden_by(path) == hidden


@pytest.mark.parametrize("path", [b".wh.", b"d/.wh.", b".wh..", b".wh..."])
def test_whiteouts_of_nothing(path: bytes) -> None:
    with pytest.raises(Refused):
        hidden_by(path)


@given(st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=4).map(b"/".join), RAW)
def test_symlinks_that_climb_above_the_root(path: bytes, target: bytes) -> None:
    at = list(path.split(b"/")[:-1])
    outside = False
    for part in target.split(b"/") if not target.startswith(b"/") else ():
        if part == b"..":
            outside = outside or not at
            del at[-1:]
        elif part not in (b"", b"."):
            at.append(part)
    assert leads_outside(path, target) is outside
