"""Publishing a SavedModel as a numbered version of a serving folder, where model servers find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.records.contract import Contract
from inspector.records.optimization import InputSet, OptimizeSettings

DEFAULT_WARM_UP = 8
"""Requests of each signature that a server replays before it takes traffic."""


@dataclass(frozen=True, slots=True)
class WarmUpInputs:
    """Samples that become requests of one signature, and the element types that it declares of its inputs, by name."""

    signature: str
    inputs: InputSet
    dtypes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WarmUpPlan:
    """Which requests a warm-up file gets: most of each signature, which name the model as its servers do."""

    model: str
    samples: tuple[WarmUpInputs, ...]
    most: int = DEFAULT_WARM_UP


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """Where a SavedModel goes and what goes with it.

    version None: the largest there is, plus 1. warm_up: requests of each signature, 0 for none, made of data (a path; of the
    named signature, "" for the default one) and of seeded inputs within the ranges of the contract otherwise. contract None:
    the one that the artifact keeps as it is. memory_bytes None: as much as the model is likely to need and the machine can
    spare.
    """

    serving: str
    version: int | None = None
    warm_up: int = DEFAULT_WARM_UP
    data: str = ""
    signature: str = ""
    contract: Contract | None = None
    allow_drift: bool = False
    lengths: Mapping[str, int] = field(default_factory=dict)
    settings: OptimizeSettings = field(default_factory=OptimizeSettings)
    memory_bytes: int | None = None
    """Of one child process."""


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version that servers find now: path as the user gave the serving folder, with what was written below it.

    compared_with is the version whose signatures differences tells of, None where there was none; the differences that a
    client would notice are there only since they were allowed. notes say what else a person should know.
    """

    path: str
    version: int
    files: int
    size_bytes: int
    warm_up_requests: int = 0
    compared_with: int | None = None
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
