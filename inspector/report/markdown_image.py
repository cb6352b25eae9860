"""The part of the Markdown report about a container image."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.image_review import ImageReview, LayerReview
from inspector.report import image_sentences as sentences
from inspector.report.figures import bytes_text, plural, share_text, whole_text
from inspector.report.markdown_text import code, prose, table

MOST_ROWS = 20
MOST_LAYERS = 60
MOST_PATHS = 2

Lines = Iterable[str]


def image_fact_rows(image: ImageReview) -> list[tuple[str, str]]:
    """Return the rows of the table at the top: what is known of the image as a whole."""
    rows = [("name", ", ".join(code(name) for name in image.references[:MOST_ROWS]))]
    rows += [("source", prose(sentences.source_sentence(image))), ("manifest", code(image.digest))]
    rows.append(("image ID", code(image.config.digest)))
    if image.artifact_type:
        return rows
    return [
        *rows,
        ("runs", code(sentences.runs_sentence(image.config))),
        ("sizes", prose(sentences.sizes_text(image))),
        ("waste", prose(sentences.waste_sentence(image))),
        ("leftovers", prose(sentences.leftovers_sentence(image))),
        ("packages", prose(sentences.packages_sentence(image))),
    ]


def image_lines(image: ImageReview) -> Lines:
    """Yield the sections of an image."""
    yield from _blobs(image)
    if not image.artifact_type:
        yield from _layers(image)
        yield from _waste(image)
        yield from _leftovers(image)
        yield from _packages(image)
    yield from _largest(image)
    yield from _models(image)
    yield from _pulls(image)
    yield from _manifests(image)


def _section(title: str) -> list[str]:
    return ["", f"## {title}", ""]


def _rest(left_out: int, noun: str) -> Lines:
    return ["", f"… and {plural(left_out, f'more {noun}')}."] if left_out > 0 else []


def _layers(image: ImageReview) -> Lines:
    yield from _section("Layers")
    shown = image.layers[:MOST_LAYERS]
    rows = [_layer_row(index, layer) for index, layer in enumerate(shown)]
    yield from table(("#", "stored", "files", "reclaimable", "instruction"), rows, right=(0, 1, 2, 3))
    yield from _rest(image.layer_count - len(shown), "layer")


def _layer_row(index: int, layer: LayerReview) -> tuple[str, ...]:
    instruction = code(sentences.instruction_text(layer.created_by))
    notes = "; ".join(f"**{prose(note)}**" for note in sentences.layer_notes(layer))
    reclaimable = bytes_text(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    said = " ".join(part for part in (instruction, notes) if part)
    return str(index), bytes_text(layer.compressed_bytes), bytes_text(layer.shipped_bytes), reclaimable, said


def _waste(image: ImageReview) -> Lines:
    yield from _section("Waste")
    yield f"{prose(sentences.waste_sentence(image))}."
    causes = [
        (sentences.CAUSES[share.cause], bytes_text(share.bytes), whole_text(share.files))
        for share in image.waste
        if share.files
    ]
    if not causes:
        return
    yield ""
    yield from table(("cause", "bytes", "files"), causes, right=(1, 2))
    files = [
        (code(file.path), bytes_text(file.bytes), prose(sentences.wasted_sentence(file)))
        for file in image.wasted_files[:MOST_ROWS]
    ]
    yield ""
    yield from table(("largest wasted files", "bytes", "why"), files, right=(1,))
    yield from _rest(image.wasted_file_count - len(files), "wasted file")


def _leftovers(image: ImageReview) -> Lines:
    yield from _section("Leftovers")
    yield f"{prose(sentences.leftovers_sentence(image))}; kinds overlap."
    rows = [
        (one.kind, bytes_text(one.bytes), whole_text(one.files), prose(one.note), ", ".join(map(code, one.paths[:MOST_PATHS])))
        for one in image.leftovers.by_kind
    ]
    if rows:
        yield ""
        yield from table(("kind", "bytes", "files", "note", "largest"), rows, right=(1, 2))


def _packages(image: ImageReview) -> Lines:
    yield from _section("Packages")
    yield f"{prose(sentences.packages_sentence(image))}."
    rows = [
        (code(one.name), code(one.version), one.kind, bytes_text(one.bytes), whole_text(one.files))
        for one in image.packages[:MOST_ROWS]
    ]
    if rows:
        yield ""
        yield from table(("largest packages", "version", "kind", "bytes", "files"), rows, right=(3, 4))
        yield from _rest(image.package_count - len(rows), "package")


def _largest(image: ImageReview) -> Lines:
    rows = [
        (code(one.path), bytes_text(one.bytes), share_text(one.bytes / image.final_bytes) if image.final_bytes else "")
        for one in image.largest_files[:MOST_ROWS]
    ]
    if rows:
        yield from _section("Largest files")
        yield from table(("file", "bytes", "of final"), rows, right=(1, 2))


def _models(image: ImageReview) -> Lines:
    yield from _section("Models inside")
    rows = [
        (
            code(one.path),
            sentences.FORMATS.get(one.format, one.format),
            bytes_text(one.bytes),
            "" if one.digest else str(one.layer),
        )
        for one in image.artifacts[:MOST_ROWS]
    ]
    if not rows:
        yield "No ONNX file or SavedModel was found."
        return
    yield from table(("model", "format", "bytes", "layer"), rows, right=(2, 3))
    yield from _rest(image.artifact_count - len(rows), "model")


def _pulls(image: ImageReview) -> Lines:
    if not image.pull_costs:
        return
    yield from _section("What a pull moves")
    rows = [
        (sentences.CHANGES[cost.change], prose(sentences.pull_sentence(cost, image)), prose(cost.advice))
        for cost in image.pull_costs
    ]
    yield from table(("when this changed", "moves", "advice"), rows)


def _blobs(image: ImageReview) -> Lines:
    if not image.blobs:
        return
    yield from _section("Blobs")
    rows = [
        (code(blob.title or blob.digest), prose(blob.role), bytes_text(blob.size_bytes), code(blob.media_type))
        for blob in image.blobs[:MOST_ROWS]
    ]
    yield from table(("blob", "role", "bytes", "media type"), rows, right=(2,))
    yield from _rest(image.blob_count - len(rows), "blob")


def _manifests(image: ImageReview) -> Lines:
    if image.manifest_count < 2:
        return
    yield from _section("In the same index")
    rows = [(code(one.digest), prose(sentences.manifest_sentence(one))) for one in image.manifests[:MOST_ROWS]]
    yield from table(("manifest", "what"), rows)
    yield from _rest(image.manifest_count - len(rows), "manifest")
