"""What proves that a slimmed image still serves, or what keeps it from it, in words and figures."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.measurement import Comparison
from inspector.records.serving import AnswerDifference
from inspector.records.slimming import SlimAttempt, SlimProof, SlimStep
from inspector.report.bench_sentences import ms_text
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.benchmark.figures import VERDICT_STYLES, seconds_text
from inspector.tui.widgets.benchmark.figures import verdict_text as start_text
from inspector.tui.widgets.optimize.change_text import sentence
from inspector.tui.widgets.optimize.figures import interval_text
from inspector.tui.widgets.slim.figures import start_role
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

Lines = list[Content]

LABEL = 11
MOST_ROWS = 12
_MOST_NAMES = 6
_PHASE_CELLS = 11
_STATUS_STYLES = {"passed": ("✓", "$good bold"), "failed": ("✗", "$high bold"), "not run": ("·", "$soft bold")}


def proof_lines(step: SlimStep, width: int) -> Lines:
    """Return what the slimmed image was held against, and what came of it."""
    proof = step.proof
    if proof is None:
        return []
    glyph, style = _STATUS_STYLES[proof.status]
    lines: Lines = [heading("proof")]
    lines += wrapped(Content.assemble((f"{glyph} {proof.status}", style), plain(_answers(proof), "$ink")), width)
    lines += wrapped(proof.reason, width, "$ink", most=6) if proof.reason and proof.reason != step.reason else []
    for text in proof.exercises:
        lines += sentence(text, width)
    lines += missing_lines(proof.missing, width)
    lines += _differences(proof.differences, width)
    lines += _list("new on standard error", proof.new_messages, width, ("✗ ", "$high"))
    lines += _list("configuration changed", proof.config_changes, width, ("✗ ", "$high"))
    lines += _list("not compared: varies by itself", proof.volatile, width)
    lines += attempt_lines(proof.attempts, width)
    lines += start_lines(proof.starts, width)
    return lines + _list("notes", proof.notes, width)


def _answers(proof: SlimProof) -> str:
    if proof.status == "not run":
        return ""
    said = f"  {plural(proof.answers, 'answer')} compared"
    return said + (f", largest error {proof.largest_error:.2g}" if proof.largest_error else "")


def missing_lines(missing: Sequence[str], width: int) -> Lines:
    """Return the files that went and that a failure names."""
    return _list("missing, as the failure says", [f"/{path}" for path in missing], width, ("✗ ", "$high bold"))


def _differences(differences: Sequence[AnswerDifference], width: int) -> Lines:
    if not differences:
        return []
    lines: Lines = [Content(), heading("answers that differ")]
    for one in differences[:MOST_ROWS]:
        place = Content.assemble(("✗ ", "$high bold"), plain(one.step, "$ink bold"), plain(f"  {one.place}", "$soft"))
        lines += wrapped(place, width, most=2)
        lines += [Content.assemble("  ", line) for line in labeled("was", one.before, width - 2, 4, most=3)]
        lines += [Content.assemble("  ", line) for line in labeled("is", one.after, width - 2, 4, most=3)]
    return lines + more_line(len(differences))


def attempt_lines(attempts: Sequence[SlimAttempt], width: int) -> Lines:
    """Return every slimmed image that was put to the proof: its size, what was added back before, what became of it."""
    if not attempts:
        return []
    lines: Lines = [Content(), heading("attempts")]
    for number, one in enumerate(attempts, 1):
        glyph, style = _STATUS_STYLES[one.outcome]
        head = (f"{number} {glyph} {one.outcome}", style), (f"  {bytes_text(one.size_bytes)}", "$ink")
        lines.append(Content.assemble(*head, (f"  {seconds_text(one.seconds)}" if one.seconds else "", "$soft")))
        if one.added_back:
            lines += [Content.assemble("  ", line) for line in _added(one.added_back, width - 2)]
        if one.reason:
            lines += [Content.assemble("  ", line) for line in wrapped(one.reason, width - 2, "$soft", most=3)]
    return lines


def _added(names: Sequence[str], width: int) -> Lines:
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return wrapped(Content.assemble(("added back: ", "$medium"), plain(f"{shown}{more}")), width, most=4)


def start_lines(starts: Sequence[Comparison], width: int) -> Lines:
    """Return how starts compare with the original's, whole and by phase."""
    if not starts:
        return []
    lines: Lines = [Content(), heading("starts, after / before")]
    for one in starts:
        cache = one.conditions.cache if one.conditions is not None and one.conditions.cache else ""
        name = one.phase or (f"{cache} start" if cache else "start")
        label = plain(fit(shorten(f"  {name}" if one.phase else name, _PHASE_CELLS), _PHASE_CELLS + 1))
        if not one.pairs:
            lines += wrapped(Content.assemble(label, plain(one.note or "not measured", "$soft")), width, most=2)
            continue
        verdict = (start_text(one), VERDICT_STYLES[start_role(one)])
        figures = f"  ({interval_text(one)})  {ms_text(one.before_ms)} → {ms_text(one.after_ms)}"
        lines += wrapped(Content.assemble(label, verdict, (figures, "$soft")), width, most=2)
    return lines


def _list(title: str, texts: Sequence[str], width: int, mark: tuple[str, str] = ("· ", "$soft")) -> Lines:
    if not texts:
        return []
    lines: Lines = [Content(), heading(title)]
    for text in texts[:MOST_ROWS]:
        lines += sentence(text, width, *mark)
    return lines + more_line(len(texts))


def more_line(count: int) -> Lines:
    """Return how many rows are not shown."""
    return [Content.styled(f"and {count - MOST_ROWS:,} more", "$soft")] if count > MOST_ROWS else []
