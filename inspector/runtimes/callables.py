"""Every way to call an inspected artifact: one for an ONNX model, one for each signature of a SavedModel or a .tflite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inspector.records.inspection import Inspection
from inspector.records.runnable import Runnable
from inspector.records.saved_model import SavedModelFacts
from inspector.runtimes.tensorflow.loaders import DEFAULT_SIGNATURE
from inspector.runtimes.tensorflow.served import loader_for


def runnables_of(inspection: Inspection) -> tuple[Runnable, ...]:
    """Return how each signature is called, the default one first; none for what cannot be called.

    Of a SavedModel those of the MetaGraph that servers load, of the version that is served; paths are absolute.
    """
    computation = inspection.computation
    facts = computation.saved_model
    if facts is not None:
        return _of_saved_model(facts)
    path = str(Path(computation.artifact.path).absolute())
    if computation.artifact.format == "tflite":
        names = _default_first([signature.name for signature in computation.signatures]) or ("",)
        return tuple(Runnable(path, "litert", name) for name in names)
    return (Runnable(path),) if computation.artifact.format == "onnx" else ()


def _of_saved_model(facts: SavedModelFacts) -> tuple[Runnable, ...]:
    path, tags, loader = str(Path(facts.folder).absolute()), facts.main.tags, loader_for(facts)
    names = _default_first([signature.name for signature in facts.main.signatures])
    return tuple(Runnable(path, "tensorflow", name, tags, loader) for name in names)


def _default_first(names: Sequence[str]) -> tuple[str, ...]:
    """Return names in order, the one first that a request which names none gets."""
    return tuple(sorted(names, key=lambda name: (name != DEFAULT_SIGNATURE, name)))
