"""The part of the text report about a SavedModel: tag sets, signatures, what runs at load, variables, files, versions."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.saved_model_review import SavedModelReview, TagSetReview
from inspector.report import saved_model_sentences as sentences
from inspector.report.figures import bytes_text, plural
from inspector.report.text_page import Cell, Column, Page, Style

MOST_SIGNATURES = 12
MOST_TENSORS = 24
MOST_FILES = 12
MOST_LAYERS = 24
MOST_VERSIONS = 12

_LEFT, _NAME, _WIDE = Column(), Column(flexible=True), Column(flexible=True, least=16)
_RIGHT = Column("right")


def write_saved_model(page: Page, review: SavedModelReview) -> None:
    """Write everything of a SavedModel that is no graph."""
    _write_versions(page, review)
    ordered = sorted(review.tag_sets, key=lambda one: not one.is_main)
    for one in ordered:
        _write_tag_set(page, one)
    _write_variables(page, review)
    _write_files(page, review)
    _write_digests(page, review)


def _write_versions(page: Page, review: SavedModelReview) -> None:
    if not review.versions:
        return
    page.heading("Versions", "a server with the default policy picks the highest number")
    for version in review.versions[:MOST_VERSIONS]:
        style: Style = "high" if version.problem else ("good" if version.is_served else "")
        page.table([_LEFT, _WIDE], [[Cell(version.folder, "title"), Cell(sentences.version_sentence(version), style)]])
        page.paragraph([Cell(line, "label") for line in sentences.difference_lines(version)], indent=6)
    page.rest(review.version_count - min(len(review.versions), MOST_VERSIONS), "version")


def _write_tag_set(page: Page, one: TagSetReview) -> None:
    page.heading(f"Tag set {sentences.tags_text(one.tags)}")
    page.paragraph([Cell(sentences.tag_set_sentence(one), "label")], indent=2)
    if one.function_uses:
        page.paragraph([Cell(f"functions: {sentences.functions_sentence(one)}", "label")], indent=2)
    for signature in one.signatures[:MOST_SIGNATURES]:
        _write_signature(page, signature)
    page.rest(one.signature_count - min(len(one.signatures), MOST_SIGNATURES), "signature")
    if not one.signatures:
        page.paragraph([Cell("no signature: nothing a server could call", "medium")], indent=2)
    _write_load(page, one)
    _write_layers(page, one)
    _write_tables(page, one)
    _write_assets(page, one)


def _write_signature(page: Page, signature: SignatureFacts) -> None:
    page.heading(f"Signature {signature.name}", sentences.signature_sentence(signature))
    rows = [*_tensor_rows("in", signature.inputs), *_tensor_rows("out", signature.outputs)]
    page.table([_LEFT, _WIDE, _WIDE, _WIDE], rows)
    for tensors, noun in ((signature.inputs, "input"), (signature.outputs, "output")):
        page.rest(len(tensors) - MOST_TENSORS, noun)


def _tensor_rows(direction: str, tensors: Sequence[SignatureTensor]) -> list[list[Cell]]:
    if not tensors:
        return [[Cell(direction, "label"), Cell("none", "label"), Cell(""), Cell("")]]
    return [
        [
            Cell(direction if position == 0 else "", "label"),
            Cell(tensor.name),
            Cell(sentences.tensor_fact(tensor)),
            Cell(sentences.argument_fact(tensor), "label"),
        ]
        for position, tensor in enumerate(tensors[:MOST_TENSORS])
    ]


def _write_load(page: Page, one: TagSetReview) -> None:
    page.heading("Runs at load", "" if one.at_load else "nothing")
    for step in one.at_load[:MOST_FILES]:
        page.paragraph([Cell(f"{step.name}: {sentences.load_sentence(step)}")], indent=2)
    page.rest(len(one.at_load) - MOST_FILES, "step")


def _write_layers(page: Page, one: TagSetReview) -> None:
    if not one.layers:
        return
    page.heading("Keras layers", f"{one.layer_count:,} recorded")
    rows = [
        [
            Cell("  " * min(layer.depth, 8) + (layer.name or layer.path)),
            Cell(layer.class_name),
            Cell(sentences.layer_fact(layer), "label"),
        ]
        for layer in one.layers[:MOST_LAYERS]
    ]
    page.table([_WIDE, _WIDE, _LEFT], rows)
    page.rest(one.layer_count - min(len(one.layers), MOST_LAYERS), "layer")


def _write_tables(page: Page, one: TagSetReview) -> None:
    if not one.tables:
        return
    page.heading("Lookup tables", f"{one.table_count:,}")
    rows = [
        [Cell(table.name), Cell(table.operator, "label"), Cell(sentences.table_sentence(table))]
        for table in one.tables[:MOST_FILES]
    ]
    page.table([_NAME, _LEFT, _WIDE], rows)
    page.rest(one.table_count - min(len(one.tables), MOST_FILES), "table")


def _write_assets(page: Page, one: TagSetReview) -> None:
    if not one.assets:
        return
    page.heading("Assets", f"{one.asset_count:,}")
    rows = [
        [
            Cell(asset.path or asset.filename),
            Cell(bytes_text(asset.size_bytes)),
            Cell(sentences.asset_sentence(asset), "high" if asset.problem or not asset.contained else "label"),
        ]
        for asset in one.assets[:MOST_FILES]
    ]
    page.table([_WIDE, _RIGHT, _WIDE], rows)
    page.rest(one.asset_count - min(len(one.assets), MOST_FILES), "asset")


def _write_variables(page: Page, review: SavedModelReview) -> None:
    page.heading("Variables", sentences.checkpoint_sentence(review.checkpoint, review.variable_count))
    rows = [
        [Cell(sentences.ROLE_NAMES[share.role]), Cell(f"{share.count:,}"), Cell(bytes_text(share.bytes))]
        for share in review.variables_by_role
    ]
    page.table([_LEFT, _RIGHT, _RIGHT], rows)
    held = review.checkpoint.byte_count if review.checkpoint else 0
    baggage = sentences.training_sentence(review.training, held)
    if baggage:
        page.paragraph([Cell(f"only training needs {baggage}", "medium")], indent=2)


def _write_files(page: Page, review: SavedModelReview) -> None:
    entries = [("definition", sentences.definition_sentence(review)), ("warm-up", sentences.warm_up_sentence(review.warm_up))]
    for asset in review.extra_assets[:MOST_FILES]:
        entries.append(("extra", f"{asset.path}, {bytes_text(asset.size_bytes)}"))
    page.heading("Files")
    for label, value in entries:
        page.entry(label, value, 10)
    page.rest(review.extra_asset_count - min(len(review.extra_assets), MOST_FILES), "file")


def _write_digests(page: Page, review: SavedModelReview) -> None:
    if not review.digests:
        return
    page.heading("Digests", f"{plural(len(review.digests), 'file')} beside the definition and the shards")
    for file in review.digests[:MOST_FILES]:
        page.table([_NAME, _RIGHT], [[Cell(file.path), Cell(bytes_text(file.size_bytes))]])
        said = f"sha256 {file.sha256}" if file.sha256 else f"not read: {file.problem}"
        page.paragraph([Cell(said, "label" if file.sha256 else "high")], indent=4)
    page.rest(len(review.digests) - MOST_FILES, "file", " (all are in --format json)")
