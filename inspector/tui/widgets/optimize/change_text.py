"""A step in words and figures: what it did, what was proven of it, and what is left to wish for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from inspector.records.optimization import Attempt, Autopsy, Change
from inspector.records.parity import ConformanceResult, Gate, GateCheck, Parity
from inspector.report.figures import bytes_text, plural, share_text
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.optimize.figures import (
    ROLE_STYLES,
    VERDICT_ROLES,
    interval_text,
    nodes_text,
    output_figure,
    ratio_text,
    size_ratio,
    sizes_text,
    verdict_text,
    worst_output,
)
from inspector.tui.widgets.optimize.signature_text import result_lines, signature_lines
from inspector.tui.widgets.optimize.step_log import StepRow
from inspector.tui.widgets.text_rows import heading, labeled, wrapped

_SHARES = ("top1_agreement", "decided_top1_agreement", "exact_share")
Lines = list[Content]

_LABEL = 10
_MOST_ROWS = 40
_OUTCOMES = {"chosen": "✓", "passed": "✓", "rejected": "✗", "failed": "✗", "not run": "·"}
_OUTCOME_STYLES = {"chosen": "$good bold", "passed": "$good", "rejected": "$high", "failed": "$high", "not run": "$soft"}
_FIGURES = {
    "cosine": "cosine",
    "sqnr_db": "SQNR",
    "max_absolute": "largest difference",
    "max_scaled": "largest, of the scale",
    "mean_scaled": "mean, of the scale",
    "top1_agreement": "top-1 agreement",
    "decided_top1_agreement": "top-1 agreement of decided rows",
    "exact_share": "equal elements",
    "new_nan": "new NaN",
}


def verdict_lines(row: StepRow, width: int) -> Lines:
    """Return verdict, reason, what was chosen and why, size, speed, and where it was written."""
    change = row.change
    if change is None:
        return []
    style = ROLE_STYLES[VERDICT_ROLES[change.verdict]]
    lines = [Content.assemble((verdict_text(change.verdict), style), (f"  {change.seconds:.1f} s", "$soft"))]
    lines += wrapped(change.reason, width, most=6) if change.reason else []
    lines += _labeled("proof", _proof_text(change), width, "$ink bold")
    for label, path in zip(("written", *("" for _ in change.files)), (change.output, *change.files), strict=True):
        lines += _labeled(label, path, width, "$good")
    lines += result_lines(change, width, _LABEL)
    lines += _labeled("kept", f"in fp32, by you: {', '.join(row.kept)}" if row.kept else "", width)
    notes = change.preflight.notes if change.preflight else ()
    if change.choice or notes:
        lines += [Content(), heading("what it did, and why")]
        lines += wrapped(change.choice, width, "$ink bold") if change.choice else []
        lines += [line for note in notes for line in sentence(note, width)]
    lines += [*_size_lines(change, width), *_speed_lines(change, width), *warning_lines(change.warnings, width)]
    return lines


def _proof_text(change: Change) -> str:
    """Return in a line how the outputs compare with the original's; empty where that was not found out."""
    parity = change.parity
    if parity is None or not parity.outputs:
        return ""
    worst = worst_output(parity)
    figure = f"outputs {output_figure(worst)}" if worst is not None else ""
    passed = sum(check.passed for check in change.gates)
    gates = f"; {passed} of {plural(len(change.gates), 'check')} passed" if change.gates else ""
    return f"{figure} beside the original, over {plural(parity.inputs, 'input')}{gates}"


def proof_lines(change: Change, width: int) -> Lines:
    """Return what the outputs were held against: gates, unseen inputs, labels, the contract."""
    lines = signature_lines(change, width)
    if change.parity is not None:
        lines += [heading("outputs beside the original's"), *_parity_lines(change.parity, width)]
        lines += [line for check in change.gates for line in _gate_lines(check, width)]
    if change.confirmation is not None:
        lines += [Content(), heading("confirmed on unseen inputs"), *_parity_lines(change.confirmation, width)]
    if change.conformance is not None:
        lines += [Content(), heading("held against labels"), *conformance_lines(change.conformance, width)]
    if change.contract_changes:
        lines += [Content(), heading("changes of the contract")]
        for one in change.contract_changes:
            mark = ("✓ ", "$good") if one.allowed else ("✗ ", "$high")
            lines += wrapped(
                Content.assemble(mark, plain(f"{one.place}: {one.kind}, {one.before} → {one.after}")), width, most=3
            )
    return lines


def making_lines(change: Change, width: int) -> Lines:
    """Return how it was made: attempts, nodes kept, repairs, what is left to wish for, the recipe."""
    lines: Lines = []
    for title, rows in (
        ("candidates", attempt_lines(change.attempts, width)),
        ("kept in fp32", _kept_lines(change, width)),
        ("repairs", [line for one in change.repairs for line in sentence(one, width)]),
        ("what is left", _autopsy_lines(change.autopsy, width) if change.autopsy else []),
        ("recipe", [line for one in change.recipe for line in sentence(one, width)]),
    ):
        if rows:
            lines += [*([Content()] if lines else []), heading(title), *rows]
    return lines


def progress_lines(row: StepRow, bar: Sequence[Content], width: int) -> Lines:
    """Return what a step that runs, or ended without a change, is or was at, and what became of its candidates so far."""
    progress = row.progress
    lines = _ENDS[row.state](row, width) if row.state in _ENDS else []
    lines += wrapped(progress.doing if progress else "laying the ground: inputs, the original's outputs", width, "$ink bold")
    lines += wrapped(row.doing, width, "$soft") if row.doing else []
    lines += bar
    if progress is not None and progress.attempts:
        lines += [Content(), heading("candidates so far"), *attempt_lines(progress.attempts, width)]
    return [*lines, *warning_lines(row.warned, width)]


def _stopped(row: StepRow, width: int) -> Lines:  # noqa: ARG001 -- one of _ENDS
    return [Content.assemble(("■ stopped", "$soft bold"), ("  it was at:", "$soft"))]


def _failed(row: StepRow, width: int) -> Lines:
    return [Content.styled("✗ failed", "$high bold"), *wrapped(row.problem, width), Content(), heading("it was at")]


_ENDS = {"stopped": _stopped, "failed": _failed}


def sentence(text: str, width: int, mark: str = "· ", style: str = "$soft") -> Lines:
    """Return a sentence of a list, wrapped under itself."""
    first, *others = wrapped(text, width - 2, most=6) or [Content()]
    return [Content.assemble((mark, style), first), *(Content.assemble("  ", line) for line in others)]


def conformance_lines(result: ConformanceResult, width: int) -> Lines:
    """Return the test in one sentence."""
    styles = {"passed": ("✓ passed", "$good bold"), "failed": ("✗ failed", "$high bold")}
    mark = styles.get(result.status, ("◆ underpowered", "$medium bold"))
    needed = f"; needs about {result.samples_needed:,}" if result.status == "underpowered" and result.samples_needed else ""
    text = (
        f"  {result.metric} {result.before:.4g} became {result.after:.4g} on {plural(result.samples, 'sample')}:"
        f" a loss of at most {result.loss_high:.2%} at {result.confidence:.0%} confidence, {result.margin:.2%}"
        f" is allowed{needed}"
    )
    return wrapped(Content.assemble(mark, plain(text)), width)


def attempt_lines(attempts: Sequence[Attempt], width: int) -> Lines:
    """Return one candidate after another: outcome, name, figures, and under them the reason."""
    lines: Lines = []
    for one in attempts[-_MOST_ROWS:]:
        mark, style = f"{_OUTCOMES[one.outcome]} ", _OUTCOME_STYLES[one.outcome]
        name, *more = wrapped(one.name, width - 2, "$ink", most=2) or [Content()]
        lines += [Content.assemble((mark, style), name), *(Content.assemble("  ", line) for line in more)]
        figures = [bytes_text(one.size_bytes)] if one.size_bytes is not None else []
        figures += [f"{one.worst_sqnr_db:.1f} dB"] if one.worst_sqnr_db is not None else []
        told = ", ".join((one.outcome, *figures)) + (f": {one.reason}" if one.reason else "")
        lines += [Content.assemble("  ", line) for line in wrapped(told, width - 2, "$soft", most=3)]
    return lines


def _labeled(label: str, text: str, width: int, style: str = "") -> Lines:
    return labeled(label, plain(text, style), width, _LABEL, most=4) if text else []


def _size_lines(change: Change, width: int) -> Lines:
    ratio, after = size_ratio(change), change.after
    lines = [Content(), heading("size")]
    figure = f"  {ratio_text(ratio)}" if ratio is not None else ""
    lines += labeled("bytes", f"{sizes_text(change.before, after)}{figure}", width, _LABEL)
    bare = f"; {after.node_count - after.constant_count:,} without constants" if after and after.constant_count else ""
    lines += labeled("nodes", f"{nodes_text(change.before, after)}{bare}", width, _LABEL)
    if after is not None and after.opset != change.before.opset:
        lines += labeled("opset", f"{change.before.opset or 'none'} → {after.opset or 'none'}", width, _LABEL)
    return lines


def _speed_lines(change: Change, width: int) -> Lines:
    lines: Lines = []
    styles = {"faster": "$good", "slower": "$medium"}
    for one in change.comparisons:
        if one.verdict == "not measured":
            lines += labeled(_KINDS[one.kind], f"not measured: {one.note}", width, _LABEL)
            continue
        figures = f"  {ratio_text(one.ratio)} ({interval_text(one)})  {one.before_ms:.3g} → {one.after_ms:.3g} ms"
        value = Content.assemble(plain(one.verdict, styles.get(one.verdict, "")), figures)
        lines += labeled(one.phase or _KINDS[one.kind], value, width, _LABEL)
        noise = f"; noise {one.noise_low:.2f}–{one.noise_high:.2f}" if one.noise_low and one.noise_high else ""
        where = f"{plural(one.pairs, 'pair')} in random order{noise}; {one.device}, {plural(one.threads, 'thread')}"
        lines += labeled("", plain(f"{where}{'; ' + one.note if one.note else ''}", "$soft"), width, _LABEL)
    return [Content(), heading("speed beside the original"), *lines] if lines else []


_KINDS = {"session_creation": "load", "latency": "latency", "cold_start": "cold start"}


def warning_lines(warnings: Sequence[str], width: int) -> Lines:
    """Return what a reader should mind, under a heading; nothing where there is nothing."""
    if not warnings:
        return []
    return [Content(), heading("mind"), *(line for one in warnings for line in sentence(one, width, "! ", "$medium bold"))]


def _parity_lines(parity: Parity, width: int) -> Lines:
    seed = f", seed {parity.seed}" if parity.seed is not None else ""
    made = "synthetic" if parity.source == "synthetic" else "from your file"
    lines = wrapped(f"{plural(parity.inputs, 'input')}, {made}{seed}; on {parity.device}", width, "$soft")
    worst = worst_output(parity)
    for output in sorted(parity.outputs, key=lambda one: one is not worst)[:6]:
        figures = [output_figure(output)]
        figures += [f"cosine {output.cosine:.6f}"] if output.cosine is not None else []
        figures += [f"max {output.max_absolute:.2g}"] if output.max_absolute is not None else []
        lines += labeled(shorten(output.output, 16), output.problem or "  ".join(figures), width, 18)
    more = len(parity.outputs) - 6
    return [*lines, plain(f"and {more:,} more outputs, all nearer", "$soft")] if more > 0 else lines


def _gate_lines(check: GateCheck, width: int) -> Iterator[Content]:
    if check.passed and check.observed is None:  # a figure that makes no sense for any output
        return
    gate, mark = check.gate, ("✓ ", "$good") if check.passed else ("✗ ", "$high bold")
    observed = "could not be computed" if check.observed is None else _gate_value(gate, check.observed)
    text = f"{_FIGURES.get(gate.figure, gate.figure)} {observed}, {gate.bound} {_gate_value(gate, gate.threshold)}"
    where = f" ({shorten(check.output, 20)})" if check.output and not check.passed else ""
    yield from wrapped(Content.assemble(mark, plain(f"{text}{where}")), width, most=2)


def _gate_value(gate: Gate, value: float) -> str:
    if gate.figure == "sqnr_db":
        return f"{value:.1f} dB"
    return share_text(value) if gate.figure in _SHARES else f"{value:.6g}"


def _kept_lines(change: Change, width: int) -> Lines:
    lines: Lines = []
    for one in change.kept_fp32[:_MOST_ROWS]:
        lines += sentence(f"{one.operator} {one.name}: {one.reason}", width)
    more = len(change.kept_fp32) - _MOST_ROWS
    return [*lines, plain(f"and {more:,} more", "$soft")] if more > 0 else lines


def _autopsy_lines(autopsy: Autopsy, width: int) -> Lines:
    lines: Lines = []
    if autopsy.conversions:
        share = "" if autopsy.conversion_share is None else f", {share_text(autopsy.conversion_share)} of the run time"
        counts = ", ".join(f"{count:,} {operator}" for operator, count in autopsy.conversions.items())
        lines += wrapped(f"{counts}{share}", width)
    for node in autopsy.costliest[:5]:
        cost = "" if node.share is None else f"  {share_text(node.share)}"
        lines += sentence(f"{node.operator} {node.name}{cost}", width)
    if autopsy.executed_operators:
        shares = ", ".join(f"{name} {share_text(share)}" for name, share in list(autopsy.executed_operators.items())[:6])
        lines += labeled("runs as", shares, width, _LABEL)
    return [*lines, *(wrapped(autopsy.note, width, "$soft") if autopsy.note else [])]
