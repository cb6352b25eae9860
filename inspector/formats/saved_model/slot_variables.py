"""A copy of a SavedModel whose object graph names no slot variables: TensorFlow loads it without the optimizer's own class.

Only the way to the slots is declared; the parser keeps every other field as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.message import DecodeError

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.saved_model.folder import locate
from inspector.formats.saved_model.text_proto import is_text, read_text_definition

_PACKAGE: Final = "modelpack.saved_model.slots"
_WAY: Final[dict[str, tuple[str, int, str]]] = {
    "SavedModel": ("meta_graphs", 2, "MetaGraph"),
    "MetaGraph": ("object_graph_def", 7, "ObjectGraph"),
    "ObjectGraph": ("nodes", 1, "Object"),
    "Object": ("slot_variables", 3, ""),
}
"""By message: name and number of the one field that is declared, and the message it holds ("": bytes)."""
_LINKED: Final = ("variables", "assets")


def write_without_slots(folder: Path, target: Path) -> int:
    """Write a SavedModel into the new folder target that is the one in folder without slot variables; return how many went.

    Its checkpoint and assets are links to those of the original: it is to be loaded, not to be kept. Raises UnreadableArtifact
    where the definition is malformed, OperationFailed where a file cannot be read or written.
    """
    location = locate(folder)
    try:
        cleared, count = without_slots(_definition(location.file))
        target.mkdir(parents=True)
        (target / "saved_model.pb").write_bytes(cleared)
        for name in _LINKED:
            if (location.folder / name).is_dir():
                (target / name).symlink_to((location.folder / name).resolve(), target_is_directory=True)
    except OSError as error:
        raise OperationFailed(
            f"cannot copy its definition: {error.strerror or error}", "free space for temporary files"
        ) from None
    return count


def _definition(path: Path) -> bytes:
    """Return the bytes of a definition, of a text those it stands for."""
    if not is_text(path.name):
        return path.read_bytes()
    source = read_text_definition(path)
    return source.read(0, source.size)


def without_slots(definition: bytes) -> tuple[bytes, int]:
    """Return the bytes of a saved_model.pb without the slot variables of its object graphs, and how many those were.

    Raises UnreadableArtifact where it is malformed.
    """
    message, count = _SAVED_MODEL(), 0
    try:
        message.ParseFromString(definition)
    except DecodeError:
        raise UnreadableArtifact("saved_model.pb: malformed", "save it again") from None
    for meta_graph in message.meta_graphs:
        for node in meta_graph.object_graph_def.nodes if meta_graph.HasField("object_graph_def") else ():
            count += len(node.slot_variables)
            node.ClearField("slot_variables")
    return (message.SerializeToString(), count) if count else (definition, 0)


def _declared() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2")
    for message, (name, number, held) in _WAY.items():
        field = file.message_type.add(name=message).field.add(name=name, number=number)
        field.label = Field.LABEL_OPTIONAL if held == "ObjectGraph" else Field.LABEL_REPEATED
        field.type = Field.TYPE_MESSAGE if held else Field.TYPE_BYTES
        if held:
            field.type_name = f".{_PACKAGE}.{held}"
    return file


def _saved_model() -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_declared().SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.SavedModel"))


_SAVED_MODEL: Final = _saved_model()
