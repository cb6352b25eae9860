"""The catalogue: every figure that a rule can look at, by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from inspector.records.review import Review
from inspector.verify.rules.artifact_figures import artifact_figures, operator_figure, opset_figure
from inspector.verify.rules.change_figures import change_figures
from inspector.verify.rules.counted_figures import counted_figures, new_figures
from inspector.verify.rules.image_figures import image_figures, package_figure
from inspector.verify.rules.measured_figures import STARTS, measured_figures, phase_figure
from inspector.verify.rules.reading import Figure

OPEN_NAMES = {
    "operators.<Name>": "nodes of one operator in the original, by name or domain.name",
    "opset.<domain>": "version of one operator set, such as opset.ai.onnx",
    "cold_start.<phase>": "one phase of a start from a cold cache, such as cold_start.session",
    "warm_start.<phase>": "the same from a warm cache",
    "package.<name>": "packages of that name in the image: 0 where it is not there",
    "package.<name>.version": "its version",
    "package.<name>.bytes": "its bytes",
}
"""Figures whose names have a part that artifacts decide."""

_PACKAGE = "package."
_OPERATOR = "operators."
_OPSET = "opset."


@cache
def fixed_figures() -> dict[str, Figure]:
    """Return the figures whose names are fixed, by name."""
    groups = (artifact_figures(), counted_figures(), new_figures(None), change_figures(), measured_figures(), image_figures())
    return {figure.name: figure for group in groups for figure in group}


def figure_named(name: str, baseline: Review | None = None) -> Figure | None:
    """Return the figure of that name, None where there is none; baseline is what "new" and "changed" are meant against."""
    if baseline is not None and (found := {one.name: one for one in new_figures(baseline)}.get(name)) is not None:
        return found
    return fixed_figures().get(name) or _open_figure(name)


def _open_figure(name: str) -> Figure | None:
    start, _, rest = name.partition(".")
    if not rest.strip():
        return None
    if start in STARTS:
        return phase_figure(start, rest)
    if name.startswith(_OPERATOR):
        return operator_figure(rest)
    if name.startswith(_OPSET):
        return opset_figure(rest)
    return _package_figure(rest) if name.startswith(_PACKAGE) else None


def _package_figure(rest: str) -> Figure | None:
    for of in ("version", "bytes"):
        if rest.endswith(f".{of}"):
            return package_figure(rest.removesuffix(f".{of}"), of)
    return package_figure(rest, "")


def nearest_figure(name: str) -> str:
    """Return the name that was probably meant, empty where none is near: one part may be wrong in one that artifacts decide."""
    from difflib import get_close_matches

    known = [*fixed_figures(), *_guesses(name)]
    near = get_close_matches(name, known, 1, 0.6)
    return near[0] if near else next((one for one in known if one.startswith(name)), "")


def _guesses(name: str) -> Iterator[str]:
    rest = name.partition(".")[2] or "<name>"
    yield from (f"{start}{rest}" for start in (_OPERATOR, _OPSET, _PACKAGE))
    yield from (f"{start}.{rest}" for start in STARTS)
