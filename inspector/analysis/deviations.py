"""How a block differs from the blocks it stands among, in words, or that it is another thing altogether."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from inspector.analysis.alignment import align
from inspector.analysis.block_wiring import exchanges, is_fed_alike
from inspector.analysis.structure import Structure, comparable_shape
from inspector.records.graph import Attribute

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


def deviation(structure: Structure, usual: Stretch, other: Stretch, run_first: int) -> Deviation | None:
    """Return how the other block differs from the usual one in a run of blocks, None if too much to be one of its kind.

    At most four nodes (a third of a short block) may be more, fewer or of other attributes, and neither the first nor the
    last of the other block may be one more. The text of a block without difference is empty. run_first is the first row of
    the run, the other block included.
    """
    difference = _align(structure, usual, other)
    if difference is None:
        return None
    changed = [(a, b) for a, b in difference.pairs if structure.rough[a] != structure.rough[b]]
    size = len(difference.extra) + len(difference.missing) + len(changed)
    if size > _allowed(usual) or {other.first, other.end - 1}.intersection(difference.extra):
        return None
    parts = [_counted(structure, difference.extra, "more"), _counted(structure, difference.missing, "fewer")]
    parts.extend(_named(structure, changed))
    if any(structure.exact[a] != structure.exact[b] for a, b in difference.pairs if (a, b) not in changed):
        parts.append("other shapes")
    if not difference.extra and not difference.missing:
        parts.append(_wiring_difference(structure, usual, other, run_first))
    return Deviation(size, ", ".join(part for part in parts if part))


def _wiring_difference(structure: Structure, usual: Stretch, other: Stretch, run_first: int) -> str:
    found = exchanges(structure, other.first, usual.first, usual.length)
    if found is None:
        return "wired differently"
    shift = other.first - usual.first
    is_fed_alike_all_over = all(is_fed_alike(exchange, shift, run_first) or exchange.mine.row < run_first for exchange in found)
    return "" if is_fed_alike_all_over else "fed from elsewhere"


def _allowed(usual: Stretch) -> int:
    return max(1, min(4, (usual.length + 2) // 3))


def _align(structure: Structure, usual: Stretch, other: Stretch) -> _Difference | None:
    kind = structure.kind
    ours, theirs = kind[usual.first : usual.end], kind[other.first : other.end]
    if ours == theirs:
        return _Difference(list(zip(range(*usual), range(*other), strict=True)), [], [])
    aligned = align(ours, theirs, _allowed(usual))
    if aligned is None:
        return None
    pairs = [(usual.first + a, other.first + b) for a, b in aligned]
    missing = set(range(*usual)).difference(a for a, _ in pairs)
    extra = set(range(*other)).difference(b for _, b in pairs)
    return _Difference(pairs, sorted(missing), sorted(extra))


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
    said: dict[str, None] = {}
    for usual, other in changed:
        title = row_title(structure, other)
        changes = attribute_changes(structure, usual, other)
        lines = [f"{title} {name} {_value(after)} instead of {_value(before)}" for name, before, after in changes]
        said.update(dict.fromkeys(lines or [f"{title} with other inputs"]))
    named = list(islice(said, NAMED))
    left = len(said) - NAMED
    return [*named, f"{left} more {'attribute' if left == 1 else 'attributes'}"] if left > 0 else named


def attribute_changes(structure: Structure, usual: int, other: int) -> list[tuple[str, Attribute | None, Attribute | None]]:
    """Return the attributes in which two rows of the same operator differ: name, the usual one, the other one."""
    numbers = structure.layout.nodes[usual], structure.layout.nodes[other]
    if min(numbers) < 0:
        return []
    mine, theirs = ({a.name: a for a in structure.graph.nodes[number].attributes} for number in numbers)
    pairs = ((name, mine.get(name), theirs.get(name)) for name in {**mine, **theirs})
    return [(name, a, b) for name, a, b in pairs if a != b and not _is_same_reference(a, b)]


def given_shape(structure: Structure, row: int) -> str:
    """Return the shape a row gives as text, empty if unknown."""
    number = structure.layout.nodes[row]
    outputs = structure.graph.nodes[number].outputs if number >= 0 else ()
    spec = structure.graph.values.get(outputs[0]) if outputs else None
    shape = comparable_shape(spec) if spec is not None else None
    return "" if shape is None else f"[{','.join('?' if length is None else str(length) for length in shape)}]"


def _is_same_reference(before: Attribute | None, after: Attribute | None) -> bool:
    """Tell whether two attributes name different tensors or graphs, as they do wherever they stand."""
    return before is not None and after is not None and before.kind == after.kind and before.kind[:5] in ("tenso", "graph")


def _value(attribute: Attribute | None) -> str:
    if attribute is None:
        return "unset"
    values = attribute.value if isinstance(attribute.value, tuple) else (attribute.value,)
    text = " ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
    return text if len(text) <= 24 else text[:23] + "…"
