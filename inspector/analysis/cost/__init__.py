"""What nodes cost: floating-point operations with symbolic dimensions, weights and activation bytes."""

from inspector.analysis.cost.bindings import default_bindings
from inspector.analysis.cost.expression import evaluate, formula, short_formula
from inspector.analysis.cost.summary import summarize
from inspector.analysis.cost.walk import node_costs

__all__ = ["default_bindings", "evaluate", "formula", "node_costs", "short_formula", "summarize"]
