"""The part of the text report that is about a computation: operators, weights and repeated blocks."""

from __future__ import annotations

from inspector.records.review import GraphSummary
from inspector.report.figures import bar_text, bytes_text, count_text, plural, shape_text, share_text, whole_text
from inspector.report.sentences import PLAIN_DOMAINS
from inspector.report.text_page import Cell, Column, Page

MOST_OPERATORS = 12
MOST_WEIGHTS = 8
MOST_REPEATS = 10
BAR = 16

LEFT, RIGHT, NAME = Column(), Column("right"), Column(flexible=True)


def write_graph(page: Page, graph: GraphSummary) -> None:
    """Add the sections about the computation to the page."""
    _write_operators(page, graph)
    _write_dtypes(page, graph)
    _write_largest_weights(page, graph)
    _write_repeats(page, graph)


def _write_operators(page: Page, graph: GraphSummary) -> None:
    if not graph.operators:
        return
    total = sum(use.count for use in graph.operators)
    page.heading("Operators", f"{plural(len(graph.operators), 'operator')}, most used first")
    most = graph.operators[0].count
    rows = [_row_of_titles("operator", "nodes", "", "params", "FLOPs", "of FLOPs")]
    for use in graph.operators[:MOST_OPERATORS]:
        share = use.flops / graph.flops.value if use.flops is not None and graph.flops.value else None
        rows.append(
            [
                Cell(_operator_text(use.domain, use.name)),
                Cell(whole_text(use.count)),
                Cell(bar_text(use.count / most, BAR), "bar"),
                Cell(count_text(use.parameters) if use.parameters else ""),
                Cell("" if not use.flops else count_text(use.flops)) if use.flops is not None else Cell("?", "medium"),
                Cell(share_text(share) if share else ""),
            ]
        )
    page.table([NAME, RIGHT, LEFT, RIGHT, RIGHT, RIGHT], rows)
    rest = graph.operators[MOST_OPERATORS:]
    count = sum(use.count for use in rest)
    page.rest(len(rest), "operator", f" in {plural(count, 'node')} of {whole_text(total)}")


def _row_of_titles(*titles: str) -> list[Cell]:
    return [Cell(title, "label") for title in titles]


def _operator_text(domain: str, name: str) -> str:
    return name if domain in PLAIN_DOMAINS else f"{domain}.{name}"


def _write_dtypes(page: Page, graph: GraphSummary) -> None:
    if not graph.weights_by_dtype:
        return
    page.heading("Weights by element type")
    total = sum(share.bytes for share in graph.weights_by_dtype)
    rows = [_row_of_titles("dtype", "params", "bytes", "", "of bytes")]
    for share in graph.weights_by_dtype:
        part = share.bytes / total if total else 0.0
        rows.append(
            [
                Cell(share.dtype),
                Cell(count_text(share.parameters)),
                Cell(bytes_text(share.bytes)),
                Cell(bar_text(part, BAR), "bar"),
                Cell(share_text(part)),
            ]
        )
    page.table([NAME, RIGHT, RIGHT, LEFT, RIGHT], rows)


def _write_largest_weights(page: Page, graph: GraphSummary) -> None:
    if not graph.largest_weights:
        return
    shown = graph.largest_weights[:MOST_WEIGHTS]
    page.heading("Largest weights", f"{len(shown)} of {whole_text(max(graph.weight_count, len(shown)))}")
    rows = []
    for weight in shown:
        part = weight.bytes / graph.weight_bytes if graph.weight_bytes else 0.0
        shape = Cell(f"{weight.dtype}{shape_text(weight.shape)}")
        rows.append(
            [Cell(weight.name), shape, Cell(bytes_text(weight.bytes)), Cell(share_text(part)), Cell(weight.place, "label")]
        )
    shrinking = Column(flexible=True, least=12)
    page.table([Column(flexible=True, least=24), shrinking, RIGHT, RIGHT, shrinking], rows)


def _write_repeats(page: Page, graph: GraphSummary) -> None:
    if not graph.repeats:
        return
    page.heading("Repeated blocks", "found by structure, whatever the names")
    for repeat in graph.repeats[:MOST_REPEATS]:
        each = f"{plural(repeat.node_count, 'node')} in all"
        page.table([NAME, RIGHT, LEFT], [[Cell(repeat.title), Cell(f"×{repeat.count:,}", "title"), Cell(each, "label")]])
        page.paragraph([Cell(f"but {exception}", "label") for exception in repeat.exceptions], indent=4)
    page.rest(len(graph.repeats) - MOST_REPEATS, "repeated block")
