"""A container image: what it runs, its layers, waste, leftovers, packages, models, and what a pull moves."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.records.image_review import ImageReview, LayerReview
from inspector.records.review import Review
from inspector.report import image_sentences as say
from inspector.report.figures import bytes_text, whole_text
from inspector.report.html.blocks import (
    Block,
    Cell,
    Section,
    code,
    columns,
    facts,
    group,
    number,
    points,
    right,
    section,
    share,
    share_of,
    table,
    words,
)

MOST_PATHS = 3


def image_section(review: Review) -> list[Section]:
    """Return everything of an image."""
    image = review.image
    if image is None:
        return []
    blocks = [*facts(_facts(image)), *_blobs(image)]
    if not image.artifact_type:
        blocks += [*_layers(image), *_waste(image), *_leftovers(image), *_packages(image)]
    blocks += [*_largest(image), *_models(image), *_pulls(image), *_history(image), *_manifests(image)]
    return section("image", "The image", blocks)


def _facts(image: ImageReview) -> Iterator[tuple[str, Cell | str]]:
    yield from (("name", code(name)) for name in image.references[:20])
    yield "source", say.source_sentence(image)
    yield "platform", image.platform
    yield "manifest", code(image.digest)
    yield "image ID", code(image.config.digest)
    if image.artifact_type:
        yield "type", code(image.artifact_type)
        return
    yield "runs", code(say.runs_sentence(image.config))
    yield "sizes", say.sizes_text(image)
    yield "waste", say.waste_sentence(image)
    yield "leftovers", say.leftovers_sentence(image)
    yield "packages", say.packages_sentence(image)


def _layers(image: ImageReview) -> list[Block]:
    largest = max((layer.shipped_bytes for layer in image.layers), default=0)
    rows = [_layer(index, layer, largest) for index, layer in enumerate(image.layers[:200])]
    titles = columns(right("#", "stored", "files", "reclaimable"), "instruction", "note")
    return group("Layers", table("Layers", titles, rows, image.layer_count, "layer"))


def _layer(index: int, layer: LayerReview, largest: int) -> tuple[Cell | str, ...]:
    reclaimable = bytes_text(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    return (
        number(str(index), index),
        number(bytes_text(layer.compressed_bytes), layer.compressed_bytes),
        number(bytes_text(layer.shipped_bytes), layer.shipped_bytes, share_of(layer.shipped_bytes, largest)),
        number(reclaimable, layer.reclaimable_bytes),
        code(say.instruction_text(layer.created_by)),
        "; ".join(say.layer_notes(layer)),
    )


def _waste(image: ImageReview) -> list[Block]:
    causes = [
        (say.CAUSES[share.cause], number(bytes_text(share.bytes), share.bytes), number(whole_text(share.files), share.files))
        for share in image.waste
        if share.files
    ]
    files = [
        (code(file.path), number(bytes_text(file.bytes), file.bytes), say.wasted_sentence(file)) for file in image.wasted_files
    ]
    blocks = [*words(f"{say.waste_sentence(image)}.")]
    blocks += table("Waste by cause", columns("cause", right("bytes", "files")), causes, noun="cause")
    blocks += table(
        "Largest wasted files", columns("file", right("bytes"), "why"), files, image.wasted_file_count, "wasted file"
    )
    return group("Waste", blocks)


def _leftovers(image: ImageReview) -> list[Block]:
    final = image.final_bytes
    rows = [
        (
            one.kind,
            number(bytes_text(one.bytes), one.bytes, share_of(one.bytes, final)),
            number(whole_text(one.files), one.files),
            one.note,
            code(", ".join(one.paths[:MOST_PATHS])),
        )
        for one in image.leftovers.by_kind
    ]
    titles = columns("kind", right("bytes", "files"), "note", "largest")
    listed = table("Leftovers by kind", titles, rows, noun="kind")
    return group("Leftovers", [*words(f"{say.leftovers_sentence(image)}; kinds overlap."), *listed])


def _packages(image: ImageReview) -> list[Block]:
    rows = [
        (
            code(one.name),
            code(one.version),
            one.kind,
            number(bytes_text(one.bytes), one.bytes, share_of(one.bytes, image.final_bytes)),
            number(whole_text(one.files), one.files),
        )
        for one in image.packages
    ]
    titles = columns("package", "version", "kind", right("bytes", "files"))
    listed = table("Packages, largest first", titles, rows, image.package_count, "package")
    return group("Packages", [*words(f"{say.packages_sentence(image)}."), *listed])


def _largest(image: ImageReview) -> list[Block]:
    final = image.final_bytes
    rows = [
        (
            code(one.path),
            number(bytes_text(one.bytes), one.bytes),
            share(one.bytes, final),
        )
        for one in image.largest_files
    ]
    return group("Largest files", table("Largest files", columns("file", right("bytes", "of final")), rows, noun="file"))


def _models(image: ImageReview) -> list[Block]:
    rows = [
        (
            code(one.path),
            say.FORMATS.get(one.format, one.format),
            number(bytes_text(one.bytes), one.bytes),
            number("" if one.digest else str(one.layer), one.layer),
        )
        for one in image.artifacts
    ]
    titles = columns("model", "format", right("bytes", "layer"))
    listed = table("Models in the final file system", titles, rows, image.artifact_count, "model")
    return group("Models inside", listed or words("No ONNX file or SavedModel was found."))


def _pulls(image: ImageReview) -> list[Block]:
    rows = [(say.CHANGES[cost.change], say.pull_sentence(cost, image), cost.advice) for cost in image.pull_costs]
    titles = ("when this changed", "moves", "how to build it again")
    return group("What a pull moves", table("What a pull moves", titles, rows, noun="change"))


def _history(image: ImageReview) -> list[Block]:
    rows = [
        (number("" if step.layer is None else str(step.layer), step.layer), code(say.instruction_text(step.created_by)))
        for step in image.history
    ]
    listed = table(
        "Instructions, first to last", columns(right("layer"), "instruction"), rows, image.history_count, "instruction"
    )
    settings = points((f"{key}={value}" for key, value in image.config.environment.items()), "code")
    return [*group("Instructions", listed, folded=True), *group("Environment of the container", settings, folded=True)]


def _blobs(image: ImageReview) -> list[Block]:
    rows = [
        (
            code(blob.title or blob.digest),
            blob.role,
            number(bytes_text(blob.size_bytes), blob.size_bytes),
            code(blob.media_type),
        )
        for blob in image.blobs
    ]
    return group("Blobs", table("Blobs", columns("blob", "role", right("bytes"), "media type"), rows, image.blob_count, "blob"))


def _manifests(image: ImageReview) -> list[Block]:
    if image.manifest_count < 2:
        return []
    rows = [(code(one.digest), say.manifest_sentence(one)) for one in image.manifests]
    return group(
        "In the same index",
        table("In the same index", ("manifest", "what"), rows, image.manifest_count, "manifest"),
        folded=True,
    )
