"""All of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.adversarial_graphs import interface, ranges, structure
from tests.adversarial_graphs.case import AdversarialGraph

MAKERS: tuple[Callable[[], AdversarialGraph], ...] = (
    structure.inner_cast,
    structure.if_captures,
    structure.empty_optionals,
    ranges.attention_mask,
    ranges.lowest_as_bound,
    ranges.large_constants,
    ranges.too_large_constants,
    ranges.large_reduction,
    ranges.variance,
    structure.resize,
    structure.resize_10,
    interface.unnamed,
    interface.duplicate_names,
    interface.shared_input,
    structure.loop_state,
    structure.loop_overflow,
    structure.scan,
    ranges.overflowing_activations,
    ranges.tiny_activations,
    ranges.epsilon,
    ranges.cancellation,
    ranges.counting,
    interface.double_input,
    interface.all_double,
    interface.shared_weights,
    interface.used_outputs,
    interface.direct_outputs,
    interface.stored_inputs,
    interface.old_file,
    interface.half_done,
    interface.already_half,
    interface.integers,
    interface.empty,
    interface.contributed_operator,
    interface.long_chain,
    interface.everything_kept,
    structure.local_function,
    structure.sequences,
)
