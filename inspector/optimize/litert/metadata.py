"""The contract inside a .tflite: an entry of its metadata with a buffer of its own, which every runtime passes over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.litert.messages import Embedded, EmbedRequest
from inspector.records.contract import CONTRACT_KEY
from inspector.records.event import Steps, finish

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import OptimizeSettings

_ENTRY: Final = "inspector.optimize.litert.metadata_child:embed_in_child"


def embed_contract(source: str, target: str, text: str, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[None]:
    """Write the .tflite at source to target (they may be one) with the contract, as JSON, in its metadata.

    Tensors, signatures and everything else are as they were; a contract that was there is replaced. Raises OperationFailed
    where the file cannot be read or written or is no .tflite, ChildFailed.
    """
    request = EmbedRequest(str(Path(source).absolute()), str(Path(target).absolute()), CONTRACT_KEY, text)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"writing the contract into {plain_line(Path(target).name, 80)}"
    yield from finish(run_child(_ENTRY, request, Embedded, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD))
