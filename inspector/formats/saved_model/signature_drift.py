"""Whether clients of one version of a SavedModel can use another: what of its signatures changed, and what that breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.errors import EXIT_CHECK_FAILED, InspectorError
from inspector.records.saved_model import SignatureFacts, SignatureTensor


class SignatureDrift(InspectorError):
    """A version would take or give something else than the one before it; the message names the signature and what."""

    exit_code = EXIT_CHECK_FAILED


class Drift(NamedTuple):
    """What differs between two versions, in sentences: what breaks clients of the older one, and what does not."""

    breaking: tuple[str, ...]
    harmless: tuple[str, ...]


def drift_of(signatures: Sequence[SignatureFacts], before: Sequence[SignatureFacts]) -> Drift:
    """Return how signatures differ from those of the version before.

    Breaking: a signature, an input or an output that is gone, an input or output that is new or of another element type,
    encoding or rank, a dimension that is fixed or has another length, a default value that is gone, another method. Harmless: a
    new signature, a dimension that became open, another default value.
    """
    ours, theirs = {one.name: one for one in signatures}, {one.name: one for one in before}
    found = [(True, f"signature {name} is gone") for name in theirs if name not in ours]
    for name, older in theirs.items():
        if name in ours:
            found += [(breaks, f"signature {name}: {what}") for breaks, what in _changes(ours[name], older)]
    found += [(False, f"signature {name} is new") for name in ours if name not in theirs]
    return Drift(tuple(text for breaks, text in found if breaks), tuple(text for breaks, text in found if not breaks))


def _changes(now: SignatureFacts, before: SignatureFacts) -> Iterator[tuple[bool, str]]:
    if now.method != before.method:
        yield True, f"its method was {before.method or 'none'} and is {now.method or 'none'}"
    yield from _tensor_changes("input", now.inputs, before.inputs)
    yield from _tensor_changes("output", now.outputs, before.outputs)


def _tensor_changes(role: str, now: Sequence[SignatureTensor], before: Sequence[SignatureTensor]) -> Iterator[tuple[bool, str]]:
    here, there = {one.name: one for one in now}, {one.name: one for one in before}
    for name, older in there.items():
        if name not in here:
            yield True, f"{role} {name} is gone"
        else:
            yield from _tensor_change(f"{role} {name}", here[name], older)
    for name, tensor in here.items():
        if name not in there:
            yield True, f"{role} {name} is new ({_shown(tensor)})"


def _tensor_change(label: str, now: SignatureTensor, before: SignatureTensor) -> Iterator[tuple[bool, str]]:
    if (now.dtype, now.encoding, now.shape) != (before.dtype, before.encoding, before.shape):
        same_kind = (now.dtype, now.encoding) == (before.dtype, before.encoding)
        yield not (same_kind and _takes_as_much(now, before)), f"{label} was {_shown(before)} and is {_shown(now)}"
    if before.default is not None and now.default is None:
        yield True, f"{label} has no default value any more"
    elif now.default != before.default:
        yield False, f"{label} has another default value"


def _takes_as_much(now: SignatureTensor, before: SignatureTensor) -> bool:
    """Return whether every shape that was possible before still is."""
    if now.shape is None or before.shape is None:
        return now.shape is None
    if len(now.shape) != len(before.shape):
        return False
    return all(not isinstance(dim, int) or dim == older for dim, older in zip(now.shape, before.shape, strict=True))


def _shown(tensor: SignatureTensor) -> str:
    kind = tensor.dtype if tensor.encoding == "dense" else f"{tensor.encoding} {tensor.dtype}"
    if tensor.shape is None:
        return f"{kind} of any shape"
    return f"{kind}[{','.join(str(dim) if isinstance(dim, int) else '?' for dim in tensor.shape)}]"
