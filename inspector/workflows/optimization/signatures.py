"""One signature of an artifact as if it were all of it: what it promises, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.records.graph import Signature
from inspector.verify.contract_derive import LITERT

if TYPE_CHECKING:
    from inspector.records.artifact import Computation
    from inspector.records.contract import Contract, TensorPromise
    from inspector.records.optimization import Reference
    from inspector.records.runnable import Runnable
    from inspector.workflows.optimization.grounds import Grounds


def of_signature(computation: Computation, call: Runnable) -> Computation:
    """Return the artifact with the signature that is called as its only one, its tensors named as the original's are.

    Tensors of a SavedModel and of what becomes of it are in the order of their names, since protobuf keeps none for them.
    """
    found = next((one for one in computation.signatures if one.name == call.signature), None)
    signature = found or (computation.signatures[0] if computation.signatures else Signature("", (), ()))
    back = {there: name for name, there in call.renamed.items()}
    return replace(computation, signatures=(_named_back(signature, back),))


def _named_back(signature: Signature, back: Mapping[str, str]) -> Signature:
    outputs = tuple(replace(spec, name=back.get(spec.name, spec.name)) for spec in signature.outputs)
    return replace(signature, outputs=outputs)


def before_conversion(promised: Contract, derived: Contract) -> Contract:
    """Return what was promised, without what belongs to the format it was in: its runtime, and the order of tensors that are
    only ever called by name."""
    if promised.runtime.name == derived.runtime.name:
        return promised
    converted = replace(promised, runtime=derived.runtime)
    if derived.runtime.name != LITERT:
        return converted
    return replace(
        converted,
        inputs=_in_order_of(promised.inputs, derived.inputs),
        outputs=_in_order_of(promised.outputs, derived.outputs),
    )


def _in_order_of(promises: tuple[TensorPromise, ...], others: tuple[TensorPromise, ...]) -> tuple[TensorPromise, ...]:
    places = {one.name: place for place, one in enumerate(others)}
    return tuple(sorted(promises, key=lambda one: places.get(one.name, len(places))))


def renamed_reference(reference: Reference, renamed: Mapping[str, str]) -> Reference:
    """Return the same outputs under the names that a converted model gives them."""
    return replace(reference, names=tuple(renamed.get(name, name) for name in reference.names)) if renamed else reference


def converted_grounds(grounds: Grounds, call: Runnable) -> Grounds:
    """Return what the file that a signature was converted to is judged on: the same, under the names that the file has."""
    outputs = tuple(replace(one, name=call.renamed.get(one.name, one.name)) for one in grounds.promised.outputs)
    return replace(
        grounds,
        promised=replace(grounds.promised, outputs=outputs),
        evaluation=renamed_reference(grounds.evaluation, call.renamed),
        confirmation=renamed_reference(grounds.confirmation, call.renamed),
    )


def with_original_names(contract: Contract, call: Runnable) -> Contract:
    """Return a contract that says of each output what the signature that it was converted from calls it."""
    back = {there: name for name, there in call.renamed.items()}
    outputs = tuple(replace(one, original_name=back[one.name]) if one.name in back else one for one in contract.outputs)
    return replace(contract, outputs=outputs)
