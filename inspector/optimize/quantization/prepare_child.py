"""Making a model ready for quantization, as child processes do it: onnx is imported here and nowhere in their parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import onnx
from onnx import ModelProto, inliner

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.optimize.quantization.prepare_constants_child import constants_to_initializers
from inspector.optimize.quantization.prepare_external_child import bring_along, external_bytes
from inspector.optimize.quantization.prepare_graphs_child import graphs
from inspector.optimize.quantization.prepare_nodes_child import prepared_nodes
from inspector.optimize.quantization.prepared import (
    EMBEDDED_BYTES,
    ConvertRequest,
    FinishRequest,
    FoldRequest,
    Named,
    NameRequest,
    Prepared,
)

Report = Callable[[int, int, str], None]


def name_nodes(request: NameRequest, report: Report) -> Named:
    """Give every node of every graph a name of its own and write the model; raises OperationFailed for external data that
    may not be read."""
    path = Path(os.fsdecode(request.path))
    model = onnx.load(path, load_external_data=False)
    outside = external_bytes(model)
    external = outside + path.stat().st_size > EMBEDDED_BYTES
    inlined = len(model.functions)
    raw_names = [node.name for node in model.graph.node]
    outputs = tuple(tuple(node.output) for node in model.graph.node)
    described = tuple(value.name for value in model.graph.value_info)
    kept, unknown = _resolved(request.keep, raw_names)
    names = _name_all(model)
    modernized = _free_weights(model)
    target = Path(request.folder, "named.onnx")
    report(1, 2, "copying weights")
    bring_along(model, path, target if external else None)
    if inlined:
        model = inliner.inline_local_functions(model)
        _name_all(model)
    target.write_bytes(model.SerializeToString())
    domains = tuple(sorted({_domain(entry.domain) for entry in model.opset_import}))
    return Named(str(target), _opset(model), external, names, outputs, domains, kept, unknown, inlined, described, modernized)


def convert_opset(request: ConvertRequest, _report: Report) -> int:
    """Write the model with its standard operators at a newer opset; onnx's converter may raise or abort. Returns the opset."""
    model = onnx.load(request.path)
    converted = onnx.version_converter.convert_version(model, request.opset)
    known = {_domain(entry.domain) for entry in converted.opset_import}
    for entry in model.opset_import:
        if _domain(entry.domain) not in known:
            converted.opset_import.add().CopyFrom(entry)
    if not converted.metadata_props:
        converted.metadata_props.extend(model.metadata_props)
    Path(request.target).write_bytes(converted.SerializeToString())
    return _opset(converted)


def fold(request: FoldRequest, _report: Report) -> int:
    """Write the model as the runtime's basic optimizations leave it; returns its bytes."""
    from inspector.runtimes.onnx_runtime.sessions import make_session

    make_session(request.path, 1, optimization="basic", optimized_path=request.target)
    return Path(request.target).stat().st_size


def finish(request: FinishRequest, report: Report) -> Prepared:
    """Write the model with weights as initializers, unique names, no operator sets it does not use and inferred shapes."""
    named = request.named
    model = onnx.load(request.path, load_external_data=False)
    original = onnx.load(named.path, load_external_data=False)
    _restore_interface(model, original)
    _drop_unused_opsets(model, named)
    moved = constants_to_initializers(model)
    _name_all(model)
    report(1, 3, "inferring shapes")
    model = _with_shapes(model)
    _restore_interface(model, original)
    target = Path(request.target)
    nodes = prepared_nodes(model, named, str(target.parent) if request.check_weights else "")
    target.write_bytes(model.SerializeToString())
    steps = (f"{moved} Constant nodes became initializers",) if moved else ()
    return Prepared(str(target), _opset(model), external=named.external, nodes=nodes, steps=steps)


def _free_weights(model: ModelProto) -> bool:
    """Of a file format before 4, which lists weights among the inputs, make one that need not; returns whether it did."""
    if model.ir_version >= 4:
        return False
    stored = {tensor.name for tensor in model.graph.initializer}
    for index in reversed(range(len(model.graph.input))):
        if model.graph.input[index].name in stored:
            del model.graph.input[index]
    model.ir_version = 4
    return True


def _with_shapes(model: ModelProto) -> ModelProto:
    """Return the model with what onnx infers of its tensors, or as it is where onnx refuses."""
    try:
        return onnx.shape_inference.infer_shapes(model)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return model


def _restore_interface(model: ModelProto, original: ModelProto) -> None:
    """Describe inputs and outputs as the original does: tools replace symbols by what they infer."""
    for values, own in ((model.graph.input, original.graph.input), (model.graph.output, original.graph.output)):
        described = {value.name: value for value in own}
        for value in values:
            if value.name in described:
                value.CopyFrom(described[value.name])


def _drop_unused_opsets(model: ModelProto, named: Named) -> None:
    """Remove operator sets that a tool imported and nothing uses; refuses nodes of domains the model did not have."""
    used = {_domain(node.domain) for graph in graphs(model.graph) for node in graph.node}
    foreign = used - set(named.domains) - {"ai.onnx"}
    if foreign:
        raise OperationFailed(f"folding brought in operators of {one_line(', '.join(sorted(foreign)))}")
    for index in reversed(range(len(model.opset_import))):
        domain = _domain(model.opset_import[index].domain)
        if domain not in used and domain not in named.domains:
            del model.opset_import[index]


def _name_all(model: ModelProto) -> tuple[str, ...]:
    """Make the node names of all graphs unique; returns those of the main graph. First come, first kept."""
    taken = {node.name for graph in graphs(model.graph) for node in graph.node}
    seen: set[str] = set()
    for graph in graphs(model.graph):
        for index, node in enumerate(graph.node):
            if not node.name or node.name in seen:
                stem = name = f"{node.name or node.op_type}_{index}"
                count = 0
                while name in taken:
                    count += 1
                    name = f"{stem}_{count}"
                node.name = name
                taken.add(name)
            seen.add(node.name)
    return tuple(node.name for node in model.graph.node)


def _resolved(wanted: tuple[str, ...], names: list[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the indices of the nodes that were named, and the names of none."""
    by_name: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if name:
            by_name.setdefault(name, []).append(index)
            by_name.setdefault(one_line(name), []).append(index)
    kept: set[int] = set()
    unknown = []
    for name in wanted:
        found = by_name.get(name, [])
        if not found and name.startswith("#") and name[1:].isdecimal() and int(name[1:]) < len(names):
            found = [int(name[1:])]
        kept.update(found)
        unknown += [] if found else [name]
    return tuple(sorted(kept)), tuple(unknown)


def _opset(model: ModelProto) -> int:
    return max((entry.version for entry in model.opset_import if _domain(entry.domain) == "ai.onnx"), default=0)


def _domain(domain: str) -> str:
    return domain or "ai.onnx"
