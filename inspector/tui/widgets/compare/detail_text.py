"""The row under the cursor in full: what it was and is, attribute by attribute, or figure by figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite

from textual.content import Content

from inspector.records.difference import ComparedArea, Difference, Way
from inspector.records.graph import Graph, Node, Signature
from inspector.report.figures import tensor_text, whole_text
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.compare.signs import EQUAL, LEGEND, SIGNS, style_of
from inspector.tui.widgets.compare.step_rows import StepRow, Steps
from inspector.tui.widgets.graph.node_text import attribute_text
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

Lines = list[Content]

_LABEL = 12
_MOST_ROWS = 60
_MOST_TENSORS = 40


def step_lines(steps: Steps, row: StepRow, width: int) -> Lines:
    """Return what is known of a row of the graphs."""
    if row.kind == "stretch":
        keys = Content.assemble(("↵", "$accent-text bold"), (" opens or folds them", "$soft"))
        return [*wrapped(f"{row.count:,} nodes in a row are the same on both sides.", width), keys]
    if row.kind == "other":
        return difference_lines(steps.other(row), width)
    way, detail = steps.way(row), steps.aligned[row.first].detail
    before, after = steps.nodes(row)
    lines = _heading(way, detail, width)
    facts = [_facts(node, steps.graph(side)) if node is not None else {} for side, node in enumerate((before, after))]
    labels = list(dict.fromkeys([*facts[0], *facts[1]]))
    for label in labels[:_MOST_ROWS]:
        ours, theirs = facts[0].get(label, ""), facts[1].get(label, "")
        both = before is not None and after is not None
        lines += _pair(label, ours, theirs, width) if both else labeled(label, ours or theirs, width, _LABEL)
    return lines


def _heading(way: Way | None, detail: str, width: int) -> Lines:
    word = f"{SIGNS[way]} {way}" if way is not None else f"{EQUAL} the same"
    return wrapped(Content.assemble((word, style_of(way)), plain(f"  {detail}" if detail else "")), width, most=4)


def _facts(node: Node, graph: Graph) -> Mapping[str, str]:
    """Return operator, name, attributes and tensors of a node, each under a label of its own."""
    facts = {"operator": node.operator if node.domain == "ai.onnx" else f"{node.operator}  {node.domain}", "name": node.name}
    facts |= {attribute.name: attribute_text(attribute) for attribute in node.attributes}
    facts |= {f"input {at}": _tensor(name, graph) for at, name in enumerate(node.inputs)}
    facts |= {f"output {at}": _tensor(name, graph) for at, name in enumerate(node.outputs)}
    return {label: text for label, text in facts.items() if text}


def _tensor(name: str, graph: Graph) -> str:
    spec = graph.values.get(name)
    return name if spec is None or not name else f"{name}  {tensor_text(spec)}"


def _pair(label: str, before: str, after: str, width: int) -> Lines:
    """Return one line for what is the same, and one for each side of what is not."""
    if before == after:
        return labeled(label, plain(before, "$soft"), width, _LABEL, most=2)
    lines: Lines = []
    for sign, text, style in (("−", before, "$high"), ("+", after, "$good")):
        if text:
            lines += labeled("" if lines else label, Content.assemble((f"{sign} ", style), plain(text)), width, _LABEL, most=3)
    return lines


def difference_lines(one: Difference, width: int) -> Lines:
    """Return one difference in full."""
    lines = wrapped(one.what, width, "$ink bold", most=3)
    lines += _heading(one.way, one.detail, width)
    for label, text in (("before", one.before), ("after", one.after), ("in", one.place)):
        lines += labeled(label, text, width, _LABEL, most=4) if text else []
    if one.figures:
        lines += [Content(), heading("figures")]
        lines += [line for name, figure in one.figures.items() for line in labeled(name, figure_text(figure), width, 24)]
    return lines


def figure_text(figure: float) -> str:
    """Return a figure: counts with every digit, others with six."""
    return whole_text(int(figure)) if isfinite(figure) and figure.is_integer() else f"{figure:.6g}"


def area_lines(area: ComparedArea, listed: int, total: int, width: int) -> Lines:
    """Return what is to be said of a whole area: why it is unknown, its note, how many differences are not listed."""
    lines: Lines = []
    if area.unknown:
        lines += wrapped(Content.assemble(("? not compared: ", "$medium bold"), plain(area.unknown)), width, most=4)
    lines += wrapped(area.note, width, "$soft", most=3) if area.note else []
    if total > listed:
        lines += wrapped(f"{listed:,} of {total:,} differences are listed", width, "$medium")
    if area.equal:
        lines += wrapped(f"{area.equal:,} the same on both sides", width, "$soft")
    return lines


def legend_lines(width: int) -> Lines:
    """Return what the signs stand for."""
    return wrapped(LEGEND, width, "$soft")


def signature_lines(sides: Sequence[Sequence[Signature]], changed: Iterable[Difference], width: int) -> Lines:
    """Return the signatures of both sides in two columns, tensor by tensor."""
    if not any(sides):
        return []
    differing = {one.what: one.way for one in changed}
    half = (width - 3) // 2
    lines: Lines = [_two(Content.styled("before", "$soft bold"), Content.styled("after", "$soft bold"), half)]
    names = list(dict.fromkeys(signature.name for side in sides for signature in side))
    if [len(side) for side in sides] == [1, 1]:
        pairs = [(sides[0][0], sides[1][0])]
    else:
        known = [{one.name: one for one in side} for side in sides]
        pairs = [(known[0].get(name), known[1].get(name)) for name in names]  # type: ignore[misc]
    rows = [row for pair in pairs for row in _signature_rows(*pair, half, differing, single=len(pairs) == 1)]
    more = [Content.styled(f"and {len(rows) - _MOST_TENSORS:,} more", "$soft")] if len(rows) > _MOST_TENSORS else []
    return [*lines, *rows[:_MOST_TENSORS], *more]


def _signature_rows(
    before: Signature | None, after: Signature | None, half: int, differing: Mapping[str, Way], *, single: bool
) -> Iterator[Content]:
    if not single:
        titles = [plain(shorten(one.name, half), "$accent-text") if one is not None else Content() for one in (before, after)]
        yield _two(titles[0], titles[1], half)
    for kind in ("input", "output"):
        sides = [getattr(one, f"{kind}s") if one is not None else () for one in (before, after)]
        known = [{spec.name: spec for spec in side} for side in sides]
        for name in dict.fromkeys([*known[0], *known[1]]):
            texts = [f"{name}  {tensor_text(side[name])}" if name in side else "" for side in known]
            what = (f"{kind} {name}", f"{kind} {name} of {next(one.name for one in (before, after) if one is not None)}")
            way = differing.get(what[0]) or differing.get(what[1])
            sign = f"{SIGNS[way]} " if way is not None and texts[0] != texts[1] else "  "
            style = style_of(way) if texts[0] != texts[1] else ""
            cells = [plain(shorten(f"{sign}{kind:<7}{text}" if text else "", half), style) for text in texts]
            yield _two(cells[0], cells[1], half)


def _two(left: Content, right: Content, half: int) -> Content:
    return Content.assemble(left, " " * max(0, half - left.cell_length), (" │ ", "$line"), right)
