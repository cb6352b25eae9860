"""Where and how a review was made, and how to do it again."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from textual.content import Content

from inspector.records.review import Review
from inspector.report.bench_sentences import machine_facts, plan_sentence
from inspector.report.figures import bytes_text, plural, share_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.text_rows import labeled, wrapped

Lines = list[Content]

_LABEL = 14


def method_lines(review: Review, width: int, path: str) -> Lines:
    """Return environment, method and how to reproduce, a section each; path is that of the review."""
    lines: Lines = []
    for title, section in (
        ("environment", _environment(review, width)),
        ("method", _method(review, width)),
        ("how to reproduce", _reproduce(review, width, path)),
        ("what went less well", [line for one in review.warnings for line in wrapped(one, width, "$medium", most=6)]),
    ):
        if section:
            lines += [*([Content()] if lines else []), Content.styled(title, "$accent-text bold"), *section]
    return lines


def _environment(review: Review, width: int) -> Lines:
    environment = review.environment
    known = (
        ("processor", environment.cpu or "not known"),
        ("instructions", ", ".join(environment.isa)),
        ("cores", plural(environment.cores, "core")),
        ("memory", bytes_text(environment.memory_bytes)),
        ("platform", environment.platform),
        ("machine", " · ".join(machine_facts(environment.machine)) if environment.machine is not None else ""),
    )
    lines = [line for label, text in known if text for line in labeled(label, text, width, _LABEL, most=6)]
    for name, version in environment.versions.items():
        lines += labeled("", Content.assemble(plain(name, "$soft"), plain(f" {version}")), width, _LABEL)
    return lines


def _method(review: Review, width: int) -> Lines:
    told = [plan_sentence(review.plan)] if review.plan is not None and review.benchmarks else []
    told += review.method
    if review.comparisons:
        told.append(
            "before and after were measured interleaved in random order; ratios are medians of pairs with an interval of 95 %;"
            " an interval that holds 1 shows no difference"
        )
    if review.image is not None:
        told.append("reclaimable is what is shipped less what is in the final file system, to the byte")
    if review.graph is not None:
        covered = share_text(review.graph.flops.covered)
        told.append(f"FLOPs cover {covered} of the computing nodes; a multiply-accumulate is two")
    return [line for text in told for line in _point(text, width)]


def _point(text: str, width: int) -> Lines:
    first, *others = wrapped(text, width - 2, most=6) or [Content()]
    return [Content.assemble(("· ", "$soft"), first), *(Content.assemble("  ", line) for line in others)]


def _reproduce(review: Review, width: int, path: str) -> Lines:
    lines: Lines = []
    for why, command in _commands(review, path):
        lines += [*wrapped(why, width, "$soft"), *(Content.assemble("  ", line) for line in wrapped(command, width - 2))]
    recipe = [(change.optimizer, line) for change in review.changes if change.status == "accepted" for line in change.recipe]
    previous = ""
    for name, line in recipe:
        lines += labeled(name if name != previous else "", line, width, _LABEL, most=6)
        previous = name
    return lines


def _commands(review: Review, path: str) -> Iterator[tuple[str, str]]:
    """Yield what a command is for, and the command as a shell takes it."""
    artifact, own = quote(review.artifact.path), quote(path)
    if review.plan is not None and review.benchmarks:
        yield "measure it again as it was measured:", f"modelpack-tui --replay {own}"
    if not review.artifact.inside:
        yield "open the artifact itself, where it is at hand:", f"modelpack-tui {artifact}"
        yield "see what has changed since:", f"modelpack-tui {own} --compare {artifact}"
    if review.artifact.sha256:
        yield "it is the same artifact if its SHA-256 is:", review.artifact.sha256
