"""What the messages of a SavedModel are made of: names, field numbers and types of the fields that are read.

Field numbers are facts of the format. Text is declared as bytes, so that invalid UTF-8 stays readable. Maps are declared as
what they are on the wire, repeated entries of a key and a value.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

_BYTES = Field.TYPE_BYTES
_INT64 = Field.TYPE_INT64
_INT32 = Field.TYPE_INT32
_UINT32 = Field.TYPE_UINT32
_UINT64 = Field.TYPE_UINT64
_FLOAT = Field.TYPE_FLOAT
_DOUBLE = Field.TYPE_DOUBLE
_BOOL = Field.TYPE_BOOL
_FIXED32 = Field.TYPE_FIXED32

ENUM: Final = "DataType"
Fields = dict[str, tuple[int, Any, bool]]
"""By name: number, type and whether it is repeated. A type that is text names another message, or the enum; a name with "|" is
a member of a oneof."""


def _one(number: int, kind: Any) -> tuple[int, Any, bool]:
    return number, kind, False


def _many(number: int, kind: Any) -> tuple[int, Any, bool]:
    return number, kind, True


_SHARED: Final[dict[str, Fields]] = {
    "Text": {"key": _one(1, _BYTES), "value": _one(2, _BYTES)},
    "Shape": {"dim": _many(2, "Dimension"), "unknown_rank": _one(3, _BOOL)},
    "Dimension": {"size": _one(1, _INT64), "name": _one(2, _BYTES)},
    "Versions": {"producer": _one(1, _INT32), "min_consumer": _one(2, _INT32)},
    "MetaInfo": {
        "stripped_op_list": _one(2, "OperatorList"),
        "tags": _many(4, _BYTES),
        "tensorflow_version": _one(5, _BYTES),
        "tensorflow_git_version": _one(6, _BYTES),
        "stripped_default_attrs": _one(7, _BOOL),
        "function_aliases": _many(8, "Text"),
    },
    "OperatorList": {"op": _many(1, "Operator")},
    "Operator": {
        "name": _one(1, _BYTES),
        "input_arg": _many(2, "Argument"),
        "output_arg": _many(3, "Argument"),
        "attr": _many(4, "OperatorAttribute"),
        "is_stateful": _one(17, _BOOL),
    },
    "OperatorAttribute": {"name": _one(1, _BYTES), "default_value": _one(3, "DefaultValue")},
    "DefaultValue": {"i": _one(3, _INT64), "type": _one(6, ENUM)},
    "Argument": {
        "name": _one(1, _BYTES),
        "type": _one(3, ENUM),
        "type_attr": _one(4, _BYTES),
        "number_attr": _one(5, _BYTES),
        "type_list_attr": _one(6, _BYTES),
    },
    "TensorInfo": {
        "name": _one(1, _BYTES),
        "dtype": _one(2, ENUM),
        "tensor_shape": _one(3, "Shape"),
        "coo_sparse": _one(4, "Sparse"),
        "composite_tensor": _one(5, "Composite"),
    },
    "Sparse": {
        "values_tensor_name": _one(1, _BYTES),
        "indices_tensor_name": _one(2, _BYTES),
        "dense_shape_tensor_name": _one(3, _BYTES),
    },
    "Composite": {"components": _many(2, "TensorInfo")},
    "NamedTensorInfo": {"key": _one(1, _BYTES), "value": _one(2, "TensorInfo")},
    "Saver": {
        "filename_tensor_name": _one(1, _BYTES),
        "save_tensor_name": _one(2, _BYTES),
        "restore_op_name": _one(3, _BYTES),
    },
    "Collection": {"key": _one(1, _BYTES), "value": _one(2, "CollectionItems")},
    "CollectionItems": {
        "node_list": _one(1, "ByteList"),
        "bytes_list": _one(2, "ByteList"),
        "int64_list": _one(3, "IntegerList"),
        "float_list": _one(4, "FloatList"),
        "any_list": _one(5, "AnyList"),
    },
    "ByteList": {"value": _many(1, _BYTES)},
    "IntegerList": {"value": _many(1, _INT64)},
    "FloatList": {"value": _many(1, _FLOAT)},
    "AnyList": {"value": _many(1, "Any")},
    "Any": {"type_url": _one(1, _BYTES), "value": _one(2, _BYTES)},
    "AssetFile": {"tensor_info": _one(1, "TensorInfo"), "filename": _one(2, _BYTES)},
    "Variable": {
        "variable_name": _one(1, _BYTES),
        "snapshot_name": _one(3, _BYTES),
        "is_resource": _one(5, _BOOL),
        "trainable": _one(7, _BOOL),
    },
    "ObjectGraph": {"nodes": _many(1, "Object"), "concrete_functions": _many(2, "NamedConcreteFunction")},
    "Object": {
        "children": _many(1, "Child"),
        "slot_variables": _many(3, "Slot"),
        "kind|user_object": _one(4, "UserObject"),
        "kind|asset": _one(5, "ObjectAsset"),
        "kind|function": _one(6, "ObjectFunction"),
        "kind|variable": _one(7, "ObjectVariable"),
        "kind|bare_concrete_function": _one(8, "BareFunction"),
        "kind|constant": _one(9, "ObjectConstant"),
        "kind|resource": _one(10, "ObjectResource"),
        "kind|captured_tensor": _one(12, "CapturedTensor"),
        "saveable_objects": _many(11, "NamedSaveable"),
        "registered_name": _one(13, _BYTES),
    },
    "Child": {"node_id": _one(1, _INT32), "local_name": _one(2, _BYTES)},
    "Slot": {
        "original_variable_node_id": _one(1, _INT32),
        "slot_name": _one(2, _BYTES),
        "slot_variable_node_id": _one(3, _INT32),
    },
    "UserObject": {"identifier": _one(1, _BYTES), "version": _one(2, "Versions"), "metadata": _one(3, _BYTES)},
    "ObjectAsset": {"asset_file_def_index": _one(1, _INT32)},
    "ObjectFunction": {"concrete_functions": _many(1, _BYTES)},
    "ObjectVariable": {
        "dtype": _one(1, ENUM),
        "shape": _one(2, "Shape"),
        "trainable": _one(3, _BOOL),
        "name": _one(6, _BYTES),
        "device": _one(7, _BYTES),
    },
    "BareFunction": {"concrete_function_name": _one(1, _BYTES), "argument_keywords": _many(2, _BYTES)},
    "ObjectConstant": {"operation": _one(1, _BYTES)},
    "ObjectResource": {"device": _one(1, _BYTES)},
    "CapturedTensor": {"name": _one(1, _BYTES), "concrete_function": _one(2, _BYTES)},
    "NamedSaveable": {"key": _one(1, _BYTES), "value": _one(2, "Saveable")},
    "Saveable": {"save_function": _one(2, _INT32), "restore_function": _one(3, _INT32)},
    "NamedConcreteFunction": {"key": _one(1, _BYTES), "value": _one(2, "ConcreteFunction")},
    "ConcreteFunction": {
        "bound_inputs": _many(2, _INT32),
        "canonicalized_input_signature": _one(3, "Structured"),
        "output_signature": _one(4, "Structured"),
    },
    "Structured": {
        "kind|none_value": _one(1, "Nothing"),
        "kind|float64_value": _one(11, _DOUBLE),
        "kind|int64_value": _one(12, Field.TYPE_SINT64),
        "kind|string_value": _one(13, _BYTES),
        "kind|bool_value": _one(14, _BOOL),
        "kind|tensor_shape_value": _one(31, "Shape"),
        "kind|tensor_dtype_value": _one(32, ENUM),
        "kind|tensor_spec_value": _one(33, "StructuredSpec"),
        "kind|type_spec_value": _one(34, "StructuredType"),
        "kind|bounded_tensor_spec_value": _one(35, "StructuredSpec"),
        "kind|list_value": _one(51, "StructuredList"),
        "kind|tuple_value": _one(52, "StructuredList"),
        "kind|dict_value": _one(53, "StructuredMap"),
        "kind|named_tuple_value": _one(54, "StructuredPairs"),
    },
    "Nothing": {},
    "StructuredSpec": {"name": _one(1, _BYTES), "shape": _one(2, "Shape"), "dtype": _one(3, ENUM)},
    "StructuredType": {"type_state": _one(2, "Structured"), "type_spec_class_name": _one(3, _BYTES)},
    "StructuredList": {"values": _many(1, "Structured")},
    "StructuredMap": {"fields": _many(1, "StructuredField")},
    "StructuredField": {"key": _one(1, _BYTES), "value": _one(2, "Structured")},
    "StructuredPairs": {"name": _one(1, _BYTES), "values": _many(2, "StructuredField")},
    "BundleHeader": {"num_shards": _one(1, _INT32), "endianness": _one(2, _INT32), "version": _one(3, "Versions")},
    "BundleEntry": {
        "dtype": _one(1, ENUM),
        "shape": _one(2, "Shape"),
        "shard_id": _one(3, _INT32),
        "offset": _one(4, _INT64),
        "size": _one(5, _INT64),
        "crc32c": _one(6, _FIXED32),
        "slices": _many(7, "Slice"),
    },
    "Slice": {"extent": _many(1, "Extent")},
    "Extent": {"start": _one(1, _INT64), "length": _one(2, _INT64)},
    "TrackableGraph": {"nodes": _many(1, "Trackable")},
    "Trackable": {"children": _many(1, "Child"), "attributes": _many(2, "Serialized"), "slot_variables": _many(3, "Slot")},
    "Serialized": {"name": _one(1, _BYTES), "full_name": _one(2, _BYTES), "checkpoint_key": _one(3, _BYTES)},
    "Fingerprint": {
        "saved_model_checksum": _one(1, _UINT64),
        "graph_def_program_hash": _one(2, _UINT64),
        "signature_def_hash": _one(3, _UINT64),
        "saved_object_graph_hash": _one(4, _UINT64),
        "checkpoint_hash": _one(5, _UINT64),
        "version": _one(6, "Versions"),
        "uuid": _one(7, _BYTES),
    },
    "KerasMetadata": {"nodes": _many(1, "KerasNode")},
    "KerasNode": {
        "node_id": _one(2, _INT32),
        "node_path": _one(3, _BYTES),
        "identifier": _one(4, _BYTES),
        "metadata": _one(5, _BYTES),
    },
}

_VALUE: Final[Fields] = {
    "list": _one(1, "List"),
    "kind|s": _one(2, _BYTES),
    "kind|i": _one(3, _INT64),
    "kind|f": _one(4, _FLOAT),
    "kind|b": _one(5, _BOOL),
    "kind|type": _one(6, ENUM),
    "kind|shape": _one(7, "Shape"),
    "kind|placeholder": _one(9, _BYTES),
    "kind|func": _one(10, "Callee"),
}
_LIST: Final[Fields] = {
    "s": _many(2, _BYTES),
    "i": _many(3, _INT64),
    "f": _many(4, _FLOAT),
    "b": _many(5, _BOOL),
    "type": _many(6, ENUM),
    "shape": _many(7, "Shape"),
    "func": _many(9, "Callee"),
}

SKIM: Final[dict[str, Fields]] = {
    **_SHARED,
    "Node": {
        "name": _one(1, _BYTES),
        "op": _one(2, _BYTES),
        "input": _many(3, _BYTES),
        "device": _one(4, _BYTES),
        "attr": _many(5, _BYTES),
    },
    "Attribute": {"key": _one(1, _BYTES), "value": _one(2, "Value")},
    "Value": {**_VALUE, "tensor": _one(8, _BYTES)},
    "List": {**_LIST, "tensor": _many(8, _BYTES)},
    "Callee": {"name": _one(1, _BYTES)},
    "ArgumentAttributes": {"key": _one(1, _UINT32), "value": _one(2, "ArgumentAttributeList")},
    "ArgumentAttributeList": {"attr": _many(1, "Attribute")},
    "Signature": {
        "inputs": _many(1, "NamedTensorInfo"),
        "outputs": _many(2, "NamedTensorInfo"),
        "method_name": _one(3, _BYTES),
        "defaults": _many(4, "Text"),
    },
    "Gradient": {"function_name": _one(1, _BYTES), "gradient_func": _one(2, _BYTES)},
    "TypedValues": {
        "float_val": _many(5, _FLOAT),
        "double_val": _many(6, _DOUBLE),
        "int_val": _many(7, _INT32),
        "string_val": _many(8, _BYTES),
        "int64_val": _many(10, _INT64),
        "bool_val": _many(11, _BOOL),
        "half_val": _many(13, _INT32),
        "uint32_val": _many(16, _UINT32),
        "uint64_val": _many(17, _UINT64),
    },
}

TEXT: Final[dict[str, Fields]] = {
    **_SHARED,
    "SavedModel": {"saved_model_schema_version": _one(1, _INT64), "meta_graphs": _many(2, "MetaGraph")},
    "MetaGraph": {
        "meta_info_def": _one(1, "MetaInfo"),
        "graph_def": _one(2, "Graph"),
        "saver_def": _one(3, "Saver"),
        "collection_def": _many(4, "Collection"),
        "signature_def": _many(5, "NamedSignature"),
        "asset_file_def": _many(6, "AssetFile"),
        "object_graph_def": _one(7, "ObjectGraph"),
    },
    "NamedSignature": {"key": _one(1, _BYTES), "value": _one(2, "Signature")},
    "Signature": {
        "inputs": _many(1, "NamedTensorInfo"),
        "outputs": _many(2, "NamedTensorInfo"),
        "method_name": _one(3, _BYTES),
        "defaults": _many(4, "NamedTensor"),
    },
    "NamedTensor": {"key": _one(1, _BYTES), "value": _one(2, "Tensor")},
    "Graph": {"node": _many(1, "Node"), "library": _one(2, "Library"), "versions": _one(4, "Versions")},
    "Library": {"function": _many(1, "Function"), "gradient": _many(2, "Gradient")},
    "Gradient": {"function_name": _one(1, _BYTES), "gradient_func": _one(2, _BYTES)},
    "Function": {
        "signature": _one(1, "Operator"),
        "node_def": _many(3, "Node"),
        "ret": _many(4, "Text"),
        "attr": _many(5, "Attribute"),
        "control_ret": _many(6, "Text"),
        "arg_attr": _many(7, "ArgumentAttributes"),
    },
    "ArgumentAttributes": {"key": _one(1, _UINT32), "value": _one(2, "ArgumentAttributeList")},
    "ArgumentAttributeList": {"attr": _many(1, "Attribute")},
    "Node": {
        "name": _one(1, _BYTES),
        "op": _one(2, _BYTES),
        "input": _many(3, _BYTES),
        "device": _one(4, _BYTES),
        "attr": _many(5, "Attribute"),
    },
    "Attribute": {"key": _one(1, _BYTES), "value": _one(2, "Value")},
    "Value": {**_VALUE, "tensor": _one(8, "Tensor")},
    "List": {**_LIST, "tensor": _many(8, "Tensor")},
    "Callee": {"name": _one(1, _BYTES), "attr": _many(2, "Attribute")},
    "Tensor": {
        "dtype": _one(1, ENUM),
        "tensor_shape": _one(2, "Shape"),
        "tensor_content": _one(4, _BYTES),
        "float_val": _many(5, _FLOAT),
        "double_val": _many(6, _DOUBLE),
        "int_val": _many(7, _INT32),
        "string_val": _many(8, _BYTES),
        "scomplex_val": _many(9, _FLOAT),
        "int64_val": _many(10, _INT64),
        "bool_val": _many(11, _BOOL),
        "dcomplex_val": _many(12, _DOUBLE),
        "half_val": _many(13, _INT32),
        "uint32_val": _many(16, _UINT32),
        "uint64_val": _many(17, _UINT64),
        "float8_val": _one(18, _BYTES),
    },
}
