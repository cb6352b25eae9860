"""A model made ready to show tensors inside it: its weights kept in files, its graph small enough to be copied often."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import onnx
import onnxruntime
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.messages import refusal_text
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, usable_threads

_PAGE: Final = 4096
_SMALL: Final = 16 << 10
"""Weights up to this many bytes stay in the graph."""

_MUCH: Final = 32 << 20
"""Inline weights beyond this many bytes in all are put in a file, which every session then maps instead of copying."""

_NUMBERS: Final = {name.lower(): number for name, number in TensorProto.DataType.items()}
"""Element types by the names the runtime has for them, which are onnx's own in lower case."""

_SHAPE_SUFFIX: Final = "/shape of activation"


class ObservableModel:
    """A model whose main graph can be given more outputs, as often as needed, without copying its weights."""

    def __init__(self, path: str, folder: str) -> None:
        """Read the model at an absolute path; folder is for its inline weights, should they be large."""
        self._label = plain_line(Path(path).name)
        self._proto = _load(path, self._label)
        self._folder = os.path.dirname(path)  # noqa: PTH120 - as the runtime takes it
        if not _has_external(self._proto.graph) and _inline_bytes(self._proto.graph) > _MUCH:
            _move_out(self._proto.graph, Path(folder))
            self._folder = folder
        self._own_outputs = list(self._proto.graph.output)

    @property
    def graph(self) -> GraphProto:
        """The main graph as the file has it, but for large inline weights."""
        return self._proto.graph

    @property
    def folder(self) -> str:
        """The folder that locations of external data are looked up in."""
        return self._folder

    def data_folders(self) -> set[str]:
        """Return the folder that weights lie in, nothing where all are inline."""
        return {self._folder} if _has_external(self._proto.graph) else set()

    def copy(self) -> ModelProto:
        """Return a copy of the model, weights in files staying there."""
        proto = ModelProto()
        proto.CopyFrom(self._proto)
        return proto

    def names_of_outputs(self) -> set[str]:
        """Return the names of the model's own outputs."""
        return {one.name for one in self._own_outputs}

    def candidates(self) -> list[str]:
        """Return the tensors that nodes of the main graph compute, in file order, Constant nodes left out."""
        nodes = (node for node in self._proto.graph.node if node.op_type != "Constant")
        return list(dict.fromkeys(name for node in nodes for name in node.output if name))

    def constants(self) -> int:
        """Return how many tensors of the main graph are stored: initializers and Constant nodes."""
        graph = self._proto.graph
        nodes = sum(1 for node in graph.node if node.op_type == "Constant")
        return nodes + len(graph.initializer) + len(graph.sparse_initializer)

    def tensors_in_subgraphs(self) -> int:
        """Return how many tensors nodes inside bodies of control flow compute."""
        bodies = list(_bodies(self._proto.graph.node))
        count = 0
        while bodies:
            body = bodies.pop()
            count += sum(1 for node in body.node for name in node.output if name)
            bodies.extend(_bodies(body.node))
        return count

    def session(
        self, names: Iterable[str], threads: int, show: Literal["values", "shapes"] = "values"
    ) -> onnxruntime.InferenceSession:
        """Return a session of the model as it is written, with the tensors, or their shapes, as further outputs.

        A shape is the output shape_name(index among names). Raises RuntimeRefused where the runtime refuses the model.
        """
        graph = self._proto.graph
        nodes = len(graph.node)
        try:
            if show == "shapes":
                self._show_shapes(list(names))
            else:
                present = self.names_of_outputs()
                graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in present)
            return self.session_of(self._proto, threads)
        finally:
            del graph.node[nodes:]
            del graph.output[:]
            graph.output.extend(self._own_outputs)

    def session_of_part(
        self, nodes: Sequence[NodeProto], inputs: Mapping[str, str], outputs: Sequence[str], threads: int
    ) -> onnxruntime.InferenceSession:
        """Return a session of nodes that stand in for the main graph's, with its weights; nothing else of it is run.

        inputs: names with the runtime's names of their types. Raises RuntimeRefused where the runtime refuses it.
        """
        used = {name for node in nodes for name in node.input}
        part = ModelProto(ir_version=self._proto.ir_version, functions=self._proto.functions)
        part.opset_import.extend(self._proto.opset_import)
        part.graph.name = "part"
        part.graph.node.extend(nodes)
        part.graph.initializer.extend(one for one in self._proto.graph.initializer if one.name in used)
        part.graph.input.extend(_described(name, kind) for name, kind in inputs.items())
        part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
        return self.session_of(part, threads)

    def _show_shapes(self, names: list[str]) -> None:
        graph = self._proto.graph
        del graph.output[:]
        for index, name in enumerate(names):
            graph.node.append(helper.make_node("Shape", [name], [shape_name(index)], shape_name(index)))
            graph.output.append(helper.make_tensor_value_info(shape_name(index), TensorProto.INT64, None))
        if not any(one.domain in ("", "ai.onnx") for one in self._proto.opset_import):
            self._proto.opset_import.append(helper.make_opsetid("", 13))

    def session_of(self, proto: ModelProto, threads: int) -> onnxruntime.InferenceSession:
        """Return a session of a model whose weights may lie where this one's do; raises RuntimeRefused."""
        try:
            return onnxruntime.InferenceSession(
                proto.SerializeToString(), self._options(threads), providers=["CPUExecutionProvider"]
            )
        except MemoryError:
            raise
        except Exception as error:  # the runtime's exceptions share no base class
            reason = refusal_text(error)
            raise RuntimeRefused(f"{self._label}: the runtime cannot show its tensors: {reason}") from None

    def _options(self, threads: int) -> onnxruntime.SessionOptions:
        """Return options that change nothing in the graph, keep no freed memory and no second copy of weights."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = threads or usable_threads()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
        options.use_deterministic_compute = True
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", self._folder)
        return options


def shape_name(index: int) -> str:
    """Return the name of the output that holds the shape of the tensor asked for at that place."""
    return f"{index}{_SHAPE_SUFFIX}"


def _described(name: str, kind: str) -> onnx.ValueInfoProto:
    """Return a description of a tensor of any shape, of a type such as "tensor(float)"."""
    return helper.make_tensor_value_info(name, _NUMBERS[kind.removeprefix("tensor(").removesuffix(")")], None)


def _load(path: str, label: str) -> ModelProto:
    """Return the model without its external data, parsed from a mapping: the file's pages need not stay in memory."""
    proto = ModelProto()
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:  # noqa: PTH123
            view = memoryview(mapping)
            try:
                proto.ParseFromString(view)
            finally:
                view.release()
    except Exception as error:
        raise OperationFailed(f"{label}: cannot be read: {plain_line(str(error))}") from None
    return proto


def _has_external(graph: GraphProto) -> bool:
    return any(one.data_location == TensorProto.EXTERNAL for one in graph.initializer) or any(
        _has_external(body) or any(_constant_is_external(node) for node in body.node) for body in _bodies(graph.node)
    )


def _constant_is_external(node: NodeProto) -> bool:
    return any(one.t.data_location == TensorProto.EXTERNAL for one in node.attribute if one.type == AttributeProto.TENSOR)


def _inline_bytes(graph: GraphProto) -> int:
    return sum(len(one.raw_data) for one in graph.initializer)


def _move_out(graph: GraphProto, folder: Path) -> None:
    """Write the large raw weights of the graph to a fresh file in the folder, page by page, and point to it."""
    for number in range(1_000_000):
        path = folder / f"weights-{number}.bin"
        with suppress(FileExistsError):
            with path.open("xb") as file:
                for tensor in graph.initializer:
                    if len(tensor.raw_data) > _SMALL:
                        file.seek(-file.tell() % _PAGE, os.SEEK_CUR)
                        entries = {"location": path.name, "offset": file.tell(), "length": len(tensor.raw_data)}
                        file.write(tensor.raw_data)
                        _point_outside(tensor, entries)
            return


def _point_outside(tensor: TensorProto, entries: dict[str, object]) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, given in entries.items():
        tensor.external_data.add(key=key, value=str(given))


def _bodies(nodes: Iterable[NodeProto]) -> Iterator[GraphProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield attribute.g
            yield from attribute.graphs
