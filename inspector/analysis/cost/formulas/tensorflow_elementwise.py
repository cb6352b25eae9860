"""TensorFlow's operators that work element by element, reduce, normalize or resample.

They count what their ONNX counterparts do: an arithmetic operation or one evaluation of exp, log, sqrt, erf, tanh… is one,
comparing, choosing and clamping none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.expression import Factors
from inspector.analysis.cost.use import Use, Work

_ONE: Final = (
    "Abs Acos Acosh Add AddV2 Asin Asinh Atan Atan2 Atanh BiasAdd BiasAddV1 Ceil Cos Cosh Cumprod Cumsum Digamma Div "
    "DivNoNan Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod Inv LeakyRelu Lgamma Log Log1p Mod Mul MulNoNan Ndtri Neg "
    "Pow RealDiv Reciprocal Rint Round Rsqrt Sign Sin Sinh Sqrt Square Sub Tan Tanh TruncateDiv TruncateMod"
)
_MORE: Final = {
    "Elu": 3,
    "LogSoftmax": 4,
    "Selu": 4,
    "Sigmoid": 4,
    "Softmax": 4,
    "Softplus": 3,
    "Softsign": 2,
    "SquaredDifference": 2,
    "Xdivy": 1,
    "Xlog1py": 2,
    "Xlogy": 2,
    "ApproximateEqual": 2,
    "FakeQuantWithMinMaxArgs": 4,
    "FakeQuantWithMinMaxVars": 4,
    "FakeQuantWithMinMaxVarsPerChannel": 4,
}
OPERATIONS_PER_OUTPUT_ELEMENT: Final[dict[str, int]] = {
    f"tensorflow:{name}": count for name, count in (dict.fromkeys(_ONE.split(), 1) | _MORE).items()
}
"""Operations for each element of the first output; integer and boolean tensors count none."""


def per_element(operations: int, while_training: int = 0) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element of input 0, more where statistics are taken in training."""

    def work(use: Use) -> Work:
        count = while_training if while_training and use.integer("is_training", 1) else operations
        return Work(others=((count, *use.input(0)),))

    return work


def reduction(per_input: int, per_output: int = 0) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element reduced, and for each result."""

    def work(use: Use) -> Work:
        terms: tuple[Factors, ...] = ((per_input, *use.input(0)),)
        return Work(others=(*terms, (per_output, *use.output())) if per_output else terms)

    return work


def total(use: Use) -> Work:
    """AddN of n tensors: n-1 additions for each output element."""
    return Work(others=((max(len(use.node.inputs) - 1, 0), *use.output()),))


def local_response(use: Use) -> Work:
    """LRN: squares and sums over 2·depth_radius + 1 channels, then scales, adds, raises and divides."""
    return Work(others=((2 * max(use.integer("depth_radius", 5), 0) + 6, *use.input(0)),))


def resampling(taps: int) -> Callable[[Use], Work]:
    """Return the formula of so many weighted neighbors for each output element."""

    def work(use: Use) -> Work:
        return Work(macs=((taps, *use.output()),))

    return work


def cross_entropy(use: Use) -> Work:
    """Softmax over the scores (4 for each), then a weighted sum."""
    return Work(others=((5, *use.input(0)),))


REDUCTIONS: Final = {
    "tensorflow:Sum": reduction(1),
    "tensorflow:Mean": reduction(1, 1),
    "tensorflow:Prod": reduction(1),
    "tensorflow:EuclideanNorm": reduction(2, 1),
    "tensorflow:L2Loss": reduction(2, 1),
    "tensorflow:SegmentSum": reduction(1),
    "tensorflow:UnsortedSegmentSum": reduction(1),
    "tensorflow:SegmentMean": reduction(1, 1),
}
"""Not counted on integers and booleans."""

FORMULAS: Final = {
    **REDUCTIONS,
    **dict.fromkeys((f"tensorflow:FusedBatchNorm{version}" for version in ("", "V2", "V3")), per_element(2, 7)),
    "tensorflow:_FusedBatchNormEx": per_element(2, 7),
    "tensorflow:BatchNormWithGlobalNormalization": per_element(2),
    "tensorflow:LRN": local_response,
    "tensorflow:AddN": total,
    "tensorflow:ResizeBilinear": resampling(4),
    "tensorflow:ResizeBicubic": resampling(16),
    "tensorflow:SoftmaxCrossEntropyWithLogits": cross_entropy,
    "tensorflow:SparseSoftmaxCrossEntropyWithLogits": cross_entropy,
}
