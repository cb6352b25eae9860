"""How findings about images are worded: one for all matches of a rule and cause, with the first places named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspector.analysis.findings.wording import listed
from inspector.analysis.image.findings.catalogue import IMAGE_RULE
from inspector.records.finding import Finding, Severity


def about(rule: str, message: str, severity: Severity | None = None, place: str = "", hint: str = "") -> Finding:
    """Return a finding with the rule's own severity and hint where no other is given."""
    known = IMAGE_RULE[rule]
    return Finding(rule, severity or known.severity, message, place, hint or known.hint)


def at_paths(
    rule: str, message: str, paths: Sequence[str], severity: Severity | None = None, hint: str = "", kind: str = "file"
) -> Finding:
    """Return one finding for all the paths: the first three of them are its place."""
    return about(rule, message, severity, f"{kind} {listed((shown(path) for path in paths), len(paths))}", hint)


def shown(path: str) -> str:
    """Return a path as a container sees it."""
    return f"/{path}"


def in_layers(layers: Iterable[int]) -> str:
    """Return what to call layers, by their indexes, the base being 0: "layer 3", "layers 0, 3, 4 and 2 more"."""
    indexes = sorted(set(layers))
    return f"layer {indexes[0]}" if len(indexes) == 1 else f"layers {listed(map(str, indexes), len(indexes))}"
