"""What moves on a pull when only the weights, only the code or only the dependencies of an image change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from inspector.analysis.image.pull_kinds import sort_content
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Image, Layer
from inspector.records.image_contents import InsideArtifact, Packages, PullChange, PullCost

_CHANGES: Final[tuple[PullChange, ...]] = ("weights", "code", "dependencies")
_LASTING: Final[tuple[PullChange, ...]] = ("dependencies", "weights", "code")
"""What tends to stay longest comes first, and belongs into lower layers."""
_WORTH_BYTES: Final = 64 << 10
_WORTH_SHARE: Final = 0.05
"""Of all that the layers come to: moving less of another kind than both is not worth a sentence."""


def pull_costs(image: Image, final: FileSystem, packages: Packages, models: Sequence[InsideArtifact]) -> tuple[PullCost, ...]:
    """Return the cost of changing weights, code and dependencies, each as far as the image holds any.

    A layer above a changed one is made anew and moves too, but for those copied with --link. Linear in files.
    """
    content = sort_content(image, final, packages, models)
    costs = {change: _cost(change, content[change], image.layers) for change in _CHANGES if content[change]}
    held = {change: _bytes_by_layer(files) for change, files in content.items()}
    worth = max(_WORTH_BYTES, _WORTH_SHARE * sum(_moved(layer) for layer in image.layers))
    adviser = _Adviser(costs, held, worth)
    return tuple(
        PullCost(change, one.layers, one.bytes, one.needed_bytes, one.content_layers, adviser.advice(change))
        for change, one in costs.items()
    )


def _cost(change: PullChange, files: Iterable[Placed], layers: Sequence[Layer]) -> PullCost:
    contents = {id(one.content): one for one in files}
    holding = tuple(sorted({one.content_layer for one in contents.values()}))
    moved = tuple(layer.index for layer in layers[holding[0] :] if layer.index in holding or "--link" not in layer.created_by)
    total = sum(_moved(layers[index]) for index in moved)
    return PullCost(change, moved, total, sum([one.content.size for one in contents.values()]), holding)


def _moved(layer: Layer) -> int:
    """Return the bytes that a layer comes to on a pull, as far as known."""
    if layer.compressed_bytes is not None:
        return layer.compressed_bytes
    return layer.size_bytes or 0


def _bytes_by_layer(files: Iterable[Placed]) -> Mapping[int, int]:
    held: dict[int, int] = {}
    for one in files:
        held[one.content_layer] = held.get(one.content_layer, 0) + one.content.size
    return held


class _Adviser:
    """Tells what else moves with a change, and what would keep it from moving."""

    def __init__(
        self, costs: Mapping[PullChange, PullCost], held: Mapping[PullChange, Mapping[int, int]], worth: float
    ) -> None:
        self._costs = costs
        self._held = held
        self._worth = worth

    def advice(self, change: PullChange) -> str:
        """Return one sentence on what moves most without need; empty where that is little."""
        cost = self._costs[change]
        burdens = [self._burden(cost, other) for other in self._costs if other != change]
        size, other, shared = max(burdens, default=(0, change, False))
        if size < self._worth:
            return ""
        return _shared_advice(change, other, size, self._shared(cost, other)) if shared else _above_advice(change, other, size)

    def _burden(self, cost: PullCost, other: PullChange) -> tuple[int, PullChange, bool]:
        """Return the bytes of another kind that move along, and whether most of them do for sharing a layer."""
        held = self._held[other]
        shared = sum(size for layer, size in held.items() if layer in cost.content_layers)
        moved = sum(size for layer, size in held.items() if layer in cost.layers)
        return moved, other, shared * 2 > moved

    def _shared(self, cost: PullCost, other: PullChange) -> int:
        """Return the layer that holds the most of another kind beside what changes."""
        held = self._held[other]
        return max(cost.content_layers, key=lambda layer: held.get(layer, 0))


def _shared_advice(change: PullChange, other: PullChange, size: int, layer: int) -> str:
    from inspector.analysis.findings.wording import size as bytes_text

    first, last = sorted((change, other), key=_LASTING.index)
    return (
        f"{change.capitalize()} and {other} share layer {layer}, so each change of the {change} moves {bytes_text(size)} of "
        f"{other} too: put the {first} into an instruction of their own before the {last}."
    )


def _above_advice(change: PullChange, other: PullChange, size: int) -> str:
    from inspector.analysis.findings.wording import size as bytes_text

    start = f"{bytes_text(size)} of {other} lie above the {change} and move with each change of the {change}"
    if change == "dependencies":
        return f"{start}: copied with COPY --link they would stay as they are."
    return f"{start}: copy the {change} after {'installing' if other == 'dependencies' else 'copying'} the {other}."
