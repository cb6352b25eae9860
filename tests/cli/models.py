"""Tiny models for the command line to be tried on; made in code, with names that drive terminals where that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ESC = "\x1b"

PAYLOADS = (
    f"{ESC}]52;c;UFdORUQ=\x07",
    f"{ESC}]0;OWNED-TITLE\x07",
    f"{ESC}[31;44mOWNED-COLOR{ESC}[2J{ESC}[H",
    f"{ESC}P$qOWNED-DCS{ESC}\\",
    f"{ESC}]8;;http://owned.example\x07OWNED-LINK{ESC}]8;;\x07",
    "\x9b31mOWNED-C1\x9d0;OWNED-C1\x9c",
    f"{ESC}[?1049lOWNED-SCREEN{ESC}c",
    "OWNED\rcarriage\b\b\x0b\x0c\x00\x7f\x0eline",
    "\u202eOWNED-BIDI\u2066\u200f",
    "[bold red]OWNED-MARKUP[/] [/foo] [@click=app.quit]x[/] [link=http://owned.example]y[/link]",
    f"{ESC}_GOWNED-APC{ESC}\\{ESC}^OWNED-PM{ESC}\\{ESC}XOWNED-SOS{ESC}\\",
    f"{ESC}[200~OWNED-PASTE{ESC}[201~{ESC}[6n{ESC}[c",
)
"""Text that takes over a terminal, or Textual, if it gets there as it is."""


def dense_model(path: Path, external: bool = False) -> Path:
    """Write y = Relu(x·W + b) with x float32[batch,sequence,8], and no shape for what lies between."""
    weights = np.arange(64, dtype=np.float32).reshape(8, 8)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "weight"], ["product"], "project"),
            helper.make_node("Add", ["product", "bias"], ["sum"], "shift"),
            helper.make_node("Relu", ["sum"], ["y"], "activate"),
        ],
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "sequence", 8])],
        [numpy_helper.from_array(weights, "weight"), numpy_helper.from_array(weights[0], "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path, save_as_external_data=external, location="weights.bin", size_threshold=0)
    return path


def hostile_model(path: Path) -> Path:
    """Write a model in which every text field of every kind of record holds all payloads."""
    texts = [f"{index}{payload}" for index, payload in enumerate(PAYLOADS)]
    every = " ".join(PAYLOADS)
    dims = [[text, 3] for text in texts]
    inputs = [
        helper.make_tensor_value_info(f"in{text}", TensorProto.FLOAT, dim, every) for text, dim in zip(texts, dims, strict=True)
    ]
    outputs = [
        helper.make_tensor_value_info(f"out{text}", TensorProto.FLOAT, dim, every)
        for text, dim in zip(texts, dims, strict=True)
    ]
    nodes = [node for text in texts for node in _hostile_nodes(text)]
    weights = [numpy_helper.from_array(np.ones((2, 3), np.float32), f"weight{text}") for text in texts]
    strings = helper.make_tensor(f"strings{every}", TensorProto.STRING, [len(texts)], [text.encode() for text in texts])
    graph = helper.make_graph(nodes, f"graph {every}", inputs, outputs, [*weights, strings], every)
    domains = [helper.make_opsetid("", 17), *(helper.make_opsetid(f"domain{text}", 1) for text in texts)]
    functions = [_hostile_function(text) for text in texts]
    model = helper.make_model(graph, opset_imports=domains, functions=functions, ir_version=8)
    model.producer_name, model.producer_version, model.domain, model.doc_string = every, every, every, every
    for text in texts:
        model.metadata_props.add(key=f"key{text}", value=f"value{text}")
    path.write_bytes(model.SerializeToString())
    return path


def _hostile_nodes(text: str) -> list[onnx.NodeProto]:
    attributes = {f"attribute{text}": f"value{text}", "plain": text.encode(), "several": [text, text]}
    add = helper.make_node("Add", [f"in{text}", f"weight{text}"], [f"sum{text}"], f"node/{text}", text)
    odd = helper.make_node(f"Op{text}", [f"sum{text}"], [f"out{text}"], f"odd/{text}", domain=f"domain{text}", **attributes)
    return [add, odd]


def _hostile_function(text: str) -> onnx.FunctionProto:
    body = [helper.make_node("Identity", [f"a{text}"], [f"b{text}"], f"inner{text}")]
    return helper.make_function(
        f"domain{text}", f"Function{text}", [f"a{text}"], [f"b{text}"], body, [helper.make_opsetid("", 17)]
    )
