"""The digits model made slow, to be measured beside the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.builders import save

SAMPLE: Final = Path(__file__).parents[3] / "sample_models" / "digits_cnn.onnx"


def slowed(path: Path) -> str:
    """Write the digits model with products of large matrices at its end that change nothing: a hundred times the work."""
    model = onnx.load(SAMPLE)
    graph = model.graph
    output = graph.output[0].name
    for node in graph.node:
        node.output[:] = ["fast" if name == output else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.zeros((256, 256), np.float32), "zeros"))
    graph.node.append(helper.make_node("ReduceSum", ["fast"], ["sum"], keepdims=0))
    graph.node.append(helper.make_node("Add", ["zeros", "sum"], ["m0"]))
    for index in range(4):
        graph.node.append(helper.make_node("MatMul", [f"m{index}", "zeros"], [f"m{index + 1}"], f"slow{index}"))
    graph.node.append(helper.make_node("ReduceMax", ["m4"], ["nothing"], keepdims=0))
    graph.node.append(helper.make_node("Add", ["fast", "nothing"], [output]))
    return str(save(model, path))
