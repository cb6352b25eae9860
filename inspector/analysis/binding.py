"""What a model says it is bound to, as one line of text in its metadata, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from inspector.records.contract import BOUND_KEY, Binding

_TEXT: Final = re.compile(
    r"(?P<runtime>[A-Za-z][A-Za-z0-9_-]{0,40} [0-9][A-Za-z0-9.+-]{0,40})"
    r"(?: on (?P<processor>[a-z0-9_]{1,30}(?: [a-z0-9_]{1,30}){0,20}))?"
)

LAYOUT_DOMAINS: Final = ("com.microsoft.nchwc", "com.ms.internal.nhwc")
"""Domains whose operators take tensors in blocks as wide as the processor likes (onnxruntime/core/graph/constants.h)."""

PRIVATE_DOMAINS: Final = frozenset({*LAYOUT_DOMAINS, "com.microsoft", "com.microsoft.experimental"})
"""Domains of operators that only ONNX Runtime has."""


def to_text(binding: Binding) -> str:
    """Return the binding as the metadata holds it: "onnxruntime 1.32.0 on x86_64 avx avx2 fma"."""
    return f"{binding.runtime} on {' '.join(binding.processor)}" if binding.processor else binding.runtime


def binding_in(metadata: Mapping[str, str]) -> Binding | None:
    """Return what metadata says a model is bound to; None where it says nothing that to_text() could have written."""
    found = _TEXT.fullmatch(metadata.get(BOUND_KEY, ""))
    if found is None:
        return None
    return Binding(found["runtime"], tuple((found["processor"] or "").split()))
