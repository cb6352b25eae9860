"""What nodes cost: floating-point operations with symbolic dimensions, weights and activation bytes.

How it counts:

- A multiply-accumulate is two operations (2·M·N·K for a matrix product, as in
  https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/); a bias is the value the sum starts
  from. Papers and model zoos often print multiply-accumulates as "FLOPs": those are in multiply_accumulates.
- An addition, subtraction, multiplication, division and one evaluation of exp, log, sqrt, erf, tanh… count one each;
  comparing, choosing, clamping, moving and generating data count none. Elementwise work on integers and booleans (shapes,
  indexes, masks) counts none; products of integer matrices count like any other.
- What depends on weights alone is done once, at load, and counts none.
- If costs what its costlier branch does, loops their body times the trip count where that is a constant (else once, and a
  note says so), calls their function's body at the shapes of the call.
- A node whose operator or shape is not known is left out, with a reason; nothing stops there.
- A node's parameters are the elements of the weights it is the first to use, also through constants and what only reshapes,
  casts or dequantizes them. The artifact's parameters are the elements of all weights of all carriers.
"""

from inspector.analysis.cost.bindings import default_bindings
from inspector.analysis.cost.expression import evaluate, formula, short_formula
from inspector.analysis.cost.summary import summarize
from inspector.analysis.cost.walk import node_costs

__all__ = ["default_bindings", "evaluate", "formula", "node_costs", "short_formula", "summarize"]
