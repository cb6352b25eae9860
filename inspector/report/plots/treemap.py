"""Where the bytes are: weights by block of the graph, the files of an image by package and by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.graph_outline import GraphOutline
from inspector.records.image_review import ImageReview
from inspector.records.review import Review
from inspector.report.figures import bytes_text, plural, share_text
from inspector.report.plots.axes import WIDTH, legend
from inspector.report.plots.lettering import SIZE, SMALL, fitted
from inspector.report.plots.scales import usable
from inspector.report.plots.squarified import Area, squarified
from inspector.report.plots.svg import document, group, hatch, path, rect, text

MOST_TILES: Final = 150
_HEIGHT: Final = 300.0
_COLORS: Final = 8
_KINDS: Final = {"python": 0, "debian": 1, "alpine": 1}
_MODEL, _UNOWNED, _OTHER = 2, 6, 4
_SHARES_TOLD: Final = 12


@dataclass(frozen=True, slots=True)
class _Tile:
    """One thing with its bytes; wasted: those of them that are not in the final file system."""

    name: str
    size: float
    color: int
    wasted: float = 0.0
    rest: bool = False


@dataclass(frozen=True, slots=True)
class _Map:
    """One treemap: what it shows, its tiles by size, and what its colors mean."""

    title: str
    tiles: tuple[_Tile, ...]
    colors: tuple[tuple[int, str], ...] = ()


def treemap(review: Review, width: int = WIDTH) -> str:
    """Return bytes of weights by block, and of an image by package and by layer; areas add up to the total; "" without any."""
    maps = [one for one in _maps(review) if one.tiles]
    if not maps:
        return ""
    body: list[str] = []
    y = 14.0
    for one in maps:
        body.append(text(4, y, f"{one.title}: {bytes_text(round(_total(one)))}", "heading"))
        if one.colors:
            key, used = legend([(f"tile tile-{color}", words) for color, words in one.colors], 4, y + 18, width - 8)
            body += key
            y += used
        areas = squarified([tile.size for tile in one.tiles], Area(0.0, y + 10, float(width), _HEIGHT))
        body += [_drawn(tile, area, _total(one)) for tile, area in zip(one.tiles, areas, strict=True)]
        y += _HEIGHT + 38
    return document("treemap", "; ".join(one.title for one in maps), " ".join(map(_told, maps)), (width, y - 20), body)


def _maps(review: Review) -> Iterator[_Map]:
    if review.outline is not None:
        yield _Map("Weights by block", _bounded(_blocks(review.outline)))
    if review.image is not None:
        colors = ((0, "Python"), (1, "system packages"), (_MODEL, "models"), (_UNOWNED, "no package"))
        yield _Map("Files by package", _bounded(_packages(review.image)), colors)
        yield _Map("Files by layer, hatched what is wasted", _bounded(_layers(review.image)))


def _blocks(outline: GraphOutline) -> Iterator[_Tile]:
    colors: dict[str, int] = {}
    for row in sorted(outline.rows, key=lambda row: -row.weight_bytes):
        if row.weight_bytes > 0:
            family = row.title if row.kind == "node" else f"{row.kind} {row.title}"
            color = colors.setdefault(family, len(colors) % _COLORS)
            repeated = f" ×{row.repeats}" if row.repeats > 1 else ""
            named = f" {row.name}" if row.name else ""
            yield _tile(f"{row.title}{repeated}{named}", row.weight_bytes, color)
    yield _tile("weights of no node here", outline.other_weight_bytes, _UNOWNED)


def _packages(image: ImageReview) -> Iterator[_Tile]:
    models = {one.path: one for one in image.artifacts}
    for package in image.packages:
        yield _tile(f"{package.name} {package.version}", package.bytes, _KINDS.get(package.kind, _OTHER))
    listed = sum(usable(package.bytes) or 0.0 for package in image.packages)
    yield _tile("other packages", (usable(image.package_bytes) or 0.0) - listed, _OTHER)
    for unowned in image.unowned_largest:
        yield _tile(unowned.path, unowned.bytes, _MODEL if unowned.path in models else _UNOWNED)
    listed = sum(usable(unowned.bytes) or 0.0 for unowned in image.unowned_largest)
    yield _tile("other files of no package", (usable(image.unowned_bytes) or 0.0) - listed, _UNOWNED)


def _layers(image: ImageReview) -> Iterator[_Tile]:
    for index, layer in enumerate(image.layers):
        made = layer.created_by or layer.digest
        yield _tile(f"layer {index + 1}: {made}", layer.shipped_bytes, index % _COLORS, layer.reclaimable_bytes)


def _tile(name: str, size: float, color: int, wasted: float = 0.0) -> _Tile:
    whole = usable(size) or 0.0
    return _Tile(name, whole, color, min(usable(wasted) or 0.0, whole))


def _bounded(tiles: Iterable[_Tile]) -> tuple[_Tile, ...]:
    """Return tiles by size, at most MOST_TILES, the last one for all that are left over."""
    found = sorted((tile for tile in tiles if tile.size > 0), key=lambda tile: -tile.size)
    if len(found) <= MOST_TILES:
        return tuple(found)
    kept, others = found[: MOST_TILES - 1], found[MOST_TILES - 1 :]
    joined = _Tile(f"{len(others):,} more", sum(tile.size for tile in others), 0, sum(tile.wasted for tile in others), True)
    return tuple(sorted([*kept, joined], key=lambda tile: -tile.size))


def _total(one: _Map) -> float:
    return sum(tile.size for tile in one.tiles)


def _drawn(tile: _Tile, area: Area, total: float) -> str:
    """Return a tile with as much of its name and bytes as fits."""
    size, share = bytes_text(round(tile.size)), share_text(tile.size / total)
    wasted = f", {bytes_text(round(tile.wasted))} of it wasted" if tile.wasted else ""
    style = "tile rest" if tile.rest else f"tile tile-{tile.color}"
    parts = [rect(area.x, area.y, area.width, area.height, style)]
    if tile.wasted:
        height = area.height * tile.wasted / tile.size
        parts.append(path(hatch(area.x, area.y + area.height - height, area.width, height), "tile-hatch"))
    name = fitted(tile.name, area.width - 12) if area.height >= 20 else ""
    if len(name) >= min(len(tile.name), 4):
        parts.append(text(area.x + 6, area.y + SIZE + 4, name, "inside"))
        figures = fitted(f"{size} · {share}", area.width - 12, SMALL) if area.height >= 36 else ""
        if "…" not in figures and figures:
            parts.append(text(area.x + 6, area.y + SIZE + 19, figures, "inside small"))
    return group(parts, tooltip=f"{tile.name}: {size}, {share}{wasted}")


def _told(one: _Map) -> str:
    total = _total(one)
    named = [
        f"{fitted(tile.name, 240.0)} {bytes_text(round(tile.size))} ({share_text(tile.size / total)})"
        for tile in one.tiles[:_SHARES_TOLD]
    ]
    more = len(one.tiles) - len(named)
    rest: Sequence[str] = [plural(more, "smaller one")] if more else []
    return f"{one.title}, {bytes_text(round(total))} in all: {', '.join([*named, *rest])}."
