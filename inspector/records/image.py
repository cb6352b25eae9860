"""A container image as it is stored: manifests, configuration, history, layers and the entries in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.artifact import Artifact
from inspector.records.finding import Finding

ImageSource = Literal["docker archive", "legacy docker archive", "OCI archive", "OCI layout", "engine"]
Compression = Literal["none", "gzip", "zstd"]
EntryKind = Literal["file", "directory", "symlink", "hard_link", "character_device", "block_device", "fifo"]
Whiteout = Literal["", "file", "opaque"]
"""What an entry hides of the layers below: nothing, the path itself, or all that a folder held."""
Verification = Literal["verified", "mismatch", "not verified"]
ManifestKind = Literal["image", "attestation", "artifact", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of one layer, as its tar header says; sizes and offsets in bytes.

    path is cleaned text relative to the root, without "./" in front, "/" at either end, or ".." in it; "" is the root.
    Of a whiteout it is the path that is hidden, of an opaque one the folder that is.
    """

    path: str
    kind: EntryKind
    size: int = 0
    """Bytes of the content as a reader of the file sees them; 0 for all but files."""
    mode: int = 0o644
    """Permission bits, setuid, setgid and sticky included (07777)."""
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    """Seconds since 1970, rounded down."""
    link: str = ""
    """Of a symlink the cleaned target as stored; of a hard link the path of its target, written as paths are."""
    offset: int = -1
    """Where the content begins in the uncompressed layer; -1 where there is none."""
    stored: int = 0
    """Bytes of the content in the layer: fewer than size for sparse files."""
    sha256: str = ""
    """Of the content, in hexadecimal; empty where it was not computed."""
    xattrs: tuple[str, ...] = ()
    """Names of extended attributes, such as security.capability."""
    device: tuple[int, int] | None = None
    """Major and minor number of a device."""
    sparse: bool = False
    whiteout: Whiteout = ""


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Where a blob lies: a stretch of a file; wrapping is the compression of that file as a whole (a gzipped archive).

    Under a wrapping, offset and length are those in the uncompressed archive.
    """

    path: str
    offset: int
    length: int
    wrapping: Compression = "none"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: what the manifest, configuration and history say of it and, once it was indexed, its entries."""

    index: int
    """Among the layers, base first."""
    digest: str = ""
    """Of the blob as stored ("sha256:…"); empty where nothing names one."""
    diff_id: str = ""
    """Digest of the uncompressed layer, from the configuration."""
    media_type: str = ""
    compression: Compression = "none"
    compressed_bytes: int | None = None
    """Bytes of the blob as stored or pulled; equal to size_bytes for plain layers, None where only an engine knows."""
    size_bytes: int | None = None
    """Bytes of the uncompressed tar; None until the layer was indexed."""
    reported_bytes: int | None = None
    """What an engine says the layer comes to, before anything of it was read; None for all but images on engines."""
    created_by: str = ""
    created: str = ""
    comment: str = ""
    place: BlobPlace | None = None
    """None on an engine and for blobs that are missing."""
    entries: tuple[Entry, ...] | None = None
    """In archive order, whiteouts included; None until the layer was indexed."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """Whole contents, by path, of the small files that packages, users and systems are described in."""
    heads: Mapping[str, bytes] = field(default_factory=dict)
    """First bytes (64, of ELF files 1,024), by path, of files whose kind is told from them: programs, libraries, models."""
    verification: Verification = "not verified"
    problem: str = ""
    """What kept the layer, or the rest of it, from being read."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One instruction of the build; layer is the index of the layer it made, None for one that changed only metadata."""

    created_by: str
    created: str = ""
    comment: str = ""
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How the engine finds out whether the container is well; times in seconds, 0 for the engine's default."""

    test: tuple[str, ...]
    """("NONE",) where it was switched off, otherwise CMD or CMD-SHELL and what follows."""
    interval: float = 0
    timeout: float = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a container made from the image runs, and as whom."""

    user: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    healthcheck: Healthcheck | None = None
    stop_signal: str = ""
    author: str = ""
    created: str = ""
    digest: str = ""
    """Digest of the configuration: the image ID."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest of an index: an image for a platform, an attestation about one, or another artifact."""

    digest: str
    media_type: str = ""
    size_bytes: int = 0
    kind: ManifestKind = "image"
    platform: str = ""
    """os/architecture[/variant]; empty where none is given."""
    references: tuple[str, ...] = ()
    """Names and tags that lead to it."""
    chosen: bool = False
    about: str = ""
    """Of an attestation: the digest of the manifest it is about."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob of an OCI artifact that is no image, such as a model: what it is called and what it holds."""

    digest: str
    media_type: str
    size_bytes: int
    title: str = ""
    """File name or path from the annotations."""
    role: str = ""
    """Told from the media type: weights, config, docs, code, dataset, or empty."""
    place: BlobPlace | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One image for one platform, or one OCI artifact, and what lies beside it in the same archive."""

    artifact: Artifact
    source: ImageSource
    config: ImageConfig
    layers: tuple[Layer, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    references: tuple[str, ...] = ()
    """Names and tags, as name:tag."""
    platform: str = ""
    digest: str = ""
    """Digest of the manifest; empty where there is none."""
    manifests: tuple[Manifest, ...] = ()
    """All of the index or archive, the chosen one among them."""
    artifact_type: str = ""
    """Of an OCI artifact that is no image: what it calls itself, such as application/vnd.cncf.model.manifest.v1+json."""
    blobs: tuple[Blob, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What the reader itself noticed."""

    @property
    def complete(self) -> bool:
        """Whether every layer was indexed."""
        return all(layer.entries is not None for layer in self.layers)
