"""What an engine says of an image before any of it was read: configuration, layers and history, as an Image without entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.config import read_config, read_diff_ids, read_platform
from inspector.formats.image.history import read_history, with_history
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.records.artifact import Artifact, EngineReference
from inspector.records.image import Image, Layer

_NO_TIME: Final = "0001-01-01T00:00:00Z"
"""How engines write a time that the image does not have."""
_MAKES_NO_LAYER: Final = ("ENV", "CMD", "ENTRYPOINT", "LABEL", "EXPOSE", "USER", "ARG", "VOLUME", "STOPSIGNAL", "HEALTHCHECK")


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """An engine's answers about one image, as it gave them; history begins with the last step."""

    inspected: Mapping[str, Any]
    history: Sequence[Any]
    engine: str
    """Name and version of the engine."""
    host: str


def describe(reference: EngineReference, answer: EngineAnswer) -> Image:
    """Return the image as the engine describes it; which steps made layers is told from sizes and instructions.

    The stored configuration, which says so, comes with the layers: see with_stored_config().
    """
    document = _document(answer)
    image = _image(reference, answer, document, "inspect")
    sizes = [_size(step) for step, made in zip(_steps(answer), _made_layers(answer), strict=True) if made]
    if len(sizes) != len(image.layers):
        return image
    layers = tuple(replace(layer, reported_bytes=size) for layer, size in zip(image.layers, sizes, strict=True))
    return replace(image, layers=layers)


def with_stored_config(image: Image, reference: EngineReference, answer: EngineAnswer, document: object) -> Image:
    """Return the image with configuration and history as they are stored, which tells which steps made layers."""
    exact = _image(reference, answer, document, "configuration")
    known = {step.layer: step for step in exact.history if step.layer is not None}
    return replace(
        image,
        config=exact.config,
        history=exact.history,
        platform=exact.platform or image.platform,
        findings=exact.findings,
        layers=with_history(image.layers, exact.history) if known else image.layers,
    )


def _image(reference: EngineReference, answer: EngineAnswer, document: object, place: str) -> Image:
    cleaner, notes = TextCleaner(str(reference)), ImageNotes()
    config = JsonObject.of(document, place, cleaner, notes)
    inspected = JsonObject.of(dict(answer.inspected), "inspect", cleaner, notes)
    diff_ids = read_diff_ids(config)
    history = read_history(config, len(diff_ids), notes)
    layers = tuple(Layer(index, diff_id=cleaner.clean(diff_id)) for index, diff_id in enumerate(diff_ids))
    identity = inspected.text("Id")
    size = inspected.number("Size") or 0
    metadata = {"engine": answer.engine, "engine address": cleaner.clean(answer.host), "image ID": identity}
    return Image(
        Artifact(str(reference), "image", size, metadata=metadata),
        "engine",
        read_config(config, identity),
        layers=with_history(layers, history),
        history=history,
        references=inspected.texts("RepoTags"),
        platform=str(read_platform(config).normalized()),
        digest=_manifest_digest(inspected),
        findings=notes.findings(),
    )


def _document(answer: EngineAnswer) -> dict[str, Any]:
    """Return the answers in the shape of a stored configuration (image-spec, config.md)."""
    said = answer.inspected
    root = said.get("RootFS")
    steps = []
    for step, made in zip(_steps(answer), _made_layers(answer), strict=True):
        created = step.get("Created")
        times = {"created": _time(created)} if isinstance(created, int) and created > 0 else {}
        texts = {"created_by": step.get("CreatedBy"), "comment": step.get("Comment")}
        steps.append({**texts, **times, "empty_layer": not made})
    created = said.get("Created")
    return {
        "os": said.get("Os"),
        "architecture": said.get("Architecture"),
        "variant": said.get("Variant"),
        "author": said.get("Author"),
        "created": None if created == _NO_TIME else created,
        "config": said.get("Config"),
        "rootfs": {"diff_ids": root.get("Layers") if isinstance(root, dict) else None},
        "history": steps,
    }


def _steps(answer: EngineAnswer) -> list[Mapping[str, Any]]:
    """Return the history, first step first."""
    return [step for step in reversed(answer.history) if isinstance(step, dict)]


def _made_layers(answer: EngineAnswer) -> list[bool]:
    """Tell of each step whether it made a layer: those with bytes did, then those whose instruction changes files."""
    steps = _steps(answer)
    root = answer.inspected.get("RootFS")
    layers = root.get("Layers") if isinstance(root, dict) else None
    wanted = len(layers) if isinstance(layers, list) else 0
    likely = sorted(range(len(steps)), key=lambda index: (_size(steps[index]) == 0, _is_metadata(steps[index]), index))
    chosen = set(likely[:wanted])
    return [index in chosen for index in range(len(steps))]


def _is_metadata(step: Mapping[str, Any]) -> bool:
    written = step.get("CreatedBy")
    instruction = written.partition("#(nop)")[2] or written if isinstance(written, str) else ""
    return instruction.strip().startswith(_MAKES_NO_LAYER)


def _size(step: Mapping[str, Any]) -> int:
    size = step.get("Size")
    return size if isinstance(size, int) and size > 0 else 0


def _manifest_digest(inspected: JsonObject) -> str:
    """Return the digest of the manifest that a registry gave; engines keep it as name@digest."""
    digests = [text.rpartition("@")[2] for text in inspected.texts("RepoDigests")]
    return digests[0] if digests else ""


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""
