"""How levels, sizes and starts are written on the slim tab."""

from __future__ import annotations

from inspector.records.measurement import Comparison
from inspector.records.slimming import SlimProof, SlimStep, SlimVerdict
from inspector.records.written_image import ImageBytes
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.tui.widgets.benchmark.figures import VERDICT_GLYPHS as START_GLYPHS
from inspector.tui.widgets.benchmark.figures import VERDICT_ROLES as START_ROLES
from inspector.tui.widgets.optimize.figures import ratio_text

VERDICT_ROLES: dict[SlimVerdict, str] = {
    "proven": "good",
    "not proven": "medium",
    "rejected": "high",
    "nothing to do": "soft",
    "cannot run": "soft",
}
VERDICT_GLYPHS: dict[SlimVerdict, str] = {
    "proven": "✓",
    "not proven": "◆",
    "rejected": "✗",
    "nothing to do": "·",
    "cannot run": "·",
}


def verdict_text(verdict: SlimVerdict) -> str:
    """Return the word with a glyph that tells it without color: "✓ proven"."""
    return f"{VERDICT_GLYPHS[verdict]} {verdict}"


def size_ratio(step: SlimStep) -> float | None:
    """Return the bytes of all layers after over those before; None where nothing was written."""
    return _ratio(step.before.size_bytes, step.after.size_bytes if step.after is not None else None)


def pulled_ratio(step: SlimStep) -> float | None:
    """Return the bytes pulled after over those before; None where either is not known."""
    return _ratio(step.before.compressed_bytes, step.after.compressed_bytes if step.after is not None else None)


def _ratio(before: int | None, after: int | None) -> float | None:
    return after / before if before and after is not None else None


def change_text(before: int | None, after: int | None) -> str:
    """Return "3.1 GB → 129.0 MB"."""
    return bytes_text(before) if after is None else f"{bytes_text(before)} → {bytes_text(after)}"


def files_text(image: ImageBytes) -> str:
    """Return "65,461 files in 12 layers"."""
    return f"{plural(image.files, 'file')} in {plural(image.layers, 'layer')}"


def answers_text(proof: SlimProof | None) -> str:
    """Return how the answers compare: "24 equal", "2 differ", "–" where nothing was compared."""
    if proof is None or proof.status == "not run":
        return "–"
    if proof.differences:
        return f"{whole_text(len(proof.differences))} differ"
    if proof.status == "failed":
        return "failed"
    return f"{whole_text(proof.answers)} equal"


def added_text(proof: SlimProof | None) -> str:
    """Return what had to be added back until it served: "added back: numpy, /etc"; empty where nothing had to."""
    names = [name for one in (proof.attempts if proof is not None else ()) for name in one.added_back]
    return f"added back: {', '.join(dict.fromkeys(names))}" if names else ""


def main_start(proof: SlimProof | None) -> Comparison | None:
    """Return the comparison of whole starts that weighs most: the cold one, where it was measured."""
    whole = [one for one in (proof.starts if proof is not None else ()) if not one.phase and one.verdict != "not measured"]
    cold = [one for one in whole if one.conditions is not None and one.conditions.cache == "cold"]
    return next(iter((*cold, *whole)), None)


def start_figure(comparison: Comparison) -> str:
    """Return the ratio behind a glyph that tells the verdict without color: "✓ 0.47×", "= 0.94×"."""
    return f"{START_GLYPHS[comparison.verdict]} {ratio_text(comparison.ratio)}"


def start_role(comparison: Comparison) -> str:
    """Return the role that a verdict on starts is drawn in."""
    return START_ROLES[comparison.verdict]
