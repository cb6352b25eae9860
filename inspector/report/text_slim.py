"""What slimming an image came to, as readable text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.records.slimming import Slimming, SlimProof, SlimStep, SlimVerdict
from inspector.report import slim_sentences as say
from inspector.report.text_bench import VERDICT_STYLES as START_STYLES
from inspector.report.text_page import Cell, Column, Page, Style

MOST_GROUPS: Final = 15
MOST_ROWS: Final = 20
MOST_DIFFERENCES: Final = 6
MOST_LARGEST: Final = 2

LEFT, RIGHT = Column(), Column("right")
NAME, WORDS = Column(flexible=True, least=12), Column(flexible=True, least=16)

VERDICT_STYLES: Final[dict[SlimVerdict, Style]] = {
    "proven": "good",
    "not proven": "medium",
    "nothing to do": "label",
    "rejected": "high",
    "cannot run": "high",
}


def write_slimming(page: Page, slimming: Slimming | None) -> None:
    """Write a table of all levels, then each of them in full."""
    if slimming is None:
        return
    page.heading("Slimmed image", say.overall_text(slimming))
    titles = [Cell(title, "label") for title in say.SIZE_TITLES]
    styles = [
        "label" if index == 0 else VERDICT_STYLES[slimming.steps[index - 1].verdict] for index in range(len(slimming.steps) + 1)
    ]
    rows = [
        [Cell(row[0], "title"), Cell(row[1], style), *map(Cell, row[2:])]
        for row, style in zip(say.size_rows(slimming), styles, strict=True)
    ]
    page.table([LEFT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT], [titles, *rows])
    unproven = say.unproven_sentence(slimming)
    page.paragraph([Cell(unproven, "medium")] if unproven else [], indent=2)
    for step in slimming.steps:
        _write_step(page, step)


def _write_step(page: Page, step: SlimStep) -> None:
    page.heading(f"{step.level}: {step.verdict}", say.PURPOSES[step.level])
    entries = list(say.step_entries(step))
    width = max((len(label) for label, _ in entries), default=0)
    previous = None
    for label, value in entries:
        page.entry(label if label != previous else "", value, width)
        previous = label
    if step.proof is not None:
        _write_proof(page, step.proof)
    _write_groups(page, step)
    _write_kept(page, step)
    _write_unexercised(page, step)
    _write_layers(page, step)


def _write_proof(page: Page, proof: SlimProof) -> None:
    if proof.differences:
        page.paragraph([Cell("answers that differ", "label")], indent=2)
    for difference in proof.differences[:MOST_DIFFERENCES]:
        step, place, before, after = say.difference_row(difference)
        page.table([NAME, NAME], [[Cell(step, "title"), Cell(place)]], indent=4)
        page.paragraph([Cell(f"original: {before}", "label"), Cell(f"slimmed:  {after}", "high")], indent=6)
    page.rest(len(proof.differences) - MOST_DIFFERENCES, "difference")
    if proof.new_messages:
        page.paragraph([Cell("messages that the original never prints", "label")], indent=2)
        page.paragraph([Cell(message, "high") for message in proof.new_messages[:MOST_ROWS]], indent=4)
        page.rest(len(proof.new_messages) - MOST_ROWS, "message")
    _write_attempts(page, proof)
    _write_starts(page, proof)


def _write_attempts(page: Page, proof: SlimProof) -> None:
    if not proof.attempts:
        return
    page.paragraph([Cell("images put to the proof", "label")], indent=2)
    for one, row in zip(proof.attempts[:MOST_ROWS], say.attempt_rows(proof.attempts), strict=False):
        outcome, size, added_back, reason = row
        added = f"added back: {added_back}" if added_back else ""
        style: Style = "good" if one.outcome == "passed" else "high"
        page.table([LEFT, WORDS], [[Cell(outcome, style), Cell(size, "label")]], indent=4)
        page.paragraph([Cell(text, "label") for text in (added, reason) if text], indent=8)
    page.rest(len(proof.attempts) - MOST_ROWS, "attempt")


def _write_starts(page: Page, proof: SlimProof) -> None:
    if not proof.starts:
        return
    page.paragraph([Cell("starts, slimmed / original: median of paired ratios with its interval of 95 %", "label")], indent=2)
    for one, (title, verdict, ratio, medians, told) in zip(proof.starts, say.start_rows(proof.starts), strict=True):
        page.table([NAME, LEFT, LEFT], [[Cell(title), Cell(verdict, START_STYLES[one.verdict]), Cell(ratio)]], indent=4)
        details = ", ".join(part for part in (medians, told) if part)
        page.paragraph([Cell(details, "label")] if details else [], indent=8)


def _write_groups(page: Page, step: SlimStep) -> None:
    groups = say.going(step)
    if not groups:
        return
    page.paragraph([Cell(f"what goes: {say.going_text(groups)}", "label")], indent=2)
    shown = groups[:MOST_GROUPS]
    rows = [[*map(Cell, say.group_row(group)[:4]), Cell(say.group_row(group)[4], "label")] for group in shown]
    titles = [Cell(title, "label") for title in say.GROUP_TITLES[:5]]
    page.table([RIGHT, RIGHT, RIGHT, NAME, LEFT], [titles, *rows], indent=4)
    _write_rest(page, say.groups_rest(groups, MOST_GROUPS))
    keeping = say.keeping_text(shown)
    page.paragraph([Cell(keeping, "label")] if keeping else [], indent=4)
    details = [(say.group_name(group), say.largest_text(group, MOST_LARGEST), group.reason) for group in shown]
    told = [f"{name}: {'; '.join(part for part in parts if part)}" for name, *parts in details if any(parts)]
    page.paragraph([Cell(text, "label") for text in told], indent=4)


def _write_kept(page: Page, step: SlimStep) -> None:
    _write_table(page, "what stays", say.KEPT_TITLES, [RIGHT, RIGHT, WORDS], [say.kept_row(share) for share in step.kept])


def _write_unexercised(page: Page, step: SlimStep) -> None:
    title = "not exercised, so that the proof says nothing about them"
    rows = [say.unexercised_row(one) for one in step.unexercised]
    _write_table(page, title, ("", "", ""), [LEFT, WORDS, RIGHT], rows)


def _write_layers(page: Page, step: SlimStep) -> None:
    if step.layers:
        page.paragraph([Cell("layers, cut so that what changes moves alone", "label")], indent=2)
    for part, size, digest in say.layer_rows(step):
        page.table([LEFT, LEFT], [[Cell(f"{part:<12}"), Cell(size)]], indent=4)
        page.paragraph([Cell(digest, "label")], indent=6)
    if step.output:
        page.entry("written to", step.output, len("written to"))


def _write_table(
    page: Page, title: str, titles: Sequence[str], columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> None:
    if not rows:
        return
    page.paragraph([Cell(title, "label")], indent=2)
    heads = [[Cell(title, "label") for title in titles]] if any(titles) else []
    page.table(columns, [*heads, *([*map(Cell, row)] for row in rows[:MOST_ROWS])], indent=4)
    _write_rest(page, f"and {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else "")


def _write_rest(page: Page, rest: str) -> None:
    page.paragraph([Cell(f"… {rest}", "label")] if rest else [], indent=4)
