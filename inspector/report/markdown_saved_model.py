"""The part of the Markdown report about a SavedModel."""

from __future__ import annotations

from collections.abc import Iterable

from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.saved_model_review import SavedModelReview, TagSetReview
from inspector.report import saved_model_sentences as sentences
from inspector.report.figures import bytes_text, plural
from inspector.report.markdown_text import code, prose, table

MOST_ROWS = 20
MOST_TENSORS = 40

Lines = Iterable[str]


def saved_model_lines(review: SavedModelReview) -> Lines:
    """Yield everything of a SavedModel that is no graph."""
    yield from _versions(review)
    for one in sorted(review.tag_sets, key=lambda one: not one.is_main):
        yield from _tag_set(one)
    yield from _variables(review)
    yield from _files(review)


def _section(title: str) -> list[str]:
    return ["", f"## {title}", ""]


def _rest(left_out: int, noun: str) -> Lines:
    return ["", f"… and {plural(left_out, f'more {noun}')}."] if left_out > 0 else []


def _versions(review: SavedModelReview) -> Lines:
    if not review.versions:
        return
    yield from _section("Versions")
    yield from ["A server with the default policy picks the highest number.", ""]
    rows = [
        (
            code(version.folder),
            prose(sentences.version_sentence(version)),
            "; ".join(map(prose, sentences.difference_lines(version))),
        )
        for version in review.versions[:MOST_ROWS]
    ]
    yield from table(("version", "what", "signatures beside those of the served one"), rows)
    yield from _rest(review.version_count - min(len(review.versions), MOST_ROWS), "version")


def _tag_set(one: TagSetReview) -> Lines:
    yield from _section(f"Tag set {code(sentences.tags_text(one.tags))}")
    yield f"{prose(sentences.tag_set_sentence(one))}."
    if one.function_uses:
        yield from ["", f"Functions: {prose(sentences.functions_sentence(one))}."]
    for signature in one.signatures[:MOST_ROWS]:
        yield from _signature(signature)
    yield from _rest(one.signature_count - min(len(one.signatures), MOST_ROWS), "signature")
    rows = [(prose(step.name), prose(sentences.load_sentence(step))) for step in one.at_load[:MOST_ROWS]]
    yield ""
    yield from table(("runs at load", "nodes"), rows or [("nothing", "")])
    yield from _layers(one)
    yield from _resources(one)


def _signature(signature: SignatureFacts) -> Lines:
    yield from ["", f"### Signature {code(signature.name)}", ""]
    said = sentences.signature_sentence(signature)
    if said:
        yield from [f"{prose(said)}.", ""]
    specs = [*_rows("input", signature.inputs), *_rows("output", signature.outputs)]
    yield from table(("", "name", "tensor", "in Python"), specs[:MOST_TENSORS])
    yield from _rest(len(specs) - MOST_TENSORS, "tensor")


def _rows(kind: str, tensors: Iterable[SignatureTensor]) -> list[tuple[str, str, str, str]]:
    return [(kind, code(one.name), code(sentences.tensor_fact(one)), code(sentences.argument_fact(one))) for one in tensors]


def _layers(one: TagSetReview) -> Lines:
    if not one.layers:
        return
    rows = [
        (code(layer.name or layer.path), code(layer.class_name), prose(sentences.layer_fact(layer)))
        for layer in one.layers[:MOST_ROWS]
    ]
    yield ""
    yield from table(("Keras layer", "class", "holds"), rows)
    yield from _rest(one.layer_count - min(len(one.layers), MOST_ROWS), "layer")


def _resources(one: TagSetReview) -> Lines:
    if one.tables:
        rows = [
            (code(item.name), code(item.operator), prose(sentences.table_sentence(item))) for item in one.tables[:MOST_ROWS]
        ]
        yield ""
        yield from table(("lookup table", "operator", "holds"), rows)
        yield from _rest(one.table_count - min(len(one.tables), MOST_ROWS), "table")
    if one.assets:
        files = [
            (code(asset.path or asset.filename), bytes_text(asset.size_bytes), prose(sentences.asset_sentence(asset)))
            for asset in one.assets[:MOST_ROWS]
        ]
        yield ""
        yield from table(("asset", "bytes", "use"), files, right=(1,))
        yield from _rest(one.asset_count - min(len(one.assets), MOST_ROWS), "asset")


def _variables(review: SavedModelReview) -> Lines:
    yield from _section("Variables")
    yield f"{prose(sentences.checkpoint_sentence(review.checkpoint, review.variable_count))}."
    held = review.checkpoint.byte_count if review.checkpoint else 0
    baggage = sentences.training_sentence(review.training, held)
    if baggage:
        yield from ["", f"Only training needs {prose(baggage)}."]
    if review.variables_by_role:
        rows = [
            (sentences.ROLE_NAMES[share.role], f"{share.count:,}", bytes_text(share.bytes))
            for share in review.variables_by_role
        ]
        yield ""
        yield from table(("role", "variables", "bytes"), rows, right=(1, 2))


def _files(review: SavedModelReview) -> Lines:
    rows = [
        ("definition", prose(sentences.definition_sentence(review))),
        ("warm-up", prose(sentences.warm_up_sentence(review.warm_up))),
        *(("extra", f"{code(extra.path)} {bytes_text(extra.size_bytes)}") for extra in review.extra_assets[:MOST_ROWS]),
    ]
    yield from _section("Files")
    yield from table(("what", "value"), rows)
    yield from _rest(review.extra_asset_count - min(len(review.extra_assets), MOST_ROWS), "file")
    yield from _digests(review)


def _digests(review: SavedModelReview) -> Lines:
    if review.digests:
        rows = [
            (
                code(file.path),
                bytes_text(file.size_bytes),
                code(file.sha256) if file.sha256 else prose(f"not read: {file.problem}"),
            )
            for file in review.digests[:MOST_ROWS]
        ]
        yield ""
        yield from table(("file", "bytes", "sha256"), rows, right=(1,))
        yield from _rest(len(review.digests) - MOST_ROWS, "file")
