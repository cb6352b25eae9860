"""What became of each rung, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inspector.isolation.plain_line import plain_line
from inspector.optimize.half.messages import Census, Converted, Converter, Kept
from inspector.records.optimization import Attempt, KeptNode

if TYPE_CHECKING:
    from inspector.optimize.optimizer import StepWork


def summary(attempts: Sequence[Attempt]) -> str:
    """Return why no rung passed, in one line: each one's own reason."""
    said = [f"{one.name}: {one.reason}" for one in attempts if one.reason]
    return "no candidate passed: " + "; ".join(said) if said else "no candidate passed"


def candidate_name(rung: Converter, kept: Sequence[Kept], round_: int) -> str:
    """Return what a candidate is called in the log."""
    if rung == "weights only":
        return "fp16 weights only, computation in fp32"
    wider = f", islands widened {'once' if round_ == 1 else 'twice'}" if round_ else ""
    islands = f", {len(kept)} nodes in fp32" if kept else ""
    return f"{rung} float16{islands}{wider}"


def recipe(rung: Converter, made: Converted, ranges: str, kept: Sequence[Kept], half_io: Sequence[str]) -> tuple[str, ...]:
    """Return how a candidate was made, one line a step."""
    io = f"inputs and outputs {'fp16' if half_io else 'fp32'}"
    if rung == "weights only":
        return (f"weights stored in fp16 ({made.versions}), {made.casts:,} Casts back to fp32, computation in fp32", io)
    counted = f"{made.half_nodes:,} nodes in fp16, {made.float_nodes:,} in fp32, {made.casts:,} Casts added"
    return (f"{made.versions}, float16", counted, ranges, f"{len(kept):,} nodes kept in fp32", io)


def kept_nodes(kept: Sequence[Kept]) -> tuple[KeptNode, ...]:
    """Return kept nodes as the record has them."""
    return tuple(KeptNode(one.shown or plain_line(one.name), one.operator, one.reason, one.node, one.sqnr_db) for one in kept)


def census_line(census: Census | None) -> str:
    """Return what the census found, in a line."""
    if census is None:
        return "no census of ranges"
    return f"census of {census.measured:,} tensors on {census.samples} samples: largest value {census.largest:,.4g}"


def where_measured(census: Census | None, work: StepWork, attempt: Attempt) -> str:
    """Return on what parity was measured and what is known of hardware that computes in fp16."""
    device = work.settings.device.upper() if work.settings.device == "cpu" else work.settings.device
    said = f"parity was measured on a {device}, which computes most of fp16 in fp32"
    if attempt.worst_sqnr_db is not None:
        said += f"; rounded to fp16 after every node, its worst output keeps {attempt.worst_sqnr_db:.1f} dB"
    if census is None:
        return said
    source = "the data" if work.calibration.source == "data" else "synthetic inputs"
    left = f", {census.unmeasured} could not be measured" if census.unmeasured else ""
    return (
        f"{said}; no value exceeds {census.largest:,.4g} in {census.measured:,} tensors on {census.samples} samples of {source}"
        f" (fp16 ends at 65,504){left}"
    )
