"""The last repairs of a converted model: its outputs as they were promised, no Casts or constants that nothing uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper

from inspector.optimize.half.element_types_child import FLOAT, FLOAT16
from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes, subgraphs
from inspector.optimize.half.half_model_child import FLOATS, HalfModel
from inspector.optimize.half.names_child import tensor_names


def keep_outputs(half: HalfModel) -> None:
    """Give every output of the model its promised element type under its own name."""
    graph = half.model.graph
    for value in graph.output:
        wanted = FLOAT16 if value.name in half.half_io else half.kinds.get(value.name)
        if wanted in FLOATS:
            _keep_output(half, value.name, wanted)
            value.type.tensor_type.elem_type = wanted


def _keep_output(half: HalfModel, name: str, wanted: int) -> None:
    graph = half.model.graph
    chain = half.sources(name)
    source = next((one for one in reversed(chain) if half.types.get(one) == wanted), None)
    if source == name:
        return
    maker = next((node for node in graph.node if name in node.output), None)
    if maker is None:
        return
    if half.is_added_cast(maker) or name in half.casts:
        maker.input[0] = source or chain[-1]
        maker.attribute[0].i = wanted
        _retire(half, name, graph, maker)
        half.types[name] = wanted
        return
    inner = half.names.fresh(f"{name}_{'fp32' if wanted == FLOAT16 else 'fp16'}")
    rename_tensors(half, {name: inner})
    half.types[inner] = half.types[name]
    graph.node.append(helper.make_node("Cast", [inner], [name], half.names.fresh(f"Cast_{name}"), to=wanted))
    half.types[name], half.casts[name] = wanted, inner
    half.added += 1


def _retire(half: HalfModel, name: str, graph: GraphProto, maker: NodeProto) -> None:
    """Let what read the output, whose element type changes, read a cast of what it was made of."""
    before = half.types.get(name)
    readers = [node for node in all_nodes(half.model) if name in node.input]
    if before is None or before == maker.attribute[0].i or before not in FLOATS or not readers:
        return
    cast = half.make_cast(maker.input[0], before)
    graph.node.append(cast)
    for node in readers:
        for index, given in enumerate(node.input):
            node.input[index] = cast.output[0] if given == name else given


def rename_tensors(half: HalfModel, renamed: Mapping[str, str]) -> None:
    """Rename tensors wherever they are made or used, but not in what the main graph promises."""
    for node in all_nodes(half.model):
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name in renamed:
                    names[index] = renamed[name]
    for graph in all_graphs(half.model):
        if graph is not half.model.graph:
            for value in graph.output:
                value.name = renamed.get(value.name, value.name)


def drop_unused(half: HalfModel) -> int:
    """Remove added Casts and initializers that nothing uses; return how many Casts."""
    dropped = 0
    while True:
        used = _used(half)
        gone = sum(_drop_casts(half, graph, used) for graph in all_graphs(half.model))
        dropped += gone
        if not gone:
            break
    for graph in all_graphs(half.model):
        kept = [tensor for tensor in graph.initializer if tensor.name in used]
        if len(kept) < len(graph.initializer):
            copies = [type(tensor).FromString(tensor.SerializeToString()) for tensor in kept]
            del graph.initializer[:]
            graph.initializer.extend(copies)
    return dropped


def _used(half: HalfModel) -> Counter[str]:
    used = Counter(name for node in all_nodes(half.model) for name in node.input)
    for graph in all_graphs(half.model):
        used.update(value.name for value in graph.output)
    return used


def _drop_casts(half: HalfModel, graph: GraphProto, used: Counter[str]) -> int:
    kept = [node for node in graph.node if not (half.is_added_cast(node) and not any(name in used for name in node.output))]
    gone = len(graph.node) - len(kept)
    if gone:
        copies = [NodeProto.FromString(node.SerializeToString()) for node in kept]
        del graph.node[:]
        graph.node.extend(copies)
    return gone


def bypass_empty_casts(half: HalfModel) -> None:
    """Let the maker of a value write it under the output's name itself where an added Cast changes nothing."""
    graph = half.model.graph
    promised = {value.name for value in graph.output}
    makers = {name for node in graph.node for name in node.output}
    for node in list(graph.node):
        if not half.is_added_cast(node) or half.types.get(node.input[0]) != int(node.attribute[0].i):
            continue
        source, output = node.input[0], node.output[0]
        if output in promised and source in makers and source not in promised:
            node.output[0] = half.names.fresh(f"{output}_unused")
            rename_tensors(half, {source: output})
        elif output not in promised:
            rename_tensors(half, {output: source})
            node.output[0] = half.names.fresh(f"{output}_unused")


def name_copies(half: HalfModel) -> None:
    """Give a copy of a constant the constant's own name where only the copy is left."""
    left = {tensor.name for graph in all_graphs(half.model) for tensor in graph.initializer}
    alone = {name: copy for (name, _), copy in half.copies.items() if copy in left and name not in left}
    renamed = {copy: name for name, copy in alone.items()}
    if not renamed:
        return
    rename_tensors(half, renamed)
    for graph in all_graphs(half.model):
        for tensor in graph.initializer:
            if tensor.name in renamed:
                half.types[renamed[tensor.name]] = int(tensor.data_type)
                tensor.name = renamed[tensor.name]


def describe(half: HalfModel) -> None:
    """Correct what the graphs say of inner tensors; drop what they say of those that are gone, or without a shape."""
    for graph in all_graphs(half.model):
        made = {name for node in graph.node for name in node.output}
        kept = [value for value in graph.value_info if value.name in made and _is_described(half, value)]
        for value in kept:
            value.type.tensor_type.elem_type = half.types[value.name]
        copies = [type(value).FromString(value.SerializeToString()) for value in kept]
        del graph.value_info[:]
        graph.value_info.extend(copies)


def _is_described(half: HalfModel, value: ValueInfoProto) -> bool:
    known = value.name in half.kinds and (half.types.get(value.name) or 0) > 0
    return known and bool(value.type.tensor_type.HasField("shape"))


def count_nodes(half: HalfModel) -> tuple[int, int, int]:
    """Return how many nodes have fp16 operands or results, how many have fp32 ones only, and how many Casts were added."""
    in_half = in_float = casts = 0
    for node in all_nodes(half.model):
        kinds = {half.types.get(name) for name in (*node.input, *node.output) if name}
        if half.is_added_cast(node):
            casts += 1
        elif FLOAT16 in kinds:
            in_half += 1
        elif FLOAT in kinds:
            in_float += 1
    return in_half, in_float, casts


def remove_blind_casts(original: ModelProto, converted: ModelProto) -> int:
    """Remove Casts that a converter put into a graph where what they cast is not to be seen; return how many."""
    known = {node.name for node in all_nodes(original)}
    removed: dict[str, str] = {}
    _remove_blind(converted.graph, frozenset(), known, removed)
    for node in all_nodes(converted):
        for index, name in enumerate(node.input):
            node.input[index] = removed.get(name, name)
    return len(removed)


def _remove_blind(graph: GraphProto, outer: frozenset[str], known: set[str], removed: dict[str, str]) -> None:
    visible = outer | tensor_names(graph)
    kept = []
    for node in graph.node:
        if node.op_type == "Cast" and node.name not in known and node.input[0] not in visible:
            removed[node.output[0]] = node.input[0]
            continue
        for inner in subgraphs(node):
            _remove_blind(inner, visible, known, removed)
        kept.append(node)
    if len(kept) < len(graph.node):
        copies = [NodeProto.FromString(node.SerializeToString()) for node in kept]
        del graph.node[:]
        graph.node.extend(copies)
