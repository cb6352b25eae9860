"""What goes and what stays, as rows: kinds of groups, groups, and the largest files that go; no drawing here."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from inspector.records.slimming import GroupKind, SlimGroup, SlimRequest, SlimSurvey
from inspector.tui.widgets.slim.choices import Amounts, Choice, amounts, choice_of, total

KINDS: tuple[GroupKind, ...] = ("leftover", "python", "application", "model", "debian", "alpine", "system")
KIND_TITLES: dict[GroupKind, str] = {
    "leftover": "leftovers, by kind",
    "python": "Python packages",
    "application": "files of no package",
    "model": "models",
    "debian": "Debian packages",
    "alpine": "Alpine packages",
    "system": "the rest of the system",
}
KIND_HELP: dict[GroupKind, str] = {
    "leftover": "Files that serving usually does without: each kind goes or stays as a whole.",
    "python": "Files of the packages that pip, conda or the system installed for Python.",
    "application": "Files that neither a package nor a model owns: the code of the image, as a rule.",
    "model": "Files of models: what the image is there for.",
    "debian": "Files of the packages that dpkg knows.",
    "alpine": "Files of the packages that apk knows.",
    "system": "Files of the system that no package lists: links, what scripts made at installation.",
}
TOLD_TWICE = "What goes of them is what is left over in them: the leftovers once more, by owner."
WASTE = "waste"
MOST_OPEN = 30
"""A kind with more groups than these begins folded."""

RowKind = Literal["waste", "kind", "group", "file"]


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row: what it is, what goes and stays of it, what was decided, and whether it can be and is open."""

    id: str
    what: RowKind
    depth: int
    name: str
    amounts: Amounts
    kind: GroupKind | None = None
    group: SlimGroup | None = None
    choice: Choice = ""
    inherited: bool = False
    """Whether the choice is that of the group a file belongs to."""
    opens: bool = False
    is_open: bool = False
    groups: int = 0
    note: str = ""
    pattern: str = ""
    """What puts it into keep or drop; empty: it cannot be decided alone."""


def usually_folded(groups: Sequence[SlimGroup]) -> frozenset[str]:
    """Return the kinds that begin folded, since there are too many groups of them to look at."""
    return frozenset(kind for kind in KINDS if sum(group.kind == kind for group in groups) > MOST_OPEN)


def survey_groups(survey: SlimSurvey) -> tuple[SlimGroup, ...]:
    """Return all that can be decided before anything was run."""
    return (*survey.clean, *survey.packages)


def tree_rows(
    groups: Sequence[SlimGroup],
    request: SlimRequest,
    opened: Collection[str],
    folded: Collection[str],
    waste: tuple[int, int] | None = None,
) -> list[TreeRow]:
    """Return the rows of what is unfolded: opened holds ids of groups, folded those of kinds; waste is bytes and files."""
    rows: list[TreeRow] = []
    if waste is not None:
        rows.append(TreeRow(WASTE, "waste", 0, "waste of lower layers", Amounts(waste[0], waste[1])))
    for kind, of_kind in _by_kind(groups):
        is_open = kind not in folded
        note = TOLD_TWICE if waste is not None and kind != "leftover" else ""
        row = TreeRow(kind, "kind", 0, KIND_TITLES[kind], total(of_kind, request), kind, opens=True, is_open=is_open, note=note)
        rows.append(replace(row, groups=len(of_kind)))
        if is_open:
            rows += (row for group in of_kind for row in _group_rows(group, request, opened))
    return rows


def _by_kind(groups: Sequence[SlimGroup]) -> list[tuple[GroupKind, list[SlimGroup]]]:
    """Return the groups of each kind there is, those first of which most goes: by itself, so that choices move no row."""
    found = [(kind, [group for group in groups if group.kind == kind]) for kind in KINDS]
    return sorted((one for one in found if one[1]), key=lambda one: -sum(group.dropped_bytes for group in one[1]))


def _group_rows(group: SlimGroup, request: SlimRequest, opened: Collection[str]) -> Iterator[TreeRow]:
    choice = choice_of(request, group.pattern)
    key = id_of(group)
    is_open = key in opened
    yield TreeRow(
        key,
        "group",
        1,
        group.name,
        amounts(group, choice),
        group.kind,
        group,
        choice,
        opens=bool(group.largest),
        is_open=is_open,
        pattern=group.pattern,
    )
    if is_open:
        yield from (_file_row(group, path, size, request, choice) for path, size in group.largest)


def _file_row(group: SlimGroup, path: str, size: int, request: SlimRequest, above: Choice) -> TreeRow:
    pattern = file_pattern(path)
    own = choice_of(request, pattern)
    choice = own or above
    stays = choice == "keep"
    sums = Amounts(0, 0, size, 1) if stays else Amounts(size, 1)
    return TreeRow(
        f"{id_of(group)}\0{path}",
        "file",
        2,
        f"/{path}",
        sums,
        group.kind,
        group,
        choice,
        inherited=not own and bool(above),
        pattern=pattern,
    )


def id_of(group: SlimGroup) -> str:
    """Return what tells a group from the others, also when its figures change."""
    return f"{group.kind}\0{group.name}"


def file_pattern(path: str) -> str:
    """Return the pattern that matches a path alone, whatever its name holds."""
    return glob.escape(f"/{path}")


def next_file_choice(row: TreeRow) -> Choice:
    """Return what Space makes of a file that goes: kept, or left to its group again."""
    return "" if row.choice == "keep" and not row.inherited else "keep"
