"""Operators that do no floating-point arithmetic: they move, choose, compare, generate or describe."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.formulas.tensorflow_free import TENSORFLOW_FREE
from inspector.analysis.cost.formulas.tflite_free import TFLITE_FREE

_MOVEMENT: Final = (
    "Cast CastLike BitCast CenterCropPad Compress Concat ConcatFromSequence Constant ConstantOfShape DepthToSpace Dropout "
    "Expand EyeLike Flatten Gather GatherElements GatherND Identity ImageDecoder MaxUnpool OneHot Optional OptionalGetElement "
    "OptionalHasElement Pad Range Reshape ReverseSequence Scatter ScatterElements ScatterND SequenceAt SequenceConstruct "
    "SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Size Slice SpaceToDepth Split SplitToSequence Squeeze "
    "TensorScatter Tile Transpose Trilu Unsqueeze"
)
_COMPARISON: Final = (
    "And ArgMax ArgMin BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Clip Equal GlobalMaxPool Greater GreaterOrEqual "
    "Hardmax IsInf IsNaN Less LessOrEqual Max MaxPool MaxRoiPool Min NonZero Not Or ReduceMax ReduceMin Relu ThresholdedRelu "
    "TopK Unique Where Xor"
)
_TEXT: Final = "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer"
_GENERATION: Final = (
    "Bernoulli BlackmanWindow HammingWindow HannWindow MelWeightMatrix Multinomial RandomNormal RandomNormalLike RandomUniform "
    "RandomUniformLike"
)
_MICROSOFT: Final = (
    "BifurcationDetector BitmaskDropout ExpandDims GatherND IsAllFinite MaxpoolWithMask MurmurHash3 NGramRepeatBlock "
    "NhwcMaxPool Pad QLinearConcat QLinearWhere Range RemovePadding RestorePadding TorchEmbedding Tokenizer Trilu UnfoldTensor "
    "Unique"
)
_MACHINE_LEARNING: Final = (
    "ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder "
    "OneHotEncoder ZipMap"
)
_BLOCKED_LAYOUT: Final = "GlobalMaxPool MaxPool ReorderInput ReorderOutput"

FREE: Final = frozenset(
    (
        *" ".join((_MOVEMENT, _COMPARISON, _TEXT, _GENERATION)).split(),
        *(f"com.microsoft:{name}" for name in _MICROSOFT.split()),
        *(f"com.microsoft.nchwc:{name}" for name in _BLOCKED_LAYOUT.split()),
        *(f"ai.onnx.ml:{name}" for name in _MACHINE_LEARNING.split()),
        *TENSORFLOW_FREE,
        *TFLITE_FREE,
        *(name.replace("tensorflow:", "flex:Flex") for name in TENSORFLOW_FREE),
    )
)
"""Qualified names; they cost nothing and take no part in the covered share.

Windows, random numbers and mel matrices are generated once, text and hashing is integer work."""

CONTROL_FLOW: Final = frozenset(("If", "Loop", "Scan", "SequenceMap"))
"""Operators whose work is that of the graphs they run."""
