"""What a review says of a container image: the facts of image.py and what they add up to, in bounded lists.

Paths begin with "/": they are those a container sees. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.records.image import Blob, Compression, Healthcheck, ImageSource, Manifest, Verification
from inspector.records.image_contents import InsideArtifact, Package, PullCost
from inspector.records.image_waste import LeftoverKind, WasteByCause, WastedFile


@dataclass(frozen=True, slots=True)
class LayerReview:
    """One layer, base first; None where a size is not known."""

    digest: str
    size_bytes: int | None
    compressed_bytes: int | None
    created_by: str
    diff_id: str = ""
    media_type: str = ""
    compression: Compression = "none"
    created: str = ""
    entry_count: int | None = None
    shipped_bytes: int = 0
    """Bytes of the files in it."""
    final_bytes: int = 0
    """Those that are in the final file system."""
    reclaimable_bytes: int = 0
    """shipped_bytes - final_bytes."""
    caused_bytes: int = 0
    """Bytes, of this layer and those below, that its instruction made waste."""
    verification: Verification = "not verified"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LeftoverReview:
    """One kind of leftover; kinds overlap."""

    kind: LeftoverKind
    bytes: int
    files: int
    paths: tuple[str, ...] = ()
    """The largest of them."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LeftoversReview:
    """Leftovers of every kind, and what they come to with nothing counted twice."""

    union_bytes: int = 0
    by_kind: tuple[LeftoverReview, ...] = ()
    union_files: int = 0


@dataclass(frozen=True, slots=True)
class SizedPath:
    """A path and the bytes of what is there."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StepReview:
    """One instruction of the build; layer is the index of the layer it made, None for one that changed only metadata."""

    created_by: str
    created: str = ""
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigReview:
    """What a container made from the image runs, and as whom."""

    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Values that look like secrets are left out."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    healthcheck: Healthcheck | None = None
    created: str = ""
    digest: str = ""
    """Digest of the configuration: the image ID."""


@dataclass(frozen=True, slots=True)
class ImageReview:
    """A container image. Lists are bounded; the counts beside them are not."""

    source: ImageSource
    layers: tuple[LayerReview, ...]
    file_count: int
    """Regular files of the final file system."""
    shipped_bytes: int
    """Bytes of the files in all layers."""
    final_bytes: int
    """Bytes of the files in the final file system."""
    reclaimable_bytes: int
    """shipped_bytes - final_bytes."""
    waste: tuple[WasteByCause, ...] = ()
    leftovers: LeftoversReview = field(default_factory=LeftoversReview)
    packages: tuple[Package, ...] = ()
    artifacts: tuple[InsideArtifact, ...] = ()
    """Models in the final file system, or among the blobs of an OCI artifact."""
    complete: bool = True
    """Whether every layer was read to its end; where not, the figures cover what was."""
    references: tuple[str, ...] = ()
    platform: str = ""
    digest: str = ""
    """Digest of the manifest; empty where there is none."""
    layer_count: int = 0
    size_bytes: int | None = None
    """Bytes of all layers, uncompressed; None where one is unknown."""
    compressed_bytes: int | None = None
    """Bytes of all layers as stored or pulled; None where only an engine knows."""
    reclaimable_compressed_bytes: int | None = None
    """Estimate of what reclaiming saves on a pull."""
    wasted_files: tuple[WastedFile, ...] = ()
    """Largest first."""
    wasted_file_count: int = 0
    package_count: int = 0
    package_bytes: int = 0
    unowned_bytes: int = 0
    unowned_files: int = 0
    unowned_largest: tuple[SizedPath, ...] = ()
    largest_files: tuple[SizedPath, ...] = ()
    artifact_count: int = 0
    pull_costs: tuple[PullCost, ...] = ()
    config: ConfigReview = field(default_factory=ConfigReview)
    history: tuple[StepReview, ...] = ()
    history_count: int = 0
    manifests: tuple[Manifest, ...] = ()
    manifest_count: int = 0
    artifact_type: str = ""
    """Of an OCI artifact that is no image: what it calls itself."""
    blobs: tuple[Blob, ...] = ()
    blob_count: int = 0
