"""The cards of an image's overview about bytes: the image at a glance, layers, waste, leftovers, packages, models, pulls."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.image import Layer
from inspector.records.image_contents import PullCost
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LayerWaste
from inspector.report.figures import bytes_text, plural, share_text, whole_text
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.image.file_table import FORMATS
from inspector.tui.widgets.image.image_text import (
    indexed_layers,
    layer_bar,
    layer_bytes,
    layer_title,
    pulled_bytes,
    short_digest,
    shown_name,
    unpacked_bytes,
    wasted_by_layer,
)
from inspector.tui.widgets.text_rows import bar_row, labeled, name_cells, wrapped

_TILE_CELLS = 13
_MOST_MODELS = 8
_BAR_STYLES = {"bar": "$bar", "rest": "$medium"}
_PULL_LABELS = {"weights": "weights", "code": "code", "dependencies": "packages"}
_LATER = Content.styled("once all layers are read …", "$soft")


def image_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return the figures that say how large the image is, and what it is called."""
    tiles = _tiles(inspection)[: max(1, width // _TILE_CELLS)]
    cells = width // len(tiles)
    values = Content.assemble(*((fit(value, cells), "$accent-text bold") for value, _ in tiles))
    labels = Content.assemble(*((fit(label, cells), "$soft") for _, label in tiles))
    image = inspection.image
    facts = [image.platform, image.source, f"ID {short_digest(image.config.digest)}" if image.config.digest else ""]
    facts += [f"created {image.config.created[:10]}"] if image.config.created else []
    named = Content.assemble(
        plain(shown_name(image), "$ink bold"), "  ", plain(" · ".join(fact for fact in facts if fact), "$soft")
    )
    known = indexed_layers(image)
    note = f"  {known} of {len(image.layers)} layers read so far" if known < len(image.layers) else ""
    return [values, labels, Content(), Content.assemble(named, (note, "$medium"))]


def _tiles(inspection: ImageInspection) -> list[tuple[str, str]]:
    image, waste, final = inspection.image, inspection.waste, inspection.file_system
    complete = image.complete and final is not None
    waiting = "…"
    return [
        (bytes_text(pulled_bytes(image)), "pulled"),
        (bytes_text(unpacked_bytes(image)) if unpacked_bytes(image) is not None else waiting, "unpacked"),
        (bytes_text(final.size_bytes) if complete and final else waiting, "final files"),
        (bytes_text(waste.reclaimable_bytes) if waste else waiting, "reclaimable"),
        (bytes_text(inspection.leftovers.union_bytes) if inspection.leftovers else waiting, "left over"),
        (whole_text(len(image.layers)), "layers"),
        (whole_text(final.file_count) if final else waiting, "files"),
        (whole_text(len(inspection.packages.packages)) if inspection.packages else waiting, "packages"),
        (whole_text(len(inspection.models)) if inspection.packages else waiting, "models"),
    ]


def layer_lines(inspection: ImageInspection, width: int, most_rows: int) -> list[Content]:
    """Return a stacked bar a layer: the largest ones, in their order, and how many more there are."""
    layers = inspection.image.layers
    if not layers:
        return [Content.styled("no layers", "$soft")]
    shares = wasted_by_layer(inspection)
    largest = max((layer_bytes(layer) or 0 for layer in layers), default=1) or 1
    telling = set(sorted(range(len(layers)), key=lambda at: -(layer_bytes(layers[at]) or 0))[:most_rows])
    bar_cells = max(10, width // 3)
    rows: list[Content] = []
    for at, layer in enumerate(layers):
        if at in telling:
            rows.append(_layer_row(layer, shares.get(layer.index), largest, width, bar_cells))
    rest = [layer for at, layer in enumerate(layers) if at not in telling]
    if rest:
        size = sum(layer_bytes(layer) or 0 for layer in rest)
        rows.append(Content.styled(f"     and {plural(len(rest), 'smaller layer')}, {bytes_text(size)}", "$soft"))
    return rows


def _layer_row(layer: Layer, share: LayerWaste | None, largest: int, width: int, bar_cells: int) -> Content:
    size = layer_bytes(layer)
    parts = layer_bar(layer, share, largest, bar_cells)
    used = sum(len(text) for text, _ in parts)
    waste = f"-{bytes_text(share.reclaimable_bytes)}" if share is not None and share.reclaimable_bytes else ""
    room = max(0, width - bar_cells - 26)
    return Content.assemble(
        (f"{layer.index:>3} ", "$soft"),
        *((text, _BAR_STYLES[role]) for text, role in parts),
        " " * (bar_cells - used),
        (f"{bytes_text(size) if size is not None else '…':>10}", "$ink"),
        (f"{waste:>10}", "$medium"),
        "  ",
        plain(fit(layer_title(layer), room), "$soft"),
    )


def waste_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return shipped and final bytes, and their difference by cause."""
    waste = inspection.waste
    if waste is None:
        return [_LATER]
    shipped = max(1, waste.shipped_bytes)
    rows = [
        bar_row("shipped", 1.0 if waste.shipped_bytes else 0, (bytes_text(waste.shipped_bytes),), width, 12, "$bar"),
        bar_row("final", waste.final_bytes / shipped, (bytes_text(waste.final_bytes),), width, 12, "$bar"),
    ]
    if not waste.reclaimable_bytes:
        return [*rows, Content.assemble(("✓ ", "$good bold"), ("nothing is shipped in vain", "$soft"))]
    for one in waste.by_cause:
        label = one.cause.replace("_", " ")
        rows.append(bar_row(label, one.bytes / shipped, (bytes_text(one.bytes),), width, 12, "$medium"))
    share = share_text(waste.reclaimable_bytes / shipped)
    pulled = f", about {bytes_text(waste.compressed_bytes)} of a pull" if waste.compressed_bytes is not None else ""
    rows += wrapped(f"{share} of what is shipped{pulled}", width, "$soft", most=2)
    worst = max(waste.by_layer, key=lambda one: one.caused_bytes, default=None)
    layers = {layer.index: layer for layer in inspection.image.layers}
    if worst is not None and worst.caused_bytes and worst.layer in layers:
        text = f"{bytes_text(worst.caused_bytes)}  {layer_title(layers[worst.layer])}"
        rows += labeled("most by", text, width, most=2)
    return rows


def leftover_lines(inspection: ImageInspection, width: int, most_rows: int) -> list[Content]:
    """Return leftovers by kind; kinds overlap, so they may come to more than all of them do."""
    leftovers = inspection.leftovers
    if leftovers is None:
        return [_LATER]
    if not leftovers.by_kind:
        return [Content.assemble(("✓ ", "$good bold"), ("nothing found", "$soft"))]
    most = max(one.bytes for one in leftovers.by_kind) or 1
    shown = leftovers.by_kind[:most_rows]
    cells = name_cells([one.kind for one in shown], max(12, width // 3))
    rows = [bar_row(one.kind, one.bytes / most, (bytes_text(one.bytes),), width, cells, "$bar-alt") for one in shown]
    more = len(leftovers.by_kind) - most_rows
    return [*rows, Content.styled(f"and {plural(more, 'kind')} more: press 4", "$soft")] if more > 0 else rows


def package_lines(inspection: ImageInspection, width: int, most_rows: int) -> list[Content]:
    """Return the largest packages, and what no package owns."""
    packages = inspection.packages
    if packages is None:
        return [_LATER]
    shown = packages.packages[:most_rows]
    most = max([package.bytes for package in shown] + [packages.unowned_bytes], default=1) or 1
    cells = max(14, min(28, width // 3))
    rows = [
        bar_row(f"{package.name} {package.version}", package.bytes / most, (bytes_text(package.bytes),), width, cells)
        for package in shown
    ]
    more = len(packages.packages) - most_rows
    if more > 0:
        rows.append(Content.styled(f"and {plural(more, 'package')} more: press 3", "$soft"))
    unowned = bar_row(
        "no package", packages.unowned_bytes / most, (bytes_text(packages.unowned_bytes),), width, cells, "$bar-alt"
    )
    return [*rows, unowned] if packages.unowned_files else rows or [Content.styled("none found", "$soft")]


def model_lines(inspection: ImageInspection, width: int, marked: int) -> list[Content]:
    """Return the models inside, the marked one with a sign."""
    models = inspection.models
    if not models:
        unread = inspection.packages is None and inspection.image.layers
        return [_LATER if unread else Content.styled("no ONNX file and no SavedModel", "$soft")]
    first = max(0, min(marked - _MOST_MODELS + 1, len(models) - _MOST_MODELS))
    rows: list[Content] = []
    for at, model in enumerate(models[first : first + _MOST_MODELS], first):
        sign = "▌ " if at == marked else "  "
        figures = f"{FORMATS[model.format]} {bytes_text(model.bytes):>9}"
        room = max(8, width - len(figures) - 4)
        path = model.path if model.digest else f"/{model.path}"
        style = "$ink bold" if at == marked else "$ink"
        rows.append(
            Content.assemble(
                (sign, "$accent-text"), plain(fit(shorten(path, room), room), style), "  ", plain(figures, "$soft")
            )
        )
    more = len(models) - len(rows)
    return [*rows, Content.styled(f"  and {more:,} more: n goes on", "$soft")] if more > 0 else rows


def pull_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return what moves when only weights, code or dependencies change, and what to do about it."""
    if not inspection.pull_costs:
        return [_LATER if inspection.waste is None else Content.styled("nothing to tell apart", "$soft")]
    most = max(cost.bytes for cost in inspection.pull_costs) or 1
    rows: list[Content] = []
    for cost in inspection.pull_costs:
        rows.append(_pull_row(cost, most, width))
        rows += (
            [Content.assemble("  ", line) for line in wrapped(cost.advice, width - 2, "$soft", most=4)] if cost.advice else []
        )
    return rows


def _pull_row(cost: PullCost, most: int, width: int) -> Content:
    label = f"new {_PULL_LABELS[cost.change]}"
    figures: Sequence[str] = (bytes_text(cost.bytes), plural(len(cost.layers), "layer"))
    return bar_row(label, cost.bytes / most, figures, width, 14)
