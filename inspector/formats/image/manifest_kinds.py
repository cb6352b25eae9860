"""Whether a manifest is that of an image, of a statement about one, or of another artifact."""

from __future__ import annotations

from inspector.formats.image.digests import is_digest
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_documents import Descriptor
from inspector.formats.image.manifest_media import CONFIGS, EMPTY, is_layer, is_statement
from inspector.records.image import ManifestKind

_ATTESTATION = "attestation-manifest"


def kind_of(descriptor: Descriptor, manifest: JsonObject | None, config: Descriptor | None) -> ManifestKind:
    """Return what a manifest is, told from its descriptor where the manifest itself is not there."""
    if descriptor.annotations.get("vnd.docker.reference.type") == _ATTESTATION:
        return "attestation"
    if manifest is None:
        return _kind_without_manifest(descriptor)
    types = _layer_types(manifest)
    config_type = config.media_type if config is not None else ""
    if types and all(is_statement(one) for one in types):
        return "attestation"
    if is_statement(artifact_type_of(manifest, config)) or subject_of(manifest):
        return "attestation"
    if config_type in CONFIGS or (not config_type and config is not None):
        return "artifact" if types and not any(is_layer(one) or not one for one in types) else "image"
    if any(is_layer(one) for one in types) and not config_type:
        return "image"
    return "artifact" if config_type or artifact_type_of(manifest, config) else "unknown"


def artifact_type_of(manifest: JsonObject, config: Descriptor | None) -> str:
    """Return what an artifact calls itself, the type of its configuration where it does not say (image-spec, manifest.md)."""
    said = manifest.raw_text("artifactType")
    if said:
        return said
    return config.media_type if config is not None and config.media_type not in (EMPTY, *CONFIGS) else ""


def subject_of(manifest: JsonObject | None) -> str:
    """Return the digest of the manifest that this one is about; empty if it is about none."""
    if manifest is None or "subject" not in manifest:
        return ""
    digest = manifest.item("subject").raw_text("digest")
    return digest if is_digest(digest) else ""


def _kind_without_manifest(descriptor: Descriptor) -> ManifestKind:
    if descriptor.platform is not None and descriptor.platform.is_unknown:
        return "attestation"
    if descriptor.artifact_type:
        return "attestation" if is_statement(descriptor.artifact_type) else "artifact"
    return "image" if descriptor.platform is not None else "unknown"


def _layer_types(manifest: JsonObject) -> list[str]:
    return [layer.raw_text("mediaType") for layer in manifest.objects("layers")]
