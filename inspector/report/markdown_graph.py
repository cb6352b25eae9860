"""The part of the Markdown report about a graph: cost, operators, weights, blocks that repeat."""

from __future__ import annotations

from inspector.records.review import GraphSummary
from inspector.report import sentences
from inspector.report.figures import bytes_text, count_text, shape_text, share_text, whole_text
from inspector.report.markdown_folds import Lines, rest, section
from inspector.report.markdown_text import code, prose, table

MOST_ROWS = 20


def graph_fact_rows(graph: GraphSummary) -> list[tuple[str, str]]:
    """Return what is known of the computation as a whole, as label and value."""
    return [
        ("made by", prose(sentences.origin_sentence(graph))),
        ("opsets", prose(sentences.opsets_sentence(graph))),
        ("nodes", prose(sentences.nodes_sentence(graph))),
        ("weights", prose(sentences.weights_sentence(graph))),
        ("FLOPs", prose(sentences.flops_sentence(graph.flops))),
        ("FLOPs formula", code(graph.flops.formula)),
        ("FLOPs not counted", prose(sentences.uncovered_sentence(graph.flops))),
        ("FLOPs assume", "; ".join(map(prose, sentences.assumption_sentences(graph.flops)))),
        ("activations", prose(sentences.activation_sentence(graph))),
    ]


def graph_lines(graph: GraphSummary) -> Lines:
    """Yield the sections of a graph."""
    yield from _operators(graph)
    yield from _dtypes(graph)
    yield from _largest_weights(graph)
    yield from _repeats(graph)


def _operators(graph: GraphSummary) -> Lines:
    if not graph.operators:
        return
    rows = []
    for use in graph.operators[:MOST_ROWS]:
        share = share_text(use.flops / graph.flops.value) if use.flops and graph.flops.value else ""
        flops = "unknown" if use.flops is None else count_text(use.flops)
        name = use.name if use.domain in sentences.PLAIN_DOMAINS else f"{use.domain}.{use.name}"
        rows.append((code(name), whole_text(use.count), count_text(use.parameters), flops, share))
    yield from section("Operators")
    yield from table(("operator", "nodes", "params", "FLOPs", "of FLOPs"), rows, right=(1, 2, 3, 4))
    yield from rest(len(graph.operators) - MOST_ROWS, "operator")


def _dtypes(graph: GraphSummary) -> Lines:
    if not graph.weights_by_dtype:
        return
    rows = [(code(share.dtype), count_text(share.parameters), bytes_text(share.bytes)) for share in graph.weights_by_dtype]
    yield from section("Weights")
    yield from table(("dtype", "params", "bytes"), rows, right=(1, 2))


def _largest_weights(graph: GraphSummary) -> Lines:
    if not graph.largest_weights:
        return
    rows = []
    for weight in graph.largest_weights[:MOST_ROWS]:
        share = weight.bytes / graph.weight_bytes if graph.weight_bytes else 0.0
        tensor = f"{weight.dtype}{shape_text(weight.shape)}"
        rows.append((code(weight.name), code(tensor), bytes_text(weight.bytes), share_text(share), code(weight.place)))
    yield ""
    yield from table(("largest weights", "tensor", "bytes", "of weights", "place"), rows, right=(2, 3))


def _repeats(graph: GraphSummary) -> Lines:
    if not graph.repeats:
        return
    rows = [
        (code(repeat.title), f"×{repeat.count:,}", whole_text(repeat.node_count), "; ".join(map(prose, repeat.exceptions)))
        for repeat in graph.repeats[:MOST_ROWS]
    ]
    yield from section("Repeated blocks")
    yield from table(("block", "times", "nodes in all", "exceptions"), rows, right=(1, 2))
    yield from rest(len(graph.repeats) - MOST_ROWS, "repeated block")
