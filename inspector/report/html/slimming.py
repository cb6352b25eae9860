"""What slimming an image came to, level by level, and what proves it."""

from __future__ import annotations

from typing import Final

from inspector.records.review import Review
from inspector.records.slimming import SlimProof, SlimStep
from inspector.records.written_image import ImageBytes
from inspector.report import slim_sentences as say
from inspector.report.html.blocks import (
    Block,
    Cell,
    Section,
    code,
    columns,
    facts,
    group,
    mark,
    number,
    right,
    section,
    table,
    words,
)

MOST_LARGEST: Final = 3
_CODE_LABELS: Final = ("exercise", "written to")


def slimming_section(review: Review) -> list[Section]:
    """Return all levels in one table, then each of them in full."""
    slimming = review.slimming
    if slimming is None:
        return []
    titles = columns("level", "verdict", right(*say.SIZE_TITLES[2:]))
    images = (slimming.original, *(step.after for step in slimming.steps))
    rows: list[tuple[Cell | str, ...]] = [
        (level, mark(verdict), *(number(text, figure) for text, figure in zip(cells, _sizes(image), strict=True)))
        for image, (level, verdict, *cells) in zip(images, say.size_rows(slimming), strict=True)
    ]
    unproven = say.unproven_sentence(slimming)
    blocks = [*words(f"{say.overall_text(slimming)}.", "strong"), *words(f"{unproven}." if unproven else "", "warn")]
    blocks += table("The original and each level, made from it", titles, rows, noun="level")
    for step in slimming.steps:
        blocks += group(f"{step.level}, in full", _step(step), step.verdict, folded=True)
    return section("slimming", "Slimmed image", blocks)


def _sizes(image: ImageBytes | None) -> tuple[int | None, ...]:
    if image is None:
        return (None,) * 4
    return image.size_bytes, image.compressed_bytes, image.files, image.layers


def _step(step: SlimStep) -> list[Block]:
    entries = [*say.step_entries(step), ("written to", step.output)]
    purpose = say.PURPOSES[step.level]
    return [
        *words(f"{purpose[0].upper()}{purpose[1:]}."),
        *facts((label, code(value) if label in _CODE_LABELS else value) for label, value in entries),
        *(_proof(step.proof) if step.proof is not None else []),
        *_groups(step),
        *_kept(step),
        *_unexercised(step),
        *_layers(step),
    ]


def _proof(proof: SlimProof) -> list[Block]:
    differences = [tuple(map(code, say.difference_row(one))) for one in proof.differences]
    starts = [(row[0], mark(row[1]), *row[2:]) for row in say.start_rows(proof.starts)]
    titles = columns("start", "verdict", right("slimmed / original (95 %)", "medians"), "beside it")
    return [
        *table("Answers that differ", ("asked", "place", "original", "slimmed"), differences, noun="answer"),
        *table("Messages that the original never prints", ("message",), [(code(one),) for one in proof.new_messages]),
        *table("Images put to the proof", ("outcome", "size", "added back", "reason"), say.attempt_rows(proof.attempts)),
        *table("Starts before and after", titles, starts, noun="start"),
    ]


def _groups(step: SlimStep) -> list[Block]:
    groups = say.going(step)
    rows: list[tuple[Cell | str, ...]] = []
    for one in groups:
        goes, files, stays, name, risk, pattern = say.group_row(one)
        cells = (number(goes, one.dropped_bytes), number(files, one.dropped_files), number(stays, one.kept_bytes))
        rows.append((name, *cells, risk, code(pattern), say.largest_text(one, MOST_LARGEST), one.reason))
    goes, files, stays, name, risk, pattern = say.GROUP_TITLES
    titles = columns(name, right(goes, files, stays), risk, pattern, "largest", "why")
    return table(f"What goes, {say.going_text(groups)}", titles, rows, noun="group")


def _kept(step: SlimStep) -> list[Block]:
    rows = []
    for share in step.kept:
        stays, files, why = say.kept_row(share)
        rows.append((why, number(stays, share.bytes), number(files, share.files)))
    stays, files, why = say.KEPT_TITLES
    return table("What stays, and why", columns(why, right(stays, files)), rows, noun="reason")


def _unexercised(step: SlimStep) -> list[Block]:
    rows = []
    for one in step.unexercised:
        what, place, size = say.unexercised_row(one)
        rows.append((what, code(place), number(size, one.bytes)))
    caption = "Not exercised, so that the proof says nothing about them"
    return table(caption, columns("what", "where", right("bytes")), rows, noun="part")


def _layers(step: SlimStep) -> list[Block]:
    rows = [(part, size, code(digest)) for part, size, digest in say.layer_rows(step)]
    part, size, digest = say.LAYER_TITLES
    caption = "Layers, cut so that what changes moves alone"
    return group(
        "Layers of the slimmed image", table(caption, columns(part, right(size), digest), rows, noun="layer"), folded=True
    )
