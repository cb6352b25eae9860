"""Where the numbers come from: the machine, how they were made, what went wrong, and how to do it all again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from inspector.records.benchmark import Benchmark
from inspector.records.parity import Parity
from inspector.records.review import Review
from inspector.report import bench_sentences as bench
from inspector.report.figures import bytes_text, plural, share_text, whole_text
from inspector.report.html.blocks import Block, Cell, Section, code, facts, group, points, section, table, words
from inspector.report.proof_sentences import parity_sentence

MOST_RUNS: Final = 60


def environment_section(review: Review) -> list[Section]:
    """Return the machine, its state where something was measured, and versions."""
    environment = review.environment
    entries: list[tuple[str, Cell | str]] = [
        ("processor", environment.cpu),
        ("instruction sets", ", ".join(environment.isa)),
        ("cores", whole_text(environment.cores)),
        ("memory", bytes_text(environment.memory_bytes)),
        ("platform", environment.platform),
    ]
    machine = environment.machine
    if machine is not None:
        entries += [("while measured", fact) for fact in bench.machine_facts(machine)]
        entries += [("kernel", machine.kernel), ("clock", machine.clock)]
        shared = "" if machine.smt is None else "share cores" if machine.smt else "have a core each"
        entries.append(("hardware threads", shared))
    blocks = [*facts(entries)]
    versions = [(code(name), code(version)) for name, version in environment.versions.items()]
    blocks += table("Versions of what had a hand in it", ("library", "version"), versions, noun="library", nouns="libraries")
    return section("environment", "Environment", blocks)


def method_section(review: Review) -> list[Section]:
    """Return how the numbers were made."""
    rows = [_run(run) for run in review.benchmarks[:MOST_RUNS]]
    titles = ("run", "samples", "order and control", "cache", "percentiles")
    blocks = [*points(_rules(review)), *group("What is particular to this review", points(review.method))]
    blocks += table("Every run's own terms", titles, rows, len(review.benchmarks), "run")
    return section("method", "How these numbers were made", blocks)


def _rules(review: Review) -> Iterator[str]:
    """Yield the rules by which figures of the kinds that this review holds are made."""
    if review.benchmarks or review.comparisons:
        yield "Before and after run interleaved, in random order; what is held against an earlier session says so."
        yield "A ratio is the median of paired ratios after / before, its interval a bootstrap of 95 %."
        yield (
            "An interval that contains 1 is no difference shown; nor is anything claimed inside the noise floor, which is what "
            "the original measured against itself gives."
        )
        yield "Outliers are counted, never dropped; the first run is a number of its own."
    if any(run.kind == "cold_start" for run in review.benchmarks):
        yield (
            "A cold start is a fresh process, or container, for each sample. For a cold cache files are evicted and that is "
            "verified; where it fails it is said."
        )
    needs = {one.share: one.needs for run in review.benchmarks for one in run.percentiles}
    if needs:
        needed = ", ".join(f"p{share * 100:g} {whole_text(count)}" for share, count in sorted(needs.items()))
        yield f"A percentile needs samples enough for 99 % confidence: {needed}."
    for parity in _parities(review):
        yield f"Parity: {parity_sentence(parity)}."
    if review.graph is not None:
        covered = share_text(review.graph.flops.covered)
        yield f"FLOPs are computed from shapes, a multiply-accumulate as two, and cover {covered} of the computing nodes."
    if review.image is not None:
        yield "Reclaimable is shipped minus final, exactly; leftovers are an estimate until a slimmed image is proven."


def _parities(review: Review) -> Iterator[Parity]:
    last = next((change for change in reversed(review.changes) if change.parity is not None), None)
    if last is not None and last.parity is not None:
        yield last.parity


def _run(run: Benchmark) -> tuple[Cell | str, ...]:
    control = run.control_ms or run.control_starts
    told = (
        f"interleaved, {plural(len(control), 'control sample')}" if control else "interleaved" if run.subject == "after" else ""
    )
    failures = f", {plural(run.failures, 'failure')}" if run.failures else ""
    outliers = f", {plural(run.outliers, 'outlier')} counted" if run.outliers else ""
    return (
        f"{bench.turn_text(run.kind, run.conditions)}, {run.subject}, {run.device}",
        f"{whole_text(run.samples)}{outliers}{failures}",
        told,
        _cache(run),
        _percentiles(run),
    )


def _cache(run: Benchmark) -> str:
    """Return what the page cache held before starts, as far as that was told."""
    known = [start.resident_before for start in run.starts if start.resident_before is not None]
    said = next((start.cache_note for start in run.starts if start.cache_note), "")
    most = f"at most {share_text(max(known))} of the files were in memory" if known else ""
    return "; ".join(part for part in (run.conditions.cache or "", most, said) if part)


def _percentiles(run: Benchmark) -> str:
    lacking = [f"p{one.share * 100:g} needs {whole_text(one.needs)}" for one in run.percentiles if one.milliseconds is None]
    return ", ".join(lacking) if lacking else "all shown" if run.percentiles else ""


def warnings_section(review: Review) -> list[Section]:
    """Return what went less well than hoped."""
    return section("warnings", "Warnings", points(review.warnings), badge=whole_text(len(review.warnings)))


def reproduce_section(review: Review) -> list[Section]:
    """Return the commands that do it again, and what they need."""
    blocks: list[Block] = [*words("Keep this review as JSON beside this page; every number here is read from it.")]
    blocks += points(commands(review), "code")
    entries: list[tuple[str, Cell | str]] = [
        ("tool", f"{review.tool.name} {review.tool.version}"),
        ("artifact", code(review.artifact.inside or review.artifact.path)),
        ("sha256", code(review.artifact.sha256 or "")),
        ("versions", ", ".join(f"{name} {version}" for name, version in review.environment.versions.items())),
    ]
    if review.plan is not None:
        entries.append(("plan", bench.plan_sentence(review.plan)))
    return section("reproduce", "How to reproduce", [*blocks, *facts(entries)])


def commands(review: Review) -> Iterator[str]:
    """Yield what to type: the same steps once more, then the same measurements; paths are quoted for a shell."""
    artifact = shlex.quote(review.artifact.path)
    steps = list(dict.fromkeys(change.optimizer for change in review.changes))
    applied = f" --apply {','.join(steps)}" if steps else ""
    output = next((change.output for change in reversed(review.changes) if change.output), "")
    written = f" --output {shlex.quote(output)}" if output else ""
    contract = " --contract contract.yaml" if review.contract is not None and review.checks else ""
    measured = " --bench" if review.plan is not None else ""
    yield f"{review.tool.name} {artifact}{applied}{written}{contract}{measured} --report review.json --report review.html"
    if review.plan is not None and review.benchmarks:
        yield f"{review.tool.name} {artifact} --replay review.json --report again.html"
    yield f"{review.tool.name} review.json --report review.html"
