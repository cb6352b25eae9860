"""What slimming an image came to, in short phrases, shared by all reports and the screen so that they say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.measurement import Comparison
from inspector.records.serving import AnswerDifference
from inspector.records.slimming import (
    KeptShare,
    SlimAttempt,
    SlimGroup,
    Slimming,
    SlimProgress,
    SlimProof,
    SlimStep,
    Unexercised,
)
from inspector.records.written_image import ImageBytes
from inspector.report.bench_sentences import comparison_rows
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.report.proof_sentences import number_text

SIZE_TITLES: Final = ("", "", "unpacked", "pulled", "files", "layers")
GROUP_TITLES: Final = ("goes", "files", "stays", "what", "risk", "to keep it")
KEPT_TITLES: Final = ("stays", "files", "why")
LAYER_TITLES: Final = ("part", "pulled", "digest")

MOST_NAMED: Final = 12
"""Paths, places or patterns that one sentence names."""

PURPOSES: Final = {
    "flatten": "the final file system as it is, every file once",
    "clean": "without leftovers, by kind",
    "trace": "only what serving uses",
}

RISKS: Final = {
    "none": "none: the final file system is the same",
    "low": "low: nothing that serves is known to use what goes",
    "medium": "medium: a request that was not exercised could want what goes",
    "high": "high: what goes may well be wanted by something that was not exercised",
}

_UNPROVEN: Final = "NOT PROVEN: no slimmed image was started"


def ratio_text(before: int | None, after: int | None) -> str:
    """Return after / before: "0.95×", "0.041×"; empty where either is unknown or nothing was there."""
    if not before or after is None:
        return ""
    ratio = after / before
    return f"{ratio:.2f}×" if ratio >= 0.0995 else f"{ratio:.3f}×"


def size_rows(slimming: Slimming) -> list[tuple[str, ...]]:
    """Return the original and each level under SIZE_TITLES; of a level that gave no image only its verdict."""
    original = slimming.original
    first = ("original", "", bytes_text(original.size_bytes), _pulled(original.compressed_bytes), *_counts(original))
    return [first, *(_size_row(step) for step in slimming.steps)]


def _size_row(step: SlimStep) -> tuple[str, ...]:
    before, after = step.before, step.after
    if after is None:
        return step.level, step.verdict, "", "", "", ""
    unpacked = f"{bytes_text(after.size_bytes)} {ratio_text(before.size_bytes, after.size_bytes)}"
    pulled = f"{_pulled(after.compressed_bytes)} {ratio_text(before.compressed_bytes, after.compressed_bytes)}"
    return step.level, step.verdict, unpacked.rstrip(), pulled.rstrip(), *_counts(after)


def _counts(image: ImageBytes) -> tuple[str, str]:
    return whole_text(image.files), whole_text(image.layers)


def _pulled(compressed: int | None) -> str:
    return "unknown" if compressed is None else bytes_text(compressed)


def overall_text(slimming: Slimming) -> str:
    """Return what the last accepted level came to: "trace, proven: 0.041× of what is unpacked"; why not where there is none."""
    accepted = accepted_step(slimming)
    if accepted is None or accepted.after is None:
        return "no slimmed image was accepted"
    ratio = ratio_text(slimming.original.size_bytes, accepted.after.size_bytes)
    return f"{accepted.level}, {accepted.verdict}{f': {ratio} unpacked' if ratio else ''}"


def accepted_step(slimming: Slimming) -> SlimStep | None:
    """Return the last accepted level, which is what is written; None where there is none."""
    return next((step for step in reversed(slimming.steps) if step.status == "accepted"), None)


def unproven_sentence(slimming: Slimming) -> str:
    """Return why nothing proves the result, empty where something does or there is none."""
    accepted = accepted_step(slimming)
    if accepted is None or accepted.verdict != "not proven":
        return ""
    reason = accepted.proof.reason if accepted.proof is not None and accepted.proof.reason else accepted.reason
    return f"{_UNPROVEN}{f' ({reason})' if reason else ''}: that it still serves is not shown"


def size_sentences(step: SlimStep) -> Iterator[str]:
    """Yield bytes, files and layers before and after; nothing where no image was made."""
    before, after = step.before, step.after
    if after is None:
        return
    yield f"{_turned(before.size_bytes, after.size_bytes)} unpacked"
    if before.compressed_bytes is None and after.compressed_bytes is not None:
        yield f"{bytes_text(after.compressed_bytes)} pulled; what the original's pull moves is not known"
    elif after.compressed_bytes is not None:
        yield f"{_turned(before.compressed_bytes, after.compressed_bytes)} pulled"
    files = f"{whole_text(before.files)} → {plural(after.files, 'file')}"
    yield f"{files}, {whole_text(before.layers)} → {plural(after.layers, 'layer')}"


def _turned(before: int | None, after: int | None) -> str:
    ratio = ratio_text(before, after)
    return f"{bytes_text(before)} → {bytes_text(after)}{f' ({ratio})' if ratio else ''}"


def risk_text(step: SlimStep) -> str:
    """Return the risk and what it means; empty where nothing was made."""
    return RISKS[step.risk] if step.after is not None else ""


def proof_sentence(proof: SlimProof) -> str:
    """Return what was shown in one line: "passed: 24 answers compared, all equal", "failed: …", "not run: …"."""
    if proof.status == "not run":
        return f"not run{f': {proof.reason}' if proof.reason else ''}"
    parts = [_compared_text(proof)]
    if proof.largest_error is not None:
        parts.append(f"numbers differ by {number_text(proof.largest_error)} at most")
    said = ", ".join(parts)
    if proof.status == "failed":
        return f"failed: {proof.reason}; {said}" if proof.reason else f"failed: {said}"
    return f"passed: {said}{f'; {proof.reason}' if proof.reason else ''}"


def _compared_text(proof: SlimProof) -> str:
    if not proof.answers:
        return "no answer was compared: what counts is that it starts, prints and ends as the original does"
    compared = f"{plural(proof.answers, 'answer')} compared"
    if proof.differences:
        return f"{compared}, {plural(len(proof.differences), 'difference')}"
    found = "all equal" if proof.largest_error is None else "all within tolerance"
    but_for = f" but for {plural(len(proof.volatile), 'part')} that is not compared" if proof.volatile else ""
    return f"{compared}, {found}{but_for}"


def proof_entries(proof: SlimProof) -> Iterator[tuple[str, str]]:
    """Yield label and sentence of what was shown and what was not compared; one label may have several sentences."""
    yield "proof", proof_sentence(proof)
    yield from (("exercise", told) for told in proof.exercises)
    if proof.status == "passed" and not proof.config_changes:
        yield "configuration", "as it was: user, environment, labels, ports, volumes, entrypoint, health check"
    yield from (("configuration", f"changed: {change}") for change in proof.config_changes)
    if proof.volatile:
        yield "not compared", f"differs from one time to the next in the original, too: {_listed(proof.volatile)}"
    if proof.missing:
        yield "missing", f"the failure names what the slimmed image lacks: {_listed(list(map(_absolute, proof.missing)))}"
    yield from (("note", note) for note in proof.notes)


def step_entries(step: SlimStep) -> Iterator[tuple[str, str]]:
    """Yield label and sentence of every fact of a level but tables; one label may have several sentences."""
    yield from (("size", sentence) for sentence in size_sentences(step))
    told = step.proof is not None and step.proof.status == "not run" and step.proof.reason == step.reason
    optional = (("reason", "" if told else step.reason), ("risk", risk_text(step)), ("bytecode", step.bytecode))
    yield from ((label, text) for label, text in optional if text)
    if step.proof is not None:
        yield from proof_entries(step.proof)
    yield from (("warning", warning) for warning in step.warnings)
    if step.seconds:
        yield "took", f"{step.seconds:.0f} s" if step.seconds >= 1 else "less than a second"


def difference_row(difference: AnswerDifference) -> tuple[str, str, str, str]:
    """Return what was asked, where in the answer, what the original says there, and what the slimmed image says."""
    return difference.step, difference.place, difference.before, difference.after


def attempt_rows(attempts: Sequence[SlimAttempt]) -> list[tuple[str, str, str, str]]:
    """Return number and outcome, size, what was added back before it, and why it failed, of each image put to the proof."""
    return [
        (
            f"{number}. {one.outcome}",
            _attempt_size(one),
            _listed(one.added_back),
            one.reason,
        )
        for number, one in enumerate(attempts, start=1)
    ]


def _attempt_size(attempt: SlimAttempt) -> str:
    parts = [f"{bytes_text(attempt.size_bytes)} unpacked"] if attempt.size_bytes else []
    if attempt.compressed_bytes is not None:
        parts.append(f"{bytes_text(attempt.compressed_bytes)} pulled")
    if attempt.seconds >= 1:
        parts.append(f"{attempt.seconds:.0f} s")
    return ", ".join(parts)


def start_rows(starts: Sequence[Comparison]) -> list[tuple[str, str, str, str, str]]:
    """Return what started, verdict, ratio, medians, and what the original does against itself, or why nothing is claimed."""
    rows = []
    for one, (title, verdict, ratio, medians, noise) in zip(starts, comparison_rows(starts), strict=True):
        is_noise = one.noise_low is not None and one.pairs and one.verdict != "not measured"
        why = one.note.removeprefix("not measured: ")
        rows.append((title, verdict, ratio, medians, f"the original against itself {noise}" if is_noise else why))
    return rows


def keeping_text(groups: Sequence[SlimGroup]) -> str:
    """Return how a group that goes can be made to stay; empty where none has a pattern."""
    patterns = [group.pattern for group in groups if group.pattern][:3]
    return f"--slim-keep makes a group stay: {', '.join(patterns)}" if patterns else ""


def going(step: SlimStep) -> list[SlimGroup]:
    """Return the groups of which something goes, in their order."""
    return [group for group in step.groups if group.dropped_files or group.dropped_bytes]


def group_row(group: SlimGroup) -> tuple[str, ...]:
    """Return a group under GROUP_TITLES."""
    return (
        bytes_text(group.dropped_bytes),
        whole_text(group.dropped_files),
        bytes_text(group.kept_bytes) if group.kept_files else "",
        group_name(group),
        group.risk,
        group.pattern,
    )


def group_name(group: SlimGroup) -> str:
    """Return whose files they are: "python torch", "leftover tests", "application"."""
    return f"{group.kind} {group.name}" if group.name and group.name != group.kind else group.kind


def largest_text(group: SlimGroup, most: int) -> str:
    """Return the largest files of a group that go, with their bytes."""
    return ", ".join(f"{_absolute(path)} {bytes_text(size)}" for path, size in group.largest[:most])


def groups_rest(groups: Sequence[SlimGroup], shown: int) -> str:
    """Return how many groups are left out after those shown, and their bytes; empty for none."""
    rest = groups[shown:]
    if not rest:
        return ""
    return f"and {plural(len(rest), 'more group')}, {bytes_text(sum(group.dropped_bytes for group in rest))}"


def going_text(groups: Sequence[SlimGroup]) -> str:
    """Return what goes in all."""
    files = sum(group.dropped_files for group in groups)
    return f"{bytes_text(sum(group.dropped_bytes for group in groups))} in {plural(files, 'file')}"


def kept_row(share: KeptShare) -> tuple[str, str, str]:
    """Return a reason and what stays for it under KEPT_TITLES."""
    return bytes_text(share.bytes), whole_text(share.files), share.reason


def unexercised_row(one: Unexercised) -> tuple[str, str, str]:
    """Return what no exercise reached, where, and its bytes."""
    return one.what, one.place, bytes_text(one.bytes) if one.bytes else ""


def layer_rows(step: SlimStep) -> list[tuple[str, str, str]]:
    """Return part, bytes as pulled and digest of each layer under LAYER_TITLES, those of the manifest last."""
    rows = [(str(part), bytes_text(compressed), digest) for part, digest, compressed in step.layers]
    return [*rows, *([("manifest", "", step.digest)] if step.digest else [])]


def progress_text(progress: SlimProgress) -> str:
    """Return what goes on in one line: the level, what it does, files seen opened, answers compared."""
    counts = [f"{plural(progress.opened, 'path')} opened"] if progress.opened else []
    if progress.answers:
        counts.append(f"{plural(progress.answers, 'answer')} compared")
    doing = progress.doing if progress.doing.startswith(progress.level) else f"{progress.level}: {progress.doing}"
    return ", ".join((doing, *counts))


def _listed(texts: Sequence[str]) -> str:
    rest = f" and {len(texts) - MOST_NAMED:,} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + rest


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"
