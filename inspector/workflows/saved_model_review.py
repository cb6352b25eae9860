"""The part of a review about a SavedModel: tag sets, variables, what runs at load, what training left, served versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from inspector.analysis.reachability import KINDS, Reachability, find_ways
from inspector.analysis.weights import training_baggage, training_variables
from inspector.records.artifact import Computation
from inspector.records.graph import Node
from inspector.records.saved_model import (
    EntryPoint,
    Fingerprint,
    MetaGraphFacts,
    SavedModelFacts,
    ServedVersion,
    SignatureFacts,
    VariableFacts,
    VariableRole,
)
from inspector.records.saved_model_review import LoadStep, SavedModelReview, TagSetReview, VariableShare

SIGNATURES: Final = 100
TENSORS: Final = 200
FUNCTIONS: Final = 500
PATHS: Final = 20
FILES: Final = 100
LAYERS: Final = 500
VARIABLES: Final = 1_000
VERSIONS: Final = 50
OPERATORS: Final = 40

_ROLES: Final[tuple[VariableRole, ...]] = ("parameter", "state", "optimizer", "training")


def saved_model_review(computation: Computation) -> SavedModelReview | None:
    """Return what a review says of a SavedModel beside its graph, None for any other artifact."""
    facts = computation.saved_model
    if facts is None:
        return None
    reach = find_ways(computation)
    variables = _in_their_roles(facts, {one.name for one in training_variables(computation, reach)})
    return SavedModelReview(
        definition=facts.definition,
        schema_version=facts.schema_version,
        tag_sets=tuple(_tag_set(one, reach) for one in facts.tag_sets),
        tensorflow_version=facts.main.tensorflow_version,
        keras_version=facts.keras_version,
        fingerprint=_fingerprint(facts.fingerprint),
        checkpoint=replace(facts.checkpoint, shards=facts.checkpoint.shards[:FILES]) if facts.checkpoint else None,
        variables=tuple(replace(one, handles=(), slices=one.slices[:PATHS]) for one in variables[:VARIABLES]),
        variable_count=len(facts.variables),
        variables_by_role=tuple(_shares(variables)),
        training=training_baggage(computation, reach),
        extra_assets=facts.extra_assets[:FILES],
        extra_asset_count=len(facts.extra_assets),
        warm_up=facts.warm_up and replace(facts.warm_up, signatures=facts.warm_up.signatures[:SIGNATURES]),
        versions=tuple(map(_version, facts.versions[:VERSIONS])),
        version_count=len(facts.versions),
        digests=facts.digests,
    )


def _tag_set(facts: MetaGraphFacts, reach: Reachability) -> TagSetReview:
    return TagSetReview(
        tags=facts.tags,
        is_main=facts.is_main,
        style=facts.style,
        tensorflow_version=facts.tensorflow_version,
        tensorflow_git_version=facts.tensorflow_git_version,
        stripped_default_attrs=facts.stripped_default_attrs,
        producer=facts.producer,
        min_consumer=facts.min_consumer,
        node_count=facts.node_count,
        object_count=facts.object_count,
        signatures=tuple(map(_signature, facts.signatures[:SIGNATURES])),
        signature_count=len(facts.signatures),
        at_load=tuple(_load_steps(facts, reach)),
        functions=tuple(
            replace(one, calls=one.calls[:PATHS], callers=one.callers[:PATHS], methods=one.methods[:PATHS])
            for one in facts.functions[:FUNCTIONS]
        ),
        function_count=len(facts.functions),
        function_uses=_function_uses(facts),
        assets=facts.assets[:FILES],
        asset_count=len(facts.assets),
        tables=facts.tables[:FILES],
        table_count=len(facts.tables),
        layers=tuple(replace(one, variables=one.variables[:PATHS]) for one in facts.layers[:LAYERS]),
        layer_count=len(facts.layers),
        collections=dict(list(facts.collections.items())[:FILES]),
    )


def _function_uses(facts: MetaGraphFacts) -> dict[str, int]:
    counts = Counter(function.used_by[0] if function.used_by else "nothing" for function in facts.functions)
    return {use: counts[use] for use in (*KINDS, "nothing") if counts[use]}


def _signature(facts: SignatureFacts) -> SignatureFacts:
    return replace(facts, inputs=facts.inputs[:TENSORS], outputs=facts.outputs[:TENSORS])


def _load_steps(facts: MetaGraphFacts, reach: Reachability) -> Iterator[LoadStep]:
    """Yield what each entry at load runs that none before it does; entries that add nothing are left out."""
    operators: dict[str, Counter[str]] = {}
    for entry, node in _loaded(facts, reach):
        operators.setdefault(entry, Counter())[node.operator] += 1
    entries: list[EntryPoint] = [one for one in facts.entries if one.kind == "load"][:FILES]
    for name in dict.fromkeys(one.name for one in entries):
        if name in operators:
            counts = operators[name]
            yield LoadStep(name, sum(counts.values()), dict(counts.most_common(OPERATORS)))


def _loaded(facts: MetaGraphFacts, reach: Reachability) -> Iterator[tuple[str, Node]]:
    for path, way in reach.ways.items():
        if way.kind == "load" and way.tags == facts.title:
            yield from ((way.entry, node) for node in reach.graphs[path].nodes)
    for ref, way in reach.node_ways.items():
        if way.kind == "load" and way.tags == facts.title and ref.graph not in reach.ways:
            yield way.entry, reach.graphs[ref.graph].nodes[ref.index]


def _in_their_roles(facts: SavedModelFacts, training: Collection[str]) -> list[VariableFacts]:
    """Return the variables, what an optimizer holds and a request reads being a parameter."""
    return [
        one if one.role in ("parameter", "state") or one.name in training else replace(one, role="parameter")
        for one in facts.variables
    ]


def _shares(variables: Iterable[VariableFacts]) -> Iterator[VariableShare]:
    by_role: dict[VariableRole, list[VariableFacts]] = {}
    for variable in variables:
        by_role.setdefault(variable.role, []).append(variable)
    for role in _ROLES:
        if role in by_role:
            yield VariableShare(role, len(by_role[role]), sum(one.byte_count for one in by_role[role]))


def _version(version: ServedVersion) -> ServedVersion:
    signatures = tuple(map(_signature, version.signatures[:SIGNATURES]))
    return replace(version, signatures=signatures, differences=version.differences[:TENSORS])


def _fingerprint(found: Fingerprint | None) -> Mapping[str, str]:
    """Return the fields that are set, as text: JSON's readers lose digits of 64-bit hashes."""
    if found is None:
        return {}
    return {field.name: str(value) for field in fields(found) if (value := getattr(found, field.name)) not in (0, "")}
