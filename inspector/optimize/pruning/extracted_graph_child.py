"""The part of a GraphDef that signatures and loading take, as a SavedModel of its own, with a saver for its variables.

What the original says of its nodes, signatures, assets and operators is kept as it is written there; nothing is traced again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.pruning.graph_saver_child import Saved, VariableSaver
from inspector.optimize.pruning.operator_list_child import complete_operator_list
from inspector.optimize.pruning.refusals_child import refusing
from inspector.optimize.pruning.requests import PruneRequest
from inspector.optimize.pruning.taken_nodes_child import INIT_COLLECTIONS, INIT_SIGNATURE, node_of, served_nodes

_NODE_COLLECTIONS: Final = (*INIT_COLLECTIONS, "table_initializer", "asset_filepaths")
_ASSETS_COLLECTION: Final = "saved_model_assets"


def write_extracted(tf: Any, request: PruneRequest, original: Any) -> None:
    """Write the signatures asked for as a SavedModel without an object graph. Raises OperationFailed, MemoryError."""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        with refusing("TensorFlow cannot load it"):
            v1.saved_model.load(session, list(request.tags), request.source)
        with refusing("TensorFlow cannot save it again"):
            served = {node.name for node in served_nodes(original, request.signatures)}
            saver = VariableSaver(tf, graph, original, served)
            saver.save(session, str(Path(request.target) / "variables" / "variables"))
            written = _meta_graph(request, original, served, saver)
            _copy_assets(written, Path(request.source), Path(request.target))
            _write(written, Path(request.target))


def _meta_graph(request: PruneRequest, original: Any, served: set[str], saver: VariableSaver) -> Any:
    """Return the MetaGraphDef of what is kept."""
    meta = type(original)()
    meta.meta_info_def.CopyFrom(original.meta_info_def)
    meta.graph_def.versions.CopyFrom(original.graph_def.versions)
    meta.graph_def.node.extend(node for node in original.graph_def.node if node.name in served)
    meta.graph_def.node.extend(saver.nodes)
    names = {node.name for node in meta.graph_def.node}
    for node in meta.graph_def.node:
        _forget_colocations(node, names)
    _keep_functions(meta.graph_def, original.graph_def.library)
    for name in request.signatures:
        meta.signature_def[name].CopyFrom(original.signature_def[name])
    _keep_init_op(meta, original)
    _keep_collections(meta, original, names, saver.saved)
    for asset in original.asset_file_def:
        if node_of(asset.tensor_info.name) in names:
            meta.asset_file_def.add().CopyFrom(asset)
    if saver.saved:
        meta.saver_def.CopyFrom(saver.definition)
    complete_operator_list(meta, original)
    return meta


def _keep_init_op(meta: Any, original: Any) -> None:
    """Keep what runs at loading; where there was an object graph, as a collection, which loading without one reads."""
    if INIT_SIGNATURE not in original.signature_def:
        return
    definition = original.signature_def[INIT_SIGNATURE]
    if not original.HasField("object_graph_def"):
        meta.signature_def[INIT_SIGNATURE].CopyFrom(definition)
    elif not any(key in original.collection_def for key in INIT_COLLECTIONS):
        names = [node_of(info.name) for info in definition.outputs.values()]
        meta.collection_def[INIT_COLLECTIONS[0]].node_list.value.extend(names)


def _forget_colocations(node: Any, names: set[str]) -> None:
    """Leave out that a node lies where one does that is gone."""
    places: Any = node.attr["_class"].list.s if "_class" in node.attr else []
    kept = [one for one in places if not one.startswith(b"loc:@") or one[5:].decode("utf-8", "replace") in names]
    if not kept:
        node.attr.pop("_class", None)
    elif len(kept) < len(places):
        places[:] = kept


def _keep_functions(graph: Any, library: Any) -> None:
    """Keep the functions that the nodes call, directly or not, and their gradients."""
    functions = {one.signature.name: one for one in library.function}
    gradients = {one.function_name: one for one in library.gradient}
    waiting = list(_called(graph.node, functions))
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting.extend(_called(functions[name].node_def, functions))
            if name in gradients and gradients[name].gradient_func in functions:
                waiting.append(gradients[name].gradient_func)
    graph.library.function.extend(one for one in library.function if one.signature.name in kept)
    graph.library.gradient.extend(one for one in library.gradient if one.function_name in kept)


def _called(nodes: Iterable[Any], functions: Any) -> Iterator[str]:
    for node in nodes:
        if node.op in functions:
            yield node.op
        for value in node.attr.values():
            for one in (value.func, *value.list.func):
                if one.name in functions:
                    yield one.name


def _keep_collections(meta: Any, original: Any, names: set[str], saved: list[Saved]) -> None:
    """Keep the collections that loading reads, and of them the items that are still there."""
    for key in _NODE_COLLECTIONS:
        items = original.collection_def[key].node_list.value if key in original.collection_def else ()
        if kept := [one for one in items if node_of(one) in names]:
            meta.collection_def[key].node_list.value.extend(kept)
    if _ASSETS_COLLECTION in original.collection_def:
        from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef

        for packed in original.collection_def[_ASSETS_COLLECTION].any_list.value:
            asset = AssetFileDef()
            if packed.Unpack(asset) and node_of(asset.tensor_info.name) in names:
                meta.collection_def[_ASSETS_COLLECTION].any_list.value.add().CopyFrom(packed)
    for one in saved:
        for key in one.collections or ["variables"]:
            meta.collection_def[key].bytes_list.value.append(one.definition.SerializeToString())


def _copy_assets(meta: Any, source: Path, target: Path) -> None:
    """Copy the files that the MetaGraph names; nodes lose the paths they had where it was made, which loading replaces.

    Raises OperationFailed where a file lies elsewhere.
    """
    nodes = {node.name: node for node in meta.graph_def.node}
    for asset in (*meta.asset_file_def, *_collected_assets(meta)):
        name = asset.filename
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise OperationFailed(f"asset {plain_line(name, 80)} lies outside its folder")
        path = target / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "assets" / name, path)
        node = nodes.get(node_of(asset.tensor_info.name))
        if node is not None and node.op == "Const":
            node.attr["value"].tensor.string_val[:] = [name.encode()]


def _collected_assets(meta: Any) -> Iterator[Any]:
    """Yield the assets that a collection names."""
    from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef

    for packed in meta.collection_def[_ASSETS_COLLECTION].any_list.value if _ASSETS_COLLECTION in meta.collection_def else ():
        asset = AssetFileDef()
        if packed.Unpack(asset):
            yield asset


def _write(meta: Any, target: Path) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    target.mkdir(parents=True, exist_ok=True)
    whole = SavedModel(saved_model_schema_version=1, meta_graphs=[meta])
    (target / "saved_model.pb").write_bytes(whole.SerializeToString(deterministic=True))
