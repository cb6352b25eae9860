"""TensorFlow's operators that do no floating-point arithmetic: they move, choose, compare, generate, look up or describe."""

from __future__ import annotations

from typing import Final

_MOVEMENT: Final = (
    "Bitcast BatchToSpace BatchToSpaceND BroadcastArgs BroadcastTo Cast Concat ConcatOffset ConcatV2 Const DebugIdentity "
    "DeepCopy DepthToSpace Diag DiagPart DynamicPartition DynamicStitch Empty EnsureShape ExpandDims ExtractImagePatches "
    "Fill Gather GatherNd GatherV2 GuaranteeConst HostConst Identity IdentityN ImmutableConst InvertPermutation LinSpace "
    "MatrixBandPart MatrixDiag MatrixDiagV2 MatrixDiagV3 MatrixDiagPart MatrixDiagPartV3 MatrixSetDiag MatrixSetDiagV3 "
    "MirrorPad OneHot OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch Placeholder PlaceholderV2 "
    "PlaceholderWithDefault PreventGradient Range Rank Reshape ResizeNearestNeighbor Reverse ReverseSequence ReverseV2 Roll "
    "ScatterNd ScatterNdNonAliasingAdd Select SelectV2 Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND "
    "SpaceToDepth Split SplitV Squeeze StopGradient StridedSlice TensorScatterUpdate TensorStridedSliceUpdate Tile "
    "Transpose Unpack UnravelIndex ZerosLike _Arg _Retval _DeviceArg _DeviceRetval"
)
_COMPARISON: Final = (
    "All Any ArgMax ArgMin BitwiseAnd BitwiseOr BitwiseXor Bucketize ClipByValue CombinedNonMaxSuppression Equal Greater "
    "GreaterEqual InTopK InTopKV2 Invert IsFinite IsInf IsNan LeftShift Less LessEqual LogicalAnd LogicalNot LogicalOr "
    "LowerBound Max MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax Maximum Min Minimum NonMaxSuppression NonMaxSuppressionV2 "
    "NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NotEqual Relu Relu6 RightShift TopK TopKV2 Unique UniqueV2 "
    "UniqueWithCounts UnsortedSegmentMax UpperBound Where"
)
_STATE: Final = (
    "Assert AssignVariableOp ControlTrigger ConsumeMutexLock DestroyResourceOp DisableCopyOnRead Enter Exit Merge "
    "NextIteration NoOp ReadVariableOp RefEnter RefExit RefIdentity RefMerge RefSwitch ResourceGather ResourceGatherNd "
    "StatefulUniformInt Switch VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2 Assign LoopCond "
    "CheckNumerics CheckNumericsV2 Print PrintV2 _Send _Recv Send Recv MergeV2Checkpoints SaveV2 RestoreV2 ShardedFilename "
    "ReadFile WriteFile PyFunc PyFuncStateless EagerPyFunc"
)
_COLLECTIONS: Final = (
    "EmptyTensorList TensorListConcat TensorListConcatLists TensorListConcatV2 TensorListElementShape TensorListFromTensor "
    "TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListPushBackBatch "
    "TensorListReserve TensorListResize TensorListScatter TensorListScatterV2 TensorListSetItem TensorListSplit "
    "TensorListStack TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3 TensorArrayReadV3 "
    "TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 RaggedRange RaggedGather "
    "RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant SparseFillEmptyRows "
    "SparseReorder SparseReshape SparseSlice SparseToDense SparseConcat SerializeManySparse DeserializeSparse "
    "OptionalFromValue OptionalGetValue OptionalHasValue OptionalNone"
)
_TABLES: Final = (
    "AnonymousHashTable AnonymousMutableHashTable HashTable HashTableV2 InitializeTable InitializeTableV2 "
    "InitializeTableFromDataset InitializeTableFromTextFile InitializeTableFromTextFileV2 LookupTableExport "
    "LookupTableExportV2 LookupTableFind LookupTableFindV2 LookupTableImport LookupTableImportV2 LookupTableInsertV2 "
    "LookupTableRemoveV2 LookupTableSize LookupTableSizeV2 MutableDenseHashTableV2 MutableHashTable MutableHashTableV2"
)
_TEXT_AND_RECORDS: Final = (
    "AsString DecodeBase64 DecodeBmp DecodeCSV DecodeCompressed DecodeGif DecodeImage DecodeAndCropJpeg DecodeJpeg "
    "DecodePng DecodeRaw DecodeWav DecodeWebP EncodeBase64 EncodeJpeg EncodePng ExtractJpegShape ParseExample "
    "ParseExampleV2 ParseSequenceExample ParseSequenceExampleV2 ParseSingleExample ParseTensor SerializeTensor "
    "RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace StringFormat StringJoin StringLength StringLower "
    "StringNGrams StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong "
    "StringToNumber StringUpper Substr UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode "
    "UnsortedSegmentJoin"
)
_DATASETS: Final = (
    "AnonymousIteratorV3 BatchDataset BatchDatasetV2 CacheDataset CacheDatasetV2 ConcatenateDataset DatasetCardinality "
    "DatasetToSingleElement IteratorGetNext IteratorV2 MakeIterator ModelDataset OptionsDataset PaddedBatchDatasetV2 "
    "ParallelBatchDataset PrefetchDataset RangeDataset RebatchDataset RepeatDataset ShardDataset ShuffleDatasetV3 SkipDataset "
    "TakeDataset TensorDataset TensorSliceDataset UnbatchDataset WindowDataset ZipDataset"
)
_GENERATION: Final = (
    "Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt RngReadAndSkip RngSkip "
    "StatefulStandardNormalV2 StatefulUniform StatelessMultinomial StatelessRandomGetAlg StatelessRandomGetKeyCounter "
    "StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform "
    "StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormal "
    "StatelessTruncatedNormalV2 TruncatedNormal Timestamp"
)

RANDOM: Final = frozenset(f"tensorflow:{name}" for name in _GENERATION.split() if not name.startswith("Stateless"))
"""Operators whose result is another every time, though all their inputs are constants."""

TENSORFLOW_FREE: Final = frozenset(
    f"tensorflow:{name}"
    for names in (_MOVEMENT, _COMPARISON, _STATE, _COLLECTIONS, _TABLES, _TEXT_AND_RECORDS, _DATASETS, _GENERATION)
    for name in names.split()
)
"""Qualified names; they cost nothing and take no part in the covered share.

Images are decoded in integers, text is no number."""

WITHOUT_ACTIVATIONS: Final = frozenset(
    f"tensorflow:{name}"
    for name in (
        *("Assert", "Const", "DisableCopyOnRead", "NoOp", "Placeholder", "ReadVariableOp", "VarHandleOp", "VariableV2"),
        *("Variable", "_Arg", "HashTableV2", "AnonymousHashTable", "VarIsInitializedOp", "AssignVariableOp"),
    )
)
"""Operators that make no tensor which takes memory of its own while the graph runs."""
