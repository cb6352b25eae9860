"""What the weights tab says about one weight: what the file tells, who uses it, and what reading its values gave."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.equal_weights import EqualWeights
from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails
from inspector.report.figures import bytes_text, plural, shape_text, whole_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.histogram import histogram_lines
from inspector.tui.widgets.overview_figures import place_text
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

_MOST_USES = 4
_MOST_EQUAL = 4
_PREVIEWED = 16


def storage_text(weight: Weight) -> str:
    """Return where the bytes lie: "file, at 1,024", "weights.bin, at 0", "typed fields"."""
    storage = weight.storage
    if storage.encoding == "none":
        return "nowhere"
    where = storage.path if storage.encoding == "external" else ("typed fields" if storage.encoding == "typed" else "this file")
    return f"{where}, at {storage.offset:,}"


def carrier_text(weight: Weight) -> str:
    """Return what holds the weight."""
    carrier = weight.carrier.replace("_", " ")
    node = f", node {weight.node:,}" if weight.node >= 0 else ""
    return f"{carrier}{node}" + (f", in {weight.graph}" if weight.graph else "")


def described_lines(weight: Weight, width: int) -> list[Content]:
    """Return what the file tells without reading values."""
    lines = wrapped(weight.name or "(no name)", width, "$ink bold", most=3)
    lines.append(plain(f"{weight.dtype}{shape_text(weight.shape)}", "$violet"))
    lines += [Content(), *labeled("elements", whole_text(weight.element_count), width)]
    lines += labeled("bytes", f"{bytes_text(weight.byte_count)}  ({whole_text(weight.byte_count)})", width)
    lines += labeled("held by", carrier_text(weight), width)
    return lines + labeled("stored in", storage_text(weight), width)


def use_lines(inspection: Inspection, refs: Sequence[NodeRef] | None, width: int) -> list[Content]:
    """Return the nodes that take the weight; None while that is being found out."""
    if refs is None:
        return labeled("used by", plain("…", "$soft"), width)
    if not refs:
        return labeled("used by", plain("no node", "$medium"), width)
    lines: list[Content] = []
    for position, ref in enumerate(refs[:_MOST_USES]):
        where = f"  in {ref.graph}" if ref.graph else ""
        text = f"{ref.index} {place_text(inspection, ref)}{where}"
        lines += labeled("" if position else "used by", text, width, most=2)
    more = len(refs) - _MOST_USES
    return [*lines, *labeled("", plain(f"and {plural(more, 'more node')}", "$soft"), width)] if more > 0 else lines


def equal_lines(group: EqualWeights | None, weight: Weight, compared: bool, width: int) -> list[Content]:
    """Return which other weights hold the same bytes."""
    if group is None:
        return labeled("same as", plain("no other weight" if compared else "not compared yet", "$soft"), width)
    others = [other for other in group.weights if other != weight]
    named = ", ".join(other.name for other in others[:_MOST_EQUAL])
    more = f" and {len(others) - _MOST_EQUAL:,} more" if len(others) > _MOST_EQUAL else ""
    kind = "one stored copy" if group.tied else f"stored {len(group.weights):,} times"
    sure = "" if group.confirmed else ", by samples only"
    return labeled("same as", Content.assemble(plain(named + more), plain(f"  {kind}{sure}", "$soft")), width, most=4)


def value_lines(details: WeightDetails, width: int) -> list[Content]:
    """Return statistics, histogram, first elements and digest."""
    lines = [Content(), heading("values")]
    if details.minimum is not None and details.maximum is not None:
        lines += labeled("range", f"{details.minimum:.6g} … {details.maximum:.6g}", width)
    if details.mean is not None and details.deviation is not None:
        lines += labeled("mean", f"{details.mean:.6g}   σ {details.deviation:.6g}", width)
    lines += _counts(details, width)
    if details.histogram is not None:
        lines += [Content(), *histogram_lines(details.histogram, width)]
    if details.preview:
        more = " …" if details.weight.element_count > len(details.preview[:_PREVIEWED]) else ""
        lines += [Content(), heading("first"), *wrapped(", ".join(details.preview[:_PREVIEWED]) + more, width, most=4)]
    return [*lines, Content(), heading("sha256 of the stored bytes"), *wrapped(details.sha256, width, "$soft")]


def _counts(details: WeightDetails, width: int) -> list[Content]:
    total = max(1, details.weight.element_count)
    lines: list[Content] = []
    for label, number, style in (
        ("zeros", details.zero_count, "$ink"),
        ("NaN", details.nan_count, "$high"),
        ("infinite", details.infinite_count, "$high"),
    ):
        if number:
            lines += labeled(label, plain(f"{number:,}  ({number / total:.1%})", style), width)
    return lines
