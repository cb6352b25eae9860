"""Large ONNX models written as a stream, so that making them takes little memory: transformers of real proportions."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

CACHE = Path(__file__).parents[2] / ".bench"
NODES_A_BLOCK = 21
Spec = tuple[str, tuple[int, ...]]


def transformer_graph(blocks: int, width: int, vocabulary: int) -> tuple[onnx.GraphProto, list[Spec]]:
    """Return a BERT-like encoder without its weights, and the name and shape of each float32 weight it needs."""
    nodes, weights = [], [("embedding", (vocabulary, width))]
    nodes.append(helper.make_node("Gather", ["embedding", "tokens"], ["h0"], "embed"))
    for index in range(blocks):
        nodes.extend(_block(index, width, weights))
    graph = helper.make_graph(
        nodes,
        "transformer",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "sequence"])],
        [helper.make_tensor_value_info(f"h{blocks}", TensorProto.FLOAT, ["batch", "sequence", width])],
    )
    return graph, weights


def _block(index: int, width: int, weights: list[Spec]) -> Iterator[onnx.NodeProto]:
    p = f"layer{index}"

    def dense(source: str, out: str, name: str, rows: int, columns: int) -> Iterator[onnx.NodeProto]:
        weights.extend([(f"{p}.{name}.weight", (rows, columns)), (f"{p}.{name}.bias", (columns,))])
        yield helper.make_node("MatMul", [source, f"{p}.{name}.weight"], [f"{p}.{name}.product"], f"/{p}/{name}/MatMul")
        yield helper.make_node("Add", [f"{p}.{name}.product", f"{p}.{name}.bias"], [out], f"/{p}/{name}/Add")

    def norm(source: str, out: str, name: str) -> onnx.NodeProto:
        weights.extend([(f"{p}.{name}.scale", (width,)), (f"{p}.{name}.bias", (width,))])
        return helper.make_node(
            "LayerNormalization", [source, f"{p}.{name}.scale", f"{p}.{name}.bias"], [out], f"/{p}/{name}/LayerNormalization"
        )

    yield norm(f"h{index}", f"{p}.n1", "norm1")
    for part in ("query", "key", "value"):
        yield from dense(f"{p}.n1", f"{p}.{part}", part, width, width)
    yield helper.make_node("Transpose", [f"{p}.key"], [f"{p}.kt"], f"/{p}/Transpose", perm=[0, 2, 1])
    yield helper.make_node("MatMul", [f"{p}.query", f"{p}.kt"], [f"{p}.scores"], f"/{p}/scores/MatMul")
    yield helper.make_node("Softmax", [f"{p}.scores"], [f"{p}.attention"], f"/{p}/Softmax", axis=-1)
    yield helper.make_node("MatMul", [f"{p}.attention", f"{p}.value"], [f"{p}.mixed"], f"/{p}/mix/MatMul")
    yield from dense(f"{p}.mixed", f"{p}.out", "output", width, width)
    yield helper.make_node("Add", [f"h{index}", f"{p}.out"], [f"{p}.r1"], f"/{p}/residual1/Add")
    yield norm(f"{p}.r1", f"{p}.n2", "norm2")
    yield from dense(f"{p}.n2", f"{p}.up", "up", width, 4 * width)
    yield helper.make_node("Gelu", [f"{p}.up"], [f"{p}.gelu"], f"/{p}/Gelu")
    yield from dense(f"{p}.gelu", f"{p}.down", "down", 4 * width, width)
    yield helper.make_node("Add", [f"{p}.r1", f"{p}.down"], [f"h{index + 1}"], f"/{p}/residual2/Add")


def _values(name: str, count: int) -> bytes:
    """Random bytes that differ from weight to weight, made fast."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).random(count, dtype=np.float32).tobytes()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _shell(graph_size: int) -> bytes:
    model = onnx.ModelProto(ir_version=10, producer_name="large_models")
    model.opset_import.add(domain="", version=20)
    return model.SerializeToString() + b"\x3a" + _varint(graph_size)


def write_inline(path: Path, graph: onnx.GraphProto, weights: list[Spec]) -> None:
    """Write the model with all weights inside the file (field 5 of GraphProto, raw_data last in each TensorProto)."""
    heads = []
    for name, shape in weights:
        size = 4 * int(np.prod(shape))
        head = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape).SerializeToString() + b"\x4a" + _varint(size)
        heads.append((b"\x2a" + _varint(len(head) + size) + head, size))
    body = graph.SerializeToString()
    with path.open("wb") as file:
        file.write(_shell(len(body) + sum(len(head) + size for head, size in heads)) + body)
        for (name, shape), (head, _) in zip(weights, heads, strict=True):
            file.write(head + _values(name, int(np.prod(shape))))


def write_external(path: Path, graph: onnx.GraphProto, weights: list[Spec]) -> None:
    """Write the model with all weights in PATH.data beside it."""
    location, offset = f"{path.name}.data", 0
    with (path.parent / location).open("wb") as data:
        for name, shape in weights:
            values = _values(name, int(np.prod(shape)))
            tensor = graph.initializer.add(
                name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL
            )
            for key, value in (("location", location), ("offset", offset), ("length", len(values))):
                tensor.external_data.add(key=key, value=str(value))
            data.write(values)
            offset += len(values)
    body = graph.SerializeToString()
    path.write_bytes(_shell(len(body)) + body)


def inline_model() -> Path:
    """Return a model of 1.9 GB in one file (36 blocks of width 1,024), made once."""
    return _cached("inline_1.9GB", lambda path: write_inline(path, *transformer_graph(36, 1024, 24_000)))


def external_model() -> Path:
    """Return a model with 3 GB of external data (58 blocks of width 1,024), made once."""
    return _cached("external_3GB", lambda path: write_external(path, *transformer_graph(58, 1024, 24_000)))


def many_nodes_model() -> Path:
    """Return a model of 100,000 nodes and narrow weights, made once."""
    return _cached("nodes_100k", lambda path: write_inline(path, *transformer_graph(100_000 // NODES_A_BLOCK + 1, 4, 100)))


def _cached(name: str, write: Callable[[Path], None]) -> Path:
    folder = CACHE / name
    if not folder.exists():
        unfinished = CACHE / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(unfinished / "model.onnx")
        unfinished.rename(folder)
    return folder / "model.onnx"
