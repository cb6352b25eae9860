"""Outputs of any kind as arrays, so that they can be stored and compared element by element. On the child's side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOATS_OF_ML: Final = ("bfloat16", "float8", "float6", "float4")


def as_array(value: Any) -> NDArray[Any]:
    """Return an output as an array: a map as its values in the order of its keys, a list of maps as rows of them, a sequence
    of tensors stacked where they have one shape and one after the other, flat, where they do not; None as an empty array.

    Bytes become text, in which what is no UTF-8 is escaped; elements of types that numpy lacks (bfloat16, float8 …) float32.
    """
    import numpy as np

    if value is None:
        return np.zeros(0, np.float32)
    if isinstance(value, Mapping):
        return np.asarray([value[key] for key in sorted(value, key=str)])
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return _joined([as_array(one) for one in value])
    array = np.asarray(value)
    if array.dtype.kind in "OS":
        return _text(array)
    return array.astype(np.float32) if array.dtype.name.startswith(_FLOATS_OF_ML) else array


def _text(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of bytes or text as one of text; NUL, which fixed-width text cannot end with, is escaped, too."""
    import numpy as np

    found = [
        (one.decode("utf-8", "backslashreplace") if isinstance(one, bytes) else str(one)).replace("\0", "\\x00")
        for one in array.flat
    ]
    return np.array(found, object).reshape(array.shape)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Return arrays as one."""
    import numpy as np

    if not parts:
        return np.zeros(0, np.float32)
    if len({part.shape for part in parts}) == 1:
        return np.stack(parts)
    return np.concatenate([part.reshape(-1) for part in parts])
