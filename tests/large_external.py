"""Transformers with external data of any size that have something to simplify, written as a stream."""

from __future__ import annotations

from pathlib import Path

from onnx import TensorProto, helper

from tests.performance.large_models import transformer_graph, write_external


def large_transformer(path: Path, blocks: int, width: int = 1024, vocabulary: int = 24_000) -> Path:
    """Write an encoder of about 12 x blocks x width² float32 weights in path.data beside path, and return path.

    Its result goes through three Identities, is scaled by what constants compute, and a weight of width² is used by nothing.
    52 blocks of width 1,024 take 2.7 GB.
    """
    graph, weights = transformer_graph(blocks, width, vocabulary)
    result = f"h{blocks}"
    for at in range(3):
        graph.node.append(
            helper.make_node("Identity", [result if at == 0 else f"same{at - 1}"], [f"same{at}"], f"identity{at}")
        )
    graph.node.extend(
        [
            helper.make_node("Constant", [], ["half"], "half", value_float=0.5),
            helper.make_node("Constant", [], ["quarter"], "quarter", value_float=0.25),
            helper.make_node("Add", ["half", "quarter"], ["scale"], "scale"),
            helper.make_node("Mul", ["same2", "scale"], ["scaled"], "scaled"),
        ]
    )
    weights.append(("unused", (width, width)))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("scaled", TensorProto.FLOAT, ["batch", "sequence", width]))
    write_external(path, graph, weights)
    return path
