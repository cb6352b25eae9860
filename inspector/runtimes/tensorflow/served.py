"""What running one signature of a SavedModel takes, told from an inspection: no file is opened for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.inspection import Inspection
from inspector.records.runnable import Runnable
from inspector.records.saved_model import SavedModelFacts, SignatureFacts
from inspector.runtimes.tensorflow.loaders import DEFAULT_SIGNATURE, Loader


@dataclass(frozen=True, slots=True)
class ServedSignature:
    """One signature of a SavedModel and how to get at it: the absolute path of its folder, its tags, the way to load it.

    label names the SavedModel in messages; lengths are what the user gave for open dimensions.
    """

    path: str
    label: str
    signature: SignatureFacts
    tags: tuple[str, ...] = ()
    loader: Loader = "objects"
    lengths: Mapping[str, int] = field(default_factory=dict)


def served_signature(inspection: Inspection, name: str = "") -> ServedSignature:
    """Return what benchmarks and inputs need of an inspected SavedModel, for the signature of that name.

    "" stands for the one that a request which names none gets. Where a serving folder was opened, it is the version that is
    served. Raises UsageError where there is no signature of that name, OperationFailed where there is none at all.
    """
    computation = inspection.computation
    label = plain_line(Path(computation.artifact.path).name or computation.artifact.path, 80)
    facts = computation.saved_model
    if facts is None:
        raise OperationFailed(f"{label} is no SavedModel", "its format has inputs and outputs of its own")
    path = str(Path(facts.folder).absolute())
    return ServedSignature(
        path, label, _signature(facts, name, label), facts.main.tags, loader_for(facts), dict(inspection.settings)
    )


def call_of(served: ServedSignature) -> Runnable:
    """Return how it is called."""
    return Runnable(served.path, "tensorflow", served.signature.name, served.tags, served.loader)


def default_signature(facts: SavedModelFacts) -> str:
    """Return the name of the signature that a request which names none gets, "" where there is none."""
    names = [one.name for one in facts.main.signatures]
    return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in names else next(iter(sorted(names)), "")


def loader_for(facts: SavedModelFacts) -> Loader:
    """Return how it is loaded: into a session where tf.saved_model.load refuses the slot variables in its object graph."""
    has_slots = any(variable.slot_of for variable in facts.variables)
    return "session" if has_slots and facts.main.style == "tf2" else "objects"


def _signature(facts: SavedModelFacts, name: str, label: str) -> SignatureFacts:
    wanted = name or default_signature(facts)
    found = next((one for one in facts.main.signatures if one.name == wanted), None)
    if found is not None:
        return found
    if not facts.main.signatures:
        raise OperationFailed(f"{label} has no signature to call", "save it with signatures=…")
    held = ", ".join(one.name for one in facts.main.signatures[:12])
    raise UsageError(f'{label} has no signature "{plain_line(wanted, 80)}"; it has {held}', "name one of them")
