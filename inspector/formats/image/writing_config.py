"""Configuration and manifest of a slimmed image: the original's, with other layers and a longer history and more labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.formats.image.digests import sha256_of
from inspector.formats.image.json_text import parse_json
from inspector.records.written_image import WrittenLayer

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_HINT: Final = "the image is damaged: save or build it again"


def slimmed_config(original: bytes, layers: Sequence[WrittenLayer], labels: Mapping[str, str], tool: str, title: str) -> bytes:
    """Return a configuration with these layers, every member that says nothing of layers as it was.

    The steps of the history stay as steps that made no layer, before one for each new layer; its time is that of the image.
    Raises OperationFailed for a configuration that is none; title names the image.
    """
    try:
        document = _object(parse_json(original, f"{title}: its configuration"))
        _put(document, "rootfs", {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]})
        _put(document, "history", [*_kept_steps(document), *_new_steps(document, layers, tool)])
        settings = _object(_get(document, "config") or {})
        if labels:
            _put(settings, "Labels", {**_object(_get(settings, "Labels") or {}), **labels})
        _put(document, "config", settings)
    except TypeError:
        raise OperationFailed(f"{title}: its configuration makes no sense", _HINT) from None
    return to_json(document)


def manifest_of(config: bytes, layers: Sequence[WrittenLayer]) -> bytes:
    """Return the OCI manifest of an image."""
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, sha256_of(config), len(config)),
            "layers": [descriptor(layer.media_type, layer.digest, layer.compressed_bytes) for layer in layers],
        }
    )


def descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    """Return a descriptor (image-spec, descriptor.md)."""
    return {"mediaType": media_type, "digest": digest, "size": size}


def to_json(value: object) -> bytes:
    """Return value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def _kept_steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    steps = _get(document, "history") or []
    if not isinstance(steps, list):
        raise TypeError
    kept = [_object(step) for step in steps if step is not None]
    for step in kept:
        _put(step, "empty_layer", True)
    return kept


def _new_steps(document: dict[str, Any], layers: Sequence[WrittenLayer], tool: str) -> list[dict[str, Any]]:
    created = _get(document, "created")
    time = {"created": created} if isinstance(created, str) else {}
    return [{**time, "created_by": f"modelpack-tui slim: {layer.part}", "comment": tool} for layer in layers]


def _object(value: object) -> dict[str, Any]:
    """Return a copy of an object; raises TypeError for anything else."""
    if not isinstance(value, dict):
        raise TypeError
    return dict(value)


def _get(values: dict[str, Any], name: str) -> Any:
    """Return a member by its name in any case, the last of several, as engines do."""
    found = [value for own, value in values.items() if own.lower() == name.lower()]
    return found[-1] if found else None


def _put(values: dict[str, Any], name: str, value: object) -> None:
    """Set a member where it stands, spelled as it is; of several spellings the last stays."""
    spelled = [own for own in values if own.lower() == name.lower()]
    for own in spelled[:-1]:
        del values[own]
    values[spelled[-1] if spelled else name] = value
