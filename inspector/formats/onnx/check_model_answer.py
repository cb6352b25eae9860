"""What goes to the child process that checks a model, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckStage = Literal["passed", "version", "size", "checker", "inference", "crash"]


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """The model to check: an absolute path in the file system's encoding."""

    path: bytes


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Why a model is refused (empty: it is not), at which stage, and the reason without the names that occur in it."""

    reason: str = ""
    stage: CheckStage = "passed"
    kind: str = ""
