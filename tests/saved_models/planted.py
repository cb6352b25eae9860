"""Artifacts with operators planted as data: nodes are written into the graph's protobuf and never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import function_pb2, node_def_pb2, op_def_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.framework import op_def_registry

from tests.saved_models import planting
from tests.saved_models.graphs import tables_and_assets
from tests.saved_models.modules import Nested
from tests.saved_models.planting import Planted

NodeDef = node_def_pb2.NodeDef
FunctionDef = function_pb2.FunctionDef


def nodes_of(planted: Planted, in_function: bool) -> Iterator[NodeDef]:
    """Yield a node of the operator and a constant for each of its inputs, the text in its place, all well formed."""
    definition = op_def_registry.get(planted.operator)
    name = f"planted_{planted.operator}"
    node = NodeDef(name=name, op=planted.operator)
    for index, argument in enumerate(definition.input_arg):
        text = planted.text if index == planted.target_input else ""
        constant = _constant(f"{name}_input_{index}", argument.type or types_pb2.DT_FLOAT, text)
        node.input.append(f"{constant.name}:output:0" if in_function else constant.name)
        yield constant
    for attribute in definition.attr:
        _set_attribute(node, attribute, planted)
    yield node


def _constant(name: str, dtype: int, text: str) -> NodeDef:
    if dtype in (types_pb2.DT_RESOURCE, types_pb2.DT_VARIANT):
        return NodeDef(name=name, op="Placeholder", attr={"dtype": {"type": dtype}})
    value = tf.make_tensor_proto(text if dtype == types_pb2.DT_STRING else 0, dtype=dtype)
    return NodeDef(name=name, op="Const", attr={"dtype": {"type": dtype}, "value": {"tensor": value}})


def _set_attribute(node: NodeDef, attribute: op_def_pb2.OpDef.AttrDef, planted: Planted) -> None:
    value = node.attr[attribute.name]
    if attribute.name in planted.attributes:
        value.s = planted.attributes[attribute.name].encode()
    elif attribute.HasField("default_value"):
        value.CopyFrom(attribute.default_value)
    elif attribute.type == "type":
        value.type = types_pb2.DT_FLOAT
    elif attribute.type == "list(type)":
        value.list.type.append(types_pb2.DT_FLOAT)
    elif attribute.type == "list(shape)":
        value.list.shape.add()
    elif attribute.type == "shape":
        value.shape.SetInParent()
    elif attribute.type == "int":
        value.i = 1
    elif attribute.type == "string":
        value.s = b""
    else:
        value.func.SetInParent()


def plant(function: FunctionDef, planted: Planted) -> None:
    """Add the operator and its inputs to the end of a function."""
    function.node_def.extend(nodes_of(planted, in_function=True))


def write_file(path: str) -> Planted:
    """Return a WriteFile of that path."""
    return Planted("WriteFile", "file write", path)


class _Opened:
    """A SavedModel's definition, open for changes."""

    def __init__(self, target: Path) -> None:
        self._file = target / "saved_model.pb"
        self._proto = saved_model_pb2.SavedModel.FromString(self._file.read_bytes())
        self.graph = self._proto.meta_graphs[0].graph_def
        self.meta: meta_graph_pb2.MetaGraphDef = self._proto.meta_graphs[0]
        self._functions = {function.signature.name: function for function in self.graph.library.function}

    def write(self) -> None:
        """Write the definition back."""
        self._file.write_bytes(self._proto.SerializeToString(deterministic=True))

    def served(self) -> FunctionDef:
        """Return the function behind the signature's wrapper."""
        output = self.meta.signature_def["serving_default"].outputs["mapped"].name.split(":")[0]
        call = next(node for node in self.graph.node if node.name == output)
        wrapper = self._functions[call.attr["f"].func.name]
        return self._called(wrapper, "PartitionedCall", "f")

    def in_served(self, place: str) -> FunctionDef:
        """Return the function that the served one uses in that way."""
        operators = {"call": ("PartitionedCall", "f"), "If": ("If", "then_branch"), "While": ("While", "body")}
        return self._called(self.served(), *operators.get(place, ("MapDataset", "f")))

    def _called(self, caller: FunctionDef, operator: str, attribute: str) -> FunctionDef:
        node = next(one for one in caller.node_def if one.op.endswith(operator) or one.op.startswith(f"Parallel{operator}"))
        return self._functions[node.attr[attribute].func.name]

    def init_node(self) -> NodeDef:
        """Return the node that is fetched when the artifact is loaded."""
        name = self.meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name.split(":")[0]
        return next(node for node in self.graph.node if node.name == name)

    def new_function(self, name: str) -> FunctionDef:
        """Add an empty function."""
        function = self.graph.library.function.add()
        function.signature.name = name
        return function


def _nested_model(target: Path) -> _Opened:
    module = Nested()
    tf.saved_model.save(module, str(target), signatures=module.__call__)
    return _Opened(target)


def planted_operators(target: Path) -> None:
    """Plant every operator where each request passes."""
    opened = _nested_model(target)
    for one in planting.OPERATORS:
        plant(opened.served(), one)
    opened.write()


def planted_in_init(target: Path) -> None:
    """Plant a WriteFile that the init op waits for, one in a function that it calls, one where nothing leads."""
    opened = _nested_model(target)
    nodes = list(nodes_of(write_file(planting.INIT_FILE), in_function=False))
    plant(opened.new_function("prepare"), write_file(planting.INIT_FUNCTION_FILE))
    call = NodeDef(name="call_prepare", op="StatefulPartitionedCall", attr={"f": {"func": {"name": "prepare"}}})
    call.attr["Tin"].list.SetInParent()
    call.attr["Tout"].list.SetInParent()
    opened.graph.node.extend([*nodes, call])
    opened.init_node().input.extend([f"^{nodes[-1].name}", "^call_prepare"])
    plant(opened.new_function("forgotten"), write_file(planting.UNREACHABLE_FILE))
    opened.write()


def planted_unreachable(target: Path) -> None:
    """Plant every operator in a function that nothing calls."""
    opened = _nested_model(target)
    forgotten = opened.new_function("forgotten")
    for one in planting.OPERATORS:
        plant(forgotten, one)
    plant(forgotten, write_file(planting.UNREACHABLE_FILE))
    opened.write()


def planted_nested(target: Path) -> None:
    """Plant a WriteFile in each kind of nested function."""
    opened = _nested_model(target)
    for place, path in planting.PLACES.items():
        plant(opened.in_served(place), write_file(path))
    opened.write()


def planted_hidden(target: Path) -> None:
    """Plant a WriteFile in functions that are reached in unusual ways."""
    opened = _nested_model(target)
    for way, path in planting.HIDDEN.items():
        plant(opened.new_function(f"hidden_in_{way}"), write_file(path))
    case = NodeDef(name="case", op="Case", input=["index:output:0"])
    branches = case.attr["branches"].list.func
    branches.add().name = opened.meta.graph_def.library.function[0].signature.name
    branches.add().name = "hidden_in_Case"
    mystery = NodeDef(name="mystery", op="AcmeSchedule", attr={"work": {"func": {"name": "hidden_in_unknown"}}})
    index = _constant("index", types_pb2.DT_INT32, "")
    opened.served().node_def.extend([index, case, NodeDef(name="direct", op="hidden_in_operator"), mystery])
    opened.write()


def planted_in_main_op(target: Path) -> None:
    """Plant a WriteFile that the main op of a TensorFlow 1 graph waits for."""
    tables_and_assets(target)
    opened = _Opened(target)
    main = opened.meta.collection_def["saved_model_main_op"].node_list.value[0]
    nodes = list(nodes_of(write_file(planting.MAIN_OP_FILE), in_function=False))
    opened.graph.node.extend(nodes)
    next(node for node in opened.graph.node if node.name == main).input.append(f"^{nodes[-1].name}")
    opened.write()


def planted_custom_operator(target: Path) -> None:
    """Put an operator of nobody's registry where each request passes."""
    opened = _nested_model(target)
    opened.served().node_def.append(NodeDef(name="mystery", op="AcmeFusedAttention"))
    opened.write()


class _Looker(tf.Module):
    """A table that is filled, at load, from a file outside the artifact's assets."""

    def __init__(self, vocabulary: str) -> None:
        super().__init__()
        initializer = tf.lookup.TextFileInitializer(
            vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def __call__(self, words: tf.Tensor) -> tf.Tensor:
        """Return int64[n] ids."""
        return self.table.lookup(words)


def asset_table(target: Path) -> None:
    """Fill a TensorFlow 2 table from an asset: what a clean artifact with a vocabulary looks like."""
    vocabulary = Path("words.txt")
    vocabulary.write_text("alpha\nbeta\n")
    module = _Looker(str(vocabulary.resolve()))
    tf.saved_model.save(module, str(target), signatures=module.__call__)


def planted_table_file(target: Path) -> None:
    """The same, but filled from a file of the machine in place of the asset."""
    asset_table(target)
    opened = _Opened(target)
    filler, fill = next(
        (function, node)
        for function in opened.graph.library.function
        for node in function.node_def
        if node.op == "InitializeTableFromTextFileV2"
    )
    path = _constant("planted_path", types_pb2.DT_STRING, planting.OUTSIDE_VOCABULARY)
    filler.node_def.append(path)
    fill.input[1] = f"{path.name}:output:0"
    opened.write()


MAKERS = {
    "asset_table": asset_table,
    "planted_operators": planted_operators,
    "planted_in_init": planted_in_init,
    "planted_unreachable": planted_unreachable,
    "planted_nested": planted_nested,
    "planted_hidden": planted_hidden,
    "planted_in_main_op": planted_in_main_op,
    "planted_custom_operator": planted_custom_operator,
    "planted_table_file": planted_table_file,
}
