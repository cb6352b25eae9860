"""Extensions of tar headers: the short cut for paths, and what several of them before one header come to."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.image.tar_extensions import Extension, only_path, read_records
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import StreamSource
from inspector.formats.image.tar_walk import walk
from tests.images.build import USTAR, build_tar, pax_record

RECORD = st.tuples(st.sampled_from(["path", "path", "linkpath", "comment", "a path"]), st.text("ab =\n1\0", max_size=12))
NOISE = st.lists(st.sampled_from([b"9", b"14", b" ", b"path=", b" path=", b"a", b"\n", b"\0", b"0"]), max_size=8).map(b"".join)


@given(st.one_of(st.lists(RECORD, max_size=3).map(lambda pairs: b"".join(pax_record(*pair) for pair in pairs)), NOISE))
def test_the_short_cut_for_a_path_agrees_with_the_rule(data: bytes) -> None:
    path = only_path(data)
    if path is not None:
        found = Extension()
        read_records(data, found, 0)
        assert found == Extension(path=path)


def test_the_short_cut_is_taken() -> None:
    assert only_path(pax_record("path", "a/b=c\nd")) == b"a/b=c\nd"
    assert only_path(pax_record("path", "")) is None
    assert only_path(pax_record("path", "a") + pax_record("uid", "5")) is None


PATH = (b"x", pax_record("path", "one"))
OTHER_PATH = (b"x", pax_record("path", "two"))
OWNER = (b"x", pax_record("uid", "7"))
LONG_NAME = (b"L", b"long\0")


@pytest.mark.parametrize(
    ("extensions", "name", "uid"),
    [
        ([PATH], b"one", 0),
        ([PATH, OTHER_PATH], b"two", 0),
        ([PATH, OWNER], b"one", 7),
        ([OWNER, PATH], b"one", 7),
        ([PATH, LONG_NAME], b"long", 0),
        ([LONG_NAME, PATH], b"one", 0),
        ([PATH, (b"x", pax_record("path", ""))], b"one", 0),
    ],
)
@pytest.mark.parametrize("flag", [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.SYMTYPE])
def test_extensions_add_up_until_the_header_they_extend(
    extensions: list[tuple[bytes, bytes]], name: bytes, uid: int, flag: bytes
) -> None:
    data = b"".join(_member(*extension) for extension in extensions) + _member(flag, b"") + build_tar({"last": b"end"}, USTAR)
    source = io.BytesIO(data)
    assert [(member.name, member.uid) for member in walk(StreamSource(source.read))] == [(name, uid), (b"last", 0)]


def test_a_path_without_the_header_it_extends_is_a_problem() -> None:
    source = io.BytesIO(_member(*PATH) + bytes(1024))
    with pytest.raises(LayerProblem, match="without the header"):
        list(walk(StreamSource(source.read)))


def _member(flag: bytes, data: bytes) -> bytes:
    header = tarfile.TarInfo("member")
    header.type, header.size = flag, len(data)
    return header.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)
