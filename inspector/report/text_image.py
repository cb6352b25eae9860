"""The part of the text report about a container image: layers, waste, leftovers, packages, models, what a pull moves."""

from __future__ import annotations

from inspector.records.image_contents import InsideArtifact
from inspector.records.image_review import ImageReview, LayerReview
from inspector.report import image_sentences as sentences
from inspector.report.figures import bar_text, bytes_text, plural, share_text, whole_text
from inspector.report.text_page import Cell, Column, Page, Style

MOST_LAYERS = 60
MOST_WASTED = 10
MOST_PATHS = 2
MOST_PACKAGES = 15
MOST_FILES = 10
MOST_MODELS = 24
MOST_MANIFESTS = 12
BAR = 12

_LEFT, _RIGHT, _NAME = Column(), Column("right"), Column(flexible=True)
_WIDE = Column(flexible=True, least=16)


def image_entries(image: ImageReview) -> list[tuple[str, str]]:
    """Return the labelled values at the top of the report."""
    entries = [("name", name) for name in image.references[:MOST_MANIFESTS]]
    entries.append(("source", sentences.source_sentence(image)))
    entries += [("manifest", image.digest), ("image ID", image.config.digest)]
    if image.artifact_type:
        return [entry for entry in entries if entry[1]]
    entries += [
        ("runs", sentences.runs_sentence(image.config)),
        ("sizes", sentences.sizes_text(image)),
        ("waste", sentences.waste_sentence(image)),
        ("leftovers", sentences.leftovers_sentence(image)),
        ("packages", sentences.packages_sentence(image)),
        ("models", _models_entry(image)),
    ]
    return [entry for entry in entries if entry[1]]


def write_image(page: Page, image: ImageReview) -> None:
    """Write the sections of an image."""
    _write_blobs(page, image)
    if not image.artifact_type:
        _write_layers(page, image)
        _write_waste(page, image)
        _write_leftovers(page, image)
        _write_packages(page, image)
    _write_largest(page, image)
    _write_models(page, image)
    _write_pulls(page, image)
    _write_manifests(page, image)


def _models_entry(image: ImageReview) -> str:
    total = sum(one.bytes for one in image.artifacts)
    return f"{plural(image.artifact_count, 'model')}, {bytes_text(total)}" if image.artifact_count else "none found"


def _titles(*titles: str) -> list[Cell]:
    return [Cell(title, "label") for title in titles]


def _write_layers(page: Page, image: ImageReview) -> None:
    page.heading("Layers", f"{image.layer_count:,}, base first; bars: bytes shipped, of the largest layer's")
    most = max((layer.shipped_bytes for layer in image.layers), default=0)
    rows = [_titles("#", "stored", "files", "", "reclaim", "instruction")]
    for index, layer in enumerate(image.layers[:MOST_LAYERS]):
        rows.append(_layer_row(index, layer, most))
    page.table([_RIGHT, _RIGHT, _RIGHT, _LEFT, _RIGHT, _WIDE], rows)
    page.rest(image.layer_count - min(len(image.layers), MOST_LAYERS), "layer")
    for index, layer in enumerate(image.layers[:MOST_LAYERS]):
        page.paragraph([Cell(f"layer {index}: {note}", "high") for note in sentences.layer_notes(layer)], indent=2)


def _layer_row(index: int, layer: LayerReview, most: int) -> list[Cell]:
    reclaimable = layer.reclaimable_bytes
    return [
        Cell(str(index), "label"),
        Cell(bytes_text(layer.compressed_bytes)),
        Cell(bytes_text(layer.shipped_bytes)),
        Cell(bar_text(layer.shipped_bytes / most, BAR) if most else "", "bar"),
        Cell(bytes_text(reclaimable) if reclaimable else "", "medium"),
        Cell(sentences.instruction_text(layer.created_by)),
    ]


def _write_waste(page: Page, image: ImageReview) -> None:
    page.heading(
        "Waste",
        "shipped − final, to the byte" if image.reclaimable_bytes else "none: all that is shipped is in the final file system",
    )
    if not image.reclaimable_bytes:
        return
    rows = [_titles("cause", "bytes", "files", "of shipped")]
    rows += [
        [
            Cell(sentences.CAUSES[share.cause]),
            Cell(bytes_text(share.bytes)),
            Cell(whole_text(share.files)),
            Cell(share_text(share.bytes / image.shipped_bytes) if image.shipped_bytes else ""),
        ]
        for share in image.waste
        if share.files
    ]
    page.table([_LEFT, _RIGHT, _RIGHT, _RIGHT], rows)
    wasted = [
        [Cell(file.path), Cell(bytes_text(file.bytes)), Cell(sentences.wasted_sentence(file), "label")]
        for file in image.wasted_files[:MOST_WASTED]
    ]
    page.table([_WIDE, _RIGHT, _LEFT], wasted)
    page.rest(image.wasted_file_count - len(wasted), "wasted file")


def _write_leftovers(page: Page, image: ImageReview) -> None:
    page.heading("Leftovers", f"{sentences.leftovers_sentence(image)}; kinds overlap")
    for one in image.leftovers.by_kind:
        row = [Cell(one.kind), Cell(bytes_text(one.bytes)), Cell(plural(one.files, "file"), "label")]
        page.table([Column(flexible=True, least=20), _RIGHT, _LEFT], [row])
        paths = [Cell(path, "label") for path in one.paths[:MOST_PATHS]]
        page.paragraph([*([Cell(one.note, "label")] if one.note else []), *paths], indent=6)


def _write_packages(page: Page, image: ImageReview) -> None:
    page.heading("Largest packages", sentences.packages_sentence(image))
    rows = [
        [Cell(one.name), Cell(one.version), Cell(one.kind, "label"), Cell(bytes_text(one.bytes)), Cell(whole_text(one.files))]
        for one in image.packages[:MOST_PACKAGES]
    ]
    if rows:
        page.table([_NAME, _NAME, _LEFT, _RIGHT, _RIGHT], [_titles("package", "version", "kind", "bytes", "files"), *rows])
        page.rest(image.package_count - len(rows), "package")
    if image.unowned_largest:
        page.blank()
        owned_by_none = [[Cell(one.path), Cell(bytes_text(one.bytes))] for one in image.unowned_largest[:MOST_FILES]]
        page.table([_WIDE, _RIGHT], [_titles("most of what no package owns", "bytes"), *owned_by_none])


def _write_largest(page: Page, image: ImageReview) -> None:
    if not image.largest_files:
        return
    page.heading("Largest files", f"of {plural(image.file_count, 'file')} in the final file system")
    rows = [[Cell(one.path), Cell(bytes_text(one.bytes))] for one in image.largest_files[:MOST_FILES]]
    page.table([_WIDE, _RIGHT], rows)


def _write_models(page: Page, image: ImageReview) -> None:
    page.heading("Models inside", "" if image.artifacts else "no ONNX file or SavedModel was found")
    rows = [
        [
            Cell(one.path),
            Cell(sentences.FORMATS.get(one.format, one.format)),
            Cell(bytes_text(one.bytes)),
            Cell(_layer(one), "label"),
        ]
        for one in image.artifacts[:MOST_MODELS]
    ]
    page.table([_WIDE, _LEFT, _RIGHT, _LEFT], rows)
    page.rest(image.artifact_count - len(rows), "model")


def _layer(model: InsideArtifact) -> str:
    return "" if model.digest else f"layer {model.layer}"


def _write_pulls(page: Page, image: ImageReview) -> None:
    if not image.pull_costs:
        return
    page.heading("What a pull moves", "when the image was built again and one kind of content changed")
    for cost in image.pull_costs:
        page.entry(sentences.CHANGES[cost.change], sentences.pull_sentence(cost, image), 17)
        page.paragraph([Cell(f"→ {cost.advice}", "good")] if cost.advice else [], indent=21)


def _write_blobs(page: Page, image: ImageReview) -> None:
    if not image.blobs:
        return
    page.heading("Blobs", plural(image.blob_count, "blob"))
    rows = [
        [
            Cell(blob.title or blob.digest[:19]),
            Cell(blob.role, "title"),
            Cell(bytes_text(blob.size_bytes)),
            Cell(blob.media_type, "label"),
        ]
        for blob in image.blobs[:MOST_MODELS]
    ]
    page.table([_WIDE, _LEFT, _RIGHT, _WIDE], rows)
    page.rest(image.blob_count - len(rows), "blob")


def _write_manifests(page: Page, image: ImageReview) -> None:
    if image.manifest_count < 2:
        return
    page.heading("In the same index", plural(image.manifest_count, "manifest"))
    for manifest in image.manifests[:MOST_MANIFESTS]:
        style: Style = "good" if manifest.chosen else ""
        row = [Cell(manifest.digest[:19], "label"), Cell(sentences.manifest_sentence(manifest), style)]
        page.table([_LEFT, _WIDE], [row])
    page.rest(image.manifest_count - min(len(image.manifests), MOST_MANIFESTS), "manifest")
