"""What a step would do to the model, before it runs; and what the tab is for, before anything ran."""

from __future__ import annotations

from textual.content import Content

from inspector.records.artifact import Format
from inspector.tui.plain_text import plain
from inspector.tui.widgets.optimize.change_text import sentence, warning_lines
from inspector.tui.widgets.optimize.tables import PlannedStep
from inspector.tui.widgets.text_rows import heading, wrapped

Pieces = tuple[tuple[str, str], ...]

_FIRST_STEPS: tuple[Pieces, ...] = (
    (("space", " picks steps, "), ("↵", " runs them in the order picked, each on what the one before gave.")),
    (("", "Every candidate is proven against the original: it must load, keep its contract and give the same outputs."),),
    (("", "Nothing is written until you save with "), ("^s", "; the file you opened is never touched.")),
)
_CONVERTING: Pieces = (
    ("to-onnx", " gives an ONNX model, and the steps for those follow; "),
    ("to-litert, fp16, int8", " give a .tflite: the last step."),
)
_BRIEF: tuple[Pieces, ...] = (
    (("space", " picks steps, "), ("↵", " runs them, each on what the one before gave.")),
    (("", "Each is proven against the original. Nothing is written until "), ("^s", ".")),
    (("to-onnx", ": ONNX's steps follow. "), ("to-litert, fp16, int8", ": a .tflite, the end.")),
)
"""The same of a SavedModel, where there are few lines."""


def first_steps(format_: Format, brief: bool, width: int) -> list[Content]:
    """Return the three lines that say what will happen, and of a SavedModel a fourth of what it may become."""
    lines: list[Content] = []
    said = (*_FIRST_STEPS, _CONVERTING) if format_ == "saved_model" else _FIRST_STEPS
    for number, pieces in enumerate(_BRIEF if brief and format_ == "saved_model" else said, 1):
        text = Content.assemble(*(part for key, words in pieces for part in ((key, "$accent-text bold"), words)))
        first, *others = wrapped(text, width - 3)
        lines += [Content.assemble((f"{number}  ", "$soft"), first), *(Content.assemble("   ", line) for line in others)]
    return lines


def preflight_lines(step: PlannedStep, width: int) -> list[Content]:
    """Return whether a step can run, what it would do and why, in sentences."""
    preflight = step.preflight
    lines = [Content.assemble(plain(step.name, "$ink bold"), (f"  {step.purpose}", "$soft"))]
    if preflight is None:
        return [*lines, *wrapped(step.problem or "What it would do is being found out.", width, "$soft")]
    if not preflight.runnable:
        lead = ("nothing to do: ", "$soft bold") if preflight.nothing_to_do else ("cannot run: ", "$medium bold")
        lines += wrapped(Content.assemble(lead, plain(preflight.reason.removeprefix(lead[0]))), width)
    else:
        lines += [Content(), heading("would do"), *wrapped(preflight.choice or step.purpose, width, "$ink bold")]
    if preflight.notes:
        lines += [Content(), heading("because"), *(line for note in preflight.notes for line in sentence(note, width))]
    return [*lines, *warning_lines(preflight.warnings, width)]
