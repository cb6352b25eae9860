"""Findings about names that are overlong, unreadable or made to deceive a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.notes import Notes

_SHOWN = 80


def note_odd_text(cleaner: TextCleaner, notes: Notes, clipped_lists: int) -> None:
    """Note what the cleaner met in names, and lists of attributes that were clipped."""
    if cleaner.overlong:
        message = f"{_several(cleaner.overlong)} longer than is shown; the first begins {_start(cleaner.overlong)}"
        notes.add("overlong-name", "medium", message, "names", "no exporter writes such names")
    if cleaner.invalid_utf8:
        message = f"{_several(cleaner.invalid_utf8)} no valid UTF-8, such as {_start(cleaner.invalid_utf8)}"
        notes.add("invalid-utf8", "medium", message, "names", "some runtimes refuse the model, others show other names")
    if cleaner.harmful:
        message = f"{_several(cleaner.harmful)} written with control or invisible characters, such as {_start(cleaner.harmful)}"
        notes.add("unprintable-name", "medium", message, "names", "such names can write to a terminal or pass for another name")
    if clipped_lists:
        notes.add(
            "long-attribute", "info", f"{clipped_lists:,} attributes hold lists too long to show: only their start is kept"
        )


def _several(texts: Sequence[str]) -> str:
    return "1 name is" if len(texts) == 1 else f"{len(texts):,} names are"


def _start(texts: Sequence[str]) -> str:
    return texts[0] if len(texts[0]) <= _SHOWN else texts[0][:_SHOWN] + "…"
