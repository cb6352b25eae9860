"""OneHot of a negative index: nothing in TensorFlow, counted from the end in ONNX; a vocabulary gives -1 for unknown words."""

from __future__ import annotations

from typing import Any, Final

import onnx

from inspector.optimize.onnx_conversion.names_child import graphs_of

_FIRST_WITH_CAST_LIKE: Final = 15


def keep_negatives_cold(model: Any) -> tuple[str, ...]:
    """Give OneHot the depth for every negative index, which is out of range, too; return what was done.

    Sources: "indices" of tf.one_hot (https://www.tensorflow.org/api_docs/python/tf/one_hot) and of OneHot
    (https://onnx.ai/onnx/operators/onnx__OneHot.html).
    """
    opset = next(one.version for one in model.opset_import if one.domain == "")
    if opset < _FIRST_WITH_CAST_LIKE:
        return ()
    changed = sum(_in_graph(graph) for graph in graphs_of(model.graph))
    return (f"negative indices of {changed} OneHot give nothing, as in TensorFlow",) if changed else ()


def _in_graph(graph: Any) -> int:
    nodes, changed = [], 0
    for node in graph.node:
        if node.op_type == "OneHot" and node.domain == "":
            nodes += _in_range(node)
            changed += 1
        nodes.append(node)
    if changed:
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)
    return changed


def _in_range(node: Any) -> list[Any]:
    """Return nodes that put the depth in place of negative indices, and make the OneHot take what they give."""
    make, at = onnx.helper.make_node, f"{node.name}_index"
    indices, depth = node.input[0], node.input[1]
    shape = onnx.helper.make_tensor(f"{at}_shape", onnx.TensorProto.INT64, [0], [])
    node.input[0] = f"{at}_in_range"
    return [
        make("Constant", [], [f"{at}_shape"], f"{at}_shape", value=shape),
        make("Reshape", [depth, f"{at}_shape"], [f"{at}_depth"], f"{at}_depth"),
        make("CastLike", [f"{at}_depth", indices], [f"{at}_beyond"], f"{at}_beyond"),
        make("Sub", [indices, indices], [f"{at}_zero"], f"{at}_zero"),
        make("Less", [indices, f"{at}_zero"], [f"{at}_negative"], f"{at}_negative"),
        make("Where", [f"{at}_negative", f"{at}_beyond", indices], [node.input[0]], f"{at}_in_range"),
    ]
