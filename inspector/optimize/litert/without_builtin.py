"""Operators of TensorFlow that LiteRT is known to have no builtin operator for: what can be said before converting.

The converter has the last word: it rewrites many operators, so that only families it never rewrites are here.
"""

from __future__ import annotations

from typing import Final

_BEGINNINGS: Final = (
    "Decode",
    "Encode",
    "Parse",
    "Regex",
    "StaticRegex",
    "Unicode",
    "Ragged",
    "Sparse",
    "Barrier",
    "Queue",
    "FFT2D",
    "FFT3D",
)
_ENDINGS: Final = ("Dataset", "DatasetV2", "DatasetV3", "DatasetV4", "Iterator", "IteratorV2")
_NAMES: Final = frozenset(
    (
        *(
            "AsString",
            "ReduceJoin",
            "StringFormat",
            "StringJoin",
            "StringLength",
            "StringLower",
            "StringSplit",
            "StringSplitV2",
        ),
        *("StringStrip", "StringToHashBucketFast", "StringToHashBucketStrong", "StringToNumber", "StringUpper", "Substr"),
        *("StringNGrams", "ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "NumpyFunction", "GenerateVocabRemapping"),
        *("Cholesky", "MatrixDeterminant", "MatrixInverse", "MatrixSolve", "MatrixTriangularSolve", "Qr", "SelfAdjointEigV2"),
        *("Svd", "UniqueWithCountsV2", "Betainc", "Digamma", "Igamma", "Lgamma", "Zeta"),
        *("CropAndResize", "NonMaxSuppression", "CombinedNonMaxSuppression", "SparseSoftmaxCrossEntropyWithLogits"),
        *("MutableHashTableV2", "MutableDenseHashTableV2", "StackPushV2", "StackPopV2"),
    )
)
_NOT: Final = frozenset({"SparseToDense"})
"""What the names above would take in although LiteRT has a builtin."""


def has_no_builtin(operator: str) -> bool:
    """Tell whether an operator is of those that LiteRT never has a builtin for."""
    if operator in _NOT:
        return False
    return operator in _NAMES or operator.startswith(_BEGINNINGS) or operator.endswith(_ENDINGS)
