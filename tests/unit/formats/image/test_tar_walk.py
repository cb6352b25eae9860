"""The walk over tars, held against Python's tarfile, GNU tar and the letter of the formats."""

from __future__ import annotations

import io
import math
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.image.tar_content import content_pieces, sparse_map_at
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import FileStretch, StreamSource
from inspector.formats.image.tar_walk import Member, walk
from tests.images.build import GNU, PAX, USTAR, Device, Fifo, File, Folder, HardLink, Sparse, Symlink, build_tar, pax_record


def stream(data: bytes, chunk: int = 1 << 20) -> StreamSource:
    source = io.BytesIO(data)
    return StreamSource(lambda size: source.read(min(size, chunk)))


def members(data: bytes, chunk: int = 1 << 20) -> list[Member]:
    return list(walk(stream(data, chunk)))


def members_until_problem(data: bytes) -> tuple[list[Member], str]:
    return until_problem(stream(data))


def until_problem(source: FileStretch | StreamSource) -> tuple[list[Member], str]:
    found: list[Member] = []
    try:
        for member in walk(source):
            found.append(member)
    except LayerProblem as problem:
        return found, str(problem)
    return found, ""


def content(data: bytes, member: Member) -> bytes:
    sparse = ((0, member.size),) if member.sparse is None else member.sparse
    pieces = content_pieces(stream(data), member.offset, member.size, sparse, 0, member.size)
    return b"".join(bytes(piece) for piece in pieces)


def facts(data: bytes) -> list[tuple[object, ...]]:
    return [
        (
            member.name.rstrip(b"/"),
            member.flag if member.flag != b"\0" else b"0",
            member.size,
            member.mode,
            member.uid,
            member.gid,
            member.mtime,
            member.link,
            member.device,
            content(data, member) if member.size else b"",
        )
        for member in members(data, 700)
    ]


def expected(data: bytes) -> list[tuple[object, ...]]:
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as archive:
        return [_fact(archive, info) for info in archive]


def _fact(archive: tarfile.TarFile, info: tarfile.TarInfo) -> tuple[object, ...]:
    reader = archive.extractfile(info) if info.isreg() else None
    return (
        os.fsencode(info.name),
        info.type if info.type != tarfile.AREGTYPE else b"0",
        info.size if info.isreg() else 0,
        info.mode & 0o7777,
        info.uid,
        info.gid,
        math.floor(info.mtime),
        os.fsencode(info.linkname),
        (info.devmajor, info.devminor) if info.isdev() and not info.isfifo() else None,
        reader.read() if reader is not None else b"",
    )


NAMES = st.text(
    st.one_of(st.sampled_from("abcxyz_-é日 "), st.characters(exclude_characters="\0/", exclude_categories=("Cs",))), min_size=1
)
PATHS = st.lists(NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=5).map("/".join)
LONG_PATHS = st.tuples(PATHS, st.integers(0, 300)).map(lambda pair: f"{pair[0]}/{'long/' * (pair[1] // 5)}end")
OWNERS = st.integers(0, 0o7777777)
NODES = st.one_of(
    st.builds(
        File,
        st.binary(max_size=1500),
        st.integers(0, 0o7777),
        OWNERS,
        OWNERS,
        st.integers(0, 2**33 - 1),
        st.dictionaries(
            st.sampled_from(["user.a", "security.capability", "user.long.name"]), st.binary(min_size=1, max_size=9)
        ),
    ),
    st.builds(Folder, st.integers(0, 0o7777), OWNERS, OWNERS),
    st.builds(Symlink, LONG_PATHS),
    st.builds(HardLink, LONG_PATHS),
    st.builds(Device, st.integers(0, 4000), st.integers(0, 4000), st.booleans()),
    st.builds(Fifo),
)
ENTRIES = st.lists(st.tuples(st.one_of(PATHS, LONG_PATHS), NODES), max_size=8)


@given(ENTRIES)
def test_pax_archives_read_as_tarfile_reads_them(entries: Sequence[tuple[str, File]]) -> None:
    data = build_tar(entries, PAX)
    assert facts(data) == expected(data)


@given(ENTRIES)
def test_gnu_archives_read_as_tarfile_reads_them(entries: Sequence[tuple[str, File]]) -> None:
    data = build_tar(entries, GNU)
    assert facts(data) == expected(data)


@pytest.mark.parametrize("length", [99, 100, 101, 154, 155, 200, 255])
def test_ustar_prefixes(length: int) -> None:
    front = max(1, length - 100)
    name = "p" * front + "/" + "n" * (length - front - 1)
    data = build_tar({name: b"x"}, USTAR)
    assert [member.name for member in members(data)] == [name.encode()]


@pytest.mark.parametrize("format", [GNU, PAX])
def test_numbers_too_large_for_octal(format: int) -> None:
    data = build_tar({"a": File(b"1", uid=2**31, gid=2**40, mtime=2**35), "b": File(b"", mtime=-5)}, format)
    assert facts(data) == expected(data)


def test_fractions_of_seconds_are_rounded_down() -> None:
    data = build_tar({"a": File(mtime=1.75), "b": File(mtime=-1.25), "c": File(mtime=-2.0)})
    assert [member.mtime for member in members(data)] == [1, -2, -2]


@pytest.mark.parametrize("format", ["v7", "ustar", "gnu", "oldgnu", "posix"])
def test_a_real_folder_as_gnu_tar_writes_it(format: str, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    shutil.copytree(Path(__file__).parent, folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "link").symlink_to("tests/nowhere")
    os.link(next(folder.glob("tests/*.py")), folder / "twin.py")
    os.mkfifo(folder / "pipe")
    if format not in ("v7", "ustar"):
        (folder / ("d" * 120)).mkdir()
        (folder / ("d" * 120) / ("f" * 140)).write_bytes(b"deep")
    done = subprocess.run(["tar", f"--format={format}", "-C", folder, "-cf", tmp_path / "a.tar", "."], capture_output=True)
    data = (tmp_path / "a.tar").read_bytes()
    assert len(facts(data)) > 8, done.stderr
    assert facts(data) == expected(data)


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=posix", "--sparse-version=1.0"],
    ],
)
def test_sparse_files_as_gnu_tar_writes_them(options: list[str], tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        for at in range(40):
            file.seek(at * 300_000 + 70_000)
            file.write(b"%d" % at * 1000)
        file.truncate(20_000_000)
    (tmp_path / "after").write_bytes(b"after")
    subprocess.run(["tar", "-S", *options, "-cf", "a.tar", "holes", "after"], cwd=tmp_path, check=True)
    data = (tmp_path / "a.tar").read_bytes()
    holes, after = members(data, 10_000)
    assert (holes.name, holes.size) == (b"holes", 20_000_000)
    assert holes.stored < 2_000_000
    assert content(data, holes) == (tmp_path / "holes").read_bytes()
    assert content(data, after) == b"after"
    assert sparse_map_at(stream(data), holes.offset) == holes.sparse


@pytest.mark.parametrize("style", ["pax 1.0", "pax 0.1", "pax 0.0", "old GNU"])
def test_parts_of_sparse_files(style: str) -> None:
    chunks = tuple((at * 1000 + 100, bytes([at + 1]) * 50) for at in range(30))
    node = Sparse(40_000, chunks, style)  # type: ignore[arg-type]
    data = build_tar([("holes", node), ("after", File(b"x"))])
    holes, after = members(data)
    assert after.name == b"after"
    for start, length in ((0, 10), (90, 20), (140, 2000), (29_100, 50_000), (39_999, 5), (0, 40_000)):
        pieces = content_pieces(stream(data), holes.offset, holes.size, holes.sparse or (), start, length)
        assert b"".join(bytes(piece) for piece in pieces) == node.content[start : start + length]


def test_a_file_stretch_gives_what_a_stream_gives(tmp_path: Path) -> None:
    data = build_tar({f"f{at}": File(b"x" * (at * 700)) for at in range(40)})
    path = tmp_path / "a.tar"
    path.write_bytes(b"before" + data + b"behind")
    with path.open("rb") as file:
        assert list(walk(FileStretch(file.fileno(), 6, len(data)))) == members(data)


def test_an_empty_value_leaves_what_the_header_says_and_a_later_one_wins() -> None:
    records = [("path", ""), ("uid", "5"), ("uid", "6"), ("linkpath", "")]
    assert [(m.name, m.uid) for m in members(with_records(b"".join(pax_record(*pair) for pair in records)))] == [(b"a", 6)]


def with_records(records: bytes, flag: bytes = b"x", size: int | None = None) -> bytes:
    """Return a tar of one entry, with PAX records before it."""
    header = tarfile.TarInfo("PaxHeaders/a")
    header.type, header.size = flag, len(records) if size is None else size
    return header.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512) + build_tar({"a": b"content"}, USTAR)


@pytest.mark.parametrize(
    "records",
    [
        b"7 a=b\n7",
        b"99999999999999999999999 path=x\n",
        b"0 path=x\n",
        b"-5 path=x\n",
        b"10 path=x",
        b"9 pathxx\n",
        b"path=x\n",
        pax_record("size", "-1"),
        pax_record("size", "1e3"),
        pax_record("size", str(2**70)),
        b"\xff\xfe\xfd",
        pax_record("GNU.sparse.map", "0,5,3,4") + pax_record("GNU.sparse.size", "7"),
        pax_record("GNU.sparse.map", "0,500") + pax_record("GNU.sparse.size", "700"),
        pax_record("GNU.sparse.map", "0,5,7") + pax_record("GNU.sparse.size", "7"),
        pax_record("GNU.sparse.map", "0,5"),
        pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") + pax_record("GNU.sparse.realsize", "7"),
    ],
)
def test_senseless_records_are_a_problem(records: bytes) -> None:
    found, problem = members_until_problem(with_records(records))
    assert found == []
    assert "damaged" in problem or "makes no sense" in problem


def test_records_that_are_no_use_are_passed_over() -> None:
    records = pax_record("mtime", "soon") + pax_record("uid", "root") + pax_record("comment", "x = y") + bytes(20)
    found = members(with_records(records))
    assert [(m.name, m.uid, m.mtime) for m in found] == [(b"a", 0, 0)]


def test_global_headers_change_no_entry() -> None:
    found = members(with_records(pax_record("path", "elsewhere"), b"g"))
    assert [(member.flag, member.name) for member in found] == [(b"g", b"PaxHeaders/a"), (b"0", b"a")]
    assert [member.name for member in members(with_records(pax_record("comment", "x"), b"g"))] == [b"a"]


def test_extensions_are_bounded() -> None:
    assert "extension of 1,048,577 bytes" in members_until_problem(with_records(b"", b"L", (1 << 20) + 1))[1]
    one = with_records(pax_record("path", "b"))[:1024]
    assert "more than 64 extensions" in members_until_problem(one * 65 + build_tar({"a": b""}))[1]
    assert "without the header" in members_until_problem(one + bytes(1024))[1]


def test_links_and_folders_have_no_content_whatever_their_size_says() -> None:
    info = tarfile.TarInfo("link")
    info.type, info.linkname, info.size = tarfile.LNKTYPE, "target", 5000
    data = info.tobuf(tarfile.USTAR_FORMAT) + build_tar({"a": b"next"}, USTAR)
    assert [(m.name, m.size, m.stored) for m in members(data)] == [(b"link", 0, 0), (b"a", 4, 4)]


def test_a_header_with_one_byte_changed_is_found_out() -> None:
    data = bytearray(build_tar({"a": b"1", "b": b"2"}, USTAR))
    data[1024] ^= 1
    found, problem = members_until_problem(bytes(data))
    assert [member.name for member in found] == [b"a"]
    assert problem == "the header at byte 1,024 is damaged: its checksum does not fit"


def test_signed_checksums_of_old_programs_are_taken() -> None:
    block = bytearray(build_tar({"ü": b""}, USTAR)[:512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block) - 256 * sum(byte > 127 for byte in block))
    assert [member.name for member in members(bytes(block) + bytes(1024))] == ["ü".encode()]


@pytest.mark.parametrize(
    ("at", "count"), [(1, 0), (511, 0), (513, 1), (1011, 1), (1025, 1), (1535, 1), (1536, 2), (1600, 2), (2135, 2)]
)
def test_an_archive_cut_short_keeps_what_was_read(at: int, count: int) -> None:
    data = build_tar({"a": b"x" * 500, "b": b"y" * 600}, USTAR)[:at]
    found, problem = members_until_problem(data)
    assert [member.name for member in found] == [b"a", b"b"][:count]
    assert "cut short" in problem


def test_a_file_is_found_cut_short_where_a_stream_is(tmp_path: Path) -> None:
    whole = build_tar({"a": b"x" * 500, "b" * 120: b"y" * 600, "c": Symlink("a"), "d": File(b"z" * 20_000)}, PAX)
    path = tmp_path / "cut.tar"
    path.write_bytes(whole)
    for end in [*range(0, len(whole), 256), *range(1, len(whole), 509)]:
        with path.open("rb") as file:
            assert until_problem(FileStretch(file.fileno(), 0, end)) == members_until_problem(whole[:end])


def test_missing_padding_and_missing_end_are_forgiven() -> None:
    data = build_tar({"a": b"xyz"}, USTAR)
    for end in (515, 1024, 1536, 2048):
        assert members_until_problem(data[:end])[1] == ""
    assert "a single block of zeros" in members_until_problem(data[:1536] + data)[1]


@given(st.binary(max_size=3000), st.integers(0, 2000))
def test_any_bytes_give_members_or_a_problem(noise: bytes, at: int) -> None:
    whole = build_tar({"a": b"x" * 300, "b/" * 60: File(b"", xattrs={"user.x": b"y"}), "c": Symlink("t" * 200)})
    members_until_problem(noise)
    members_until_problem(whole[:at] + noise + whole[at + len(noise) :])
