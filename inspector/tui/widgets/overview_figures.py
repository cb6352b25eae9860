"""The overview's cards about figures: the model at a glance, operators, weights, computation."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from itertools import zip_longest

from textual.content import Content

from inspector.records.graph import NodeRef, Signature
from inspector.records.inspection import Inspection
from inspector.records.tensor import TensorSpec
from inspector.report.figures import (
    bindings_text,
    bytes_text,
    count_text,
    flops_text,
    plural,
    shape_text,
    share_text,
    whole_text,
)
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.graph.heaviest import Heaviest
from inspector.tui.widgets.saved_model_facts import training_lines
from inspector.tui.widgets.text_rows import bar_row, heading, labeled, name_cells, tensor_row

_MOST_TENSORS = 6
_MOST_NOTES = 3
_TILE_CELLS = 13
_SHOWS = "H shows it"
_HEAVY = {"flops": "FLOPs", "parameters": "parameters"}


def model_lines(inspection: Inspection, width: int, heaviest: Heaviest | None = None) -> list[Content]:
    """Return the figures that say how large the model is, what goes in and comes out, where most of it is, and what to do."""
    tiles = _tiles(inspection)[: max(1, width // _TILE_CELLS)]
    cells = width // len(tiles)
    values = Content.assemble(*((fit(value, cells), "$accent-text bold") for value, _ in tiles))
    labels = Content.assemble(*((fit(label, cells), "$medium" if "assumed" in label else "$soft") for _, label in tiles))
    signature = inspection.computation.signatures[0] if inspection.computation.signatures else Signature("", (), ())
    return [values, labels, Content(), *_signature_lines(signature, width), Content(), *_way_lines(inspection, heaviest, width)]


def _way_lines(inspection: Inspection, heaviest: Heaviest | None, width: int) -> list[Content]:
    """Return where most of the cost is and how to get there, and what can be done next."""
    lines: list[Content] = []
    if heaviest is not None:
        share = share_text(heaviest.share)
        of = f" of the {_HEAVY[heaviest.metric]} are in "
        room = max(12, width - len(share) - len(of) - len(_SHOWS) - 4)
        where = Content.assemble((share, "$accent-text bold"), of, plain(shorten(heaviest.title, room), "$ink bold"))
        lines.append(Content.assemble(where, ("  ·  ", "$soft"), ("H", "$accent-text bold"), _SHOWS[1:]))
    can_optimize = inspection.computation.artifact.format != "tflite"
    steps = [("7", "make it smaller, with proof")] if can_optimize else [("7", "measure it")]
    steps += [("w", "write a report"), ("?", "every key")]
    return [*lines, Content("  ·  ").join(Content.assemble((key, "$accent-text bold"), f" {does}") for key, does in steps)]


def _tiles(inspection: Inspection) -> list[tuple[str, str]]:
    computation, cost = inspection.computation, inspection.cost
    tiles = [
        (bytes_text(computation.total_bytes), "on disk"),
        (count_text(cost.parameters), "parameters"),
        (whole_text(len(computation.graph.nodes)), "nodes"),
        (flops_text(cost.flops) if cost.covered else "?", "FLOPs assumed" if cost.assumed else "FLOPs"),
        (bytes_text(cost.activation_peak_bytes), "activations"),
        (whole_text(len(inspection.operators)), "operators"),
        (whole_text(len(inspection.weights)), "weights"),
    ]
    if not inspection.operators and computation.graph.nodes:
        return [(value if label in ("on disk", "nodes") else "…", label) for value, label in tiles]
    return tiles


def _signature_lines(signature: Signature, width: int) -> list[Content]:
    """Return inputs left and outputs right where there is room, one above the other where not."""
    if width < 90:
        return [*_tensor_lines("in", signature.inputs, width), *_tensor_lines("out", signature.outputs, width)]
    half = (width - 6) // 2
    left = _tensor_lines("in", signature.inputs, half)
    right = _tensor_lines("out", signature.outputs, half)
    pairs = zip_longest(left, right, fillvalue=Content())
    return [_joined(a, b, half, "  ──▶ " if row == 0 else "      ") for row, (a, b) in enumerate(pairs)]


def _joined(left: Content, right: Content, half: int, between: str) -> Content:
    return Content.assemble(left.pad_right(max(0, half - left.cell_length)), (between, "$accent-text"), right)


def _tensor_lines(label: str, specs: Sequence[TensorSpec], width: int) -> list[Content]:
    if not specs:
        return [Content.assemble((fit(label, 5), "$soft"), ("none", "$soft"))]
    shown = specs[:_MOST_TENSORS]
    cells = name_cells([spec.name for spec in shown], max(8, width // 3))
    lines = [
        Content.assemble((fit(label if index == 0 else "", 5), "$soft"), tensor_row(spec, width - 5, cells))
        for index, spec in enumerate(shown)
    ]
    more = len(specs) - len(shown)
    return [*lines, Content.styled(f"     and {more:,} more: press 4", "$soft")] if more else lines


def operator_lines(inspection: Inspection, width: int, most_rows: int = 8) -> list[Content]:
    """Return the most used operators as bars, with their share of FLOPs."""
    operators = inspection.operators
    if not operators:
        return [Content.styled("no nodes" if not inspection.computation.graph.nodes else "counting …", "$soft")]
    most = max(use.count for use in operators)
    shown = operators[:most_rows]
    label_cells = name_cells([use.name for use in shown], max(10, width // 3))
    rows = [Content.styled(f"{'':{label_cells}}{'nodes':>{max(6, width - label_cells - 9)}}{'FLOPs':>9}", "$soft")]
    for use in shown:
        flops = share_text(use.flops / inspection.cost.flops) if use.flops and inspection.cost.flops else ""
        rows.append(bar_row(use.name, use.count / most, (whole_text(use.count), flops), width, label_cells))
    rest = operators[most_rows:]
    if rest:
        nodes = plural(sum(use.count for use in rest), "node")
        rows.append(Content.styled(shorten(f"and {plural(len(rest), 'operator')} more, {nodes}", width), "$soft"))
    return rows


def weight_lines(inspection: Inspection, width: int, most_rows: int = 4) -> list[Content]:
    """Return bytes and parameters of the weights that serving needs by element type, the largest, and training's apart."""
    cost, weights = inspection.cost, inspection.weights
    if not weights:
        return [Content.styled("none stored", "$soft"), *training_lines(inspection, width)]
    total = max(1, cost.weight_bytes)
    by_bytes = sorted(cost.weight_bytes_by_dtype.items(), key=lambda item: -item[1])
    rows = [Content.styled(f"{'':10}{'bytes':>{max(6, width - 19)}}{'params':>9}", "$soft")]
    for dtype, size in by_bytes:
        figures = (bytes_text(size), count_text(cost.parameters_by_dtype.get(dtype, 0)))
        rows.append(bar_row(dtype, size / total, figures, width, 10, "$bar-alt"))
    rows += [*training_lines(inspection, width), Content(), heading("largest")]
    for weight in nlargest(most_rows, weights, key=lambda weight: weight.byte_count):
        figures_text = f"{shape_text(weight.shape)} {bytes_text(weight.byte_count):>9}"
        room = max(8, width - len(figures_text) - 1)
        rows.append(Content.assemble(plain(fit(shorten(weight.name, room), room)), " ", plain(figures_text, "$soft")))
    return rows


def compute_lines(inspection: Inspection, width: int) -> list[Content]:
    """Return FLOPs with formula and covered share, and the activation peak with its place."""
    cost = inspection.cost
    if not inspection.node_costs and inspection.computation.graph.nodes:
        return [Content.styled("counting …", "$soft")]
    at = f"at {bindings_text(cost.bindings)}" if cost.bindings else "all shapes are fixed"
    rows = labeled("FLOPs", Content.assemble((flops_text(cost.flops), "$ink bold"), plain(f"  {at}", "$soft")), width)
    two = f"{flops_text(cost.multiply_accumulates)}, each counted as two FLOPs"
    rows += labeled("MACs", two, width) if cost.multiply_accumulates else []
    if cost.flops_formula and cost.bindings:
        rows += labeled("formula", cost.flops_formula, width, most=4)
    covered = f"{share_text(cost.covered)} of the nodes that compute"
    rows += labeled("covered", plain(covered, "$ink" if cost.covered >= 1 else "$medium"), width)
    if cost.uncovered:
        named = ", ".join(f"{name} ×{count:,}" for name, count in sorted(cost.uncovered.items(), key=lambda item: -item[1]))
        rows += labeled("not", named, width)
    if cost.assumed:
        rows += labeled("assumed", plain(f"{', '.join(cost.assumed)} = 1: press b", "$medium"), width, most=4)
    for note in cost.notes[:_MOST_NOTES]:
        rows += labeled("note", plain(note, "$soft"), width)
    return rows + labeled("peak", _peak(inspection), width)


def _peak(inspection: Inspection) -> Content:
    cost = inspection.cost
    if cost.activation_peak_bytes is None:
        return Content.styled("unknown: too few shapes are known", "$soft")
    place = place_text(inspection, cost.activation_peak_node)
    at = f"  at {place}" if place else ""
    known = "" if cost.activation_covered >= 1 else f", {share_text(cost.activation_covered)} of sizes known"
    return Content.assemble((bytes_text(cost.activation_peak_bytes), "$ink bold"), plain(at + known, "$soft"))


def place_text(inspection: Inspection, ref: NodeRef | None) -> str:
    """Return a node as "Conv /layer1/conv", empty for None."""
    if ref is None:
        return ""
    graph = next((graph for graph in inspection.computation.graphs() if graph.path == ref.graph), None)
    if graph is None or not 0 <= ref.index < len(graph.nodes):
        return ""
    node = graph.nodes[ref.index]
    return f"{node.operator} {node.name}".strip()
