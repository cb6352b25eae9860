"""What hostile images are made of and answered with: documents changed in one place, and the one line or clean record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inspector.errors import InspectorError
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.records.event import Finished
from inspector.records.image import Image
from tests.e2e.hostile.running import FORBIDDEN
from tests.images.build import (
    ImageSpec,
    artifact_members,
    build_layer,
    digest_of,
    docker_members,
    model_pack,
    oci_members,
    platforms_members,
    to_json,
)

SPEC = ImageSpec([build_layer({"etc/passwd": b"root"}), build_layer({"app": b"1" * 700}, "gzip")], {"User": "app"})
EVIL = "\x1b]52;c;Z2lmdA==\x07\u202egnp.exe\x9b31m\n"
KINDS: dict[str, Callable[[], dict[str, bytes]]] = {
    "docker archive": lambda: docker_members([SPEC]),
    "OCI": lambda: oci_members([SPEC]),
    "several platforms": lambda: platforms_members([SPEC]),
    "artifact": lambda: artifact_members(model_pack({"model.onnx": b"o" * 10})),
}


def texts_of(value: object) -> Iterator[str]:
    """Yield every text of a record and what it holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_of(list(value.items()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from texts_of(getattr(value, name))


def opened(path: Path) -> Image:
    """Read an image and hold its texts to what may be shown."""
    image = read(path)
    for text in texts_of(replace(image, artifact=replace(image.artifact, path=""))):
        if str(path) not in text:
            assert not FORBIDDEN.search(text), repr(text)
    return image


def answer(path: Path) -> Image | None:
    """Read an image, or None if it was refused in one line."""
    try:
        return opened(path)
    except InspectorError as error:
        refusal = error
    assert refusal.exit_code == 3, refusal
    assert not FORBIDDEN.search(str(refusal)), repr(str(refusal))
    assert len(str(refusal)) < 2000
    assert path.name in refusal.message
    return None


def indexed(image: Image) -> Image:
    last = list(index_layers(image))[-1]
    assert isinstance(last, Finished)
    return last.result


def rules(image: Image) -> set[str]:
    return {finding.rule for finding in image.findings}


def places_in(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value of a document stands, the document itself first."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places_in(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a document with another value at one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def with_document(members: Mapping[str, bytes], name: str, document: object) -> dict[str, bytes]:
    """Return a layout with another document; one that is named by its digest is named anew, up to index.json."""
    raw = to_json(document)
    found = {**members, name: raw}
    if name.startswith("blobs/"):
        old, new = name.removeprefix("blobs/").replace("/", ":"), digest_of(raw)
        del found[name]
        found[f"blobs/{new.replace(':', '/')}"] = raw
        holder = next((one for one, data in members.items() if old.encode() in data and data[:1] in b"[{"), None)
        if holder is not None:
            return with_document(found, holder, json.loads(members[holder].replace(old.encode(), new.encode())))
    return found


def documents_of(members: Mapping[str, bytes]) -> list[str]:
    return [name for name, data in members.items() if data[:1] in (b"{", b"[") and name != "oci-layout"]
