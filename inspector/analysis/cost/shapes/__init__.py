"""Fills in shapes the file leaves out, where the operator's definition makes that cheap.

Full inference runs in a child process and comes later; this gives costs at once, and inside functions, where inference
says nothing.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.scope import Scope, is_weak, merged
from inspector.analysis.cost.shapes import (
    elementwise,
    matrix,
    movement,
    spatial,
    tensorflow_movement,
    tensorflow_spatial,
    tflite,
)
from inspector.analysis.cost.shapes.rule import Output, Rule
from inspector.analysis.cost.shapes.shape_arithmetic import follow
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.dtype import UNDEFINED
from inspector.records.graph import Node
from inspector.records.tensor import TensorSpec

RULES: Final[dict[str, Rule]] = {
    **elementwise.RULES,
    **matrix.RULES,
    **movement.RULES,
    **spatial.RULES,
    **tensorflow_movement.RULES,
    **tensorflow_spatial.RULES,
    **tflite.RULES,
}

LOOK_AT_VALUES: Final = (
    frozenset(
        name
        for name in RULES
        if name.startswith(("Reduce", "Resize", "Upsample", "Squeeze", "Unsqueeze", "Split", "Slice", "Pad"))
    )
    | {"Expand", "Reshape", "Tile", "ConstantOfShape", "TopK"}
    | tensorflow_movement.LOOK_AT_VALUES
    | tensorflow_spatial.LOOK_AT_VALUES
    | tflite.LOOK_AT_VALUES
)
"""Rules that depend on more than the shapes of inputs: bounds, axes and sizes may be constants or shape arithmetic."""


def complete_outputs(name: str, node: Node, scope: Scope) -> None:
    """Describe, in its scope, the outputs of a node of that qualified name whose shape is missing or weak."""
    follow(name, node, scope)
    for output in node.outputs:
        spec = scope.specs.get(output)
        if output and (spec is None or spec.shape is None or is_weak(spec.shape)):
            break
    else:
        return
    rule = RULES.get(name)
    if rule is None:
        return
    for output, derived in zip(node.outputs, _derive_once(name, rule, node, scope), strict=False):
        if output:
            complete(output, derived, scope)


def _derive_once(name: str, rule: Rule, node: Node, scope: Scope) -> tuple[Output, ...]:
    """Derive, or take what nodes with equal attributes and inputs gave before: large graphs repeat themselves."""
    if name in LOOK_AT_VALUES or scope.attributes:
        return derive(rule, Use(node, scope))
    specs, known = scope.specs, []
    for tensor in node.inputs:
        spec = specs.get(tensor) or scope.spec(tensor)
        known.append(None if spec is None else (spec.dtype, spec.shape))
    key = (name, node.attributes, tuple(known))
    derived = scope.program.derived.get(key)
    if derived is None:
        derived = scope.program.derived[key] = derive(rule, Use(node, scope))
    return derived


def derive(rule: Rule, use: Use) -> tuple[Output, ...]:
    """Return the outputs that a rule gives, () where it cannot tell or the node does not fit its operator's definition."""
    try:
        return rule(use)
    except (UnknownCostError, IndexError, ValueError, TypeError, ArithmeticError):
        return ()


def complete(output: str, derived: Output, scope: Scope) -> None:
    """Describe a tensor by what was derived, without touching what the file says of it for certain."""
    spec = scope.specs.get(output)
    dtype, shape = derived
    if spec is None:
        scope.specs[output] = TensorSpec(output, dtype, shape)
        return
    scope.specs[output] = TensorSpec(output, dtype if spec.dtype == UNDEFINED else spec.dtype, merged(spec.shape, shape))
