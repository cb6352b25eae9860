"""What the options of TensorFlow Lite's operators say, as attributes and calls: facts of its schema (BuiltinOptions).

Pairs of one thing each, such as stride_h and stride_w, are one attribute, height before width, as other formats have them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from inspector.formats.tflite.element_types import element_type
from inspector.formats.tflite.tables import Table
from inspector.records.graph import Attribute

MOST_LISTED: Final = 64
"""Items kept of a list."""

ReadKind = Literal[
    "int", "int64", "uint", "float", "flag", "text", "ints", "longs", "size", "activation", "padding", "mode", "combiner",
    "kernel", "weights", "type", "graph", "graphs",
]  # fmt: skip


class Option(NamedTuple):
    """One attribute: its name, how it is read, the fields it is made of, and what a field left out means."""

    name: str
    kind: ReadKind
    slots: tuple[int, ...]
    default: int = 0


class Options(NamedTuple):
    """What the options of one node say: its attributes, and by attribute the numbers of the subgraphs it calls."""

    attributes: tuple[Attribute, ...] = ()
    calls: tuple[tuple[str, int], ...] = ()


def _one(name: str, kind: ReadKind, slot: int = 0, default: int = 0) -> Option:
    return Option(name, kind, (slot,), default)


def _activation(slot: int = 0) -> Option:
    return _one("fused_activation_function", "activation", slot)


_HYBRID: Final = "asymmetric_quantize_inputs"

_OPTIONS: Final[dict[int, tuple[Option, ...]]] = {
    1: (
        Option("strides", "size", (2, 1)),
        Option("dilations", "size", (5, 4), 1),
        _one("padding", "padding"),
        _activation(3),
    ),
    2: (
        Option("strides", "size", (2, 1)),
        Option("dilations", "size", (6, 5), 1),
        _one("padding", "padding"),
        _one("depth_multiplier", "int", 3),
        _activation(4),
    ),
    3: (_one("num_channels", "int"), _one("num_columns_per_channel", "ints", 1), _one("embedding_dim_per_channel", "ints", 2)),
    4: (_one("type", "int"),),
    5: (
        Option("kernel_shape", "size", (4, 3)),
        Option("strides", "size", (2, 1)),
        _one("padding", "padding"),
        _activation(5),
    ),
    6: (_one("rank", "int"), _activation(1), _one(_HYBRID, "flag", 2)),
    7: (_activation(), _one(_HYBRID, "flag", 1)),
    8: (_activation(), _one("weights_format", "weights", 1), _one("keep_num_dims", "flag", 2), _one(_HYBRID, "flag", 3)),
    9: (_one("beta", "float"),),
    10: (_one("axis", "int"), _activation(1)),
    11: (_activation(),),
    12: (_activation(),),
    13: (_one("radius", "int"), _one("bias", "float", 1), _one("alpha", "float", 2), _one("beta", "float", 3)),
    14: (
        _activation(),
        _one("cell_clip", "float", 1),
        _one("proj_clip", "float", 2),
        _one("kernel_type", "kernel", 3),
        _one(_HYBRID, "flag", 4),
    ),
    15: (_one("align_corners", "flag", 2), _one("half_pixel_centers", "flag", 3)),
    16: (_one("", "graph"),),
    17: (_one("new_shape", "ints"),),
    18: (_one("ngram_size", "int"), _one("max_skip_size", "int", 1), _one("include_all_ngrams", "flag", 2)),
    19: (_one("block_size", "int"),),
    20: (_one("combiner", "combiner"),),
    21: (_activation(),),
    23: (_one("axis", "int"), _one("batch_dims", "int", 1)),
    27: (_one("keep_dims", "flag"),),
    28: (_activation(),),
    29: (_activation(),),
    30: (_one("squeeze_dims", "ints"),),
    31: (_one("time_major", "flag"), _activation(1), _one(_HYBRID, "flag", 2)),
    32: (
        _one("begin_mask", "int"),
        _one("end_mask", "int", 1),
        _one("ellipsis_mask", "int", 2),
        _one("new_axis_mask", "int", 3),
        _one("shrink_axis_mask", "int", 4),
        _one("offset", "flag", 5),
    ),
    35: (_one("num_splits", "int"),),
    37: (_one("in_data_type", "type"), _one("out_data_type", "type", 1)),
    40: (_one("output_type", "type"),),
    49: (Option("strides", "size", (2, 1)), _one("padding", "padding"), _activation(3)),
    50: (_one("validate_indices", "flag"),),
    55: (_one("out_type", "type"),),
    57: (_one("output_type", "type"),),
    58: (_one("min", "float"), _one("max", "float", 1), _one("num_bits", "int", 2), _one("narrow_range", "flag", 3)),
    59: (_one("values_count", "int"), _one("axis", "int", 1)),
    61: (_one("axis", "int"),),
    64: (_one("num", "int"), _one("axis", "int", 1)),
    69: (
        _activation(),
        _one("cell_clip", "float", 1),
        _one("proj_clip", "float", 2),
        _one("merge_outputs", "flag", 3),
        _one("time_major", "flag", 4, 1),
        _one(_HYBRID, "flag", 5),
    ),
    70: (_one("time_major", "flag"), _activation(1), _one("merge_outputs", "flag", 2), _one(_HYBRID, "flag", 3)),
    71: (
        _activation(),
        _one("cell_clip", "float", 1),
        _one("proj_clip", "float", 2),
        _one("time_major", "flag", 3),
        _one(_HYBRID, "flag", 4),
        _one("diagonal_recurrent_tensors", "flag", 5),
    ),
    74: (_one("align_corners", "flag"), _one("half_pixel_centers", "flag", 1)),
    75: (_one("alpha", "float"),),
    77: (_one("mode", "mode"),),
    79: (_one("num_splits", "int"),),
    80: (_one("idx_out_type", "type", 0, 2),),
    87: (_one("seq_dim", "int"), _one("batch_dim", "int", 1)),
    92: (_one("then_branch", "graph"), _one("else_branch", "graph", 1)),
    93: (_one("cond", "graph"), _one("body", "graph", 1)),
    94: (_one("block_size", "int"),),
    101: (_one("adj_x", "flag"), _one("adj_y", "flag", 1), _one(_HYBRID, "flag", 2)),
    102: (_one("exclusive", "flag"), _one("reverse", "flag", 1)),
    103: (_one("init", "graph"),),
    106: (
        Option("strides", "size", (1, 3, 2)),
        Option("dilations", "size", (5, 7, 6), 1),
        _one("padding", "padding"),
        _activation(4),
    ),
    107: (_one("table_id", "int"), _one("key_dtype", "type", 1), _one("value_dtype", "type", 2)),
    111: (_one("container", "text"), _one("shared_name", "text", 1)),
    114: (_one("seed", "int64"), _one("seed2", "int64", 1)),
    116: (_one("approximate", "flag"),),
}
"""By number of the union BuiltinOptions."""

_OPTIONS_2: Final[dict[int, tuple[Option, ...]]] = {
    1: (_one("dimension", "int64"),),
    2: (_one("broadcast_dimensions", "longs"),),
    3: (_one("start_indices", "longs"), _one("limit_indices", "longs", 1), _one("strides", "longs", 2)),
    4: (
        _one("window_strides", "longs"),
        _one("padding", "longs", 1),
        _one("lhs_dilation", "longs", 2),
        _one("rhs_dilation", "longs", 3),
        _one("kernel_output_feature_dimension", "int64", 9),
        _one("feature_group_count", "int64", 14),
    ),
    5: (_one("call_target_name", "text"), _one("has_side_effect", "flag", 1)),
    6: (_one("dimensions", "longs"), _one("body", "graph", 1)),
    7: (_one("update_window_dims", "longs", 1), _one("update", "graph", 6)),
    8: (_one("comparison_direction", "uint"), _one("compare_type", "uint", 1)),
    9: (_one("slice_sizes", "longs"),),
    10: (_one("edge_padding_low", "longs"), _one("edge_padding_high", "longs", 1), _one("interior_padding", "longs", 2)),
    11: (_one("iota_dimension", "int64"),),
    12: (
        _one("lhs_batching_dimensions", "longs"),
        _one("rhs_batching_dimensions", "longs", 1),
        _one("lhs_contracting_dimensions", "longs", 2),
        _one("rhs_contracting_dimensions", "longs", 3),
    ),
    13: (_one("window_dimensions", "longs"), _one("window_strides", "longs", 1), _one("body", "graph", 5)),
    14: (_one("dimension", "int64"), _one("is_stable", "flag", 1), _one("comparator", "graph", 2)),
    15: (_one("cond", "graph"), _one("body", "graph", 1)),
    16: (_one("offset_dims", "longs"), _one("slice_sizes", "longs", 4)),
    17: (_one("permutation", "longs"),),
    20: (_one("reduce_function", "int"),),
    21: (_one("name", "text"), _one("decomposition", "graph", 1), _one("version", "int", 4)),
    23: (_one("branch", "graphs"),),
}
"""By number of the union BuiltinOptions2."""

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "activation": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
    "padding": ("SAME", "VALID"),
    "mode": ("REFLECT", "SYMMETRIC"),
    "combiner": ("SUM", "MEAN", "SQRTN"),
    "kernel": ("FULL", "BASIC"),
    "weights": ("DEFAULT", "SHUFFLED4x16INT8"),
}
_UNSAID: Final = frozenset({"NONE", "DEFAULT", False, ""})
"""Values that go without saying."""


def read_options(kind: int, table: Table | None, kind_2: int, table_2: Table | None) -> Options:
    """Return what the two unions of an operator's options say; of kinds that are not known, nothing."""
    attributes: list[Attribute] = []
    calls: list[tuple[str, int]] = []
    for options, source in ((_OPTIONS.get(kind, ()), table), (_OPTIONS_2.get(kind_2, ()), table_2)):
        for option in options if source is not None else ():
            assert source is not None
            if option.kind in ("graph", "graphs"):
                calls.extend((option.name, number) for number in _called(option, source))
            elif (made := _attribute(option, source)) is not None:
                attributes.append(made)
    return Options(tuple(attributes), tuple(calls))


def _called(option: Option, table: Table) -> tuple[int, ...]:
    if option.kind == "graph":
        return (table.int32(option.slots[0]),)
    return table.numbers(option.slots[0], "i", MOST_LISTED)


def _attribute(option: Option, table: Table) -> Attribute | None:
    slot = option.slots[0]
    names = _NAMES.get(option.kind)
    if names is not None:
        number = table.int8(slot, option.default)
        value: Any = names[number] if 0 <= number < len(names) else str(number)
        return None if value in _UNSAID else Attribute(option.name, "string", value)
    if option.kind == "type":
        return Attribute(option.name, "string", element_type(table.int8(slot, option.default)))
    if option.kind == "text":
        value = table.text(slot)
        return None if value in _UNSAID else Attribute(option.name, "string", value)
    if option.kind in ("ints", "longs"):
        listed = table.numbers(slot, "i" if option.kind == "ints" else "q", MOST_LISTED)
        return Attribute(option.name, "ints", listed) if listed else None
    if option.kind == "size":
        return Attribute(option.name, "ints", tuple(table.int32(one, option.default) for one in option.slots))
    if option.kind == "float":
        return Attribute(option.name, "float", table.float32(slot))
    if option.kind == "flag":
        return Attribute(option.name, "int", 1) if table.flag(slot, bool(option.default)) else None
    return Attribute(option.name, "int", _INTEGERS[option.kind](table, slot, option.default))


_INTEGERS: Final[dict[str, Callable[[Table, int, int], int]]] = {
    "int": Table.int32,
    "uint": Table.uint32,
    "int64": Table.int64,
}
