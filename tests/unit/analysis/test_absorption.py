"""What is drawn with its consumer."""

from __future__ import annotations

from inspector.analysis.absorption import captured_constants
from inspector.analysis.lanes import lay_out
from inspector.records.graph import Graph
from inspector.records.layout import Layout
from tests.unit.analysis.graph_making import GraphMaker
from tests.unit.analysis.layout_rules import check_edges, check_lanes, check_rows


def laid_out(graph: Graph) -> Layout:
    layout = lay_out(graph)
    check_rows(graph, layout)
    check_lanes(layout)
    check_edges(graph, layout)
    return layout


def visible(graph: Graph) -> list[str]:
    return [graph.nodes[number].operator for number in laid_out(graph).nodes if number >= 0]


def test_constants_go_with_their_consumer() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    y = maker.node("Reshape", x, maker.constant(2))
    maker.output(maker.node("Mul", y, maker.constant()))
    layout = laid_out(maker.graph())
    assert layout.absorbed == {1: (0,), 3: (2,)}
    assert layout.shape_nodes == frozenset()


def test_a_constant_subgraph_goes_as_a_whole() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    scale = maker.node("Transpose", maker.node("DequantizeLinear", maker.weight(4, 4), maker.constant()))
    maker.output(maker.node("MatMul", x, scale))
    layout = laid_out(maker.graph())
    assert layout.absorbed == {3: (0, 1, 2)}


def test_a_shared_constant_goes_with_the_first_consumer_in_row_order() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    shared = maker.constant()
    y = maker.node("Add", x, shared)
    maker.output(maker.node("Mul", y, shared))
    assert laid_out(maker.graph()).absorbed == {1: (0,)}


def test_shape_arithmetic_goes_with_its_consumer_and_is_marked() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    shape = maker.node("Shape", x)
    length = maker.node("Gather", shape, maker.constant())
    target = maker.node("Concat", maker.node("Unsqueeze", length, maker.constant(1)), maker.constant(1))
    maker.output(maker.node("Reshape", x, target))
    layout = laid_out(maker.graph())
    assert layout.absorbed == {7: (0, 1, 2, 3, 4, 5, 6)}
    assert layout.shape_nodes == {0, 2, 4, 6}


def test_shape_arithmetic_that_is_an_output_is_shown_from_its_start() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    shape = maker.node("Shape", x)
    maker.output(maker.node("Gather", shape, maker.constant()))
    assert visible(maker.graph()) == ["Shape", "Gather"]


def test_looking_up_positions_in_a_large_table_is_data() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    length = maker.node("Shape", x)
    positions = maker.node("Range", maker.constant(), length, maker.constant())
    table = maker.node("Gather", maker.weight(512, 768), positions)
    maker.output(maker.node("Add", x, table))
    assert sorted(visible(maker.graph())) == ["Add", "Gather"]


def test_sines_of_positions_are_data_but_what_counts_positions_is_not() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    positions = maker.node("Range", maker.constant(), maker.node("Shape", x), maker.constant())
    angles = maker.node("Mul", positions, maker.weight(32))
    maker.output(maker.node("Add", x, maker.node("Cos", angles)))
    assert sorted(visible(maker.graph())) == ["Add", "Cos"]


def test_random_numbers_are_data_though_nothing_feeds_them() -> None:
    maker = GraphMaker()
    maker.output(maker.node("Relu", maker.node("RandomNormal", shape=(3,))))
    assert visible(maker.graph()) == ["RandomNormal", "Relu"]


def test_filling_a_shape_is_a_constant_but_a_foreign_source_is_data() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    zeros = maker.node("ConstantOfShape", maker.constant(2))
    image = maker.node("ReadImage", domain="my.domain")
    maker.output(maker.node("Add", maker.node("Add", x, zeros), image))
    assert visible(maker.graph()).count("ConstantOfShape") == 0
    assert "ReadImage" in visible(maker.graph())


def test_a_constant_that_is_an_output_has_a_row() -> None:
    maker = GraphMaker()
    maker.output(maker.constant(3))
    assert visible(maker.graph()) == ["Constant"]


def test_a_dead_constant_has_a_row() -> None:
    maker = GraphMaker()
    maker.constant(3)
    maker.output(maker.node("Relu", maker.input("x")))
    assert sorted(visible(maker.graph())) == ["Constant", "Relu"]


def test_a_graph_that_only_generates_shows_what_it_does() -> None:
    maker = GraphMaker()
    grid = maker.node("Range", maker.constant(), maker.constant(), maker.constant())
    maker.output(maker.node("Sin", maker.node("Cast", grid)))
    assert visible(maker.graph()) == ["Range", "Cast", "Sin"]


def test_an_input_that_is_an_initializer_is_a_weight() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    name = maker.weight(3)
    maker.inputs.append(maker.values[name])
    maker.output(maker.node("Mul", x, name))
    layout = laid_out(maker.graph())
    assert layout.nodes == [-1, 0, -3]
    assert layout.input_count == 2


def test_a_node_with_subgraphs_is_never_absorbed_and_takes_what_they_capture() -> None:
    branch = GraphMaker("/2.then_branch")
    branch.output(branch.node("Neg", "t0", outputs=("negated",)))
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Relu", x)
    condition = maker.constant()
    maker.output(maker.node("If", condition, subgraphs=(branch.graph(),)))
    graph = maker.graph()
    layout = laid_out(graph)
    assert visible(graph) == ["Relu", "If"]
    assert layout.has_output_below[layout.row_of[0]]
    inner = lay_out(branch.graph())
    assert inner.portals_in == {0: ("t0",)}


def nested_use_of_constants() -> tuple[Graph, Graph]:
    """Return a graph and the one nested in it, which computes with a weight, a constant and a tensor of the outer one."""
    branch = GraphMaker("/4.then_branch")
    scale = branch.node("Transpose", "weight_0", outputs=("scale",))
    moved = branch.node("Add", branch.node("Mul", "t0", scale, outputs=("scaled",)), "t2", outputs=("moved",))
    branch.output(moved)
    maker = GraphMaker()
    maker.weight(4, 4)
    maker.node("Relu", maker.input("x"))
    maker.node("Identity", maker.constant())
    condition = maker.constant()
    maker.output(maker.node("If", condition, subgraphs=(branch.graph(),)))
    return maker.graph(), branch.graph()


def test_constants_of_an_outer_graph_are_absorbed_in_a_nested_one() -> None:
    outer, inner = nested_use_of_constants()
    constants = captured_constants(outer)
    assert constants == {"/4.then_branch": {"weight_0", "t2"}}
    layout = lay_out(inner, constants[inner.path])
    assert [inner.nodes[number].operator for number in layout.nodes if number >= 0] == ["Mul", "Add"]
    assert layout.absorbed == {1: (0,)}
    assert layout.portals_in == {0: ("t0",)}


def test_without_knowing_them_they_are_portals() -> None:
    _, inner = nested_use_of_constants()
    layout = lay_out(inner)
    assert layout.absorbed == {}
    assert sorted(name for names in layout.portals_in.values() for name in names) == ["t0", "t2", "weight_0"]
