"""What an index says in words, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.finding import SEVERITIES
from inspector.records.index import Index, IndexRow
from inspector.report.figures import count_text, plural, whole_text

FORMAT_NAMES = {"onnx": "ONNX", "saved_model": "SavedModel", "tflite": "LiteRT", "image": "image"}


def worst_first(index: Index) -> list[IndexRow]:
    """Return the rows: what could not be read first, then what fails, each in the order of the run."""
    order = {"unreadable": 0, "fail": 1, "pass": 2}
    return sorted(index.rows, key=lambda row: order[row.verdict])


def summary_sentence(index: Index) -> str:
    """Return what became of the run in one sentence."""
    counts = {verdict: sum(row.verdict == verdict for row in index.rows) for verdict in ("pass", "fail", "unreadable")}
    parts = [f"{plural(len(index.rows), 'artifact')} in {seconds_text(index.seconds)}", f"{whole_text(counts['pass'])} pass"]
    if counts["fail"]:
        parts.append(f"{whole_text(counts['fail'])} fail")
    if counts["unreadable"]:
        parts.append(f"{whole_text(counts['unreadable'])} could not be read")
    if index.not_looked_at:
        parts.append(f"interrupted: {whole_text(len(index.not_looked_at))} not looked at")
    return f"{parts[0]}: {', '.join(parts[1:])}"


def seconds_text(seconds: float) -> str:
    """Return a time in seconds, with a decimal below ten."""
    return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:,.0f} s"


def contents_text(row: IndexRow) -> str:
    """Return what an artifact holds: layers of an image, nodes and parameters of a model."""
    if row.layer_count is not None:
        return plural(row.layer_count, "layer")
    if row.node_count is None:
        return ""
    nodes = plural(row.node_count, "node")
    return f"{nodes} · {count_text(row.parameter_count)} params" if row.parameter_count is not None else nodes


def findings_text(row: IndexRow) -> str:
    """Return how many findings there are of each severity, the worst first."""
    return ", ".join(f"{whole_text(row.findings[one])} {one}" for one in SEVERITIES if row.findings.get(one))


def trouble_text(row: IndexRow) -> str:
    """Return why an artifact does not pass: its error with the hint, or the rules that it breaks; empty where it passes."""
    if row.error:
        return f"{row.error} ({row.hint})" if row.hint else row.error
    parts = [*_rules("fails", row.failed), *_rules("undecided", row.undecided)]
    return "; ".join(parts)


def _rules(what: str, rules: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(rules)}"] if rules else []
