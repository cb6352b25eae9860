"""What slimming an image came to, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from inspector.records.slimming import Slimming, SlimProof, SlimStep
from inspector.report import slim_sentences as say
from inspector.report.figures import plural
from inspector.report.markdown_text import code, prose, table

MOST_ROWS: Final = 20
MOST_LARGEST: Final = 3

Lines = Iterable[str]

_CODE_LABELS: Final = ("exercise",)
"""Entries whose value is what the user typed."""


def slim_lines(slimming: Slimming | None) -> Lines:
    """Yield a table of all levels, then each of them in full."""
    if slimming is None:
        return
    yield from ["", "## Slimmed image", "", f"{prose(say.overall_text(slimming))}.", ""]
    titles = ("level", "verdict", *say.SIZE_TITLES[2:])
    rows = [(row[0], f"**{row[1]}**" if row[1] else "", *map(prose, row[2:])) for row in say.size_rows(slimming)]
    yield from table(titles, rows, right=(2, 3, 4, 5))
    unproven = say.unproven_sentence(slimming)
    yield from ["", f"> **Warning:** {prose(unproven)}."] if unproven else []
    for step in slimming.steps:
        yield from _step(step)


def _step(step: SlimStep) -> Lines:
    yield from ["", f"### {step.level}: {step.verdict}", "", f"{say.PURPOSES[step.level].capitalize()}.", ""]
    for label, value in say.step_entries(step):
        title = "**warning**" if label == "warning" else label
        yield f"- {title}: {code(value) if label in _CODE_LABELS else prose(value)}"
    if step.output:
        yield f"- written to: {code(step.output)}"
    if step.proof is not None:
        yield from _proof(step.proof)
    yield from _groups(step)
    yield from _titled("What stays, and why", say.KEPT_TITLES, [say.kept_row(share) for share in step.kept], right=(0, 1))
    unexercised = [(what, code(place), size) for what, place, size in map(say.unexercised_row, step.unexercised)]
    yield from _titled(
        "Not exercised, so that the proof says nothing about them", ("what", "where", "bytes"), unexercised, right=(2,)
    )
    layers = [(part, size, code(digest)) for part, size, digest in say.layer_rows(step)]
    yield from _titled("Layers, cut so that what changes moves alone", say.LAYER_TITLES, layers, right=(1,))


def _proof(proof: SlimProof) -> Lines:
    differences = [tuple(map(code, say.difference_row(one))) for one in proof.differences]
    yield from _titled("Answers that differ", ("asked", "place", "original", "slimmed"), differences)
    messages = [(code(message),) for message in proof.new_messages]
    yield from _titled("Messages that the original never prints", ("message",), messages)
    attempts = [tuple(map(prose, row)) for row in say.attempt_rows(proof.attempts)]
    yield from _titled("Images put to the proof", ("outcome", "size", "added back", "reason"), attempts)
    titles = ("start", "verdict", "slimmed / original (95 %)", "medians", "beside it")
    yield from _titled("Starts before and after", titles, [tuple(map(prose, row)) for row in say.start_rows(proof.starts)])


def _groups(step: SlimStep) -> Lines:
    groups = say.going(step)
    if not groups:
        return
    rows = []
    for group in groups[:MOST_ROWS]:
        goes, files, stays, name, risk, pattern = say.group_row(group)
        rows.append(
            (
                goes,
                files,
                stays,
                prose(name),
                risk,
                code(pattern),
                prose(say.largest_text(group, MOST_LARGEST)),
                prose(group.reason),
            )
        )
    yield from ["", f"What goes, {say.going_text(groups)}:", ""]
    yield from table((*say.GROUP_TITLES, "largest", "why"), rows, right=(0, 1, 2))
    rest = say.groups_rest(groups, MOST_ROWS)
    yield from ["", f"… {rest}."] if rest else []


def _titled(title: str, titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Lines:
    if not rows:
        return
    yield from ["", f"{title}:", ""]
    yield from table(titles, rows[:MOST_ROWS], right)
    if len(rows) > MOST_ROWS:
        yield from ["", f"… and {plural(len(rows) - MOST_ROWS, 'more row')}."]
