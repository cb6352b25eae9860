"""Checking a model as a child process does it: onnx's checker is native code and reads the file by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import onnx

from inspector.formats.clean_text import one_line
from inspector.formats.onnx.check_model_answer import CheckAnswer, CheckRequest
from inspector.formats.onnx.read import read

_LARGEST_FILE: Final = (1 << 31) - 1
_NOISE: Final = re.compile(r"\[[A-Za-z]+Error\] |\s*==> Context:.*$|Inference error\(s\): ")
_NODE: Final = "(op_type:"
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|node name: [^)]*|\([^()]*\)|\d+")
_STANDARD: Final = ("", "ai.onnx")


def check_in_child(request: CheckRequest, report: Callable[[int, int, str], None]) -> CheckAnswer:
    """Check versions, then structure and operators, then that inference contradicts nothing. Raises UnreadableArtifact."""
    path = Path(os.fsdecode(request.path))
    unknown = _unknown_version(path)
    if unknown:
        return CheckAnswer(unknown, "version", unknown)
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        reason = f"{size:,} bytes in one file: protobuf reads at most 2 GiB"
        return CheckAnswer(reason, "size", "size")
    try:
        onnx.checker.check_model(str(path), full_check=False)
    except Exception as error:  # the checker raises ValidationError, and RuntimeError or ValueError from below
        return _refused(error, "checker")
    report(1, 2, "inferring shapes strictly")
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        return _refused(error, "inference")
    return CheckAnswer()


def _refused(error: Exception, stage: str) -> CheckAnswer:
    text = _message(error)
    if stage == "inference":
        return CheckAnswer(f"strict shape inference: {text}", "inference", _QUOTED.sub("", text))
    return CheckAnswer(text, "checker", _QUOTED.sub("", text))


def _message(error: Exception) -> str:
    """Return what the checker says, its first sentence in one line, without the dump of the node that may follow."""
    try:
        lines = str(error).strip().splitlines()
    except UnicodeDecodeError:
        return f"{type(error).__name__}: its message is no text"
    text = " ".join(line.strip() for line in lines[:3] if line.strip())
    said = _NOISE.sub("", text).split(_NODE)
    first = _NODE.join(said[:2]) if said[0].strip() == "" else said[0]
    return one_line(first.strip() or type(error).__name__)


def _unknown_version(path: Path) -> str:
    """Return a sentence where the file uses versions of ONNX that the installed package does not know, else nothing."""
    computation = read(path)
    known = onnx.__version__
    if computation.ir_version is not None and computation.ir_version > onnx.IR_VERSION:
        return f"it is of IR version {computation.ir_version}; onnx {known} knows up to {onnx.IR_VERSION} and cannot check it"
    newest = {**dict.fromkeys(_STANDARD, onnx.defs.onnx_opset_version()), **_newest_other()}
    for domain, version in computation.opsets.items():
        if domain in newest and version > newest[domain]:
            name = domain or "ai.onnx"
            return f"it uses operator set {version} of {name}; onnx {known} knows up to {newest[domain]} and cannot check it"
    return ""


def _newest_other() -> dict[str, int]:
    """Return the newest version of every other operator set that onnx defines."""
    newest: dict[str, int] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain not in _STANDARD:
            newest[schema.domain] = max(newest.get(schema.domain, 1), schema.since_version)
    return newest
