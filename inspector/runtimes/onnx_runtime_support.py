"""Which operator sets and file-format versions the installed ONNX Runtime loads, without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from inspector.records.runtime_support import RuntimeSupport
from inspector.runtimes.installed import installed_version
from inspector.runtimes.processor_layout import layout_processor

_DISTRIBUTIONS: Final = ("onnxruntime", "onnxruntime-gpu")


class _Release(NamedTuple):
    """The newest ai.onnx, ai.onnx.ml and IR versions one release loads."""

    opset: int
    ml_opset: int
    ir_version: int


_RELEASES: Final[dict[tuple[int, int], _Release]] = {
    (1, 22): _Release(22, 5, 10),
    (1, 23): _Release(23, 5, 11),
    (1, 24): _Release(25, 5, 13),
    (1, 25): _Release(26, 5, 13),
    (1, 26): _Release(26, 5, 13),
    (1, 27): _Release(26, 5, 13),
    (1, 28): _Release(26, 5, 13),
    (1, 29): _Release(26, 5, 13),
    (1, 30): _Release(26, 5, 13),
    (1, 31): _Release(26, 5, 13),
    (1, 32): _Release(28, 5, 14),
}
"""Measured: the highest versions with which each release's CPU wheel for Linux x86_64 created a session for a one-node
model (Relu for ai.onnx, Binarizer for ai.onnx.ml). https://onnxruntime.ai/docs/reference/compatibility.html says how a
release follows the ONNX version it is built with; ONNX's VERSION_TABLE says what each of those brought."""


@cache
def installed_support() -> RuntimeSupport:
    """Return what the installed ONNX Runtime loads; version "" where none is installed.

    A release newer than the table loads at least what the newest release in it does, but what more is not known: opsets
    and ir_version stay empty then, as for releases older than the table.
    """
    version = _installed_version()
    release = _RELEASES.get(_major_minor(version))
    if release is None:
        return RuntimeSupport("ONNX Runtime", version, processor=layout_processor())
    opsets = {"ai.onnx": release.opset, "ai.onnx.ml": release.ml_opset}
    return RuntimeSupport("ONNX Runtime", version, opsets, release.ir_version, layout_processor())


def oldest_release(opsets: Mapping[str, int], ir_version: int | None) -> str:
    """Return the oldest measured release ("1.22") that loads these operator sets and this file-format version, "" if none does.

    Domains other than ai.onnx and ai.onnx.ml follow no release and are left aside. Releases before OLDEST_MEASURED may do, too.
    """
    for major, minor in sorted(_RELEASES):
        newest = _RELEASES[major, minor]
        loads_operators = opsets.get("ai.onnx", 0) <= newest.opset and opsets.get("ai.onnx.ml", 0) <= newest.ml_opset
        if loads_operators and (ir_version or 0) <= newest.ir_version:
            return f"{major}.{minor}"
    return ""


OLDEST_MEASURED: Final = "{}.{}".format(*min(_RELEASES))


def _installed_version() -> str:
    return next((version for name in _DISTRIBUTIONS if (version := installed_version(name))), "")


def _major_minor(version: str) -> tuple[int, int]:
    parts = version.split(".")[:2]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdecimal() for part in parts) else (0, 0)
