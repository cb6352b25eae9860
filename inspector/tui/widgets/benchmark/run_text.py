"""Details of a run: the verdict beside the other one, its phases or its distribution, and what a reader should mind."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.benchmark import Benchmark, StartupCandidate
from inspector.records.machine_state import MachineState
from inspector.report.bench_sentences import machine_facts, ms_text, range_text
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.benchmark.distribution import (
    Scale,
    distribution_lines,
    percentile_lines,
    sparkline_lines,
    sparkline_note,
)
from inspector.tui.widgets.benchmark.figures import (
    VERDICT_GLYPHS,
    VERDICT_ROLES,
    VERDICT_STYLES,
    interval_text,
    rate_text,
    reason_text,
    verdict_text,
    walls_of,
)
from inspector.tui.widgets.benchmark.runs_table import RunRow
from inspector.tui.widgets.benchmark.waterfall import phase_lines, waterfall_lines, waterfall_titles, whole_ms
from inspector.tui.widgets.optimize.figures import ratio_text
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

Lines = list[Content]

_LABEL = 10
_MOST_NAMES = 6
_MOST_LINES = 4
_PHASE_CELLS = 13
_LOW, _TALL = 3, 7
"""Lines of a histogram where there are few, and where there are many."""


def verdict_lines(row: RunRow, width: int) -> Lines:
    """Return the verdict with ratio, interval and noise floor, where a run was measured beside another."""
    one = row.comparison
    if one is None:
        return []
    words = Content.assemble((verdict_text(one), VERDICT_STYLES[VERDICT_ROLES[one.verdict]]))
    if row.live and one.pairs:  # nothing is claimed before it is done
        words = Content.styled(f"so far {ratio_text(one.ratio)}", "$accent-text bold")
    elif not one.pairs:
        return wrapped(Content.assemble(words, plain(f"  {one.note}", "$soft")), width, most=2)
    said = [f"({interval_text(one)})", f"{ms_text(one.before_ms)} → {ms_text(one.after_ms)}"]
    if one.noise_low is not None and one.noise_high is not None:
        said.append(f"noise {one.noise_low:.2f}–{one.noise_high:.2f}")
    said.append(plural(one.pairs, "pair"))
    if one.verdict == "no difference shown" and not row.live:
        said.insert(0, ratio_text(one.ratio))
    lines = wrapped(Content.assemble(words, f" {'  '.join(said[:-2])}", (f"  {'  '.join(said[-2:])}", "$soft")), width)
    return lines + (wrapped(one.note, width, "$soft", most=2) if one.note else [])


def paired_captions(runs: Sequence[Benchmark], width: int) -> int:
    """Return how many lines the captions of runs that stand side by side take, so that what is under them lines up."""
    return max(len(caption_lines(run, width, False)) for run in runs)


def caption_lines(run: Benchmark, width: int, alone: bool, least: int = 1) -> Lines:
    """Return subject (unless alone), median with interval and the number of samples in a line or two, at least so many."""
    subject = "" if alone else f"{run.subject}  "
    if not run.samples:
        return [
            Content.assemble((subject, "$ink bold"), ("no sample yet" if run.status == "measured" else run.status, "$soft"))
        ]
    unit = "start" if run.kind == "cold_start" else "sample"
    rest = [plural(run.samples, unit)]
    if run.first_ms is not None:
        rest.append(f"first {ms_text(run.first_ms)}")
    if run.throughput_per_second is not None:
        rest.append(rate_text(run.throughput_per_second))
    text = Content.assemble(
        (subject, "$accent-text bold"),
        (ms_text(run.median_ms), "$ink bold"),
        (f" ({range_text(run.low_ms, run.high_ms)})", "$ink"),
        (f"  {', '.join(rest)}", "$soft"),
    )
    lines = wrapped(text, width, most=2)
    return [*lines, *[Content()] * (least - len(lines))]


def full_ms_of(row: RunRow) -> float:
    """Return what the whole width of a waterfall stands for: the longer of both."""
    return max((whole_ms(run) for run in (row.run, row.other) if run is not None), default=0.0)


def start_lines(run: Benchmark, full_ms: float, width: int, alone: bool, least: int) -> Lines:
    """Return the waterfall of a run, under a caption of at least so many lines."""
    lines = caption_lines(run, width, alone, least)
    if run.phases:
        return [*lines, waterfall_titles(width), *waterfall_lines(run, full_ms, width)]
    return lines + (wrapped("The first start is on its way.", width, "$soft") if run.status == "measured" else [])


def latency_lines(run: Benchmark, scale: Scale, width: int, tall: bool, alone: bool, least: int) -> Lines:
    """Return the percentiles of a run, its distribution, and its samples over time, under a caption of so many lines."""
    lines = caption_lines(run, width, alone, least)
    if not walls_of(run):
        return lines
    lines += percentile_lines(run, width)
    bars, line = distribution_lines(run, scale, width, _TALL if tall else _LOW), sparkline_lines(run, scale, width)
    if tall:
        return [*lines, *bars, Content(), heading(sparkline_note(run)), *line]
    return [*lines, *line, *bars]


def start_facts(run: Benchmark, scale: Scale, width: int) -> Lines:
    """Return what is known of the phases beside their time, and the starts in the order they were taken."""
    lines = phase_lines(list(run.phases.items()), width)
    if len(walls_of(run)) > 1:
        lines += [Content(), heading(sparkline_note(run)), *sparkline_lines(run, scale, width)]
    return lines


def _pointed(mark: tuple[str, str], text: str, width: int) -> Lines:
    """Return a sentence after a mark, wrapped under itself."""
    first, *others = wrapped(text, width - 2, most=_MOST_LINES) or [Content()]
    return [Content.assemble(mark, first), *(Content.assemble("  ", line) for line in others)]


def phase_verdicts(row: RunRow, width: int) -> Lines:
    """Return how each phase compares."""
    if not row.phases:
        return []
    lines = [heading("by phase, after / before")]
    for one in row.phases:
        label = plain(fit(shorten(one.phase, _PHASE_CELLS - 1), _PHASE_CELLS))
        if not one.pairs:
            lines += wrapped(Content.assemble(label, plain(one.note, "$soft")), width, most=2)
            continue
        figures = f"{ratio_text(one.ratio):>6} ({interval_text(one)})  {ms_text(one.before_ms)} → {ms_text(one.after_ms)}  "
        verdict = (f"{VERDICT_GLYPHS[one.verdict]} {one.verdict}", VERDICT_STYLES[VERDICT_ROLES[one.verdict]])
        lines.append(Content.assemble(label, figures, verdict))
    return [Content(), *lines]


def mind_lines(runs: Sequence[Benchmark], warnings: Sequence[str], width: int, live: bool) -> Lines:
    """Return why a run is missing or cut short (not while it goes on), what failed, what ran elsewhere, and other notes."""
    lines: Lines = []
    for run in runs:
        if run.note and not live:
            said = run.status if run.status != "measured" else plural(run.failures, "failure") if run.failures else "note"
            reason = Content.assemble((f"{said}: ", "$medium"), plain(reason_text(run)))
            lines += labeled(run.subject, reason, width, _LABEL, most=4) if len(runs) > 1 else wrapped(reason, width, most=4)
        if run.nodes_on_cpu:
            names = ", ".join(run.nodes_on_cpu[:_MOST_NAMES])
            more = f" and {len(run.nodes_on_cpu) - _MOST_NAMES:,} more" if len(run.nodes_on_cpu) > _MOST_NAMES else ""
            lines += labeled("on CPU", f"{plural(len(run.nodes_on_cpu), 'node')}: {names}{more}", width, _LABEL)
    for text in dict.fromkeys(warnings):
        lines += _pointed(("! ", "$medium bold"), text, width)
    for note in dict.fromkeys(note for run in runs for note in run.notes):
        lines += _pointed(("· ", "$soft"), note, width)
    return [Content(), heading("notes"), *lines] if lines else []


def machine_lines(machine: MachineState | None, width: int) -> Lines:
    """Return what the machine grants and does, since it bears on every figure."""
    if machine is None:
        return []
    return [Content(), heading("machine"), *wrapped("  ·  ".join(machine_facts(machine)), width, "$soft", most=6)]


def engine_lines(runs: Sequence[Benchmark], width: int) -> Lines:
    """Return how to get on where no container could be started."""
    if not runs or any(run.samples for run in runs) or all(run.status != "not measured" for run in runs):
        return []
    lines: Lines = [Content(), heading("to measure the rest")]
    for text in (
        "Name an engine that runs: DOCKER_HOST=unix:///var/run/docker.sock, or tcp://host:2375 for one elsewhere.",
        "Rootless podman serves the same: podman system service -t 0, then DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock.",
    ):
        lines += wrapped(text, width)
    return lines


def advice_lines(advice: Sequence[StartupCandidate], width: int) -> Lines:
    """Return every way to save the model that was measured, and how to get the advised one."""
    lines: Lines = [heading("ways to save the model so that it starts sooner, as measured")]
    for one in advice:
        lines += _candidate_lines(one, width)
    if any(one.chosen for one in advice):
        said = "The step warmstart on the Optimize tab makes it and proves it against the original."
    else:
        said = "None of them is worth it: the model as it is starts as soon, as far as can be told."
    return [*lines, Content(), *wrapped(said, width)]


def _candidate_lines(one: StartupCandidate, width: int) -> Lines:
    """Return one way: its verdict over the whole start, the phases that it changes, what it is bound to."""
    comparison = one.comparison
    line = Content.assemble(
        ("✓ ", "$good bold") if one.chosen else ("· ", "$soft"),
        plain(one.name, "$ink bold"),
        "  ",
        (verdict_text(comparison), VERDICT_STYLES[VERDICT_ROLES[comparison.verdict]]),
        f" ({interval_text(comparison)})" if comparison.pairs else "",
        (f"  {bytes_text(one.size_bytes)}", "$soft"),
    )
    changed = [f"{phase.phase} {ratio_text(phase.ratio)}" for phase in one.phases if phase.verdict in ("faster", "slower")]
    lines = wrapped(line, width)
    for text in (", ".join(changed), one.note):
        lines += [Content.assemble("  ", line) for line in wrapped(text, width - 2, "$soft", most=3)] if text else []
    return lines
