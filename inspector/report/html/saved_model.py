"""A SavedModel beside its graph: versions, tag sets with their signatures, variables, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from inspector.records.review import Review
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.saved_model_review import SavedModelReview, TagSetReview
from inspector.report import saved_model_sentences as say
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
    right,
    section,
    share_of,
    table,
    words,
)

MOST_SIGNATURES: Final = 40
MOST_TAG_SETS: Final = 12


def saved_model_section(review: Review) -> list[Section]:
    """Return everything of a SavedModel that is no graph."""
    model = review.saved_model
    if model is None:
        return []
    blocks = [*facts(_facts(model)), *_versions(model)]
    for one in sorted(model.tag_sets, key=lambda one: not one.is_main)[:MOST_TAG_SETS]:
        blocks += group(f"Tag set {say.tags_text(one.tags)}", _tag_set(one))
    blocks += [*_variables(model), *_files(model)]
    return section("saved-model", "SavedModel", blocks)


def _facts(model: SavedModelReview) -> Iterator[tuple[str, str]]:
    yield "definition", say.definition_sentence(model)
    yield "variables", say.checkpoint_sentence(model.checkpoint, model.variable_count)
    held = model.checkpoint.byte_count if model.checkpoint else 0
    yield "only training needs", say.training_sentence(model.training, held)
    yield "warm-up", say.warm_up_sentence(model.warm_up)


def _versions(model: SavedModelReview) -> list[Block]:
    rows = [
        (code(version.folder), say.version_sentence(version), "; ".join(say.difference_lines(version)))
        for version in model.versions
    ]
    titles = ("version", "what", "signatures beside those of the served one")
    listed = table("Versions of the serving folder", titles, rows, model.version_count, "version")
    note = words("A server with the default policy picks the highest number.", "quiet") if rows else []
    return group("Versions", [*note, *listed])


def _tag_set(one: TagSetReview) -> list[Block]:
    blocks = [*words(f"{say.tag_set_sentence(one)}.")]
    blocks += words(f"Functions: {say.functions_sentence(one)}." if one.function_uses else "", "quiet")
    for signature in one.signatures[:MOST_SIGNATURES]:
        blocks += _signature(signature)
    blocks += table("Runs at load", ("entry point", "nodes"), [(step.name, say.load_sentence(step)) for step in one.at_load])
    return [*blocks, *_layers(one), *_resources(one)]


def _signature(signature: SignatureFacts) -> list[Block]:
    rows = [*_tensors("input", signature.inputs), *_tensors("output", signature.outputs)]
    said = say.signature_sentence(signature)
    titles = ("direction", "name", "tensor", "in Python")
    listed = table(f"Inputs and outputs of {signature.name}", titles, rows, noun="tensor")
    return group(f"Signature {signature.name}", [*words(f"{said}." if said else "", "quiet"), *listed])


def _tensors(kind: str, tensors: Iterable[SignatureTensor]) -> list[tuple[Cell | str, ...]]:
    return [(kind, code(one.name), code(say.tensor_fact(one)), code(say.argument_fact(one))) for one in tensors]


def _layers(one: TagSetReview) -> list[Block]:
    rows = [(code(layer.name or layer.path), code(layer.class_name), say.layer_fact(layer)) for layer in one.layers]
    return table("Keras layers", ("layer", "class", "holds"), rows, one.layer_count, "layer")


def _resources(one: TagSetReview) -> list[Block]:
    tables = [(code(item.name), code(item.operator), say.table_sentence(item)) for item in one.tables]
    assets = [
        (code(asset.path or asset.filename), number(bytes_text(asset.size_bytes), asset.size_bytes), say.asset_sentence(asset))
        for asset in one.assets
    ]
    return [
        *table("Lookup tables", ("table", "operator", "holds"), tables, one.table_count, "table"),
        *table("Assets", columns("asset", right("bytes"), "use"), assets, one.asset_count, "asset"),
    ]


def _variables(model: SavedModelReview) -> list[Block]:
    whole = sum(share.bytes for share in model.variables_by_role)
    roles = [
        (
            say.ROLE_NAMES[share.role],
            number(whole_text(share.count), share.count),
            number(bytes_text(share.bytes), share.bytes, share_of(share.bytes, whole)),
        )
        for share in model.variables_by_role
    ]
    return group("Variables", table("Variables by role", columns("role", right("variables", "bytes")), roles, noun="role"))


def _files(model: SavedModelReview) -> list[Block]:
    extra = [(code(one.path), number(bytes_text(one.size_bytes), one.size_bytes)) for one in model.extra_assets]
    digests = [
        (
            code(file.path),
            number(bytes_text(file.size_bytes), file.size_bytes),
            code(file.sha256) if file.sha256 else f"not read: {file.problem}",
        )
        for file in model.digests
    ]
    blocks = table("Extra assets", columns("file", right("bytes")), extra, model.extra_asset_count, "file")
    blocks += table("Digests", columns("file", right("bytes"), "sha256"), digests, noun="file")
    return group("Files", blocks)
