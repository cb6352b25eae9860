"""Shapes of TensorFlow's operators that keep, rearrange, cut, join and reduce tensors.

Definitions: https://www.tensorflow.org/api_docs/python/tf/raw_ops.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.shapes.elementwise import broadcasting, comparing, same, testing
from inspector.analysis.cost.shapes.lengths import broadcast, plus, times
from inspector.analysis.cost.shapes.movement import left_over
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype, lengths, replaced
from inspector.analysis.cost.shapes.tensorflow_slices import slicing
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.dtype import UNDEFINED
from inspector.records.tensor import Dim, Shape

_SAME: Final = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BiasAdd BiasAddV1 BitwiseNot Ceil CheckNumerics CheckNumericsV2 ClipByValue Cos Cosh "
    "Cumprod Cumsum Digamma Elu Enter Erf Erfc Erfinv Exit Exp Expm1 FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars "
    "FakeQuantWithMinMaxVarsPerChannel Floor GuaranteeConst Identity Inv Invert LRN LeakyRelu Lgamma Log Log1p LogSoftmax "
    "LogicalNot MatrixBandPart Neg OnesLike PlaceholderWithDefault PreventGradient RandomShuffle Reciprocal Relu Relu6 Reverse "
    "ReverseSequence ReverseV2 Rint Roll Round Rsqrt Selu Sigmoid Sign Sin Sinh Snapshot Softmax Softplus Softsign Sqrt Square "
    "StopGradient Tan Tanh TensorScatterAdd TensorScatterUpdate ZerosLike FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 AddN"
)
_ARITHMETIC: Final = (
    "Add AddV2 Atan2 BitwiseAnd BitwiseOr BitwiseXor Div DivNoNan FloorDiv FloorMod Maximum Minimum Mod Mul MulNoNan Pow "
    "RealDiv SquaredDifference Sub TruncateDiv TruncateMod Xdivy Xlog1py Xlogy"
)
_COMPARISONS: Final = "Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr NotEqual"
_REDUCTIONS: Final = "All Any EuclideanNorm Max Mean Min Prod Sum"


def casting(use: Use) -> tuple[Output, ...]:
    """Cast: the element type is an attribute."""
    return ((use.text("DstT", UNDEFINED), dims(use, 0)),)


def choosing(use: Use) -> tuple[Output, ...]:
    """SelectV2 broadcasts all three; Select takes the shape of its choices."""
    if use.node.operator == "Select":
        return ((dtype(use, 1), dims(use, 1)),)
    return ((dtype(use, 1), broadcast([dims(use, index) for index in range(3)])),)


def passing(use: Use) -> tuple[Output, ...]:
    """IdentityN: every output is like its input."""
    return tuple((dtype(use, index), dims(use, index)) for index in range(len(use.node.inputs)))


def reshaping(use: Use) -> tuple[Output, ...]:
    """Reshape: -1 takes what is left."""
    before, shape = dims(use, 0), list(lengths(use, 1))
    if -1 in shape:
        position = shape.index(-1)
        shape[position] = left_over(before, [*shape[:position], *shape[position + 1 :]])
    return ((dtype(use), tuple(shape)),)


def squeezing(use: Use) -> tuple[Output, ...]:
    """Squeeze: the given dimensions, or all that are 1."""
    shape, given = dims(use, 0), use.ints("squeeze_dims")
    if not given:
        if any(not isinstance(dim, int) for dim in shape):
            raise UnknownCostError("a symbol may be 1")
        return ((dtype(use), tuple(dim for dim in shape if dim != 1)),)
    dropped = {range(len(shape))[axis] for axis in given}
    return ((dtype(use), tuple(dim for axis, dim in enumerate(shape) if axis not in dropped)),)


def expanding(use: Use) -> tuple[Output, ...]:
    """ExpandDims: a one at the axis that the second input says."""
    shape, axis = list(dims(use, 0)), _constant(use, 1)[0]
    shape.insert(range(len(shape) + 1)[axis], 1)
    return ((dtype(use), tuple(shape)),)


def transposing(use: Use) -> tuple[Output, ...]:
    """Transpose: the permutation is the second input."""
    shape = dims(use, 0)
    return ((dtype(use), tuple(shape[axis] for axis in _constant(use, 1))),)


def concatenating(use: Use) -> tuple[Output, ...]:
    """ConcatV2 (the axis is the last input): lengths add along the axis."""
    count = len(use.node.inputs) - 1
    shapes = [dims(use, index) for index in range(count)]
    axis = _constant(use, count)[0]
    total: Dim = 0
    for shape in shapes:
        total = plus(total, shape[axis])
    best = [next((dim for dim in column if dim is not None), None) for column in zip(*shapes, strict=True)]
    return ((dtype(use), replaced(tuple(best), axis, total)),)


def packing(use: Use) -> tuple[Output, ...]:
    """Pack: as many as there are inputs, along a new axis."""
    shape = list(dims(use, 0))
    shape.insert(range(len(shape) + 1)[use.integer("axis")], len(use.node.inputs))
    return ((dtype(use), tuple(shape)),)


def unpacking(use: Use) -> tuple[Output, ...]:
    """Unpack: an output for each place along an axis."""
    shape = list(dims(use, 0))
    del shape[use.integer("axis")]
    return ((dtype(use), tuple(shape)),) * len(use.node.outputs)


def splitting(use: Use) -> tuple[Output, ...]:
    """Split (the axis is the first input) into equal parts."""
    shape, axis = dims(use, 1), _constant(use, 0)[0]
    length, count = shape[axis], len(use.node.outputs)
    if not isinstance(length, int) or not count:
        raise UnknownCostError("length of the parts unknown")
    return ((dtype(use, 1), replaced(shape, axis, length // count)),) * count


def splitting_unevenly(use: Use) -> tuple[Output, ...]:
    """SplitV: lengths are the second input, the axis the third."""
    shape, sizes, axis = dims(use, 0), lengths(use, 1), _constant(use, 2)[0]
    return tuple((dtype(use), replaced(shape, axis, None if size == -1 else size)) for size in sizes)


def cutting(use: Use) -> tuple[Output, ...]:
    """Slice: from a position so many elements, -1 for the rest."""
    shape, starts, sizes = dims(use, 0), lengths(use, 1), lengths(use, 2)
    rest = [plus(dim, -start) if isinstance(start, int) else None for dim, start in zip(shape, starts, strict=True)]
    return ((dtype(use), tuple(left if size == -1 else size for left, size in zip(rest, sizes, strict=True))),)


def padding(use: Use) -> tuple[Output, ...]:
    """Pad, PadV2, MirrorPad: a pair of widths for each dimension, row by row."""
    shape, widths = dims(use, 0), lengths(use, 1)
    padded = (plus(plus(dim, widths[2 * axis]), widths[2 * axis + 1]) for axis, dim in enumerate(shape))
    return ((dtype(use), tuple(padded)),)


def tiling(use: Use) -> tuple[Output, ...]:
    """Tile by counts."""
    return ((dtype(use), tuple(times(pair) for pair in zip(dims(use, 0), lengths(use, 1), strict=True))),)


def gathering(use: Use) -> tuple[Output, ...]:
    """GatherV2 (the axis is the third input), Gather and ResourceGather: the axis becomes the shape of the indexes."""
    shape, indexes = dims(use, 0), dims(use, 1)
    axis = range(len(shape))[_constant(use, 2)[0]] if use.has_input(2) else 0
    batched = use.integer("batch_dims")
    return ((dtype(use), (*shape[:axis], *indexes[batched:], *shape[axis + 1 :])),)


def gathering_points(use: Use) -> tuple[Output, ...]:
    """GatherNd: the last dimension of the indexes addresses the first dimensions of the data."""
    shape, indexes = dims(use, 0), dims(use, 1)
    if not isinstance(indexes[-1], int):
        raise UnknownCostError("depth of the indexes unknown")
    return ((dtype(use), (*indexes[:-1], *shape[indexes[-1] :])),)


def reducing(use: Use) -> tuple[Output, ...]:
    """Reductions over the axes of the second input."""
    shape = dims(use, 0)
    dropped = {range(len(shape))[axis] for axis in _constant(use, 1)}
    kept = (1 if axis in dropped else dim for axis, dim in enumerate(shape) if use.integer("keep_dims") or axis not in dropped)
    return ((dtype(use), tuple(kept)),)


def picking(use: Use) -> tuple[Output, ...]:
    """ArgMax and ArgMin: indexes along one axis, which goes."""
    shape = list(dims(use, 0))
    del shape[_constant(use, 1)[0]]
    return ((use.text("output_type", "int64"), tuple(shape)),)


def ranking(use: Use) -> tuple[Output, ...]:
    """TopKV2: values and indexes."""
    shape = replaced(dims(use, 0), -1, lengths(use, 1)[0])
    return ((dtype(use), shape), ("int32", shape))


def describing(use: Use) -> tuple[Output, ...]:
    """Shape: one integer a dimension."""
    return ((use.text("out_type", "int32"), (use.rank(0),)),)


def filling(use: Use) -> tuple[Output, ...]:
    """Fill, RandomUniform and its kin: the shape is the first input; Fill's value is the second."""
    kind = dtype(use, 1) if use.node.operator == "Fill" else use.text("dtype", UNDEFINED)
    return ((kind, lengths(use, 0)),)


def broadcasting_to(use: Use) -> tuple[Output, ...]:
    """BroadcastTo: the shape is the second input."""
    return ((dtype(use), lengths(use, 1)),)


def marking(use: Use) -> tuple[Output, ...]:
    """OneHot: a new dimension of the depth that the second input says, at the end or at an axis."""
    shape: list[Dim] = list(dims(use, 0))
    axis = use.integer("axis", -1)
    shape.insert(len(shape) if axis == -1 else axis, lengths(use, 1)[0])
    return ((dtype(use, 2), tuple(shape)),)


def reading(use: Use) -> tuple[Output, ...]:
    """ReadVariableOp: like the variable."""
    shape: Shape = dims(use, 0)
    return ((use.text("dtype", UNDEFINED), shape),)


def looking_up(use: Use) -> tuple[Output, ...]:
    """LookupTableFind: a value for each key; tables of vectors are left to the file."""
    return ((use.text("Tout", UNDEFINED), dims(use, 1)),)


def _constant(use: Use, position: int) -> tuple[int, ...]:
    values = use.integers(position)
    if values is None:
        raise UnknownCostError("not constant")
    return values


_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_SAME.split(), same),
    **dict.fromkeys(_ARITHMETIC.split(), broadcasting),
    **dict.fromkeys(_COMPARISONS.split(), comparing),
    **dict.fromkeys(("IsFinite", "IsInf", "IsNan"), testing),
    **dict.fromkeys(_REDUCTIONS.split(), reducing),
    "ReadVariableOp": reading,
    "Cast": casting,
    "LookupTableFind": looking_up,
    "LookupTableFindV2": looking_up,
    "Select": choosing,
    "SelectV2": choosing,
    "IdentityN": passing,
    "EnsureShape": same,
    "Reshape": reshaping,
    "Squeeze": squeezing,
    "ExpandDims": expanding,
    "Transpose": transposing,
    "ConcatV2": concatenating,
    "Pack": packing,
    "Unpack": unpacking,
    "Split": splitting,
    "SplitV": splitting_unevenly,
    "Slice": cutting,
    "StridedSlice": slicing,
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), padding),
    "Tile": tiling,
    **dict.fromkeys(("Gather", "GatherV2", "ResourceGather"), gathering),
    "GatherNd": gathering_points,
    "ArgMax": picking,
    "ArgMin": picking,
    "TopKV2": ranking,
    "Shape": describing,
    **dict.fromkeys(("Fill", "RandomUniform", "RandomStandardNormal", "TruncatedNormal"), filling),
    "BroadcastTo": broadcasting_to,
    "OneHot": marking,
}
_BY_SHAPE_ALONE: Final = frozenset(
    (*_SAME.split(), *_ARITHMETIC.split(), *_COMPARISONS.split(), "Pack", "Unpack", "Squeeze", "Shape", "IdentityN", "GatherNd")
)
RULES: Final[dict[str, Rule]] = {f"tensorflow:{name}": rule for name, rule in _RULES.items()}
LOOK_AT_VALUES: Final = frozenset(f"tensorflow:{name}" for name in _RULES if name not in _BY_SHAPE_ALONE)
"""Rules that depend on constants or shape arithmetic among the inputs."""
