"""The steps of the build, matched with the layers they made."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Final

from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.records.image import HistoryStep, Layer

_MOST_STEPS: Final = 10_000


def read_history(config: JsonObject, layer_count: int, notes: ImageNotes) -> tuple[HistoryStep, ...]:
    """Return the steps in the order they were taken, those that made a layer with its index.

    Steps and layers that do not match in number are matched from the base up as far as both go, with a finding.
    """
    steps: list[HistoryStep] = []
    made = 0
    if config.length("history") > _MOST_STEPS:
        notes.add(
            "history-too-long", "medium", f"the history has more than {_MOST_STEPS:,} steps: the first are shown", config.place
        )
    for step in islice(config.objects("history"), _MOST_STEPS):
        is_layer = not step.truth("empty_layer")
        layer = made if is_layer and made < layer_count else None
        steps.append(HistoryStep(step.text("created_by"), step.text("created"), step.text("comment"), layer))
        made += is_layer
    if steps and made != layer_count:
        message = f"the history tells of {made:,} layers, the image has {layer_count:,}: matched from the base up"
        notes.add("history-mismatch", "low", message, config.place)
    return tuple(steps)


def with_history(layers: tuple[Layer, ...], history: tuple[HistoryStep, ...]) -> tuple[Layer, ...]:
    """Return the layers with what their steps say."""
    steps = {step.layer: step for step in history if step.layer is not None}
    return tuple(
        replace(layer, created_by=step.created_by, created=step.created, comment=step.comment)
        if (step := steps.get(layer.index)) is not None
        else layer
        for layer in layers
    )
