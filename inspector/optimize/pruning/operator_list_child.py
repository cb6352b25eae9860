"""The list of operators in a MetaGraphDef, which tells readers of another version what its nodes mean. In children only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def complete_operator_list(meta: Any, original: Any) -> None:
    """Make the list hold exactly the operators that are used, as the original described them where it did."""
    from tensorflow.python.framework import op_def_registry

    known = {one.name: one for one in (*meta.meta_info_def.stripped_op_list.op, *original.meta_info_def.stripped_op_list.op)}
    functions = {one.signature.name for one in meta.graph_def.library.function}
    used = sorted({node.op for node in _nodes(meta.graph_def)} - functions)
    found = (known.get(name) or op_def_registry.get(name) for name in used)
    kept = [_stripped(one) for one in found if one is not None]
    del meta.meta_info_def.stripped_op_list.op[:]
    meta.meta_info_def.stripped_op_list.op.extend(kept)


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _stripped(definition: Any) -> Any:
    """Return a copy of an operator's definition without its documentation."""
    copy = type(definition)()
    copy.CopyFrom(definition)
    copy.ClearField("description")
    copy.ClearField("summary")
    for argument in (*copy.input_arg, *copy.output_arg, *copy.attr):
        argument.ClearField("description")
    return copy
