"""What is done to a tool's result: the face of the original back on, nothing in it that nobody uses, and counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import onnx

from inspector.formats.clean_text import one_line
from inspector.formats.onnx.read import read
from inspector.formats.onnx.save_child import SaveRequest, save_in_child
from inspector.optimize.simplification.requests import Finished, FinishRequest
from inspector.optimize.simplification.tidy_child import graphs_within, sort_nodes, tidy

_STANDARD: Final = ("", "ai.onnx")
_WELL_USED: Final = 0.9
"""Share of an external file that must be used for it to stay as it is."""

_FIRST_WITH_DEFAULTS: Final = 4
"""IR version from which a weight need not be an input, and one that is has a default."""


def finish(request: FinishRequest, report: Callable[[int, int, str], None]) -> Finished:
    """Write the result so that its signature, names, versions and metadata are the original's. Raises OperationFailed."""
    original = onnx.load(request.original, load_external_data=False)
    model = onnx.load(request.made, load_external_data=False)
    tidy(model)
    repairs, lost = _restore_signature(model, original)
    if sort_nodes(model.graph):
        repairs.append("nodes were put in topological order")
    _restore_descriptions(model, original)
    repairs += _restore_versions(model, original)
    path = _write(model, request, report)
    return _count(request, path, tuple(repairs), lost)


def _write(model: Any, request: FinishRequest, report: Callable[[int, int, str], None]) -> Path:
    """Write the model beside its external data, where that holds little else; else a copy of just what it uses."""
    edited = Path(request.made).with_suffix(".finished.onnx")
    edited.write_bytes(model.SerializeToString())
    files = read(edited).external_files
    if files and all(not file.problem and file.used_bytes >= _WELL_USED * (file.size_bytes or 0) for file in files):
        return edited
    save_in_child(SaveRequest(os.fsencode(edited), os.fsencode(request.target), {}), report)
    edited.unlink()
    for name in {file.location for file in files if not file.problem}:
        Path(request.made).with_name(name).unlink(missing_ok=True)
    return Path(request.target)


def _restore_signature(model: Any, original: Any) -> tuple[list[str], tuple[str, ...]]:
    """Put the original's inputs and outputs back, symbols and order included; return repairs and optional inputs lost."""
    repairs, lost = [], []
    weights = {tensor.name for tensor in original.graph.initializer}
    kept = {tensor.name for tensor in model.graph.initializer}
    has_defaults = original.ir_version >= _FIRST_WITH_DEFAULTS
    inputs = []
    for value in original.graph.input:
        if value.name not in weights or value.name in kept:
            inputs.append(value)
        elif has_defaults:
            lost.append(one_line(value.name))
    if {v.name for v in inputs} - {v.name for v in model.graph.input}:
        repairs.append("inputs that nothing uses were put back")
    _replace(model.graph.input, inputs)
    if [v.name for v in model.graph.output] == [v.name for v in original.graph.output]:
        _replace(model.graph.output, original.graph.output)
    return repairs, tuple(lost)


def _replace(field: Any, values: Any) -> None:
    copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)


def _restore_descriptions(model: Any, original: Any) -> None:
    """Take metadata, producer and documentation from the original, and drop descriptions of tensors that it has not."""
    del model.metadata_props[:]
    model.metadata_props.extend(original.metadata_props)
    for field in ("producer_name", "producer_version", "domain", "doc_string"):
        setattr(model, field, getattr(original, field))
    model.model_version = original.model_version
    model.graph.name = original.graph.name
    model.graph.doc_string = original.graph.doc_string
    described = {value.name for graph in graphs_within(original.graph) for value in graph.value_info}
    for graph in graphs_within(model.graph):
        given = {name for node in graph.node for name in node.output}
        spare = [at for at, v in enumerate(graph.value_info) if v.name not in described or v.name not in given]
        for at in reversed(spare):
            del graph.value_info[at]


def _restore_versions(model: Any, original: Any) -> list[str]:
    """Import the operator sets that are used, no others that the original does not; never a newer IR version."""
    repairs = []
    used = _domains(model)
    imported = {_plain(one.domain) for one in original.opset_import}
    spare = [at for at, one in enumerate(model.opset_import) if _plain(one.domain) not in used | imported]
    for at in reversed(spare):
        del model.opset_import[at]
    if model.ir_version > original.ir_version:
        repairs.append(f"IR version {original.ir_version} was put back")
        model.ir_version = original.ir_version
        if original.ir_version < _FIRST_WITH_DEFAULTS:
            _list_weights_as_inputs(model.graph)
    elif original.ir_version < _FIRST_WITH_DEFAULTS:
        _list_weights_as_inputs(model.graph)
    return repairs


def _list_weights_as_inputs(graph: Any) -> None:
    """Before IR version 4 every weight is an input, too."""
    listed = {value.name for value in graph.input}
    for tensor in graph.initializer:
        if tensor.name not in listed:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))


def _domains(model: Any) -> set[str]:
    used = {_plain(node.domain) for graph in graphs_within(model.graph) for node in graph.node}
    for function in model.functions:
        used |= {_plain(function.domain)} | {_plain(one.domain) for one in function.opset_import}
    return used


def _plain(domain: str) -> str:
    return "" if domain in _STANDARD else domain


def _count(request: FinishRequest, path: Path, repairs: tuple[str, ...], lost: tuple[str, ...]) -> Finished:
    """Read the file back and count what is in it."""
    made, original = read(path), read(Path(request.original))
    nodes = [node for graph in made.graphs() for node in graph.nodes]
    constants = sum(node.operator == "Constant" and node.domain == "ai.onnx" for node in nodes)
    before = {node.domain for graph in original.graphs() for node in graph.nodes}
    return Finished(
        str(path),
        len(nodes) - constants,
        constants,
        made.artifact.size_bytes + sum(file.size_bytes or 0 for file in made.external_files),
        sum(weight.byte_count for weight in made.weights),
        repairs,
        tuple(sorted({node.domain for node in nodes} - before - {"ai.onnx"})),
        lost,
    )
