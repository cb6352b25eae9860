"""What a row of the tree, or of the settings, means."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.report.figures import bytes_text, plural, share_text
from inspector.report.slim_sentences import RISKS
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.slim.settings import Setting, setting_help
from inspector.tui.widgets.slim.tree_rows import KIND_HELP, TreeRow
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

Lines = list[Content]

_LABEL = 10


def tree_lines(row: TreeRow, width: int) -> Lines:
    """Return what a row of the tree is, what goes of it, why, and what keys do about it."""
    lines = wrapped(row.name, width, "$ink bold", most=6)
    lines += _amount_lines(row, width)
    if row.what == "waste":
        text = "Bytes that some layer ships and that no container sees. Every level leaves them out; nothing can be lost."
        return [*lines, Content(), *wrapped(text, width)]
    if row.what == "kind" and row.kind is not None:
        text = f"{KIND_HELP[row.kind]} {row.note}".rstrip()
        return [*lines, Content(), *wrapped(text, width), *_key_lines(row, width)]
    if row.what == "file" and row.group is not None:
        lines += labeled("of", row.group.name, width, _LABEL)
    elif row.group is not None:
        if row.amounts.goes_bytes:
            lines += labeled("risk", RISKS[row.group.risk], width, _LABEL)
        lines += labeled("because", row.group.reason, width, _LABEL, most=10) if row.group.reason else []
    lines += _choice_lines(row, width)
    lines += _largest(row, width) if row.what == "group" and not row.is_open else []
    return [*lines, *_key_lines(row, width)]


def _amount_lines(row: TreeRow, width: int) -> Lines:
    sums = row.amounts
    whole = sums.goes_bytes + sums.stays_bytes
    lines: Lines = []
    for label, size, files, style in (
        ("goes", sums.goes_bytes, sums.goes_files, "$medium"),
        ("stays", sums.stays_bytes, sums.stays_files, "$accent-text"),
    ):
        if size or files:
            share = f", {share_text(size / whole)}" if whole and size != whole else ""
            text = Content.assemble((bytes_text(size), f"{style} bold"), f" in {plural(files, 'file')}{share}")
            lines += labeled(label, text, width, _LABEL)
    return lines


def _choice_lines(row: TreeRow, width: int) -> Lines:
    if row.choice and row.inherited:
        return [Content(), *wrapped(f"You {row.choice} all of {row.group.name if row.group else ''}.", width, "$soft", most=3)]
    if row.choice:
        said = Content.assemble((f"You {row.choice} it", "$good bold"), plain(f": --slim-{row.choice} {row.pattern}", "$soft"))
        return [Content(), *wrapped(said, width, most=4)]
    return []


def _largest(row: TreeRow, width: int) -> Lines:
    if row.group is None or not row.group.largest:
        return []
    lines: Lines = [Content(), heading("largest that go")]
    for path, size in row.group.largest[:8]:
        figure = bytes_text(size)
        lines.append(
            Content.assemble(plain(shorten(f"/{path}", max(8, width - len(figure) - 1)), "$soft"), " ", (figure, "$ink"))
        )
    return lines


def _key_lines(row: TreeRow, width: int) -> Lines:
    keys: list[tuple[str, str]] = []
    if row.pattern:
        keys.append(("space", "keep or drop" if row.what == "group" else "keep, or leave to its group"))
    if row.opens:
        keys.append(("← →", "fold, unfold"))
    if row.what in ("group", "file"):
        keys.append(("f", "show in the file tree"))
    text = Content.assemble(*(part for key, does in keys for part in ((key, "$accent-text bold"), (f" {does}   ", "$soft"))))
    return [Content(), *wrapped(text, width)] if keys else []


def setting_lines(row: Setting, rows: Sequence[Setting], width: int) -> Lines:
    """Return a setting's value and what it means."""
    title = next(one.title for one in rows if one.id == row.id)
    style = "$medium" if row.lacking else "$ink"
    lines = wrapped(Content.assemble((title, "$ink bold"), "  ", plain(row.told or row.value, style)), width, most=6)
    for text in setting_help(row):
        lines += [Content(), *wrapped(text, width)]
    return lines
