"""Findings about how ready a SavedModel is to be served: signatures, tag sets, open dimensions, what training left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import agreeing, amount, at_tensors, listed, overall, size
from inspector.analysis.weights import training_variables
from inspector.records.finding import Finding, Severity
from inspector.records.saved_model import SavedModelFacts, VariableFacts

SERVE: Final = "serve"
"""The tag that servers load (tf.saved_model.SERVING)."""

_NOTABLE_SHARE: Final = 0.1
_INTERNAL: Final = ("__saved_model_init_op", "__saved_model_train_op")
_MOST_NAMED: Final = 100


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield missing signatures and tags, open dimensions beside the batch, and training baggage with its bytes."""
    facts = evidence.computation.saved_model
    if facts is None:
        return
    yield from _signatures(facts)
    yield from _tag_sets(facts)
    yield from _dimensions(facts)
    yield from _training(evidence, facts)


def _signatures(facts: SavedModelFacts) -> Iterator[Finding]:
    served = [one for one in facts.tag_sets if SERVE in one.tags]
    if not served:
        tags = listed((one.title for one in facts.tag_sets), len(facts.tag_sets))
        yield overall("no-serving-signature", f"no tag set has the tag serve, which servers load; there is {tags}")
        return
    callable_ones = [signature for one in served for signature in one.signatures if signature.name not in _INTERNAL]
    if not callable_ones:
        yield overall("no-serving-signature", "there is no signature, so a server has nothing to call")
    elif all(signature.name != "serving_default" for signature in callable_ones):
        names = listed((signature.name for signature in callable_ones), len(callable_ones))
        message = f"no signature is named serving_default: every request must name one of {names}"
        yield overall("no-serving-signature", message, "low", place=f"signature {names}")


def _tag_sets(facts: SavedModelFacts) -> Iterator[Finding]:
    others = [one for one in facts.tag_sets if SERVE not in one.tags]
    if others and len(others) < len(facts.tag_sets):
        nodes = sum(one.node_count for one in others)
        names = listed((one.title for one in others), len(others))
        message = (
            f"{amount(len(others), 'tag set')} with {amount(nodes, 'node')} {agreeing(len(others), 'is', 'are')} for no server"
        )
        yield overall("training-tag-set", message, place=f"tag set {names}")


def _dimensions(facts: SavedModelFacts) -> Iterator[Finding]:
    open_inputs: list[str] = []
    dims = unranked = 0
    for signature in facts.main.signatures if facts.tag_sets else ():
        for tensor in signature.inputs:
            found = 0 if tensor.shape is None else sum(dim is None for dim in tensor.shape[1:])
            unranked += tensor.shape is None
            dims += found
            if found or tensor.shape is None:
                open_inputs.append(f"{signature.name}: {tensor.name}")
    if open_inputs:
        parts = [f"{amount(dims, 'dimension')} beside the first without length or name"] if dims else []
        parts += [f"{amount(unranked, 'input')} without a shape"] if unranked else []
        message = f"signature inputs leave {' and '.join(parts)}"
        yield at_tensors("dynamic-dimension", message, list(dict.fromkeys(open_inputs))[:_MOST_NAMED], kind="input")


def _training(evidence: Evidence, facts: SavedModelFacts) -> Iterator[Finding]:
    baggage = [one for one in training_variables(evidence.computation, evidence.reach) if one.stored]
    functions = [function for one in facts.tag_sets for function in one.functions if function.training]
    held = sum(one.byte_count for one in baggage)
    if not baggage and not functions:
        return
    total = sum(one.byte_count for one in facts.variables)
    parts = []
    if baggage:
        slots = sum(1 for one in baggage if one.role == "optimizer")
        of_which = f", {slots:,} of the optimizer" if slots else ""
        parts.append(f"{amount(len(baggage), 'variable')} of training ({size(held)} of {size(total)}{of_which})")
    if functions:
        nodes = sum(function.node_count for function in functions)
        parts.append(f"{amount(len(functions), 'function')} that only training runs ({amount(nodes, 'node')})")
    message = f"the artifact carries {' and '.join(parts)}, which serving does not need"
    severity: Severity = "medium" if baggage and held >= _NOTABLE_SHARE * total else "low"
    yield at_tensors("training-baggage", message, _largest_first(baggage), severity, kind="variable")


def _largest_first(variables: list[VariableFacts]) -> list[str]:
    return [variable.name for variable in sorted(variables, key=lambda variable: -variable.byte_count)]
