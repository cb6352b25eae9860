"""Why TensorFlow's converter refused a SavedModel, as one line that names operators and signature: it writes pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.tensorflow.messages import refusal_text

_READ: Final = 200_000
_LONGEST: Final = 300
_SHOWN: Final = 6
_SELECT: Final = re.compile(r"^TF Select ops: ([^\n]+)$", re.MULTILINE)
_CUSTOM: Final = re.compile(r"^Custom ops: ([^\n]+)$", re.MULTILINE)
_ILLEGAL: Final = re.compile(r"failed to legalize operation '(?:tf|tfl)\.(\w+)'")
_NEITHER: Final = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_UNREGISTERED: Final = re.compile(r"Op type not registered '([^'\n]*)'")
_UNQUANTIZED: Final = re.compile(r"Quantization to 16x8-bit not yet supported for op: '(\w+)'")
_EMPTY_VARIABLE: Final = "(READ_VARIABLE) failed"
EMPTY_VARIABLES: Final = "the converter left the values of its variables out"
_STATIC: Final = "element_shape to be static"
_MLIR: Final = re.compile(r"loc\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\):?\s*|<unknown>:0:\s*(?:error|note):\s*")


def missing_operators(error: BaseException) -> tuple[str, ...]:
    """Return the operators of TensorFlow that the converter found no builtin of LiteRT for, in the order of the alphabet."""
    text = str(error)[:_READ]
    found: set[str] = set()
    for listed in (*_SELECT.findall(text), *_CUSTOM.findall(text)):
        found.update(one.strip().removeprefix("tf.") for one in listed.split(","))
    found.update(_ILLEGAL.findall(text), _NEITHER.findall(text))
    return tuple(sorted(plain_line(one, 60) for one in found if one.strip()))


def unregistered_operator(error: BaseException) -> str:
    """Return the operator that TensorFlow itself does not know, "" where that is not the reason."""
    found = _UNREGISTERED.search(str(error)[:_READ])
    return plain_line(found[1], 80) if found else ""


def conversion_reason(error: BaseException, signatures: Sequence[str]) -> str:
    """Return why there is no .tflite; signatures are the raw names of those that cannot be converted, if that is known."""
    where = _where(signatures)
    if operator := unregistered_operator(error):
        return (
            f"{where}needs the custom operator {operator}, which TensorFlow does not know"
            if where
            else (f"it needs the custom operator {operator}, which TensorFlow does not know")
        )
    if missing := missing_operators(error):
        return _without_builtin(missing, where, _STATIC in str(error)[:_READ])
    if unquantized := sorted(set(_UNQUANTIZED.findall(str(error)[:_READ]))):
        return f"LiteRT has no int16 form of {_listed(unquantized)}"
    if _EMPTY_VARIABLE in str(error):
        return EMPTY_VARIABLES
    if "_M_create" in str(error):
        return f"{where or 'it '}cannot be calibrated: LiteRT's calibrator takes no strings"
    text = refusal_text(RuntimeError(_MLIR.sub("", str(error)[:_READ]) or type(error).__name__))
    return plain_line(f"{where}is refused: {text}" if where else f"the converter refused it: {text}", _LONGEST)


def _without_builtin(missing: Sequence[str], where: str, wants_static: bool) -> str:
    who = where or "it "
    length = " of a list whose length or element shape is open" if wants_static else ""
    them = "it" if len(missing) == 1 else "them"
    return f"{who}needs {_listed(missing)}{length}: LiteRT has no builtin operator for {them}"


def _where(signatures: Sequence[str]) -> str:
    if not signatures:
        return ""
    named = ", ".join(f'"{plain_line(one, 60)}"' for one in signatures[:3])
    return f"signature {named} " if len(signatures) == 1 else f"each of the signatures {named} "


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
