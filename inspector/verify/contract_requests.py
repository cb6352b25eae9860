"""The contract's inputs as requests: what clients of the Open Inference Protocol and of TensorFlow Serving would post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from inspector.errors import UsageError
from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.contract import Contract, TensorPromise
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet
from inspector.records.slimming import Exercise, SlimRequest
from inspector.runtimes.container.exercises import contract_url
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.contract_requests_child:encode_in_child"
MOST_SAMPLES: Final = 8
MOST_BYTES: Final = 128 << 20
"""Bytes that all bodies together may have."""
_MEMORY: Final = 2 << 30
_SECONDS: Final = 120.0
_LABELS: Final = "label"

Dialect = Literal["open inference", "tensorflow serving", "plain"]
"""open inference: {"inputs": [{name, shape, datatype, data}]}; tensorflow serving: {"inputs": {name: nested lists}}, text as
bytes in base 64; plain: {name: nested lists}."""


@dataclass(frozen=True, slots=True)
class BodiesRequest:
    """Samples (an InputSet, an .npz at an absolute path, or neither: seeded ones) for inputs, in which dialect, how many."""

    inputs: InputSet | None
    path: str
    label: str
    promises: tuple[TensorPromise, ...]
    labels: str
    dialect: Dialect
    count: int
    seed: int
    memory_bytes: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Bodies:
    """JSON, one body a sample, and what to know of them."""

    bodies: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


def requests_for_contract(
    request: SlimRequest, cancel: CancelToken | None, inputs: InputSet | None = None
) -> Steps[Mapping[int, tuple[HttpRequest, ...]]]:
    """Return requests for every exercise of kind "contract", by its index, as serving() takes them; see contract_requests()."""
    found = {}
    for index, exercise in enumerate(request.exercises):
        if exercise.kind == "contract":
            found[index] = yield from contract_requests(exercise, request, cancel, inputs)
    return found


def contract_requests(
    exercise: Exercise, request: SlimRequest, cancel: CancelToken | None, inputs: InputSet | None = None
) -> Steps[tuple[HttpRequest, ...]]:
    """Return a request for each of at most MOST_SAMPLES samples: of inputs, of the .npz that the request or the contract names,
    or seeded ones of what the contract promises of its inputs.

    The body is what is usual at the URL: the Open Inference Protocol at …/infer, TensorFlow Serving's at …:predict, an object
    of nested lists by name elsewhere. Raises UsageError where there are no inputs, or where the .npz does not fit them.
    """
    url = contract_url(exercise.url)
    title = "writing the contract's inputs as requests"
    asked, limits = what_to_write(exercise, request, inputs), Limits(_MEMORY, _SECONDS)
    child = run_child(ENTRY, asked, Bodies, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    made = (yield from finish(child)).result
    headers = (("Content-Type", "application/json"), ("Accept", "application/json"))
    return tuple(HttpRequest("POST", url, headers, body, f"sample {index + 1}") for index, body in enumerate(made.bodies))


def what_to_write(exercise: Exercise, request: SlimRequest, inputs: InputSet | None = None) -> BodiesRequest:
    """Return what bodies are made of; raises UsageError where no inputs are known."""
    promises = request.contract.inputs if request.contract is not None else ()
    path = _data_path(request)
    if inputs is None and not path and not promises:
        raise UsageError(
            f"--exercise {exercise.told}: no inputs are known", "give --contract contract.yaml or --data inputs.npz"
        )
    return BodiesRequest(
        inputs,
        path,
        plain_line(Path(path).name, 80),
        promises,
        _labels(request.contract),
        dialect_of(exercise.url),
        MOST_SAMPLES,
        request.seed,
        _MEMORY,
        MOST_BYTES,
    )


def dialect_of(url: str) -> Dialect:
    """Return what is usual at a URL."""
    path = urlsplit(url).path.rstrip("/")
    if path.endswith("/infer"):
        return "open inference"
    return "tensorflow serving" if path.endswith(":predict") else "plain"


def _data_path(request: SlimRequest) -> str:
    """Return the absolute path of the .npz with inputs; empty where none is named."""
    if request.data:
        return str(Path(request.data).absolute())
    terms = request.contract.conformance if request.contract is not None else None
    if terms is None or not terms.data:
        return ""
    return str((Path(request.contract_folder) / terms.data).absolute())


def _labels(contract: Contract | None) -> str:
    terms = contract.conformance if contract is not None else None
    return terms.labels if terms is not None else _LABELS
