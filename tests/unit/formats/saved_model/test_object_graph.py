"""Object graphs: paths, variables and their keys, slots, and what hostile ones may hold."""

from __future__ import annotations

from typing import Any

from inspector.formats.clean_text import TextCleaner
from inspector.formats.saved_model.captures import SEVERAL, follow
from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.object_graph import match_checkpoint, read_objects
from inspector.formats.saved_model.operators import Argument
from inspector.formats.saved_model.schema import ObjectGraphMessage, TrackableGraphMessage


def add_child(node: Any, name: bytes, number: int) -> None:
    child = node.children.add()
    child.local_name, child.node_id = name, number


def with_optimizer() -> Any:
    """Return root -> {layers -> {0 -> kernel}, optimizer}, the optimizer having slot m of the kernel."""
    graph = ObjectGraphMessage()
    root, layers, layer, kernel, optimizer, slot = (graph.nodes.add() for _ in range(6))
    add_child(root, b"layers", 1)
    add_child(layers, b"0", 2)
    add_child(layer, b"kernel", 3)
    add_child(root, b"optimizer", 4)
    add_child(layer, b"layers", 1)
    kernel.variable.name, kernel.variable.dtype, kernel.variable.trainable = b"dense/kernel", 1, True
    slot.variable.name = b"dense/kernel/m"
    held = optimizer.slot_variables.add()
    held.original_variable_node_id, held.slot_name, held.slot_variable_node_id = 3, b"m", 5
    return graph


def stored() -> Any:
    """Return the checkpoint's graph of the same objects, numbered otherwise."""
    graph = TrackableGraphMessage()
    root, optimizer, layers, layer, slot, kernel = (graph.nodes.add() for _ in range(6))
    add_child(root, b"optimizer", 1)
    add_child(root, b"layers", 2)
    add_child(layers, b"0", 3)
    add_child(layer, b"kernel", 5)
    for node, key in ((kernel, b"layers/0/kernel/.ATTRIBUTES/VARIABLE_VALUE"), (slot, b"k/.OPTIMIZER_SLOT/m")):
        one = node.attributes.add()
        one.name, one.full_name, one.checkpoint_key = b"VARIABLE_VALUE", b"full name", key
    held = optimizer.slot_variables.add()
    held.original_variable_node_id, held.slot_name, held.slot_variable_node_id = 5, b"m", 4
    return graph


def test_variables_are_found_in_the_checkpoint_by_their_names() -> None:
    objects, cleaner = with_optimizer(), TextCleaner()
    found = read_objects(objects, cleaner)
    described = match_checkpoint(objects, stored(), found, cleaner)
    kernel, slot = found.variables[3], found.variables[5]
    assert kernel.path == "root.layers[0].kernel"
    assert kernel.key == b"layers/0/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    assert (slot.key, slot.slot_of, slot.slot) == (b"k/.OPTIMIZER_SLOT/m", 3, "m")
    assert described[slot.key] == ("full name", "m", "layers/0/kernel/.ATTRIBUTES/VARIABLE_VALUE")


def test_references_to_nothing_are_left_out() -> None:
    objects, trackable, cleaner = with_optimizer(), stored(), TextCleaner()
    for number in (-1, 6, 2**31 - 1):
        add_child(objects.nodes[0], b"gone", number)
        add_child(trackable.nodes[0], b"gone", number)
        slot = objects.nodes[4].slot_variables.add()
        slot.original_variable_node_id, slot.slot_variable_node_id = number, number
        slot = trackable.nodes[1].slot_variables.add()
        slot.original_variable_node_id, slot.slot_variable_node_id = number, number
    found = read_objects(objects, cleaner)
    match_checkpoint(objects, trackable, found, cleaner)
    assert sorted(found.variables) == [3, 5]
    assert found.variables[3].key


def test_an_empty_object_graph() -> None:
    found = read_objects(ObjectGraphMessage(), TextCleaner())
    assert (found.variables, found.objects, found.paths) == ({}, (), {})


def function(name: str, arguments: list[str], *nodes: RawNode) -> RawGraph:
    graph = RawGraph(name, list(nodes), tuple(Argument(one, "resource") for one in arguments), is_function=True)
    for index, node in enumerate(graph.nodes):
        node.index = index
    return graph


def call(callee: str, *inputs: str, operator: str = "PartitionedCall") -> RawNode:
    return RawNode(0, f"call {callee}", operator, list(inputs), (), "", functions=[("f", callee)])


def test_arguments_are_followed_through_calls_and_branches() -> None:
    functions = {
        "outer": function("outer", ["a", "b"], call("inner", "b", "a"), call("branch", "p", "a", operator="If")),
        "inner": function("inner", ["c", "d"]),
        "branch": function("branch", ["e"]),
    }
    captures = follow(RawGraph(), functions, [("outer", 0, 7), ("outer", 1, 8)], {})
    assert captures.certain("inner") == {"c": 8, "d": 7}
    assert captures.certain("branch") == {"e": 7}


def test_calls_that_disagree_leave_an_argument_open() -> None:
    functions = {
        "one": function("one", ["a"], call("inner", "a")),
        "two": function("two", ["a"], call("inner", "a")),
        "inner": function("inner", ["c"], call("inner", "c")),
    }
    captures = follow(RawGraph(), functions, [("one", 0, 1), ("two", 0, 2)], {})
    assert captures.of["inner"] == {"c": SEVERAL}
    assert captures.certain("inner") == {}


def test_what_makes_a_variable_is_learnt_from_the_function_it_is_passed_to() -> None:
    maker = RawNode(0, "handle", "VarHandleOp", [], (), "")
    graph = RawGraph(nodes=[maker, call("f", "handle:0")])
    captures = follow(graph, {"f": function("f", ["a"])}, [("f", 0, 4)], {})
    assert captures.handles == {"handle": 4}
