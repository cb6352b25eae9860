"""Findings about what lies beside a SavedModel's graph: assets, variables, versions, warm-up requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.wording import agreeing, amount, at_tensors, listed, overall, size
from inspector.records.finding import Finding
from inspector.records.saved_model import AssetFacts, SavedModelFacts, VariableFacts


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield assets that escape, are missing or unclaimed, values nobody claims, several versions, and bad warm-ups."""
    facts = evidence.computation.saved_model
    if facts is None:
        return
    yield from _assets(facts)
    yield from _variables(facts)
    yield from _versions(facts)
    yield from _warm_up(facts)


def _assets(facts: SavedModelFacts) -> Iterator[Finding]:
    assets = {(asset.path, asset.declared): asset for one in facts.tag_sets for asset in one.assets}.values()
    escaping = [asset for asset in assets if not asset.contained]
    if escaping:
        message = f"{amount(len(escaping), 'asset')} {agreeing(len(escaping), 'names', 'name')} {_problems(escaping)}"
        yield overall("asset-escapes", message, place=_files(escaping))
    broken = [asset for asset in assets if asset.contained and asset.problem and asset.declared]
    if broken:
        message = f"{amount(len(broken), 'asset')} cannot be read: {_problems(broken)}"
        yield overall("asset-missing", message, place=_files(broken))
    unclaimed = [asset for asset in assets if not asset.declared]
    if unclaimed:
        held = sum(asset.size_bytes or 0 for asset in unclaimed)
        verb = agreeing(len(unclaimed), "is declared", "are declared")
        message = f"{amount(len(unclaimed), 'file')} ({size(held)}) in assets/ {verb} by no tag set"
        yield overall("unclaimed-asset", message, place=_files(unclaimed))


def _problems(assets: Sequence[AssetFacts]) -> str:
    return ", ".join(dict.fromkeys(asset.problem for asset in assets[:20]))


def _files(assets: Sequence[AssetFacts]) -> str:
    return f"asset {listed((asset.filename for asset in assets), len(assets))}"


def _variables(facts: SavedModelFacts) -> Iterator[Finding]:
    unclaimed = [variable for variable in facts.variables if not variable.declared and variable.role == "parameter"]
    if unclaimed:
        held = sum(variable.byte_count for variable in unclaimed)
        what = agreeing(len(unclaimed), "belongs to no variable", "belong to no variable")
        message = f"{amount(len(unclaimed), 'entry', 'entries')} of the checkpoint ({size(held)}) {what} of a graph"
        yield at_tensors("unclaimed-variable", message, _largest_first(unclaimed), kind="entry")


def _largest_first(variables: Sequence[VariableFacts]) -> list[str]:
    return [variable.name or variable.key for variable in sorted(variables, key=lambda variable: -variable.byte_count)]


def _versions(facts: SavedModelFacts) -> Iterator[Finding]:
    served = next((version for version in facts.versions if version.is_served), None)
    if served is None:
        return
    if served.problem:
        readable = next((version.folder for version in facts.versions if not version.problem), "none")
        message = f"a server picks version {served.folder}, which cannot be read ({served.problem}); shown is {readable}"
        yield overall("served-version-unreadable", message, place=f"folder {served.folder}")
    others = [version for version in facts.versions if version is not served]
    if not others:
        return
    names = listed((version.folder for version in others), len(others))
    message = f"a server picks version {served.folder}; it would leave {names} alone"
    differing = [version for version in others if version.differences]
    if differing:
        first = differing[0]
        count = amount(len(differing), "version")
        message += f"; the signatures of {count} differ, in {first.folder} {'; '.join(first.differences[:2])}"
    held = sum(version.size_bytes for version in others)
    yield overall(
        "several-versions", f"{message} ({size(held)})"[:450], None if differing else "info", place=f"versions {names}"
    )


def _warm_up(facts: SavedModelFacts) -> Iterator[Finding]:
    warm_up = facts.warm_up
    if warm_up is None:
        yield overall("no-warm-up", "there are no warm-up requests for a server to replay before it takes traffic")
        return
    known = {signature.name for one in facts.tag_sets for signature in one.signatures}
    unknown = [name for name in warm_up.signatures if name and name not in known]
    if warm_up.problem:
        message = f"a server cannot replay the warm-up requests: {warm_up.problem}"
        yield overall("warm-up-malformed", message, place=f"file {warm_up.path}")
    elif unknown:
        message = f"warm-up requests name signatures that are not there: {listed(unknown, len(unknown))}"
        yield overall("warm-up-malformed", message, place=f"file {warm_up.path}")
