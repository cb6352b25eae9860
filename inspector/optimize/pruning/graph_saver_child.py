"""Saving and restoring the variables and mutable tables that are left of a GraphDef. In children only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.pruning.taken_nodes_child import loading_nodes, nodes_taken_by

_HANDLE: Final = "VarHandleOp"
_REFERENCES: Final = ("VariableV2", "Variable")
_TABLES: Final = (
    "MutableHashTableV2",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTableV2",
    "AnonymousMutableHashTable",
)
_RESTORED_OTHERWISE: Final = ("HandleOp", "Iterator", "IteratorV2", "Resource")
_VARIABLE_COLLECTIONS: Final = ("variables", "trainable_variables", "model_variables", "moving_average_variables")


@dataclass(slots=True)
class Saved:
    """A variable that the checkpoint holds: its VariableDef and the collections it is in."""

    definition: Any
    collections: list[str] = field(default_factory=list)


class VariableSaver:
    """The nodes that save and restore what the original's saver restores and nodes that are kept use.

    Names in the checkpoint are those of the variables: the shared name, or else the node's. saved is empty where there is
    nothing to restore.
    """

    def __init__(self, tf: Any, graph: Any, original: Any, served: set[str]) -> None:
        self._tf = tf
        self._graph = graph
        self.saved: list[Saved] = []
        self.nodes: list[Any] = []
        self.definition: Any = None
        restoring = restoring_nodes(original)
        restored = {key for node in restoring for key in _keys(node)}
        _refuse_unknown([node for node in restoring if node.name in served])
        if lost := unrestored(original, served):
            raise OperationFailed(f"{len(lost)} of its variables are restored by nothing, {plain_line(lost[0], 80)} among them")
        kept = [node for node in original.graph_def.node if node.name in served and restored.intersection(_keys(node))]
        before = {node.name for node in graph.as_graph_def().node}
        self._make(kept, variable_collections(original))
        if self.saved or self.definition:
            self.nodes = [node for node in graph.as_graph_def().node if node.name not in before]

    def save(self, session: Any, prefix: str) -> None:
        """Write the checkpoint; nothing where there is nothing to save."""
        if self.definition is not None:
            Path(prefix).parent.mkdir(parents=True)
            session.run(self.definition.save_tensor_name, {self.definition.filename_tensor_name: prefix})

    def _make(self, kept: Sequence[Any], known: Mapping[str, tuple[Any, list[str]]]) -> None:
        """Add nodes to the graph for everything that is stored."""
        tf, v1, raw = self._tf, self._tf.compat.v1, self._tf.raw_ops
        targets = [(key, node) for node in kept for key in _keys(node)]
        stored = dict(reversed(targets))
        if not stored:
            return
        with v1.name_scope("save"):
            filename = v1.placeholder_with_default("model", [], name="filename")
            prefix = v1.placeholder_with_default(filename, [], name="Const")
            read = {key: self._read(node, key) for key, node in stored.items()}
            keys, slices = list(read), [""] * len(read)
            done = raw.SaveV2(prefix=prefix, tensor_names=keys, shape_and_slices=slices, tensors=list(read.values()))
            with tf.control_dependencies([done]):
                saved = tf.identity(prefix, name="control_dependency")
            values = raw.RestoreV2(
                prefix=prefix,
                tensor_names=keys,
                shape_and_slices=slices,
                dtypes=[one.dtype.base_dtype for one in read.values()],
            )
            restored = dict(zip(keys, values, strict=True))
            assigned = [(key, node, self._assign(node, key, restored)) for key, node in targets if _is_assigned(key, node)]
            restore = tf.group(*[one for _, _, one in assigned], name="restore_all")
        for key, node, operation in assigned:
            if node.op not in _TABLES:
                self._describe(node, known.get(node.name), operation, read[key], restored[key])
        self.definition = v1.train.SaverDef(
            filename_tensor_name=filename.name,
            save_tensor_name=saved.name,
            restore_op_name=restore.name,
            version=v1.train.SaverDef.V2,
        )

    def _read(self, node: Any, key: str) -> Any:
        raw, tensor = self._tf.raw_ops, self._graph.get_tensor_by_name(f"{node.name}:0")
        if node.op == _HANDLE:
            return raw.ReadVariableOp(resource=tensor, dtype=node.attr["dtype"].type)
        if node.op in _REFERENCES:
            return self._tf.identity(tensor)
        exported = raw.LookupTableExportV2(
            table_handle=tensor, Tkeys=node.attr["key_dtype"].type, Tvalues=node.attr["value_dtype"].type
        )
        return exported.values if key.endswith("-values") else exported.keys

    def _assign(self, node: Any, key: str, restored: Mapping[str, Any]) -> Any:
        raw, tensor = self._tf.raw_ops, self._graph.get_tensor_by_name(f"{node.name}:0")
        if node.op == _HANDLE:
            return raw.AssignVariableOp(resource=tensor, value=restored[key])
        if node.op in _REFERENCES:
            return raw.Assign(ref=tensor, value=restored[key], validate_shape=False).op
        values = restored[f"{key.removesuffix('-keys')}-values"]
        return raw.LookupTableImportV2(table_handle=tensor, keys=restored[key], values=values)

    def _describe(self, node: Any, known: tuple[Any, list[str]] | None, assigned: Any, read: Any, restored: Any) -> None:
        """Say of a variable that restoring it is what initializes it, so that what it began with is not needed."""
        from tensorflow.core.framework.variable_pb2 import VariableDef

        definition = VariableDef()
        if known is not None:
            definition.CopyFrom(known[0])
            definition.ClearField("save_slice_info_def")
        definition.variable_name = f"{node.name}:0"
        definition.initializer_name = assigned.name
        definition.initial_value_name = restored.name
        definition.snapshot_name = read.name
        definition.is_resource = node.op == _HANDLE
        self.saved.append(Saved(definition, known[1] if known is not None else []))


def variable_collections(meta: Any) -> dict[str, tuple[Any, list[str]]]:
    """Return what the original says of each variable, by name of its node, and the collections it is in."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    found: dict[str, tuple[Any, list[str]]] = {}
    for key in _VARIABLE_COLLECTIONS:
        for raw in meta.collection_def[key].bytes_list.value if key in meta.collection_def else ():
            definition = VariableDef.FromString(raw)
            found.setdefault(definition.variable_name.partition(":")[0], (definition, []))[1].append(key)
    return found


def restoring_nodes(meta: Any) -> list[Any]:
    """Return the nodes that restoring takes; those that serve may be others, which stand for the same variables."""
    operation = meta.saver_def.restore_op_name
    return nodes_taken_by(meta.graph_def, [operation]) if operation else []


def unrestored(meta: Any, served: set[str]) -> list[str]:
    """Return the variables among the nodes that serve which neither restoring nor loading assigns: a session has no value."""
    assigned = {key for node in (*restoring_nodes(meta), *loading_nodes(meta)) for key in _keys(node)}
    variables = (node for node in meta.graph_def.node if node.name in served and node.op not in _TABLES)
    return sorted({key for node in variables for key in _keys(node)} - assigned)


def _is_assigned(key: str, node: Any) -> bool:
    """Tell whether something is assigned for a name: a table's keys and values are imported at once."""
    return node.op not in _TABLES or key.endswith("-keys")


def _keys(node: Any) -> Iterator[str]:
    """Yield the names under which a node's values are stored."""
    name = node.attr["shared_name"].s.decode("utf-8", "replace") if "shared_name" in node.attr else ""
    if node.op == _HANDLE or node.op in _REFERENCES:
        yield name or node.name
    elif node.op in _TABLES:
        yield from (f"{node.name}-keys", f"{node.name}-values")


def _refuse_unknown(nodes: Iterable[Any]) -> None:
    """Raise OperationFailed where serving needs what is restored in no known way."""
    for node in nodes:
        if node.op.endswith(_RESTORED_OTHERWISE) and node.op != _HANDLE:
            said = f"node {plain_line(node.name, 80)} ({plain_line(node.op, 60)}) is restored in a way of its own"
            raise OperationFailed(said)
