"""Everything a front end needs to show a computation: what was read, and what was understood of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost, OperatorCount
from inspector.records.equal_weights import EqualWeights
from inspector.records.finding import Finding
from inspector.records.layout import Fold, Layout

if TYPE_CHECKING:
    from inspector.records.saved_model_review import TrainingBaggage
    from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class GraphView:
    """One graph ready to be drawn: its rows and the folds found by structure and by name."""

    path: str
    layout: Layout
    folds: tuple[Fold, ...] = ()
    """Top-level folds found by structure (repeats), in row order, disjoint."""
    scopes: tuple[Fold, ...] = ()
    """Top-level folds found in node names, in row order, disjoint; empty where names carry no scopes."""


@dataclass(frozen=True, slots=True)
class ServingNeeds:
    """Of a SavedModel: the weights that loading and requests use, and apart from them what only training does."""

    weights: tuple[Weight, ...]
    training: TrainingBaggage


@dataclass(frozen=True, slots=True)
class Inspection:
    """A computation with all that analysis found; views and costs cover subgraphs and functions too, by graph path."""

    computation: Computation
    views: Mapping[str, GraphView]
    node_costs: Mapping[str, Sequence[NodeCost]]
    """By graph path, one for each node in file order."""
    cost: CostSummary
    operators: tuple[OperatorCount, ...]
    findings: tuple[Finding, ...]
    """All findings, most severe first."""
    batch: int = 1
    settings: Mapping[str, int] = field(default_factory=dict)
    """Values the user gave for symbolic dimensions."""
    equal_weights: tuple[EqualWeights, ...] = ()
    """Groups of weights of the same bytes; empty until weights were compared."""
    weights_compared: bool = False
    serving: ServingNeeds | None = None
    """What serving needs of a SavedModel, or of a .tflite whose graphs share weights; None where that is all there is."""

    @property
    def weights(self) -> Sequence[Weight]:
        """The weights that inference uses, as far as that is known: what every count of weights counts."""
        return self.computation.weights if self.serving is None else self.serving.weights
