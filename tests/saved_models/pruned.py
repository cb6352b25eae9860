"""Prune SavedModels both ways and say what became of them: `python -m tests.saved_models.pruned MADE TARGET NAME...`.

MADE holds the SavedModels; TARGET gets NAME.objects and NAME.graph.
Those of odd.py are made first, and not kept. On stdout: by NAME and way, what Report holds, or "failed".
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inspector.errors import InspectorError
from inspector.formats.saved_model.read import read
from inspector.optimize.pruning.prune_child import meta_graph_of, prune
from inspector.optimize.pruning.requests import PruneRequest, PruningWay
from inspector.optimize.pruning.survey import survey
from inspector.runtimes.tensorflow.loading_child import load_signature
from inspector.runtimes.tensorflow.served import loader_for
from tests.saved_models.odd import MAKERS

Feed = Mapping[str, Any]
TEXT = ["one", "two", "unheard of", "zero"]


def feed_of(inputs: Any) -> Feed:
    """Return seeded values for a signature's inputs: open dimensions are 3."""
    source = np.random.default_rng(5)
    feed = {}
    for spec in inputs:
        shape = [size if isinstance(size, int) else 3 for size in spec.shape or ()]
        if spec.dtype == "string":
            feed[spec.name] = np.array(source.choice(TEXT, shape).tolist(), object)
        elif spec.dtype.startswith("int"):
            feed[spec.name] = source.integers(0, 3, shape).astype(spec.dtype)
        else:
            feed[spec.name] = source.random(shape).astype(spec.dtype)
    return feed


def face(meta: Any) -> dict[str, Any]:
    """Return what must stay of signatures: names, element types, shapes, method, default values."""
    shown = {}
    for name, one in meta.signature_def.items():
        if not name.startswith("__saved_model"):
            tensors = {
                kind: {each: [info.dtype, str(info.tensor_shape)] for each, info in sorted(held.items())}
                for kind, held in (("inputs", one.inputs), ("outputs", one.outputs))
            }
            defaults = {each: str(value) for each, value in sorted(one.defaults.items())}
            shown[name] = {**tensors, "method": one.method_name, "defaults": defaults}
    return shown


def equal(one: Any, other: Any) -> bool:
    """Return whether two values are the same to the last bit; text is compared as text."""
    a, b = (np.asarray(value[0] if isinstance(value, list) else value) for value in (one, other))
    a, b = (np.asarray(value[0]) if value.shape[:1] == (1,) else value for value in (a, b))  # one part of several
    if a.dtype.kind in "OSU":
        texts = ([text if isinstance(text, bytes) else str(text).encode() for text in value.ravel()] for value in (a, b))
        return a.shape == b.shape and next(texts) == next(texts)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def same_outputs(original: Path, loader: str, pruned: Path, tags: list[str], name: str) -> dict[str, bool]:
    """Return whether outputs are equal to the last bit, loaded each way."""
    before = load_signature(str(original), name, tags, loader)
    feed = feed_of(before.inputs)
    expected = before.run(feed)
    found = {}
    for how in ("objects", "session"):
        after = load_signature(str(pruned), name, tags, how)
        given = after.run(feed)
        same = [equal(a, b) for a, b in zip(expected, given, strict=True)]
        found[how] = all(same) and after.outputs == before.outputs and [i.name for i in after.inputs] == [*feed]
    return found


def defaults_used(folder: Path, tags: list[str]) -> list[Any]:
    """Return what a session gives for each signature where inputs with default values are left out."""
    found = []
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for _, one in sorted(tf.compat.v1.saved_model.load(session, tags, str(folder)).signature_def.items()):
            if one.defaults:
                feed = {info.name: ["a", "b"] for name, info in one.inputs.items() if name not in one.defaults}
                outputs = session.run([one.outputs[name].name for name in sorted(one.outputs)], feed)
                found.append(repr([value.tolist() if hasattr(value, "tolist") else value for value in outputs]))
    return found


def to_tflite(folder: Path, tags: list[str], signatures: list[str]) -> int:
    """Return the bytes of what the TFLite converter makes of it."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=signatures, tags=set(tags))
    return len(converter.convert())


def reports(made: Path, target: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Prune one SavedModel each way that its style has."""
    source = made / name
    facts = read(source).saved_model
    assert facts is not None
    main = facts.main
    loader = loader_for(facts)
    signatures = tuple(one.name for one in main.signatures)
    ways: tuple[PruningWay, ...] = ("objects", "graph") if main.style == "tf2" else ("graph",)
    for way in ways:
        folder = target / f"{name}.{way}"
        request = PruneRequest(str(source), str(folder), f"{folder}.scratch", main.tags, signatures, way, loader == "session")
        yield way, attempted(lambda r=request: report(r, source, loader, name))


def attempted(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what was made, or why it was not."""
    try:
        return make()
    except InspectorError as error:
        return {"failed": str(error)}


def report(request: PruneRequest, source: Path, loader: str, name: str) -> dict[str, Any]:
    """Prune as asked and say what came of it."""
    made = prune(request, lambda *_: None)
    folder, tags = Path(request.target), list(request.tags)
    raw = (folder / "saved_model.pb").read_bytes()
    found: dict[str, Any] = {
        "entries": sorted(key for key, _ in tf.train.list_variables(str(source / "variables" / "variables"))),
        "kept": sorted(key for key, _ in tf.train.list_variables(str(folder / "variables" / "variables")))
        if (folder / "variables").exists() and made.entry_count
        else [],
        "size": made.size_bytes,
        "cleared": made.cleared_slots,
        "restored": made.restored,
        "left": list(survey(read(folder), request.signatures).sentences()),
        "same_face": face(meta_graph_of(str(folder), request.tags)) == face(meta_graph_of(str(source), request.tags)),
        "names_a_path": str(folder.parent).encode() in raw,
        "same": {each: same_outputs(source, loader, folder, tags, each) for each in request.signatures},
        "defaults": [defaults_used(source, tags), defaults_used(folder, tags)] if name == "default_values" else [],
    }
    if name in ("optimizer_slots", "digits_keras", "two_tag_sets"):
        found["tflite"] = to_tflite(folder, tags, ["serving_default"])
    return found


def main() -> None:
    """Report on every SavedModel named."""
    warnings.simplefilter("ignore")
    made, target, *names = sys.argv[1:]
    found = {}
    with tempfile.TemporaryDirectory() as odd:
        os.chdir(odd)
        for name in names:
            if name in MAKERS:
                MAKERS[name](Path(odd) / name)
            found[name] = dict(reports(Path(odd if name in MAKERS else made), Path(target), name))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
