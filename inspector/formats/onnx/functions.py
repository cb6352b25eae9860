"""FunctionProto: a graph with attribute parameters that the model defines for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.formats.onnx.attributes import children
from inspector.formats.onnx.graphs import GraphBuilder
from inspector.formats.onnx.long_text import read_text
from inspector.formats.onnx.nodes import read_subgraphs, read_tensors
from inspector.formats.onnx.reading import DEFAULT_DOMAIN, Reading
from inspector.formats.onnx.schema import AttributeMessage, OperatorSetMessage, PairMessage
from inspector.formats.onnx.skeleton import SMALL_MESSAGE
from inspector.formats.onnx.weights import Holder
from inspector.formats.onnx.wire import Span, fields
from inspector.records.graph import Function
from inspector.records.tensor import TensorSpec

_TEXTS: Final = {0x0A: "name", 0x22: "input", 0x2A: "output", 0x32: "attribute", 0x52: "domain", 0x6A: "overload"}
_NODE: Final = 0x3A
_OPSET: Final = 0x4A
_DEFAULT: Final = 0x5A
_VALUE: Final = 0x62


def read_function(reading: Reading, span: Span) -> Function:
    """Return the function whose message lies at span, its weights gathered. Raises UnreadableArtifact if it is malformed."""
    source = reading.source
    texts: dict[str, list[str]] = {name: [] for name in _TEXTS.values()}
    spans: dict[int, list[Span]] = {_NODE: [], _OPSET: [], _DEFAULT: [], _VALUE: []}
    for tag, _, start, end in fields(source, *span):
        if tag in _TEXTS:
            texts[_TEXTS[tag]].append(reading.cleaner.clean(read_text(source, reading.cleaner, start, end)))
        elif tag in spans:
            spans[tag].append(Span(start, end))
        else:
            reading.notes.unrecognized("Function", tag, start, end)
    name, domain, overload = (texts[part][-1] if texts[part] else "" for part in ("name", "domain", "overload"))
    path = reading.fresh_path(f"function:{domain}:{name}" + (f":{overload}" if overload else ""))
    defaults = [_read_default(reading, default, path) for default in spans[_DEFAULT]]
    body = GraphBuilder(reading, path, 0, "initializer")
    body.name = name
    body.inputs.extend(TensorSpec(text) for text in texts["input"])
    body.outputs.extend(TensorSpec(text) for text in texts["output"])
    for value_span in spans[_VALUE]:
        value = reading.values.read(*value_span, path)
        body.values[value.name] = value
    for node in spans[_NODE]:
        body.take_node(*node)
    opsets = read_opsets(reading, spans[_OPSET])
    return Function(domain, name, overload, body.build(), (*texts["attribute"], *defaults), opsets)


def _read_default(reading: Reading, span: Span, path: str) -> str:
    """Return the name of an attribute with a default value; what tensors and graphs that holds are gathered."""
    message = read_message(reading, AttributeMessage, "Attribute", span)
    name = reading.cleaner.clean(message.name)
    held = children(reading.source, *span)
    read_tensors(reading, held, name, Holder("attribute", path))
    read_subgraphs(reading, held, f"{path}/default.{name}", 1)
    return name


def read_message(reading: Reading, message_class: Any, kind: str, span: Span) -> Any:
    """Return the parsed message that lies at span; raises UnreadableArtifact."""
    small = span.end - span.start <= SMALL_MESSAGE
    raw = reading.source.read(span.start, span.end - span.start) if small else reading.carver.carve(kind, *span)
    try:
        return message_class.FromString(raw)
    except DecodeError:
        raise reading.source.malformed(span.start, f"a message ({kind}) is malformed") from None


def read_opsets(reading: Reading, spans: Sequence[Span]) -> Mapping[str, int]:
    """Return versions by domain; a domain imported twice in different versions is noted, and the last one counts."""
    opsets: dict[str, int] = {}
    for span in spans:
        message = read_message(reading, OperatorSetMessage, "OperatorSet", span)
        domain = reading.cleaner.clean(message.domain) or DEFAULT_DOMAIN
        if opsets.get(domain, message.version) != message.version:
            reading.notes.add(
                "conflicting-opsets",
                "medium",
                f"operators of {domain} are imported in versions {opsets[domain]} and {message.version}",
                "opset imports",
                "runtimes may pick either",
            )
        opsets[domain] = message.version
    return opsets


def read_pairs(reading: Reading, spans: Sequence[Span]) -> dict[str, str]:
    """Return keys and values of the pairs at the spans; of equal keys the last one counts."""
    pairs = {}
    for span in spans:
        message = read_message(reading, PairMessage, "Pair", span)
        pairs[reading.cleaner.clean(message.key)] = reading.cleaner.clean_value(message.value)
    return pairs
