"""Which tag set is shown first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.formats.saved_model.meta_graph import RawMetaGraph

SERVE: Final = "serve"


def main_of(metas: Sequence[RawMetaGraph]) -> RawMetaGraph:
    """Return the MetaGraph that servers load: the one tagged "serve" alone, else with more tags, else the first."""
    serving = sorted((meta for meta in metas if SERVE in meta.tags), key=lambda meta: len(meta.tags))
    return serving[0] if serving else metas[0]


def titles_of(metas: Sequence[RawMetaGraph]) -> list[str]:
    """Return a text for the tags of each MetaGraph, distinct even where tags are not."""
    titles: list[str] = []
    for meta in metas:
        base = ",".join(meta.tags) or "no tags"
        title, number = base, 1
        while title in titles:
            number += 1
            title = f"{base}~{number}"
        titles.append(title)
    return titles
