"""The symbolic dimensions of an artifact that a user may give values for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from inspector.errors import UsageError
from inspector.records.artifact import Computation

_NAMES_IN_HINT: Final = 12


def check_settings(computation: Computation, settings: Mapping[str, int]) -> None:
    """Raise UsageError where a setting names a dimension that the artifact does not have."""
    if not settings:
        return
    known = list(dict.fromkeys(_dimension_names(computation)))
    for name in settings:
        if name not in known:
            shown = ", ".join(known[:_NAMES_IN_HINT]) + (", …" if len(known) > _NAMES_IN_HINT else "")
            hint = f"it has {shown}" if known else "all its dimensions are fixed"
            raise UsageError(f"{computation.artifact.path} has no dimension named {name}", hint)


def _dimension_names(computation: Computation) -> Iterator[str]:
    from inspector.analysis.cost.bindings import batch_symbols, data_inputs, named_shape

    declared = [dim for spec in data_inputs(computation) for dim in named_shape(spec) if isinstance(dim, str)]
    yield from declared
    yield from (name for name in batch_symbols(computation) if name in declared)
    for spec in computation.graph.values.values():
        yield from (dim for dim in spec.shape or () if isinstance(dim, str))
