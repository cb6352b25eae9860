"""Findings about Python modules that every start has to compile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import amount
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import at_paths
from inspector.records.finding import Finding

_LIBRARY: Final = re.compile(r"(?:.*/)?(?:(?:site|dist)-packages|lib/python3\.\d+)/")
_NOT_IMPORTED: Final = re.compile(r"(?:.*/)?(?:tests?|testing|examples?|idlelib|lib2to3|turtledemo|templates?)/")
_LEAST_MODULES: Final = 20
_LEAST_SHARE: Final = 0.1
_COST: Final = "without bytecode, importing onnxruntime took 1.75 times as long, and onnx 2.1 times"


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield one finding where at least 20 modules, and a tenth of all, of installed packages have no bytecode."""
    if not evidence.is_whole:
        return
    compiled, modules = _modules(evidence)
    missing = [module for module in modules if module not in compiled]
    if len(missing) < _LEAST_MODULES or len(missing) < _LEAST_SHARE * len(modules):
        return
    message = f"{amount(len(missing), 'Python module')} of {len(modules):,} have no bytecode, so that every start compiles them"
    by_folder: dict[str, int] = {}
    for path in missing:
        found = _LIBRARY.match(path)
        rest = path[found.end() :] if found else path
        folder = path[: len(path) - len(rest)] + rest.split("/", 1)[0]
        by_folder[folder] = by_folder.get(folder, 0) + 1
    largest = sorted(by_folder, key=lambda folder: (-by_folder[folder], folder))
    dont_write = dict(evidence.image.config.environment).get("PYTHONDONTWRITEBYTECODE", "")
    extra = "; PYTHONDONTWRITEBYTECODE keeps pip from compiling while building, too" if dont_write else ""
    yield at_paths("missing-bytecode", f"{message} ({_COST})", largest, hint=_hint(extra), kind="packages")


def _hint(extra: str) -> str:
    return f"compile them while building: python -m compileall{extra}" if extra else ""


def _modules(evidence: ImageEvidence) -> tuple[set[str], list[str]]:
    """Return the modules that have bytecode, and all that are likely to be imported, as paths without suffix."""
    compiled: set[str] = set()
    modules: list[str] = []
    for folder, files in evidence.final.files_by_folder.items():
        if not _LIBRARY.match(f"{folder}/") or _NOT_IMPORTED.match(f"{folder}/"):
            continue
        start = len(folder) + 1
        shown = folder.removesuffix("/__pycache__")
        for path, place in files.items():
            if path.endswith(".pyc"):
                compiled.add(f"{shown}/{path[start:].partition('.')[0]}")
            elif path.endswith(".py") and place.content.size:
                modules.append(path[:-3])
    return compiled, modules
