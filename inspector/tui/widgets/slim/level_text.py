"""A level in words: what it would do, what goes on, what it came to and why."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.slimming import KeptShare, SlimLevel, SlimProgress, SlimStep, SlimSurvey, Unexercised
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.report.slim_sentences import risk_text
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.benchmark.figures import seconds_text
from inspector.tui.widgets.optimize.change_text import sentence
from inspector.tui.widgets.optimize.figures import ROLE_STYLES, ratio_text
from inspector.tui.widgets.slim.figures import (
    VERDICT_ROLES,
    change_text,
    files_text,
    pulled_ratio,
    size_ratio,
    verdict_text,
)
from inspector.tui.widgets.slim.level_rows import LevelRow
from inspector.tui.widgets.slim.proof_text import LABEL, MOST_ROWS, attempt_lines, more_line, proof_lines
from inspector.tui.widgets.text_rows import bar_row, heading, labeled, wrapped

Lines = list[Content]

_REASON_CELLS = 16
_TWO_FIGURES = 46
"""From this many columns on, files stand beside bytes."""
_HELP: dict[SlimLevel, tuple[str, ...]] = {
    "flatten": (
        "Every file of the final file system is shipped once: what later layers deleted or replaced is not shipped at all.",
        "A container sees the same files as before, to the last attribute. No engine is needed to make it.",
    ),
    "clean": (
        "Flattened, and without leftovers: caches, tests, headers, build tools and the like, by kind.",
        "The tree below says what goes; Space keeps a kind, or drops one that stays by itself.",
    ),
    "trace": (
        "Only what serving uses: the original runs in a container, does the exercises, and what it opens is kept, with"
        " what that needs (libraries, links, bytecode, certificates, time zones).",
        "Then the slimmed image does the same, and must answer the same. Where it does not, what is likely missing is"
        " added back and it tries again, within the budget.",
    ),
}


def original_lines(row: LevelRow, survey: SlimSurvey | None, width: int) -> Lines:
    """Return what the image comes to, and how to go on."""
    lines: Lines = []
    if row.before is not None:
        lines += labeled("size", bytes_text(row.before.size_bytes), width, LABEL)
        if row.before.compressed_bytes is not None:
            lines += labeled("pulled", bytes_text(row.before.compressed_bytes), width, LABEL)
        lines += labeled("holds", files_text(row.before), width, LABEL)
    lines += [Content(), *guide_lines(width)]
    return lines + note_lines(survey, width)


def guide_lines(width: int) -> Lines:
    """Return the steps that a user takes here."""
    lines: Lines = []
    steps = (
        (("Space", " chooses levels, and what goes and stays in the tree; "), ("Tab", " moves on.")),
        (("x", " adds an exercise: what the image must still be able to do."),),
        (("↵", " runs the levels. Each is made from the original and proven against it."),),
        (("^s", " writes the smallest that was accepted."),),
    )
    for number, pieces in enumerate(steps, 1):
        text = Content.assemble(*(part for key, words in pieces for part in ((key, "$accent-text bold"), words)))
        lines += sentence_of(text, width, f"{number} ")
    return lines


def sentence_of(text: Content, width: int, mark: str) -> Lines:
    """Return a text after a mark, wrapped under itself."""
    first, *others = wrapped(text, width - len(mark)) or [Content()]
    blank = " " * len(mark)
    return [Content.assemble((mark, "$soft"), first), *(Content.assemble(blank, line) for line in others)]


def note_lines(survey: SlimSurvey | None, width: int) -> Lines:
    """Return what the survey has to say beside figures."""
    notes = survey.notes if survey is not None else ()
    return [Content(), *(line for note in notes for line in sentence(note, width, "! ", "$medium bold"))] if notes else []


def planned_lines(row: LevelRow, survey: SlimSurvey | None, width: int) -> Lines:
    """Return what a level does, and what it would do here."""
    assert row.level is not None
    lines: Lines = []
    if row.lacks:
        lines += [Content.assemble(("! ", "$medium bold"), (row.lacks, "$medium bold")), Content()]
    if row.would_go is not None:
        goes = f"{bytes_text(row.would_go.goes_bytes)} in {plural(row.would_go.goes_files, 'file')}"
        lines += [*labeled("would go", goes, width, LABEL), Content()]
    for text in _HELP[row.level]:
        lines += [*wrapped(text, width), Content()]
    if not row.on:
        lines += wrapped("It is switched off: Space switches it on.", width, "$soft")
    return [*lines, *note_lines(survey, width)]


def working_lines(row: LevelRow, warnings: Sequence[str], width: int) -> Lines:
    """Return what goes on, or went on when it was stopped, and what has become known."""
    heads = {
        "running": ("▶ running", "$accent-text bold"),
        "waiting": ("· waits for its turn", "$soft bold"),
        "stopped": ("■ stopped by you", "$soft bold"),
        "failed": ("✗ failed", "$high bold"),
    }
    lines: Lines = [Content.assemble(heads[row.state])]
    lines += wrapped(row.problem, width, most=8) if row.problem else []
    if row.doing:
        lines += [Content(), heading("it was at")] if row.state != "running" else []
        lines += wrapped(row.doing, width, "$ink bold", most=3)
    lines += progress_lines(row.progress, width) if row.progress is not None else []
    return lines + warning_lines(warnings, width)


def progress_lines(progress: SlimProgress, width: int) -> Lines:
    """Return what is known while a level runs: counts, attempts, what stays for which reason."""
    lines: Lines = [Content()]
    if progress.opened:
        lines += labeled("opened", f"{plural(progress.opened, 'file')} so far", width, LABEL)
    if progress.answers:
        lines += labeled("compared", plural(progress.answers, "answer"), width, LABEL)
    goes = sum(group.dropped_bytes for group in progress.groups)
    if progress.groups:
        stays = sum(group.kept_bytes for group in progress.groups)
        lines += labeled("goes", f"{bytes_text(goes)}, {bytes_text(stays)} stays", width, LABEL)
    return [*lines, *attempt_lines(progress.attempts, width), *kept_lines(progress.kept, width)]


def step_lines(step: SlimStep, warnings: Sequence[str], width: int) -> Lines:
    """Return what a level came to: verdict, sizes, what was written."""
    style = ROLE_STYLES[VERDICT_ROLES[step.verdict]]
    lines: Lines = [Content.assemble((verdict_text(step.verdict), style), (f"  {seconds_text(step.seconds)}", "$soft"))]
    lines += wrapped(step.reason, width, most=8) if step.reason else []
    lines += labeled("written", step.output, width, LABEL) if step.output else []
    lines += [Content(), *_size_lines(step, width)]
    lines += labeled("bytecode", step.bytecode, width, LABEL, most=6) if step.bytecode else []
    return [*lines, *warning_lines(dict.fromkeys((*step.warnings, *warnings)), width)]


def _size_lines(step: SlimStep, width: int) -> Lines:
    after = step.after
    lines: Lines = []
    for label, before_bytes, after_bytes, ratio in (
        ("size", step.before.size_bytes, after.size_bytes if after else None, size_ratio(step)),
        ("pulled", step.before.compressed_bytes, after.compressed_bytes if after else None, pulled_ratio(step)),
    ):
        if before_bytes is not None:
            said = change_text(before_bytes, after_bytes) + (f"  {ratio_text(ratio)}" if ratio is not None else "")
            lines += labeled(label, said, width, LABEL)
    files = whole_text(step.before.files) + (f" → {whole_text(after.files)}" if after else "")
    lines += labeled("files", files, width, LABEL)
    return lines + (labeled("risk", risk_text(step), width, LABEL) if after else [])


def more_lines(step: SlimStep, width: int) -> Lines:
    """Return the proof, what no exercise reached, what stays for which reason, and the layers."""
    lines = proof_lines(step, width)
    lines += unexercised_lines(step.unexercised, width)
    lines += kept_lines(step.kept, width)
    return [*lines, *_layer_lines(step, width)]


def unexercised_lines(parts: Sequence[Unexercised], width: int) -> Lines:
    """Return what no exercise reached: the proof says nothing of it."""
    if not parts:
        return []
    lines: Lines = [Content(), heading("not exercised: nothing is proven of it")]
    for one in parts[:MOST_ROWS]:
        size = f"  {bytes_text(one.bytes)}" if one.bytes else ""
        room = max(8, width - len(one.what) - len(size) - 4)
        text = (f"{one.what}  ", "$medium"), plain(shorten(one.place, room)), (size, "$soft")
        lines.append(Content.assemble(("· ", "$soft"), *text))
    return lines + more_line(len(parts))


def kept_lines(kept: Sequence[KeptShare], width: int) -> Lines:
    """Return why files stay, largest first."""
    if not kept:
        return []
    whole = max(sum(one.bytes for one in kept), 1)
    lines: Lines = [Content(), heading("why files stay")]
    for one in sorted(kept, key=lambda one: -one.bytes):
        figures = (bytes_text(one.bytes), whole_text(one.files))[: 2 if width >= _TWO_FIGURES else 1]
        lines.append(bar_row(one.reason, one.bytes / whole, figures, width, _REASON_CELLS))
    return lines


def _layer_lines(step: SlimStep, width: int) -> Lines:
    if not step.layers:
        return []
    lines: Lines = [Content(), heading("layers, lowest first")]
    for part, digest, size in step.layers:
        name = digest.removeprefix("sha256:")[:12]
        lines.append(Content.assemble(plain(fit(part, 14)), plain(fit(name, 14), "$soft"), bytes_text(size)))
    return lines + (labeled("manifest", shorten(step.digest, width - LABEL), width, LABEL) if step.digest else [])


def warning_lines(warnings: Sequence[str] | dict[str, None], width: int) -> Lines:
    """Return warnings, each behind a mark."""
    lines = [line for text in warnings for line in sentence(text, width, "! ", "$medium bold")]
    return [Content(), *lines] if lines else []
