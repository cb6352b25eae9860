"""The messages of ONNX that are parsed whole, declared in a descriptor pool of our own.

Only what is read is declared. Text is declared as bytes, so that invalid UTF-8 stays readable; tensors, graphs and types
inside a message stay bytes as well, to be read one by one.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

_PACKAGE: Final = "modelpack.onnx"

_BYTES = Field.TYPE_BYTES
_INT64 = Field.TYPE_INT64
_INT32 = Field.TYPE_INT32
_FLOAT = Field.TYPE_FLOAT

# name: (number, type, repeated); a type that is text names another message. A name with "|" is a member of a oneof.
_MESSAGES: Final[dict[str, dict[str, tuple[int, Any, bool]]]] = {
    "Node": {
        "input": (1, _BYTES, True),
        "output": (2, _BYTES, True),
        "name": (3, _BYTES, False),
        "op_type": (4, _BYTES, False),
        "attribute": (5, _BYTES, True),
        "domain": (7, _BYTES, False),
        "overload": (8, _BYTES, False),
        "metadata_props": (9, _BYTES, True),
    },
    "Attribute": {
        "name": (1, _BYTES, False),
        "f": (2, _FLOAT, False),
        "i": (3, _INT64, False),
        "s": (4, _BYTES, False),
        "t": (5, _BYTES, False),
        "g": (6, _BYTES, False),
        "floats": (7, _FLOAT, True),
        "ints": (8, _INT64, True),
        "strings": (9, _BYTES, True),
        "tensors": (10, _BYTES, True),
        "graphs": (11, _BYTES, True),
        "tp": (14, "Type", False),
        "type_protos": (15, "Type", True),
        "type": (20, _INT32, False),
        "ref_attr_name": (21, _BYTES, False),
        "sparse_tensor": (22, _BYTES, False),
        "sparse_tensors": (23, _BYTES, True),
    },
    "TypedData": {
        "float_data": (4, _FLOAT, True),
        "int32_data": (5, _INT32, True),
        "string_data": (6, _BYTES, True),
        "string_val": (8, _BYTES, True),
        "int64_data": (7, _INT64, True),
        "double_data": (10, Field.TYPE_DOUBLE, True),
        "uint64_data": (11, Field.TYPE_UINT64, True),
    },
    "ValueInfo": {"name": (1, _BYTES, False), "type": (2, _BYTES, True)},
    "Type": {
        "value|tensor_type": (1, "TensorType", False),
        "value|sequence_type": (4, "ElementType", False),
        "value|map_type": (5, "MapType", False),
        "value|opaque_type": (7, "OpaqueType", False),
        "value|sparse_tensor_type": (8, "TensorType", False),
        "value|optional_type": (9, "ElementType", False),
    },
    "TensorType": {"elem_type": (1, _INT32, False), "shape": (2, "Shape", False)},
    "ElementType": {"elem_type": (1, "Type", False)},
    "MapType": {"key_type": (1, _INT32, False), "value_type": (2, "Type", False)},
    "OpaqueType": {"domain": (1, _BYTES, False), "name": (2, _BYTES, False)},
    "Shape": {"dim": (1, "Dimension", True)},
    "Dimension": {"value|dim_value": (1, _INT64, False), "value|dim_param": (2, _BYTES, False)},
    "Pair": {"key": (1, _BYTES, False), "value": (2, _BYTES, False)},
    "OperatorSet": {"domain": (1, _BYTES, False), "version": (2, _INT64, False)},
}


def _declare() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="modelpack_onnx.proto", package=_PACKAGE, syntax="proto2")
    for message_name, declared in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for full_name, (number, kind, repeated) in declared.items():
            choice, _, name = full_name.rpartition("|")
            field = message.field.add(name=name, number=number)
            field.label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type, field.type_name = Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                field.type = kind
            if choice:
                if not message.oneof_decl:
                    message.oneof_decl.add(name=choice)
                field.oneof_index = 0
    return file


def _message_class(pool: descriptor_pool.DescriptorPool, name: str) -> Any:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(_declare().SerializeToString())

NodeMessage: Final = _message_class(_POOL, "Node")
AttributeMessage: Final = _message_class(_POOL, "Attribute")
TypedDataMessage: Final = _message_class(_POOL, "TypedData")
ValueInfoMessage: Final = _message_class(_POOL, "ValueInfo")
TypeMessage: Final = _message_class(_POOL, "Type")
PairMessage: Final = _message_class(_POOL, "Pair")
OperatorSetMessage: Final = _message_class(_POOL, "OperatorSet")
