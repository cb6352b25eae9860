"""What ONNX Runtime says when it refuses something, as one line that names the node and leaves out paths of its source."""

from __future__ import annotations

import re
from typing import Final

from inspector.isolation.plain_line import plain_line

_PREFIX: Final = re.compile(r"^\[ONNXRuntimeError\] : \d+ : (?P<code>\w+) : ")
_NODE: Final = re.compile(
    r"Non-zero status code returned while running (?P<operator>\S+) node\. Name:'(?P<name>.*?)' Status Message: ", re.DOTALL
)
_NOISE: Final = (
    re.compile(r"Load model from .*? failed:\s?"),
    re.compile(r"Load model \S+ failed\. "),
    re.compile(r"Exception during (?:initialization|loading): "),
    re.compile(r"(?:/|[A-Za-z]:\\)?\S*\.(?:cc|h|cpp|hpp):\d+ (?:[^()\n]*?[\w>~]\([^\n]*?\)(?: const)?(?: \[with [^\]]*\])? )?"),
    re.compile(r"Please fix either the inputs/outputs or the model\."),
)
_LONGEST: Final = 240


def refusal_text(error: BaseException) -> str:
    """Return why the runtime refused a model or a feed, as one clean line: "MatMul node mm: dimension mismatch"."""
    text = _PREFIX.sub("", str(error))
    node = _NODE.search(text)
    place = ""
    if node is not None:
        text = text[node.end() :]
        place = f"{node['operator']} node {node['name']!r}: " if node["name"] else f"{node['operator']} node: "
        inner = _NODE.search(text)
        if inner is not None:  # a node of a subgraph says so itself
            text = text[inner.end() :]
            place += f"{inner['operator']} node {inner['name']!r}: "
    for noise in _NOISE:
        text = noise.sub("", text)
    line = plain_line(f"{place}{text}", _LONGEST).strip(" .")
    return line or type(error).__name__
