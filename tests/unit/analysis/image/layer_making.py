"""Short ways to write layers, and random ones."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from inspector.records.image import Entry, Layer

_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
_TARGETS = st.one_of(_PATHS, _PATHS.map("/{}".format), _PATHS.map("../{}".format), st.sampled_from(["..", ".", "/", "a/../.."]))


def file(path: str, size: int = 1, **more: object) -> Entry:
    return Entry(path, "file", size=size, **more)  # type: ignore[arg-type]


def folder(path: str, mode: int = 0o755, **more: object) -> Entry:
    return Entry(path, "directory", mode=mode, **more)  # type: ignore[arg-type]


def symlink(path: str, target: str) -> Entry:
    return Entry(path, "symlink", link=target)


def hard_link(path: str, target: str) -> Entry:
    return Entry(path, "hard_link", link=target)


def whiteout(path: str) -> Entry:
    return Entry(path, "file", whiteout="file")


def opaque(path: str) -> Entry:
    return Entry(path, "file", whiteout="opaque")


def stack(*layers: Iterable[Entry]) -> list[Layer]:
    """Return layers with offsets that tell their files apart, 1,000 bytes a layer and 100 of them compressed."""
    return [
        Layer(index, entries=_with_offsets(entries), size_bytes=1000, compressed_bytes=100)
        for index, entries in enumerate(layers)
    ]


def _with_offsets(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            entry.path,
            entry.kind,
            entry.size,
            entry.mode,
            mtime=entry.mtime,
            link=entry.link,
            offset=512 * position if entry.kind == "file" and not entry.whiteout else -1,
            sha256=entry.sha256,
            whiteout=entry.whiteout,
        )
        for position, entry in enumerate(entries)
    )


def _entries() -> st.SearchStrategy[Entry]:
    return st.one_of(
        st.builds(file, _PATHS, st.integers(0, 3), mtime=st.integers(0, 1), sha256=st.sampled_from(["", "1", "2"])),
        st.builds(folder, _PATHS, st.sampled_from([0o755, 0o700])),
        st.builds(symlink, _PATHS, _TARGETS),
        st.builds(hard_link, _PATHS, _PATHS),
        st.builds(whiteout, _PATHS),
        st.builds(opaque, st.one_of(_PATHS, st.just(""))),
    )


def stacks() -> st.SearchStrategy[list[Layer]]:
    """Return up to four layers of up to ten entries that get in each other's way."""
    return st.lists(st.lists(_entries(), max_size=10), min_size=1, max_size=4).map(lambda layers: stack(*layers))
