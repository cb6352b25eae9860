"""Findings about secrets that an image gives to whoever pulls it; their values are never repeated."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.findings.wording import agreeing, amount, listed, short
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.secret_names import (
    Likeness,
    file_likeness,
    is_secret_variable,
    may_be_secret,
    secrets_in_step,
)
from inspector.analysis.image.findings.wording import about, at_paths, in_layers
from inspector.records.finding import Finding
from inspector.records.image import Entry, Layer


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield files of all layers, variables and build steps that look like secrets."""
    yield from _files(evidence)
    named = [name for name, value in evidence.image.config.environment if is_secret_variable(name, value)]
    if named:
        verb = agreeing(len(named), "looks like a secret", "look like secrets")
        place = f"environment {listed(named, len(named))}"
        yield about("secret-like-environment", f"{amount(len(named), 'variable')} {verb}", place=place)
    yield from _steps(evidence)


def _files(evidence: ImageEvidence) -> Iterator[Finding]:
    deleted: dict[str, int] = {}
    present: dict[Likeness, dict[str, int]] = {}
    for layer in evidence.image.layers:
        for entry, likeness in _secrets(layer):
            path, place = entry.path, evidence.final.entries.get(entry.path)
            if place is not None and place.content.kind == "file" and place.content.size == entry.size:
                present.setdefault(likeness, {})[path] = layer.index
            elif likeness != "sample":
                deleted.setdefault(path, layer.index)
    if deleted:
        verb = agreeing(len(deleted), "looks like a secret and is", "look like secrets and are")
        ships = f"gone from the final file system, but still shipped in {in_layers(deleted.values())}"
        yield at_paths("secret-like-file", f"{amount(len(deleted), 'file')} {verb} {ships}", list(deleted), "high")
    if certain := present.get("certain"):
        verb = agreeing(len(certain), "is a key or credentials", "are keys or credentials")
        yield at_paths("secret-like-file", f"{amount(len(certain), 'file')} {verb}", list(certain), "high")
    if likely := present.get("likely"):
        verb = agreeing(len(likely), "has a name that usually means", "have names that usually mean")
        yield at_paths("secret-like-file", f"{amount(len(likely), 'file')} {verb} a secret inside", list(likely), "medium")
    if sample := present.get("sample"):
        verb = agreeing(len(sample), "is a private key", "are private keys")
        where = "that a package brought, most likely for tests"
        yield at_paths("secret-like-file", f"{amount(len(sample), 'file')} {verb} {where}", list(sample), "info")


def _secrets(layer: Layer) -> Iterator[tuple[Entry, Likeness]]:
    for entry in [entry for entry in layer.entries or () if may_be_secret(entry.path)]:
        if entry.kind == "file" and entry.size and not entry.whiteout:
            path = entry.path
            likeness = file_likeness(path, layer.heads.get(path) or layer.contents.get(path, b""))
            if likeness:
                yield entry, likeness


def _steps(evidence: ImageEvidence) -> Iterator[Finding]:
    in_environment = {name for name, _ in evidence.image.config.environment}
    found: list[str] = []
    for step in evidence.image.history:
        found += [name for name in secrets_in_step(step.created_by) if name not in in_environment]
    if found:
        names = [short(name) for name in dict.fromkeys(found)]
        verb = agreeing(len(names), "looks like a secret", "look like secrets")
        message = f"{amount(len(names), 'value')} in the history of the build {verb}"
        yield about("secret-like-environment", message, place=f"history {listed(names, len(names))}")
