"""What TensorFlow says when it refuses something, as one line that names the node and leaves out its stack traces."""

from __future__ import annotations

import re
from typing import Final

from inspector.isolation.plain_line import plain_line

_LONGEST: Final = 240
_READ: Final = 20_000
_DETECTED: Final = re.compile(
    r"Detected at node (?:'(?P<quoted>[^'\n]*)'|(?P<plain>[^\n]*?)) defined at \(most recent call last\):\n"
    r"(?:<stack traces unavailable>\n|(?:[ \t]+[^\n]*\n|\n)*)(?:Node: [^\n]*\n)?"
)
_FUSED: Final = re.compile(r"\[\[\{\{node (?P<name>[^}\n]*)\}\}\]\]")
_NOISE: Final = (
    re.compile(r"Graph execution error:\s*"),
    re.compile(r"\(\d+\) [A-Z_]+: "),
    re.compile(r"\{\{function_node [^}\n]*\}\}\s*"),
    re.compile(r"\[\[\{\{node [^}\n]*\}\}\]\]"),
    re.compile(r"\[Op:[^\]\n]*\]"),
    re.compile(r"(?:\d+ successful operations\.\s*)?\d+ derived errors ignored\.[^\n]*"),
    re.compile(r"Original stack trace for[\s\S]*"),
    re.compile(r"\s*You may be trying to load on a different device[\s\S]*"),
    re.compile(r" in binary running on [\s\S]*"),
)
_SLOTS: Final = "has no attribute 'add_slot'"
SLOTS_REFUSED: Final = "it holds the slot variables of an optimizer that this TensorFlow does not know (add_slot)"


def refusal_text(error: BaseException) -> str:
    """Return why TensorFlow refused a SavedModel or a feed: "node dense/MatMul: Matrix size-incompatible: …"."""
    text = "".join(error.args) if len(error.args) > 1 and all(isinstance(one, str) for one in error.args) else str(error)
    text = text[:_READ]
    if _SLOTS in text:
        return SLOTS_REFUSED
    found = _DETECTED.search(text)
    place = (found["quoted"] or found["plain"] or "") if found else ""
    if not place and (fused := _FUSED.search(text)):
        place = fused["name"]
    text = _DETECTED.sub("", text)
    for noise in _NOISE:
        text = noise.sub("", text)
    said = text.strip()
    return (
        plain_line(f"node {place}: {said}" if place and said else said or place, _LONGEST).strip(" .") or type(error).__name__
    )


def is_want_of_memory(error: BaseException) -> bool:
    """Tell whether an error of TensorFlow is for want of memory: it has a class of its own for that."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError" or "bad_alloc" in str(error)
