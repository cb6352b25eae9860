"""What a step would do to the model, before it runs; and what the tab is for, before anything ran."""

from __future__ import annotations

from textual.content import Content

from inspector.tui.plain_text import plain
from inspector.tui.widgets.optimize.change_text import sentence, warning_lines
from inspector.tui.widgets.optimize.tables import PlannedStep, purpose
from inspector.tui.widgets.text_rows import heading, wrapped

_FIRST_STEPS = (
    (("space", " picks steps, "), ("↵", " runs them in the order picked, each on what the one before gave.")),
    (("", "Every candidate is proven against the original: it must load, keep its contract and give the same outputs."),),
    (("", "Nothing is written until you save with "), ("w", "; the file you opened is never touched.")),
)


def first_steps(width: int) -> list[Content]:
    """Return the three lines that say what will happen."""
    lines: list[Content] = []
    for number, pieces in enumerate(_FIRST_STEPS, 1):
        text = Content.assemble(*(part for key, words in pieces for part in ((key, "$accent-text bold"), words)))
        first, *others = wrapped(text, width - 3)
        lines += [Content.assemble((f"{number}  ", "$soft"), first), *(Content.assemble("   ", line) for line in others)]
    return lines


def preflight_lines(step: PlannedStep, width: int) -> list[Content]:
    """Return whether a step can run, what it would do and why, in sentences."""
    preflight = step.preflight
    lines = [Content.assemble(plain(step.name, "$ink bold"), (f"  {purpose(step.name)}", "$soft"))]
    if preflight is None:
        return [*lines, *wrapped(step.problem or "What it would do is being found out.", width, "$soft")]
    if not preflight.runnable:
        style = "$soft bold" if preflight.nothing_to_do else "$medium bold"
        lines += [Content(), plain("nothing to do" if preflight.nothing_to_do else "cannot run", style)]
        lines += wrapped(preflight.reason, width)
    else:
        lines += [Content(), heading("would do"), *wrapped(preflight.choice or purpose(step.name), width, "$ink bold")]
    if preflight.notes:
        lines += [Content(), heading("because"), *(line for note in preflight.notes for line in sentence(note, width))]
    return [*lines, *warning_lines(preflight.warnings, width)]
