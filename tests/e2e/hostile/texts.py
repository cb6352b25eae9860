"""Text that takes over terminals, in every place of a model where text can stand, one place at a time."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.hostile.cases import Case, Maker, file_of, survived
from tests.e2e.hostile.wire import (
    GRAPH_INITIALIZER,
    GRAPH_NODE,
    GRAPH_VALUE_INFO,
    RELU,
    attribute,
    external,
    field,
    graph,
    model,
    node,
    opset,
    raw,
    relu,
    tensor,
    value,
)

EVIL = (
    "\x1b]52;c;aGk=\x07\x1b]0;title\x07\x1b[2J\x1b[31mred\x1bP+q\x1b\\\x9b31m\x9d0;t\x9c\r\x08\x0b\x00\x7f\n\t"
    "\u202egnp.exe\u2066\u200b\ufeff[bold red]b[/] [/foo] [@click=app.quit]x[/] </script><b>&amp;|`*_#\\"
).encode() + b"\xff\xfe\xed\xa0\x80"
"""Escape sequences of every family, control and direction characters, markup of every front end, and invalid UTF-8."""


def _function(domain: bytes = b"f", name: bytes = b"g", parameter: bytes = b"a", doc: bytes = b"") -> bytes:
    body = node(b"Relu", [parameter], [b"r"])
    return field(
        25,
        field(1, name)
        + field(4, parameter)
        + field(5, b"r")
        + field(7, body)
        + field(9, field(2, 17))
        + field(10, domain)
        + field(8, doc),
    )


PLACES = {
    "node-name": model(graph([node(b"Relu", [b"x"], [b"y"], name=EVIL)])),
    "operator": model(graph([node(EVIL, [b"x"], [b"y"])])),
    "operator-domain": model(graph([node(b"Op", [b"x"], [b"y"], domain=EVIL)])),
    "imported-domain": relu(opset(EVIL, 3)),
    "domain-and-operator": model(graph([node(EVIL, [b"x"], [b"y"], domain=EVIL)]), opset(EVIL, 1)),
    "overload": model(graph([node(b"Relu", [b"x"], [b"y"], field(8, EVIL))])),
    "tensor": model(graph([node(b"Relu", [b"x"], [EVIL]), node(b"Neg", [EVIL], [b"y"])])),
    "undefined-tensor": model(graph([node(b"Add", [b"x", EVIL], [b"y"])])),
    "duplicate-tensor": model(graph([node(b"Relu", [b"x"], [EVIL]), node(b"Neg", [b"x"], [EVIL]), RELU])),
    "graph-input": model(graph([node(b"Relu", [EVIL], [b"y"])], inputs=[value(EVIL, [2, 3])])),
    "graph-output": model(graph([node(b"Relu", [b"x"], [EVIL])], outputs=[value(EVIL, [2, 3])])),
    "symbolic-dimension": model(graph([RELU], inputs=[value(b"x", [EVIL, 3])], outputs=[value(b"y", [EVIL, 3])])),
    "contradicting-value": model(
        graph([node(b"Relu", [b"x"], [EVIL]), node(b"Neg", [EVIL], [b"y"])], field(GRAPH_VALUE_INFO, value(EVIL, [7, 7])))
    ),
    "graph-name": model(field(GRAPH_NODE, RELU) + field(2, EVIL) + field(11, value(b"x", [2])) + field(12, value(b"y", [2]))),
    "graph-documentation": model(graph([RELU], field(10, EVIL))),
    "node-documentation": model(graph([node(b"Relu", [b"x"], [b"y"], field(6, EVIL))])),
    "model-documentation": relu(field(6, EVIL)),
    "model-domain": relu(field(4, EVIL)),
    "producer": relu(field(2, EVIL)),
    "producer-version": relu(field(2, b"tool"), field(3, EVIL)),
    "metadata-key": relu(field(14, field(1, EVIL) + field(2, b"v"))),
    "metadata-value": relu(field(14, field(1, b"k") + field(2, EVIL))),
    "weight": model(graph([node(b"Add", [b"x", EVIL], [b"y"])], field(GRAPH_INITIALIZER, tensor(EVIL, [3], raw(bytes(12)))))),
    "unused-weight": model(graph([RELU], field(GRAPH_INITIALIZER, tensor(EVIL, [300], raw(bytes(1200)))))),
    "short-weight": model(graph([RELU], field(GRAPH_INITIALIZER, tensor(EVIL, [300], raw(bytes(7)))))),
    "weight-values": model(
        graph([RELU], field(GRAPH_INITIALIZER, tensor(b"s", [2], field(6, EVIL), field(6, EVIL), element_type=8)))
    ),
    "external-location": model(graph([RELU], field(GRAPH_INITIALIZER, tensor(b"w", [3], external(EVIL))))),
    "external-key": model(
        graph([RELU], field(GRAPH_INITIALIZER, tensor(b"w", [3], field(13, field(1, EVIL) + field(2, EVIL)), field(14, 1))))
    ),
    "attribute-name": model(graph([node(b"Relu", [b"x"], [b"y"], attribute(EVIL, 2, field(3, 1)))])),
    "attribute-text": model(graph([node(b"Relu", [b"x"], [b"y"], attribute(b"a", 3, field(4, EVIL)))])),
    "attribute-texts": model(graph([node(b"Relu", [b"x"], [b"y"], attribute(b"a", 8, field(9, EVIL), field(9, EVIL)))])),
    "attribute-reference": model(graph([node(b"Relu", [b"x"], [b"y"], attribute(b"a", 2, field(21, EVIL)))])),
    "function-name": model(graph([node(EVIL, [b"x"], [b"y"], domain=b"f")]), opset(b"f", 1), _function(name=EVIL)),
    "function-domain": model(graph([node(b"g", [b"x"], [b"y"], domain=EVIL)]), opset(EVIL, 1), _function(domain=EVIL)),
    "function-parameter": model(graph([node(b"g", [b"x"], [b"y"], domain=b"f")]), opset(b"f", 1), _function(parameter=EVIL)),
    "function-documentation": relu(_function(doc=EVIL)),
    "type-denotation": model(graph([RELU], inputs=[value(b"x", [2, 3]) + field(2, field(6, EVIL))])),
    "opaque-type": model(graph([RELU], inputs=[field(1, b"x") + field(2, field(7, field(1, EVIL) + field(2, EVIL)))])),
}


def _named(name: bytes) -> Maker:
    def make(folder: Path) -> Path:
        import os

        path = os.fsencode(folder) + b"/" + name
        with open(path, "wb") as file:  # noqa: PTH123 - the name is no text
            file.write(relu())
        return Path(os.fsdecode(path))

    return make


_FILE_NAME = EVIL.replace(b"\0", b"").replace(b"/", b"")[:200]

CASES: list[Case] = [
    *(survived(f"text-in-{place}", file_of(data)) for place, data in PLACES.items()),
    survived("text-in-file-name", _named(_FILE_NAME + b".onnx")),
    survived("text-in-name-of-a-broken-file", lambda folder: file_of(b"PK\x03\x04")(folder).rename(_named(_FILE_NAME)(folder))),
    survived("file-name-like-an-option", _named(b"--report.onnx")),
]
