"""Lanes drawn as text: each crossing, corner and junction, and whole small graphs."""

from __future__ import annotations

import pytest

from inspector.records.graph import Graph
from inspector.tui.widgets.graph.document import Document, Place
from inspector.tui.widgets.graph.folding import Folding
from inspector.tui.widgets.graph.heat import Heat
from inspector.tui.widgets.graph.lane_drawing import Rails, draw_fold, draw_node, draw_passing, rails_for, text_of, trimmed
from inspector.tui.widgets.graph.row_text import RowText
from inspector.tui.widgets.graph.rows import outline
from tests.unit.tui.nets import RESIDUAL, blocks, conditional, inspected, net


def node(lane: int, passing: int = 0, reads: int = 0, ends: int = 0, columns: int = 4, spaced: bool = True) -> str:
    return text_of(draw_node(lane, passing, reads, ends, Rails(columns, spaced))).rstrip()


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (node(0), "●"),
        (node(0, ends=0b1), "●"),
        (node(1, passing=0b1), "│ ●"),
        (node(1, passing=0b1, reads=0b1), "├─●"),
        (node(0, passing=0b10, reads=0b10), "●─┤"),
        (node(0, ends=0b11), "●─╯"),
        (node(1, ends=0b11), "╰─●"),
        (node(0, passing=0b10, ends=0b101), "●─┼─╯"),
        (node(0, ends=0b1111), "●─┴─┴─╯"),
        (node(3, passing=0b11, reads=0b1, ends=0b100), "├─┼─┴─●"),
        (node(3, passing=0b11, reads=0b11), "├─├───●"),
        (node(2, passing=0b1011, ends=0b100), "│ │ ● │"),
        (node(0, ends=0b101, spaced=False), "●─╯"),
        (node(0, ends=0b1001), "●─────╯"),
    ],
)
def test_one_row(drawn: str, expected: str) -> None:
    assert drawn == expected


def test_lanes_beyond_the_last_column_share_it() -> None:
    assert node(9, passing=0b1, columns=3) == "│   ●"
    assert node(0, passing=0b1110000000, columns=3) == "●   │"
    assert text_of(draw_passing(1 << 40, Rails(2))) == "  │"


def test_a_fold_starts_and_ends_lanes() -> None:
    rails = Rails(3)
    assert text_of(draw_fold(0, 0, 0, 0b1, 0b1, rails)).rstrip() == "■"
    assert text_of(draw_fold(0, 0, 0, 0b101, 0b11, rails)) == "■─┬─╯"
    assert text_of(draw_fold(0, 0, 0, 0b1, 0b101, rails)) == "■───╮"
    assert text_of(draw_fold(0, 0b10, 0b10, 0b1, 0b1, rails)).rstrip() == "■─┤"
    assert text_of(draw_fold(2, 0, 0, 0b1, 0b101, rails)) == "├───■"


def test_rails_stay_within_their_budget() -> None:
    for lanes in (1, 3, 8, 40, 5000):
        for budget in (1, 3, 9, 24):
            assert rails_for(lanes, budget).width <= budget
    assert rails_for(3, 9).spaced
    assert not rails_for(8, 9).spaced


def test_words_begin_at_tab_stops() -> None:
    assert len(trimmed(draw_node(0, 0, 0, 0, Rails(8)))) == 3
    assert len(trimmed(draw_node(1, 1, 0, 0, Rails(8)))) == 3
    assert len(trimmed(draw_node(2, 3, 0, 0, Rails(8)))) == 7


def drawing(graph: Graph, open_all: bool = True) -> str:
    """Draw a graph as the view does, without columns."""
    document = Document(inspected(graph))
    folding = Folding()
    folding.set_all_folds(open_all)
    for index, held in enumerate(graph.nodes):
        if held.subgraphs:
            folding.set_node(Place(""), index, True)
    text = RowText(document, Heat(document))
    lines = []
    shown = outline(document, folding)
    for row in map(shown.row_at, range(len(shown))):
        lanes = text_of((*text.prefix(row.section, 12), *trimmed(text.lanes(row, 12))))
        lines.append(f"{lanes} {''.join(part for part, _ in text.label(row, 60))}".rstrip())
    return "\n".join(lines)


def test_a_residual_block() -> None:
    assert drawing(net(RESIDUAL)) == (
        "●   x  input\n"
        "├─● MatMul\n"
        "│ ● Relu\n"
        "│ ● MatMul\n"
        "●─╯ Add\n"
        "●   y  output"
    )  # fmt: skip


def test_three_branches_that_meet() -> None:
    graph = net("in x\na = Exp(x)\nb = Log(x)\nc = Neg(x)\ny = Concat(a, b, c)\nout y")
    assert drawing(graph) == (
        "●   x  input\n"
        "├─● Exp\n"
        "├─┼─● Log\n"
        "● │ │ Neg\n"
        "●─┴─╯ Concat\n"
        "●   y  output"
    )  # fmt: skip


def test_a_closed_fold_is_one_row_with_its_count() -> None:
    first, fold, *rest = drawing(blocks(4), open_all=False).splitlines()
    assert first == "●   x  input"
    assert fold.startswith("■   ▸ layer.0 …")
    assert fold.endswith("3  ×4 identical blocks, 16 nodes")
    assert rest == ["●   Softmax", "●   last  output"]


def test_a_nested_graph_lies_beside_the_lanes_that_pass_it() -> None:
    text = drawing(conditional())
    lines = text.splitlines()
    heading = next(at for at, line in enumerate(lines) if "then_branch" in line)
    assert lines[heading].endswith("▾ then_branch  2 nodes")
    assert "┊" in lines[heading]
    inner = next(line for line in lines[heading + 1 :] if "Relu" in line)
    assert inner.index("┊") < inner.index("●")
    assert "⟵ mid" in inner
