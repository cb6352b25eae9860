"""Media types of manifests, configurations and layers: OCI's, Docker's, and those of artifacts that hold models.

Sources: image-spec media-types.md; Docker's distribution manifest v2.2; ModelPack's model-spec; Docker Model Runner's
distribution types; KitOps' ModelKit specification; BuildKit's attestation storage.
"""

from __future__ import annotations

from typing import Final, Literal

from inspector.records.image import Compression

INDEXES: Final = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFESTS: Final = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
OLD_MANIFESTS: Final = frozenset(
    {"application/vnd.docker.distribution.manifest.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws"}
)
CONFIGS: Final = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
EMPTY: Final = "application/vnd.oci.empty.v1+json"

_LAYERS: Final = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
_STATEMENTS: Final = (
    "application/vnd.in-toto",
    "application/vnd.dev.cosign.",
    "application/vnd.dev.sigstore.",
    "application/vnd.cncf.notary.",
    "application/spdx",
    "application/vnd.cyclonedx",
    "text/spdx",
)
"""Begin the types of what is said about images: provenance, signatures, lists of contents."""

_TARS: Final = (".tar", ".tar+gzip", ".tar+zstd", ".tar.gzip", ".tar.zstd", ".tar-gzip")

Part = Literal["index", "manifest", "old manifest", ""]


def part_of(media_type: str) -> Part:
    """Return what a descriptor of that type leads to; empty where the type says nothing known."""
    if media_type in INDEXES:
        return "index"
    if media_type in MANIFESTS:
        return "manifest"
    return "old manifest" if media_type in OLD_MANIFESTS else ""


def is_layer(media_type: str) -> bool:
    """Tell whether the type is that of a layer of an image."""
    return media_type.startswith(_LAYERS)


def is_foreign(media_type: str) -> bool:
    """Tell whether the layer may be kept out of archives, because it may not be handed on."""
    return "nondistributable" in media_type or ".foreign." in media_type


def is_encrypted(media_type: str) -> bool:
    """Tell whether the layer is encrypted (ocicrypt)."""
    return media_type.endswith("+encrypted")


def is_statement(media_type: str) -> bool:
    """Tell whether the type is that of a statement about an image."""
    return media_type.startswith(_STATEMENTS)


def is_tar(media_type: str) -> bool:
    """Tell whether the blob is a tar, compressed or not."""
    return media_type.endswith(_TARS)


def said_compression(media_type: str) -> Compression | None:
    """Return the compression that the type of a tar promises; None if it says nothing of a tar."""
    plain = media_type.removesuffix("+encrypted")
    if plain.endswith(("+gzip", ".gzip", "-gzip")):
        return "gzip"
    if plain.endswith(("+zstd", ".zstd")):
        return "zstd"
    return "none" if plain.endswith(".tar") else None
