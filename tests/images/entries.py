"""What a layer holds, and how it becomes a tar: every kind of entry, whiteouts, sparse files, three tar formats."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Compression = Literal["none", "gzip", "zstd"]

USTAR, GNU, PAX = tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT


@dataclass(frozen=True)
class File:
    """A regular file."""

    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 0
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    """A folder."""

    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: float = 0
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Symlink:
    """A symbolic link; target as written."""

    target: str
    uid: int = 0
    gid: int = 0
    mtime: float = 0


@dataclass(frozen=True)
class HardLink:
    """A hard link; target is the path of the entry it shares its content with."""

    target: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 0


@dataclass(frozen=True)
class Whiteout:
    """Hides the path it stands at: written as .wh.NAME beside it."""


@dataclass(frozen=True)
class Opaque:
    """Hides all that lower layers have in the folder it stands at: written as .wh..wh..opq inside it."""


@dataclass(frozen=True)
class Device:
    """A character device, or a block device."""

    major: int
    minor: int
    block: bool = False
    mode: int = 0o600


@dataclass(frozen=True)
class Fifo:
    """A named pipe."""

    mode: int = 0o644


@dataclass(frozen=True)
class Sparse:
    """A file of size bytes that is zero but for its chunks (offset, bytes), as GNU tar writes one.

    Container engines unpack the three PAX styles; they refuse the old one.
    """

    size: int
    chunks: tuple[tuple[int, bytes], ...] = ()
    style: Literal["pax 1.0", "pax 0.1", "pax 0.0", "old GNU"] = "pax 1.0"
    mode: int = 0o644

    @property
    def content(self) -> bytes:
        """What a reader of the file sees."""
        whole = bytearray(self.size)
        for offset, data in self.chunks:
            whole[offset : offset + len(data)] = data
        return bytes(whole)


Node = File | Folder | Symlink | HardLink | Whiteout | Opaque | Device | Fifo | Sparse
Entries = Mapping[str, Node | bytes] | Iterable[tuple[str, Node | bytes]]
"""What lies at each path; bytes stand for a plain file. Pairs instead of a mapping let a path come twice."""


@dataclass(frozen=True)
class BuiltLayer:
    """A layer as a tar and as the blob it is stored as."""

    tar: bytes
    blob: bytes
    compression: Compression

    @property
    def diff_id(self) -> str:
        """Digest of the tar."""
        return digest_of(self.tar)

    @property
    def digest(self) -> str:
        """Digest of the blob."""
        return digest_of(self.blob)


def digest_of(data: bytes) -> str:
    """Return the digest of data as OCI writes it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def build_layer(entries: Entries, compression: Compression = "none", format: int = PAX) -> BuiltLayer:
    """Write entries into a tar, in the order given and without adding parent folders, and compress it."""
    tar = build_tar(entries, format)
    return BuiltLayer(tar, compress(tar, compression), compression)


def compress(data: bytes, compression: Compression) -> bytes:
    """Return data compressed, always to the same bytes."""
    if compression == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if compression == "zstd":
        import zstandard

        return zstandard.ZstdCompressor(level=3).compress(data)
    return data


def build_tar(entries: Entries, format: int = PAX) -> bytes:
    """Write entries into an uncompressed tar."""
    buffer = io.BytesIO()
    pairs = entries.items() if isinstance(entries, Mapping) else entries
    with tarfile.open(fileobj=buffer, mode="w", format=format, encoding="utf-8", errors="surrogateescape") as archive:
        for path, node in pairs:
            _add(archive, path, File(node) if isinstance(node, bytes) else node)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, path: str, node: Node) -> None:
    if isinstance(node, Sparse):
        return _add_sparse(archive, path, node)
    info = tarfile.TarInfo(path)
    info.mtime = getattr(node, "mtime", 0)
    info.mode = getattr(node, "mode", 0o777)
    info.uid, info.gid = getattr(node, "uid", 0), getattr(node, "gid", 0)
    info.pax_headers = {
        f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in getattr(node, "xattrs", {}).items()
    }
    content = b""
    match node:
        case File():
            content, info.size = node.content, len(node.content)
        case Folder():
            info.type, info.name = tarfile.DIRTYPE, f"{path.rstrip('/') or '.'}/"
        case Symlink():
            info.type, info.linkname = tarfile.SYMTYPE, node.target
        case HardLink():
            info.type, info.linkname = tarfile.LNKTYPE, node.target
        case Device():
            info.type = tarfile.BLKTYPE if node.block else tarfile.CHRTYPE
            info.devmajor, info.devminor = node.major, node.minor
        case Fifo():
            info.type = tarfile.FIFOTYPE
        case Whiteout():
            folder, _, name = path.rpartition("/")
            info.name, info.mode = f"{folder}/.wh.{name}".lstrip("/"), 0o600
        case Opaque():
            info.name, info.mode = f"{path}/.wh..wh..opq".lstrip("/"), 0o600
    archive.addfile(info, io.BytesIO(content))
    return None


def _add_sparse(archive: tarfile.TarFile, path: str, node: Sparse) -> None:
    stored = b"".join(data for _, data in node.chunks)
    info = tarfile.TarInfo(path)
    info.mode = node.mode
    numbers = [str(number) for offset, data in node.chunks for number in (offset, len(data))]
    if node.style == "old GNU":
        archive.fileobj.write(_old_gnu_header(info, node, len(stored)))  # type: ignore[union-attr]
        archive.fileobj.write(stored + bytes(-len(stored) % 512))  # type: ignore[union-attr]
        archive.offset = archive.fileobj.tell()  # type: ignore[union-attr]
        return
    count = str(len(node.chunks))
    if node.style == "pax 1.0":
        table = "".join(f"{number}\n" for number in (count, *numbers)).encode()
        stored = table + bytes(-len(table) % 512) + stored
        info.name = f"GNUSparseFile.0/{path.rpartition('/')[2]}"
        info.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": path,
            "GNU.sparse.realsize": str(node.size),
        }
    elif node.style == "pax 0.1":
        info.name = f"GNUSparseFile.0/{path.rpartition('/')[2]}"
        info.pax_headers = {
            "GNU.sparse.name": path,
            "GNU.sparse.size": str(node.size),
            "GNU.sparse.numblocks": count,
            "GNU.sparse.map": ",".join(numbers),
        }
    else:
        _add_pax_0_0(archive, info, node, stored)
        return
    info.size = len(stored)
    archive.addfile(info, io.BytesIO(stored))


def _add_pax_0_0(archive: tarfile.TarFile, info: tarfile.TarInfo, node: Sparse, stored: bytes) -> None:
    """Write the oldest style, which repeats a key and so needs its header written by hand."""
    records = [("GNU.sparse.size", str(node.size)), ("GNU.sparse.numblocks", str(len(node.chunks)))]
    for offset, data in node.chunks:
        records += [("GNU.sparse.offset", str(offset)), ("GNU.sparse.numbytes", str(len(data)))]
    payload = b"".join(pax_record(key, value) for key, value in records)
    header = tarfile.TarInfo("PaxHeaders.0/sparse")
    header.type, header.size = tarfile.XHDTYPE, len(payload)
    archive.addfile(header, io.BytesIO(payload))
    info.size = len(stored)
    archive.addfile(info, io.BytesIO(stored))


def pax_record(key: str, value: str) -> bytes:
    """Return one record of a PAX header: its own length in decimal, key and value."""
    rest = f" {key}={value}\n".encode("utf-8", "surrogateescape")
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def _old_gnu_header(info: tarfile.TarInfo, node: Sparse, stored: int) -> bytes:
    """Return the header of type S, with up to four chunks in it and the others in blocks of 21 behind it."""
    info.type, info.size = tarfile.GNUTYPE_SPARSE, stored
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
    slots = [b"%011o\0%011o\0" % (offset, len(data)) for offset, data in node.chunks]
    header[386 : 386 + 96] = b"".join(slots[:4]).ljust(96, b"\0")
    header[482] = len(slots) > 4
    header[483:495] = b"%011o\0" % node.size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    blocks = bytes(header)
    for start in range(4, len(slots), 21):
        more = b"".join(slots[start : start + 21]).ljust(504, b"\0")
        blocks += more + bytes([len(slots) > start + 21]) + bytes(7)
    return blocks
