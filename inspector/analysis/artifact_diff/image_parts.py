"""Configuration, layers, packages and models inside of two images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.difference import Way
from inspector.records.image import ImageConfig
from inspector.records.image_contents import InsideArtifact, Package
from inspector.records.image_review import ConfigReview

Shown = Callable[[str, str], str]
"""What a report may show of a setting's value, given its name."""


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer: what tells its content (a digest; empty: unknown), what a pull moves, and what made it."""

    digest: str
    pulled_bytes: int | None
    created_by: str


def configuration(before: ImageConfig | ConfigReview, after: ImageConfig | ConfigReview, shown: Shown) -> Tally:
    """Compare what containers of two images run, and as whom; values that must not be shown are told to differ."""
    tally = Tally("configuration")
    ours, theirs = _settings(before), _settings(after)
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        left, right = ours.get(name), theirs.get(name)
        if left == right:
            tally.equal += 1
            continue
        way: Way = "added" if left is None else "removed" if right is None else "changed"
        plain = name.rpartition(" ")[2]
        first, second = ("" if text is None else shown(plain, text) for text in (left, right))
        detail = "the values are not shown" if way == "changed" and first == second else ""
        tally.add(way, name, first, second, detail)
    return tally


def _settings(config: ImageConfig | ConfigReview) -> dict[str, str]:
    environment = config.environment
    pairs = environment.items() if isinstance(environment, Mapping) else environment
    found = {
        "user": config.user,
        "entrypoint": " ".join(config.entrypoint),
        "command": " ".join(config.command),
        "working directory": config.working_dir,
        "ports": " ".join(sorted(config.ports)),
        "volumes": " ".join(sorted(config.volumes)),
        "health check": " ".join(config.healthcheck.test) if config.healthcheck else "",
        **{f"variable {name}": value or "(empty)" for name, value in pairs},
        **{f"label {name}": value or "(empty)" for name, value in config.labels.items()},
    }
    return {name: value for name, value in found.items() if value}


def layers(before: Sequence[LayerFacts], after: Sequence[LayerFacts]) -> Tally:
    """Compare layers by digest; those left that were made by the same instruction, in order, count as changed."""
    tally = Tally("layers")
    ours, theirs = _unshared(before, after), _unshared(after, before)
    tally.equal = len(after) - len(theirs)
    for number in list(theirs):
        same = next((other for other in ours if before[other].created_by == after[number].created_by), None)
        if same is not None:
            ours.remove(same)
            theirs.remove(number)
            _add(tally, f"layer {number}", before[same], after[number])
    for number in ours:
        _add(tally, f"layer {number}", before[number], None)
    for number in theirs:
        _add(tally, f"layer {number}", None, after[number])
    fresh = [layer.pulled_bytes for layer in after if not any(layer.digest == other.digest for other in before)]
    known = sum(size for size in fresh if size is not None)
    tally.note = f"{known:,} bytes to pull anew" if None not in fresh else "bytes to pull anew are not known"
    return tally


def _unshared(layers: Sequence[LayerFacts], others: Sequence[LayerFacts]) -> list[int]:
    left = [layer.digest for layer in others]
    found = []
    for number, layer in enumerate(layers):
        if layer.digest and layer.digest in left:
            left.remove(layer.digest)
        else:
            found.append(number)
    return found


def _add(tally: Tally, what: str, before: LayerFacts | None, after: LayerFacts | None) -> None:
    sizes = {"bytes before": before, "bytes after": after}
    figures = {name: float(one.pulled_bytes) for name, one in sizes.items() if one and one.pulled_bytes is not None}
    way: Way = "changed" if before and after else "added" if after else "removed"
    made = next((one.created_by for one in (after, before) if one is not None), "")
    tally.add(way, what, _digest_text(before), _digest_text(after), made, figures=figures)


def _digest_text(layer: LayerFacts | None) -> str:
    return "" if layer is None else layer.digest[:19] or "digest unknown"


def packages(before: Iterable[Package], after: Iterable[Package]) -> Tally:
    """Compare installed packages by kind and name: added, removed, upgraded, downgraded."""
    tally = Tally("packages")
    ours, theirs = _versions(before), _versions(after)
    for key in sorted({*ours, *theirs}):
        kind, name = key
        left, right = ours.get(key, ()), theirs.get(key, ())
        if left == right:
            tally.equal += 1
            continue
        way: Way = "changed" if left and right else "added" if right else "removed"
        detail = _direction(left, right) if way == "changed" else ""
        tally.add(way, f"{kind} package {name}", ", ".join(left), ", ".join(right), detail)
    return tally


def _versions(packages: Iterable[Package]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in packages:
        found.setdefault((one.kind, one.name), []).append(one.version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def _direction(before: Sequence[str], after: Sequence[str]) -> str:
    if len(before) != 1 or len(after) != 1:
        return "other versions"
    left, right = _parts(before[0]), _parts(after[0])
    return "another version" if left == right else "upgraded" if left < right else "downgraded"


def _parts(version: str) -> list[tuple[int, int, str]]:
    """Return a version as numbers and words, words before numbers: close to how packagers order them, pre-releases included."""
    pieces = re.findall(r"\d+|[a-z]+|~", version.lower())
    return [(2, int(p), "") if p.isdigit() and len(p) < 40 else (0, 0, p) for p in pieces] + [(1, 0, "")]


def models(before: Iterable[InsideArtifact], after: Iterable[InsideArtifact]) -> Tally:
    """Compare the models that lie inside by path and bytes."""
    tally = Tally("artifact")
    ours = {f"/{one.path.lstrip('/')}": f"{one.format}, {one.bytes:,} bytes" for one in before}
    theirs = {f"/{one.path.lstrip('/')}": f"{one.format}, {one.bytes:,} bytes" for one in after}
    tally.compare_maps(ours, theirs, "model ")
    return tally
