"""Records of entries: the same text as one name after the other gives, and frozen like any other record."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.clean_text import LIMIT, TextCleaner
from inspector.formats.image.layer_answer import RawEntry, RawLayer
from inspector.formats.image.layer_records import to_records
from inspector.records.image import Entry


def raw(path: bytes, link: bytes = b"") -> RawEntry:
    return RawEntry(path, 2 if link else 0, 3, 0o755, 1, 2, 4, link, 512, 3, b"", (b"user.x",), None, False, 0)


NAME = st.one_of(
    st.lists(st.sampled_from([b"a", b"/", b"b c", b"\\", b"\n", b"\x1b", "ü".encode(), b"\xff"]), max_size=5).map(b"".join),
    st.sampled_from([b"", b"plain", b"x" * (LIMIT + 1)]),
)


@given(st.lists(st.lists(NAME, max_size=6), max_size=3))
def test_names_are_cleaned_as_one_after_the_other_is(layers: list[list[bytes]]) -> None:
    together, alone = TextCleaner(), TextCleaner()
    for names in layers:
        found = to_records(RawLayer([raw(name, name) for name in names]), together, "layer 0").entries
        assert [(entry.path, entry.link) for entry in found] == [(alone.clean(name), alone.clean(name)) for name in names]
    assert dict(together.names) == dict(alone.names) | ({b"user.x": "user.x"} if any(layers) else {})
    assert (together.harmful, together.invalid_utf8, together.overlong) == (alone.harmful, alone.invalid_utf8, alone.overlong)


def test_equal_paths_of_two_layers_are_one_text() -> None:
    cleaner = TextCleaner()
    first, second = (to_records(RawLayer([raw(bytes([*b"usr/lib"]))]), cleaner, "layer").entries[0] for _ in range(2))
    assert first.path is second.path


def test_entries_are_ordinary_records() -> None:
    (entry,) = to_records(RawLayer([raw(b"a", b"b")]), TextCleaner(), "layer 0").entries
    assert entry == Entry("a", "symlink", 3, 0o755, 1, 2, 4, "b", 512, 3, "", ("user.x",))
    assert (type(entry), hash(entry)) == (Entry, hash(Entry("a", "symlink", 3, 0o755, 1, 2, 4, "b", 512, 3, "", ("user.x",))))
    with pytest.raises(FrozenInstanceError):
        entry.size = 4  # type: ignore[misc]
