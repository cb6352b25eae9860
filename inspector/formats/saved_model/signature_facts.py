"""Signatures as records, with everything that is known around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.wire import Source
from inspector.formats.saved_model.constants import ConstantReader
from inspector.formats.saved_model.entry_graph import Target
from inspector.formats.saved_model.meta_graph import RawMetaGraph
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.signatures import read_defaults, read_tensors, signature_names
from inspector.formats.saved_model.structured import result_places, spec_places
from inspector.records.saved_model import SignatureFacts, SignatureTensor


def plain_signatures(
    meta: RawMetaGraph, source: Source, constants: ConstantReader, cleaner: TextCleaner
) -> tuple[SignatureFacts, ...]:
    """Return the signatures without what they lead to."""
    return tuple(_facts(name, meta, source, constants, cleaner, {}, {}) for name in signature_names(meta))


def signature_facts(
    meta: MetaReading, source: Source, constants: ConstantReader, cleaner: TextCleaner
) -> tuple[SignatureFacts, ...]:
    """Return the signatures with where their tensors sit in the Python function and which graph they run."""
    found = []
    functions = meta.raw.objects.concrete_functions if meta.raw.objects is not None else ()
    recorded = {cleaner.names[one.key]: one.value for one in functions}
    for name, target in meta.targets.items():
        inputs, outputs = _structure(recorded, target, cleaner)
        facts = _facts(name, meta.raw, source, constants, cleaner, inputs, outputs)
        found.append(
            SignatureFacts(
                name, facts.method, facts.inputs, facts.outputs, _graph_of(meta, name, target), target.function, target.wrapper
            )
        )
    return tuple(found)


def _facts(
    name: str,
    meta: RawMetaGraph,
    source: Source,
    constants: ConstantReader,
    cleaner: TextCleaner,
    places: dict[str, str],
    results: dict[str, str],
) -> SignatureFacts:
    message, span = meta.signatures[name]
    defaults = read_defaults(source, constants, cleaner, span)
    inputs = tuple(_with_default(one, defaults.get(one.name)) for one in read_tensors(message.inputs, cleaner, places))
    return SignatureFacts(name, cleaner.names[message.method_name], inputs, read_tensors(message.outputs, cleaner, results))


def _with_default(tensor: SignatureTensor, default: str | None) -> SignatureTensor:
    if default is None:
        return tensor
    return SignatureTensor(tensor.name, tensor.dtype, tensor.shape, tensor.tensor, tensor.encoding, tensor.structured, default)


def _structure(recorded: Mapping[str, Any], target: Target, cleaner: TextCleaner) -> tuple[dict[str, str], dict[str, str]]:
    """Return where inputs and outputs sit, as the function that works or its wrapper recorded it."""
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for name in (target.wrapper, target.function):
        if name in recorded:
            inputs.update(spec_places(recorded[name].canonicalized_input_signature, cleaner))
            outputs.update(result_places(recorded[name].output_signature, cleaner))
    return inputs, outputs


def _graph_of(meta: MetaReading, name: str, target: Target) -> str | None:
    if target.function:
        return meta.places.functions[target.function]
    if not target.nodes:
        return None
    return "" if meta.is_main and name == meta.default_signature else meta.places.surroundings
