"""Findings about operators that do more than compute, by what makes them run: loading, a request, Python code, the saver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Final, NamedTuple

from inspector.analysis.effect_targets import Target, TargetFinder
from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import Place, amount, at_nodes, short
from inspector.analysis.operator_effects import EFFECTS, REMOTE_SCHEMES, Effect, EffectKind, effect_of, scheme_of
from inspector.analysis.tensorflow_operators import DOMAIN
from inspector.records.finding import Finding, Severity
from inspector.records.graph import NodeRef
from inspector.records.saved_model import EntryKind

MOST_TOLD: Final = 20
"""Matches of one rule and severity told one by one; the rest in one finding more."""

MOST_JUDGED: Final = 1_000
"""Matches of one rule and severity whose file names are looked for."""

_LONGEST_PATH: Final = 240
_LONGEST_TARGET: Final = 120

_SEVERITY: Final[Mapping[EntryKind, Severity]] = {"load": "high", "signature": "medium", "object": "low", "saver": "info"}
_WHEN: Final[Mapping[EntryKind, str]] = {
    "load": "when the artifact is loaded",
    "signature": "when {} is called",
    "object": "when Python code calls {}",
    "saver": "when the artifact is saved or restored",
}
_EMIT: Final[Mapping[EffectKind, Callable[[str, list[Place], Severity], Finding]]] = {
    "file read": lambda message, places, severity: at_nodes("reads-files", message, places, severity),
    "file write": lambda message, places, severity: at_nodes("writes-files", message, places, severity),
    "network": lambda message, places, severity: at_nodes("uses-network", message, places, severity),
    "python": lambda message, places, severity: at_nodes("calls-python", message, places, severity),
    "filesystem": lambda message, places, severity: at_nodes("changes-file-system", message, places, severity),
    "native code": lambda message, places, severity: at_nodes("runs-native-code", message, places, severity),
}


class _Match(NamedTuple):
    """One node with an effect that something makes run."""

    kind: EffectKind
    severity: Severity
    place: Place
    effect: Effect
    target: Target


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield what touches files, the network, Python or native code; nothing for what nothing makes run."""
    if evidence.computation.saved_model is None:
        return
    finder = TargetFinder(evidence.reach)
    tables = _filled_from_assets(evidence)
    saver: list[Place] = []
    groups: dict[tuple[EffectKind, Severity], list[_Match]] = {}
    for place, effect in _effects(evidence):
        kind = evidence.reach.kind_of(place[0].path, place[1].index)
        if kind == "saver" and effect.is_checkpoint:
            saver.append(place)
        elif kind is not None:
            seen = groups.setdefault((effect.kind, _SEVERITY[kind]), [])
            target = finder.target_of(*place, effect) if len(seen) < MOST_JUDGED else Target()
            match = _judged(place, effect, kind, target, tables)
            if match is not None:
                groups.setdefault((match.kind, match.severity), []).append(match)
    for matches in groups.values():
        yield from _told(evidence, matches)
    yield from _saver(saver)


def _effects(evidence: Evidence) -> Iterator[tuple[Place, Effect]]:
    for (domain, operator), places in evidence.uses.items():
        if domain == DOMAIN and operator in EFFECTS:
            for place in places:
                effect = effect_of(place[1])
                if effect is not None:
                    yield place, effect


def _judged(place: Place, effect: Effect, kind: EntryKind, target: Target, tables: Set[NodeRef]) -> _Match | None:
    """Return how bad an effect is; None where it does nothing, or only fills a table from an asset."""
    if effect.only_if_named and target.is_constant and not target.texts:
        return None
    own_asset = target.asset is not None and target.asset.contained and not target.asset.problem
    if effect.is_table and (own_asset or NodeRef(place[0].path, place[1].index) in tables):
        return None
    harmless = own_asset or (kind == "object" and effect.kind == "file read")
    return _Match(_kind(effect, target), "info" if harmless else _SEVERITY[kind], place, effect, target)


def _filled_from_assets(evidence: Evidence) -> Set[NodeRef]:
    """Return the nodes that fill a table from what the reader knows to be an asset."""
    tables = (table for one in evidence.reach.tag_sets for table in one.tables)
    return {table.initializer for table in tables if table.initializer is not None and table.source.startswith("assets/")}


def _kind(effect: Effect, target: Target) -> EffectKind:
    """Return the kind of an effect: a file on another machine, or a debugger there, is network."""
    if effect.kind.startswith("file") and any(scheme_of(text) in REMOTE_SCHEMES for text in target.texts):
        return "network"
    return effect.kind


def _does(effect: Effect, target: Target) -> str:
    return f"{effect.does} over the network" if _kind(effect, target) != effect.kind else effect.does


def _message(evidence: Evidence, match: _Match) -> str:
    graph, node = match.place
    way = evidence.reach.way_to(graph.path, node.index)
    when = _WHEN[way.kind].format(short(way.entry)) if way is not None else ""
    steps = " → ".join(map(short, evidence.reach.path_to(graph.path, node.index)))
    does = f"{node.operator} {_does(match.effect, match.target)} {when}"
    return f"{does}{_about(match.effect, match.target)} ({_clipped(steps, _LONGEST_PATH)})"


def _about(effect: Effect, target: Target) -> str:
    if target.asset is not None:
        return f": the asset {short(target.asset.filename)}"
    if target.texts:
        return f": {_clipped(', '.join(target.texts), _LONGEST_TARGET)}"
    if target.by_request:
        return ": the request chooses which"
    return "" if effect.target is None else ": which one is computed"


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length // 2]}…{text[-length // 2 + 1 :]}"


def _told(evidence: Evidence, matches: list[_Match]) -> Iterator[Finding]:
    for match in matches[:MOST_TOLD]:
        yield _EMIT[match.kind](_message(evidence, match), [match.place], match.severity)
    rest = matches[MOST_TOLD:]
    if rest:
        operators = Counter(match.place[1].operator for match in rest)
        what = ", ".join(f"{count:,} {operator}" for operator, count in operators.most_common(5))
        message = f"{amount(len(rest), 'more node')} of this kind: {what}"
        yield _EMIT[rest[0].kind](message, [match.place for match in rest], rest[0].severity)


def _saver(places: list[Place]) -> Iterator[Finding]:
    if places:
        operators = ", ".join(sorted({node.operator for _, node in places}))
        message = f"saving and restoring the artifact uses {operators}, as is normal"
        yield at_nodes("checkpoint-access", message, places)
