"""What the artifact is: identity, signatures, external files, and its graph in numbers, tables and as a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.artifact import ExternalFile
from inspector.records.graph import Signature
from inspector.records.review import GraphSummary, Review
from inspector.report import plots, sentences
from inspector.report.contract_sentences import contract_entries
from inspector.report.figures import bytes_text, count_text, plural, shape_text, tensor_text, whole_text
from inspector.report.html.blocks import (
    Block,
    Cell,
    Plot,
    Section,
    code,
    columns,
    facts,
    group,
    number,
    right,
    section,
    share,
    table,
)

MOST_SIGNATURES: Final = 40
LONG_OUTLINE: Final = 45
"""Rows of an outline from which it scrolls in a frame."""
HEATS: Final = (("flops", "FLOPs"), ("parameters", "parameters"), ("time", "time"))


def artifact_section(review: Review) -> list[Section]:
    """Return what was opened: path, digest, what it carries."""
    artifact = review.artifact
    entries: list[tuple[str, Cell | str]] = [
        ("path", code(artifact.inside or artifact.path)),
        ("format", sentences.FORMAT_NAMES[artifact.format]),
        ("size", sentences.total_size_text(review)),
        ("sha256", code(artifact.sha256 or "")),
    ]
    entries += [(f"metadata {key}", code(value)) for key, value in sentences.metadata_items(artifact)[:100]]
    entries.append(("baseline", code(review.baseline)))
    blocks = [*facts(entries), *_external_files(review.external_files)]
    return section("artifact", "The artifact", blocks)


def _external_files(files: Sequence[ExternalFile]) -> list[Block]:
    rows = [
        (
            code(one.location),
            number(bytes_text(one.size_bytes), one.size_bytes),
            sentences.external_sentence(one),
            code(one.sha256 or ""),
        )
        for one in files[:200]
    ]
    titles = columns("file", right("bytes"), "use", "sha256")
    return group("External data", table("External data", titles, rows, len(files), "file"))


def signatures_section(review: Review) -> list[Section]:
    """Return inputs and outputs by signature; those of a SavedModel stand with it."""
    if review.saved_model is not None:
        return []
    blocks: list[Block] = []
    for signature in review.signatures[:MOST_SIGNATURES]:
        found = _signature(signature)
        blocks += group(signature.name or "(no name)", found) if len(review.signatures) > 1 else found
    return section("signatures", "Signatures", blocks, badge=whole_text(len(review.signatures)))


def _signature(signature: Signature) -> list[Block]:
    specs = [("input", spec) for spec in signature.inputs] + [("output", spec) for spec in signature.outputs]
    rows = [(kind, code(spec.name), code(tensor_text(spec))) for kind, spec in specs]
    return table("Inputs and outputs", ("direction", "name", "tensor"), rows, noun="tensor")


def graph_section(review: Review) -> list[Section]:
    """Return the graph as a drawing, in numbers, and what it is made of."""
    blocks = [*_drawing(review)]
    if review.graph is not None:
        graph = review.graph
        blocks += facts(_graph_facts(graph))
        blocks += [*_operators(graph), *_dtypes(graph), *_largest_weights(graph), *_repeats(graph)]
    return section("graph", "The graph", blocks)


def _drawing(review: Review) -> Iterator[Block]:
    outline = review.outline
    svg = plots.graph(outline)
    if outline is None or not svg:
        return
    heats = tuple((key, name) for key, name in HEATS if f"heat-{key}" in svg)
    caption = "From inputs to outputs, in the order of execution; equal blocks are drawn once. The shade tells the share of "
    caption += "the costliest row."
    left = f" {plural(outline.left_out, 'node')} are not drawn." if outline.left_out else ""
    yield Plot(svg, "The graph, folded", caption + left, len(outline.rows) > LONG_OUTLINE, heats)


def _graph_facts(graph: GraphSummary) -> list[tuple[str, Cell | str]]:
    return [
        ("made by", sentences.origin_sentence(graph)),
        ("opsets", sentences.opsets_sentence(graph)),
        ("nodes", sentences.nodes_sentence(graph)),
        ("weights", sentences.weights_sentence(graph)),
        ("FLOPs", sentences.flops_sentence(graph.flops)),
        ("FLOPs formula", code(graph.flops.formula)),
        ("FLOPs not counted", sentences.uncovered_sentence(graph.flops)),
        *(("FLOPs assume", sentence) for sentence in sentences.assumption_sentences(graph.flops)),
        ("activations", sentences.activation_sentence(graph)),
    ]


def _operators(graph: GraphSummary) -> list[Block]:
    rows = []
    for use in graph.operators[:1000]:
        flops = "unknown" if use.flops is None else count_text(use.flops)
        rows.append(
            (
                code(use.name if use.domain in sentences.PLAIN_DOMAINS else f"{use.domain}.{use.name}"),
                number(whole_text(use.count), use.count),
                number(count_text(use.parameters), use.parameters),
                number(flops, use.flops),
                share(use.flops, graph.flops.value) if use.flops else number("", None),
            )
        )
    titles = columns("operator", right("nodes", "params", "FLOPs", "of FLOPs"))
    return group("Operators", table("Operators", titles, rows, len(graph.operators), "operator"))


def _dtypes(graph: GraphSummary) -> list[Block]:
    whole = sum(one.bytes for one in graph.weights_by_dtype)
    rows = [
        (
            code(one.dtype),
            number(count_text(one.parameters), one.parameters),
            number(bytes_text(one.bytes), one.bytes),
            share(one.bytes, whole),
        )
        for one in graph.weights_by_dtype
    ]
    titles = columns("dtype", right("params", "bytes", "of weights"))
    return group("Weights by element type", table("Weights by element type", titles, rows, noun="dtype"))


def _largest_weights(graph: GraphSummary) -> list[Block]:
    rows = []
    for weight in graph.largest_weights:
        rows.append(
            (
                code(weight.name),
                code(f"{weight.dtype}{shape_text(weight.shape)}"),
                number(bytes_text(weight.bytes), weight.bytes),
                share(weight.bytes, graph.weight_bytes),
                code(weight.place),
            )
        )
    titles = columns("weight", "tensor", right("bytes", "of weights"), "place")
    return group("Largest weights", table("Largest weights", titles, rows, noun="weight"))


def _repeats(graph: GraphSummary) -> list[Block]:
    rows = [
        (
            code(repeat.title),
            number(f"×{repeat.count:,}", repeat.count),
            number(whole_text(repeat.node_count), repeat.node_count),
            "; ".join(repeat.exceptions),
        )
        for repeat in graph.repeats[:1000]
    ]
    titles = columns("block", right("times", "nodes in all"), "exceptions")
    return group("Repeated blocks", table("Repeated blocks", titles, rows, len(graph.repeats), "block"))


def contract_section(review: Review) -> list[Section]:
    """Return everything the contract says."""
    if review.contract is None:
        return []
    entries = contract_entries(review.contract)
    return section("contract", "Contract", facts(entries or [("promises", "nothing")]))
