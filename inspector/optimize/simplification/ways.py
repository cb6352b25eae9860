"""The ways to a simpler model: which tools, one after the other, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspector.runtimes.installed import installed_version


@dataclass(frozen=True, slots=True)
class Tool:
    """One program that simplifies: its package, the module that runs it, and how to do it again."""

    name: str
    package: str
    module: str
    """Of this room: what a child process imports to run it."""
    options: str
    install: str = ""
    """How to get it, where it need not be installed."""
    largest: int | None = None
    """Bytes of the largest model it takes, where that is bounded."""

    @property
    def version(self) -> str:
        """Version that is installed, empty where none is."""
        return installed_version(self.package)


ONNXSIM: Final = Tool("onnxsim", "onnxsim", "onnxsim_child", "check_n=0, include_subgraph=True, no batched Gemm")
ONNX_RUNTIME: Final = Tool("onnxruntime basic", "onnxruntime", "onnx_runtime_child", "ORT_ENABLE_BASIC, written out")
ONNXSLIM: Final = Tool("onnxslim", "onnxslim", "onnxslim_child", "slim()", "pip install modelpack-tui[onnxslim]", (1 << 31) - 1)
TIDY: Final = Tool("clean-up", "", "tidy_child", "identities, dead nodes and unused weights removed")
"""What is done to every result, alone: for models that no tool takes."""

SINGLE: Final = (ONNXSIM, ONNX_RUNTIME, ONNXSLIM)

COMBINED: Final = ((ONNXSIM, ONNXSLIM), (ONNXSLIM, ONNXSIM), (ONNXSIM, ONNX_RUNTIME), (ONNXSLIM, ONNX_RUNTIME))
"""Pairs that beat every single tool on some real model: the second finds what the first made possible."""


def recipe_line(tool: Tool, fold_limit: int | None) -> str:
    """Return how a tool was used, with its version."""
    limit = "" if fold_limit is None else f", constants of more than {fold_limit:,} bytes not folded"
    return f"{tool.name} {tool.version}".rstrip() + f": {tool.options}{limit}"
