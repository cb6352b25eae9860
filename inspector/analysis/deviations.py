"""How a block differs from the blocks it stands among, in words, or that it is another thing altogether."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Final, NamedTuple

from inspector.analysis.structure import Structure
from inspector.records.graph import Attribute, Node

LONGEST_COMPARED: Final = 512
"""Rows of a block above which blocks of different operators are not aligned."""

NAMED: Final = 3
"""Differences spelled out; more are counted."""


class Stretch(NamedTuple):
    """Rows [first, end) taken as one block."""

    first: int
    end: int

    @property
    def length(self) -> int:
        """Number of rows."""
        return self.end - self.first


class _Difference(NamedTuple):
    pairs: list[tuple[int, int]]
    """Rows of the two blocks that correspond."""
    missing: list[int]
    extra: list[int]


class Deviation(NamedTuple):
    """How a block differs: the nodes that are more, fewer or changed, and a description ("1 more node (Conv)")."""

    size: int
    text: str


def deviation(structure: Structure, usual: Stretch, other: Stretch) -> Deviation | None:
    """Return how the other block differs from the usual one, None if too much to be one of its kind.

    At most a fifth of the nodes, or two, may be more or fewer, and as many of the others may have other attributes. A
    block that is no different in itself is fed from elsewhere.
    """
    difference = _align(structure, usual, other)
    if difference is None:
        return None
    changed = [(a, b) for a, b in difference.pairs if structure.rough[a] != structure.rough[b]]
    if len(changed) > max(2, usual.length // 5):
        return None
    parts = [_counted(structure, difference.extra, "more"), _counted(structure, difference.missing, "fewer")]
    parts.extend(_named(structure, changed))
    if any(structure.exact[a] != structure.exact[b] for a, b in difference.pairs if (a, b) not in changed):
        parts.append("other shapes")
    if not difference.extra and not difference.missing and not _wired_alike_inside(structure, usual, other):
        parts.append("wired differently")
    text = ", ".join(part for part in parts if part) or "fed from elsewhere"
    return Deviation(len(difference.extra) + len(difference.missing) + len(changed), text)


def _align(structure: Structure, usual: Stretch, other: Stretch) -> _Difference | None:
    kind = structure.kind
    ours, theirs = kind[usual.first : usual.end], kind[other.first : other.end]
    if ours == theirs:
        return _Difference(list(zip(range(*usual), range(*other), strict=True)), [], [])
    allowed = max(2, usual.length // 5)
    unlike = Counter(ours)
    unlike.subtract(theirs)
    if usual.length > LONGEST_COMPARED or sum(abs(n) for n in unlike.values()) > allowed:
        return None
    pairs: list[tuple[int, int]] = []
    missing: list[int] = []
    extra: list[int] = []
    for tag, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs.extend(zip(range(usual.first + a, usual.first + b), range(other.first + c, other.first + d), strict=True))
        else:
            missing.extend(range(usual.first + a, usual.first + b))
            extra.extend(range(other.first + c, other.first + d))
    return _Difference(pairs, missing, extra) if len(missing) + len(extra) <= allowed else None


def _wired_alike_inside(structure: Structure, usual: Stretch, other: Stretch) -> bool:
    shift = other.first - usual.first
    for row in range(*usual):
        mine, theirs = structure.reach[row], structure.reach[row + shift]
        offset = row - usual.first
        inside = [(a, b) for a, b in zip(mine, theirs, strict=False) if a <= offset or b <= offset]
        if len(mine) != len(theirs) or any(a != b for a, b in inside):
            return False
    return True


def _counted(structure: Structure, rows: Sequence[int], word: str) -> str:
    if not rows:
        return ""
    names = [row_title(structure, row) for row in rows]
    more = ", …" if len(names) > NAMED else ""
    return f"{len(rows)} {word} {'node' if len(rows) == 1 else 'nodes'} ({', '.join(names[:NAMED])}{more})"


def row_title(structure: Structure, row: int) -> str:
    """Return the operator of a row's node, "input" or "output" for other rows."""
    number = structure.layout.nodes[row]
    if number >= 0:
        return structure.graph.nodes[number].operator
    return "input" if structure.layout.output_at(row) is None else "output"


def _named(structure: Structure, changed: Sequence[tuple[int, int]]) -> list[str]:
    said = dict.fromkeys(_attribute_change(structure, a, b) for a, b in changed)
    named = list(islice(said, NAMED))
    return [*named, f"{len(said) - NAMED} more attributes"] if len(said) > NAMED else named


def _attribute_change(structure: Structure, usual: int, other: int) -> str:
    numbers = structure.layout.nodes[usual], structure.layout.nodes[other]
    title = row_title(structure, other)
    if min(numbers) < 0:
        return f"{title} of another type"
    mine, theirs = (structure.graph.nodes[number] for number in numbers)
    for name in dict.fromkeys(a.name for a in (*mine.attributes, *theirs.attributes)):
        before, after = mine.attribute(name), theirs.attribute(name)
        if before != after and not _is_same_reference(before, after):
            return f"{title} {name} {_value(after)} instead of {_value(before)}"
    return f"{title} with {_input_count(theirs)} inputs instead of {_input_count(mine)}"


def _is_same_reference(before: Attribute | None, after: Attribute | None) -> bool:
    """Tell whether two attributes name different tensors or graphs, as they do wherever they stand."""
    return before is not None and after is not None and before.kind == after.kind and before.kind[:5] in ("tenso", "graph")


def _input_count(node: Node) -> int:
    return sum(1 for name in node.inputs if name)


def _value(attribute: Attribute | None) -> str:
    if attribute is None:
        return "unset"
    values = attribute.value if isinstance(attribute.value, tuple) else (attribute.value,)
    text = " ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
    return text if len(text) <= 24 else text[:23] + "…"
