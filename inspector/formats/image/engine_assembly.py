"""An image of an engine as its layers arrive, in any order: each finds its place by the digest of its uncompressed bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.digests import digest_in_name, sha256_of
from inspector.formats.image.engine_description import EngineAnswer, with_stored_config
from inspector.formats.image.engine_export import ExportedDocument, ExportedLayer
from inspector.formats.image.json_text import parse_json
from inspector.formats.image.layer_digests import MISMATCH, mismatch_finding
from inspector.records.artifact import EngineReference
from inspector.records.finding import Finding
from inspector.records.image import Image, Layer, Verification

_MANIFEST: Final = "manifest.json"
_HINT: Final = "pull or build the image again"


class Assembly:
    """Puts what an export gives into the image that the engine described."""

    def __init__(self, image: Image, reference: EngineReference, answer: EngineAnswer) -> None:
        self.image = image
        self._reference = reference
        self._answer = answer
        self._notes: list[Finding] = []
        self._config_known = False
        self._manifest: object = None
        self._strangers: dict[str, ExportedLayer] = {}

    @property
    def complete(self) -> bool:
        """Whether nothing more is needed of the export."""
        return self.image.complete and self._config_known

    def take(self, item: ExportedLayer | ExportedDocument) -> bool:
        """Put one item in its place; return whether that says anything new of the image."""
        if isinstance(item, ExportedDocument):
            return self._take_document(item)
        diff_id = f"sha256:{item.indexed.sha256}" if item.indexed.sha256 else ""
        places = [layer.index for layer in self.image.layers if layer.diff_id == diff_id and layer.entries is None]
        for index in places:
            self._place(index, item, verified=True)
        if not places and not _is_intact(item, diff_id):
            self._strangers[item.name] = item
        return bool(places)

    def finish(self, problem: str = "", notes: Sequence[Finding] = ()) -> Image:
        """Return the image with all layers, those that did not come, or not as they should have, with a problem.

        problem is what ended the export early, notes what else was noticed of it.
        """
        named = self._layers_named()
        missing = [layer for layer in self.image.layers if layer.entries is None]
        if len(missing) == 1 and len(self._strangers) == 1:
            # An export that broke off has no manifest; what is left over on both sides belongs together.
            named = {missing[0].index: next(iter(self._strangers))}
        for layer in missing:
            stranger = self._strangers.get(named.get(layer.index, ""))
            if stranger is None:
                self._leave_out(layer, problem)
            else:
                self._place(layer.index, stranger, verified=False)
        return replace(self.image, findings=(*self.image.findings, *self._notes, *notes))

    def _take_document(self, item: ExportedDocument) -> bool:
        if item.name == _MANIFEST:
            self._manifest = _json(item)
            return False
        if self._config_known or b"diff_ids" not in item.raw:
            return False
        document = _json(item)
        diff_ids = [layer.diff_id for layer in self.image.layers]
        identity = self.image.config.digest
        if not isinstance(document, dict) or (_diff_ids(document) != diff_ids and sha256_of(item.raw) != identity):
            return False
        stored = with_stored_config(self.image, self._reference, self._answer, document)
        self.image = replace(stored, config=replace(stored.config, digest=sha256_of(item.raw)))
        self._config_known = True
        return True

    def _place(self, index: int, item: ExportedLayer, *, verified: bool) -> None:
        layer = self.image.layers[index]
        indexed = item.indexed
        compressed = item.compression != "none"
        problem = indexed.problem or ("" if verified else MISMATCH)
        otherwise: Verification = "mismatch" if indexed.sha256 else "not verified"
        self._replace(
            replace(
                layer,
                entries=indexed.entries,
                contents=indexed.contents,
                heads=indexed.heads,
                size_bytes=indexed.size_bytes,
                compression=item.compression,
                compressed_bytes=item.stored_bytes if compressed else None,
                digest=item.digest if compressed else layer.digest,
                verification="verified" if verified else otherwise,
                problem=problem,
            )
        )
        place = f"layer {index}"
        self._notes += (replace(finding, place=place) for finding in indexed.findings)
        if indexed.problem:
            self._notes.append(Finding("layer-unreadable", "high", f"{place} {indexed.problem}", place, _HINT))
        elif not verified:
            self._notes.append(mismatch_finding(layer))

    def _leave_out(self, layer: Layer, problem: str) -> None:
        said = problem or "the engine did not send it"
        self._replace(replace(layer, entries=(), problem=said))
        place = f"layer {layer.index}"
        self._notes.append(Finding("layer-missing", "high", f"{place}: {said}", place, _HINT))

    def _replace(self, layer: Layer) -> None:
        layers = list(self.image.layers)
        layers[layer.index] = layer
        self.image = replace(self.image, layers=tuple(layers))

    def _layers_named(self) -> Mapping[int, str]:
        """Return what manifest.json calls the file of each layer; nothing if it does not tell of this image."""
        images = self._manifest if isinstance(self._manifest, list) else []
        for image in images:
            names = image.get("Layers") if isinstance(image, dict) else None
            if isinstance(names, list) and len(names) == len(self.image.layers):
                return {index: name for index, name in enumerate(names) if isinstance(name, str)}
        return {}


def _is_intact(item: ExportedLayer, diff_id: str) -> bool:
    """Tell whether a layer is named after the digest that it has: then it is whole, and another image's or platform's."""
    named = digest_in_name(item.name) or f"sha256:{item.name.removesuffix('.tar')}"
    return bool(item.digest) and named in (item.digest, diff_id)


def _json(item: ExportedDocument) -> object:
    try:
        return parse_json(item.raw, item.name)
    except UnreadableArtifact:
        return None


def _diff_ids(document: Mapping[str, Any]) -> object:
    root = document.get("rootfs")
    return root.get("diff_ids") if isinstance(root, dict) else None
