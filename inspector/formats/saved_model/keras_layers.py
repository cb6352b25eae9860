"""What Keras recorded of its layers: in keras_metadata.pb (Keras 2.5 and later) or in the object graph itself (before)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.errors import InspectorError
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator
from inspector.formats.saved_model.checkpoint import opened
from inspector.formats.saved_model.object_graph import Objects
from inspector.formats.saved_model.schema import KerasMetadataMessage
from inspector.formats.saved_model.variables import Variable, whole
from inspector.records.saved_model import KerasLayer

METADATA_FILE: Final = "keras_metadata.pb"
LARGEST_METADATA: Final = 64 * 1024**2
_DEEPEST: Final = 200
"""Objects between a layer and the root that are looked at."""
LONGEST_JSON: Final = 4 * 1024**2
MOST_LAYERS: Final = 20_000
MOST_STEPS: Final = 3_000_000
"""Objects visited below all layers together; variables of layers beyond are not counted."""
_PREFIX: Final = "_tf_keras_"
_KINDS: Final = {"network": "model", "sequential": "model", "model": "model", "rnn_layer": "layer", "input_layer": "layer"}


def read_metadata(locator: Locator, objects: Any, cleaner: TextCleaner) -> dict[int, tuple[str, bytes]]:
    """Return Keras' identifier and JSON by node of the object graph; what cannot be read is left out."""
    found = {
        number: (cleaner.names[node.user_object.identifier], bytes(node.user_object.metadata))
        for number, node in enumerate(objects.nodes)
        if node.WhichOneof("kind") == "user_object" and node.user_object.identifier.startswith(_PREFIX.encode())
    }
    if locator.locate(METADATA_FILE).problem:
        return found
    try:
        with opened(locator, METADATA_FILE) as source:
            if source.size > LARGEST_METADATA:
                return found
            message = KerasMetadataMessage.FromString(source.read(0, source.size))
    except (InspectorError, DecodeError):
        return found
    for node in message.nodes:
        if 0 <= node.node_id < len(objects.nodes):
            found[node.node_id] = (cleaner.names[node.identifier], bytes(node.metadata))
    return found


def keras_layers(
    metadata: Mapping[int, tuple[str, bytes]],
    objects: Any,
    found: Objects,
    variables: Mapping[int, Variable],
    cleaner: TextCleaner,
) -> tuple[KerasLayer, ...]:
    """Return the objects that Keras recorded, models first met, in the order of the object graph."""
    layers = []
    left = [MOST_STEPS]
    for number in sorted(metadata)[:MOST_LAYERS]:
        identifier, raw = metadata[number]
        config = _parsed(raw)
        owned = [one for one in _below(number, objects, metadata, left) if one in variables]
        deep = [one for one in _below(number, objects, {}, left) if _is_counted(one, variables)]
        nested = config.get("config")
        inner: dict[str, Any] = nested if isinstance(nested, dict) else {}
        layers.append(
            KerasLayer(
                path=found.paths.get(number, f"object {number}"),
                kind=_kind(identifier),
                name=_text(config.get("name", inner.get("name", "")), cleaner),
                class_name=_text(config.get("class_name", ""), cleaner),
                trainable=config["trainable"] if isinstance(config.get("trainable"), bool) else None,
                parameters=sum(_count(variables[one]) for one in deep),
                variables=tuple(variables[one].name for one in owned),
                depth=_depth(number, metadata, found),
                keras_version=_text(config.get("keras_version", ""), cleaner),
            )
        )
    return tuple(layers)


def _parsed(raw: bytes) -> dict[str, Any]:
    if not raw or len(raw) > LONGEST_JSON:
        return {}
    try:
        config = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _text(value: object, cleaner: TextCleaner) -> str:
    return cleaner.clean(value) if isinstance(value, str) else ""


def _kind(identifier: str) -> str:
    kind = identifier.removeprefix(_PREFIX)
    return _KINDS.get(kind, kind)


def _is_counted(number: int, variables: Mapping[int, Variable]) -> bool:
    """Tell whether an object is a variable of the model rather than of its optimizer."""
    variable = variables.get(number)
    return variable is not None and not variable.slot and "optimizer" not in variable.path


def _below(number: int, objects: Any, stop: Mapping[int, object], left: list[int]) -> list[int]:
    """Return the objects below one, without those in stop and what is only below them."""
    seen = {number}
    waiting = [number]
    while waiting and left[0] > 0:
        left[0] -= 1
        for child in objects.nodes[waiting.pop()].children:
            node = child.node_id
            if 0 <= node < len(objects.nodes) and node not in seen and node not in stop:
                seen.add(node)
                waiting.append(node)
    return sorted(seen)


def _count(variable: Variable) -> int:
    count = 1
    for length in whole(variable.shape) or ():
        count *= length
    return count if whole(variable.shape) is not None else 0


def _depth(number: int, metadata: Mapping[int, tuple[str, bytes]], found: Objects) -> int:
    depth = steps = 0
    while number in found.parents and steps < _DEEPEST:
        steps += 1
        number = found.parents[number]
        depth += number in metadata
    return depth
