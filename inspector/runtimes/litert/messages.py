"""What LiteRT says when it refuses something, as one line that names the operator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inspector.isolation.plain_line import plain_line

_LONGEST: Final = 240
_READ: Final = 20_000
_CUSTOM: Final = re.compile(r"unresolved custom op: ([^\n]*?)\.?(?:\n|$)")
_SELECT: Final = "Select TensorFlow op(s)"
_NODE: Final = re.compile(r"Node number (?P<number>\d+) \((?P<operator>[^)\n]*)\) failed to (?:prepare|invoke)\.?")
_PLACE: Final = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:cc|h|c):\d+ ")
_DIDNT: Final = re.compile(r"Didn't find op for builtin opcode '([^'\n]*)' version '(\d+)'")
_INDEX: Final = re.compile(r" for input \d+, name: [^\n]*$")
SELECT_HINT: Final = "neither ai-edge-litert nor TensorFlow's Python package has the Flex delegate: convert it without them"
CUSTOM_HINT: Final = "convert it with built-in operators only"
NEWER_HINT: Final = 'pip install -U "modelpack-tui[litert]"'


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why LiteRT refused a file or a feed, and what to do about it; at_once: whatever it is fed."""

    text: str
    hint: str = ""
    at_once: bool = False


def refusal(error: BaseException, before: str = "") -> Refusal:
    """Return what LiteRT said: "node 54 (CONV_2D): input->dims->size != 4 (5 != 4)".

    before is what the same interpreter had said earlier: it begins with that again.
    """
    text = str(error).removeprefix(before)[:_READ]
    node = _NODE.search(text)
    if found := _CUSTOM.search(text):
        name = plain_line(found[1], 80)
        return Refusal(f"it has the custom operator {name}, which LiteRT does not know", CUSTOM_HINT, True)
    if _SELECT in text:
        name = plain_line(node["operator"], 80) if node else "one"
        return Refusal(f"it has Select TensorFlow operators, which LiteRT does not run here: {name}", SELECT_HINT, True)
    if found := _DIDNT.search(text):
        what = plain_line(f"{found[1]} in version {found[2]}", 80)
        return Refusal(f"this LiteRT has no operator {what}", NEWER_HINT, True)
    return Refusal(_plain(text, node) or type(error).__name__)


def _plain(text: str, node: re.Match[str] | None) -> str:
    """Return the text up to the first node that is named, places in LiteRT's own code left out."""
    said = _INDEX.sub("", _PLACE.sub("", text[: node.start()] if node else text).strip())
    if node:
        place = f"node {node['number']} ({node['operator']})"
        said = f"{place}: {said}" if said else place
    return plain_line(said, _LONGEST).strip(" .")


def is_want_of_memory(error: BaseException) -> bool:
    """Tell whether an error of LiteRT is for want of memory."""
    text = str(error)
    return isinstance(error, MemoryError) or "bad_alloc" in text or "Failed to allocate memory" in text
