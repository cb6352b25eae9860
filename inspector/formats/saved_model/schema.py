"""The messages of a SavedModel that are parsed, declared in a descriptor pool of our own.

Only what is read is declared. The messages of the skim leave tensors, graphs and functions as bytes, to be walked; those of
text declare the whole tree, for reading .pbtxt.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from inspector.formats.saved_model.dtypes import ENUM_VALUES
from inspector.formats.saved_model.messages import ENUM, SKIM, TEXT, Fields


def _declare(package: str, messages: dict[str, Fields]) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    enum = file.enum_type.add(name=ENUM)
    for value_name, number in ENUM_VALUES.items():
        enum.value.add(name=value_name, number=number)
    for message_name, declared in messages.items():
        message = file.message_type.add(name=message_name)
        for full_name, (number, kind, many) in declared.items():
            choice, _, name = full_name.rpartition("|")
            field = message.field.add(name=name, number=number)
            field.label = Field.LABEL_REPEATED if many else Field.LABEL_OPTIONAL
            _set_type(package, field, kind, many)
            if choice:
                if not message.oneof_decl:
                    message.oneof_decl.add(name=choice)
                field.oneof_index = 0
    return file


def _set_type(package: str, field: Any, kind: Any, is_list: bool) -> None:
    if kind == ENUM:
        # An open enum: numbers newer than this tool are kept, which a closed one of proto2 would drop.
        as_number = package.endswith("skim")
        field.type = Field.TYPE_INT32 if as_number else Field.TYPE_ENUM
        if not as_number:
            field.type_name = f".{package}.{ENUM}"
    elif isinstance(kind, str):
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{package}.{kind}"
    else:
        field.type = kind
    if is_list and field.type not in (Field.TYPE_MESSAGE, Field.TYPE_BYTES):
        field.options.packed = True


def _pool(package: str, messages: dict[str, Fields]) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_declare(package, messages).SerializeToString())
    return pool


_SKIM_PACKAGE: Final = "modelpack.saved_model.skim"
_TEXT_PACKAGE: Final = "modelpack.saved_model.text"
_SKIM_POOL: Final = _pool(_SKIM_PACKAGE, SKIM)


def _skimmed(name: str) -> Any:
    return message_factory.GetMessageClass(_SKIM_POOL.FindMessageTypeByName(f"{_SKIM_PACKAGE}.{name}"))


def saved_model_text_message() -> Any:
    """Return the class that a .pbtxt file is parsed into: the whole tree, whose bytes are those of a saved_model.pb."""
    pool = _pool(_TEXT_PACKAGE, TEXT)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_TEXT_PACKAGE}.SavedModel"))


NodeMessage: Final = _skimmed("Node")
AttributeMessage: Final = _skimmed("Attribute")
ShapeMessage: Final = _skimmed("Shape")
OperatorMessage: Final = _skimmed("Operator")
TextMessage: Final = _skimmed("Text")
ArgumentAttributesMessage: Final = _skimmed("ArgumentAttributes")
GradientMessage: Final = _skimmed("Gradient")
VersionsMessage: Final = _skimmed("Versions")
MetaInfoMessage: Final = _skimmed("MetaInfo")
SaverMessage: Final = _skimmed("Saver")
CollectionMessage: Final = _skimmed("Collection")
VariableMessage: Final = _skimmed("Variable")
SignatureMessage: Final = _skimmed("Signature")
AssetFileMessage: Final = _skimmed("AssetFile")
ObjectGraphMessage: Final = _skimmed("ObjectGraph")
TypedValuesMessage: Final = _skimmed("TypedValues")
BundleHeaderMessage: Final = _skimmed("BundleHeader")
BundleEntryMessage: Final = _skimmed("BundleEntry")
TrackableGraphMessage: Final = _skimmed("TrackableGraph")
FingerprintMessage: Final = _skimmed("Fingerprint")
KerasMetadataMessage: Final = _skimmed("KerasMetadata")
