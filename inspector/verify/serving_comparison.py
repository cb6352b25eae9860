"""What the original and the slimmed image did, side by side: answers, exit codes, and what they complained of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from inspector.isolation.plain_line import plain_line
from inspector.records.contract import Tolerances
from inspector.records.serving import Answer, AnswerDifference, Served, ServingComparison
from inspector.verify.answer_documents import document_of
from inspector.verify.json_comparison import NumberTolerance, compare_documents, shown_value
from inspector.verify.messages_comparison import new_messages
from inspector.verify.volatile_parts import Turns, VolatileParts, same_body

MOST_DIFFERENCES: Final = 50
MOST_VOLATILE: Final = 200
_LEAST_HTTP_ERROR: Final = 400
_EXIT_CODES_END: Final = 200
_LEAST_HTTP: Final = 100
_NOT_RUN: Final = (126, 127)
"""Exit codes of shells and engines for a command that is not there, or is no program."""

_Key = tuple[int, str, int]
"""Exercise, step, and which of several steps of that name."""


@dataclass(slots=True)
class _Findings:
    """What has come out so far."""

    tolerance: NumberTolerance
    compared: int = 0
    parts: int = 0
    """Statuses aside, what of the answers was compared: values, lines, bodies."""
    differences: list[AnswerDifference] = field(default_factory=list)
    volatile: dict[str, None] = field(default_factory=dict)
    largest_error: float | None = None

    def differs(self, step: str, place: str, before: str, after: str) -> None:
        """Take note of a difference."""
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(AnswerDifference(step, place, before, after))

    def is_volatile(self, what: str) -> None:
        """Take note of what is not compared."""
        if len(self.volatile) < MOST_VOLATILE:
            self.volatile[what] = None

    def off_by(self, error: float | None) -> None:
        """Take note of an error within tolerance."""
        if error is not None:
            self.largest_error = max(self.largest_error or 0.0, error)


def compare_serving(originals: Sequence[Served], slimmed: Served, tolerances: Tolerances) -> ServingComparison:
    """Return what differs between runs of the original, one or more, and one of the slimmed image.

    Compared are statuses, content types and bodies of answers of the same step and turn, exit codes, and messages. JSON is
    compared part by part, floating-point numbers within tolerances.max_absolute (None: 1e-6, or 1e-5 relative), all else as it
    is. What differs between two runs of the original (between turns, where there is one run only) is volatile and not
    compared; where nothing else is left, the two are not equal. Nor are they where the original itself fails.
    """
    problem = _problem_of_originals(originals)
    if problem:
        return ServingComparison(False, 0, reason=f"the original itself {problem}")
    findings = _Findings(_number_tolerance(tolerances))
    wanted = [_by_step(one) for one in originals]
    given = _by_step(slimmed)
    for key in dict.fromkeys((*wanted[0], *given)):
        _compare_step(key, [one.get(key, {}) for one in wanted], given.get(key, {}), findings)
    _compare_ends(originals, slimmed, findings)
    messages = _new_messages(originals, slimmed)
    reason = _reason(slimmed, findings, messages)
    return ServingComparison(
        not reason,
        findings.compared,
        tuple(findings.differences),
        messages,
        tuple(findings.volatile),
        reason,
        findings.largest_error,
    )


def _number_tolerance(tolerances: Tolerances) -> NumberTolerance:
    if tolerances.max_absolute is None:
        return NumberTolerance()
    return NumberTolerance(tolerances.max_absolute, 0.0)


def _problem_of_originals(originals: Sequence[Served]) -> str:
    """Return why nothing can be held against the original; empty where something can."""
    if not originals:
        return "was not run"
    failed = next((one.failure for one in originals if one.failure), "")
    if failed:
        return f"fails: {failed}"
    asked = [answer for one in originals for answer in one.answers if answer.exercise >= 0]
    unknown = next((answer for answer in asked if answer.status in _NOT_RUN), None)
    if unknown is not None:
        return f"cannot run {unknown.step}: exit code {unknown.status}"
    if asked and all(_is_error(answer) for answer in asked):
        return f"answers with errors only: {asked[0].step}: {_told_status(asked[0])}"
    statuses: dict[tuple[_Key, int], set[int | None]] = {}
    for one in originals:
        for key, turns in _by_step(one).items():
            for turn, answer in turns.items():
                statuses.setdefault((key, turn), set()).add(answer.status)
    for (key, _), found in statuses.items():
        if len(found) > 1 and key[0] >= 0:
            return f"does not always answer {key[1]} with the same status: {', '.join(sorted(map(str, found)))}"
    return ""


def _is_error(answer: Answer) -> bool:
    """Whether a status is that of an HTTP error, or an exit code that is none of success."""
    status = answer.status
    if status is None or status < _LEAST_HTTP:
        return status != 0
    return status >= _LEAST_HTTP_ERROR or status < _EXIT_CODES_END


def _by_step(served: Served) -> dict[_Key, Turns]:
    """Return answers by what was asked."""
    found: dict[_Key, Turns] = {}
    seen: Counter[tuple[int, str, int]] = Counter()
    for answer in served.answers:
        again = (answer.exercise, answer.step, answer.turn)
        found.setdefault((answer.exercise, answer.step, seen[again]), {})[answer.turn] = answer
        seen[again] += 1
    return found


def _compare_step(key: _Key, originals: list[Turns], slimmed: Turns, findings: _Findings) -> None:
    """Compare all turns of one step."""
    if any(answer.failure for one in originals for answer in one.values()):
        findings.is_volatile(f"{key[1]}: the original gives no answer")  # only of what the image brings itself
        return
    turns = sorted({*originals[0], *slimmed})
    volatile = VolatileParts(originals, findings.tolerance)
    for turn in turns:
        step = _told_step(key, turn, len(turns))
        before, after = originals[0].get(turn), slimmed.get(turn)
        if before is None or after is None or after.failure:
            findings.differs(step, "answer", _told(before), _told(after))
            continue
        findings.compared += 1
        if before.status != after.status:
            findings.differs(step, "status", _told_status(before), _told_status(after))
        elif not volatile.content_type and before.content_type != after.content_type:
            findings.differs(step, "content type", before.content_type or "none", after.content_type or "none")
        else:
            _compare_bodies(step, before, after, volatile, findings)
    for what in volatile.told():
        findings.is_volatile(f"{key[1]}: {what}")


def _compare_bodies(step: str, before: Answer, after: Answer, volatile: VolatileParts, findings: _Findings) -> None:
    if volatile.all:
        return
    if not volatile.places and same_body(before, after):
        findings.parts += 1 if before.body_bytes else 0
        return
    one, other = document_of(before), document_of(after)
    if one.kind != other.kind:
        findings.differs(step, "body", f"{one.kind}, {before.body_bytes:,} bytes", f"{other.kind}, {after.body_bytes:,} bytes")
        return
    found = compare_documents(one.content, other.content, findings.tolerance, volatile.places, MOST_DIFFERENCES)
    findings.parts += found.compared
    findings.off_by(found.largest_error)
    for difference in found.differences:
        shown = shown_value(difference.before), shown_value(difference.after)
        findings.differs(step, one.shown(difference.place), *shown)


def _compare_ends(originals: Sequence[Served], slimmed: Served, findings: _Findings) -> None:
    """Compare how containers ended, once they were asked to."""
    codes = list(dict.fromkeys(one.exit_code for one in originals))
    if slimmed.exit_code not in codes and not slimmed.failure:
        findings.differs("the end", "exit code", " or ".join(map(_told_code, codes)), _told_code(slimmed.exit_code))
    if len(codes) > 1:
        findings.is_volatile("exit code")


def _new_messages(originals: Sequence[Served], slimmed: Served) -> tuple[str, ...]:
    return new_messages([_streams(one) for one in originals], _streams(slimmed))


def _streams(served: Served) -> tuple[bytes, bytes]:
    """Return what a container printed, what commands in it complained of included."""
    return served.stdout, b"\n".join((served.stderr, *(answer.errors for answer in served.answers)))


def _reason(slimmed: Served, findings: _Findings, messages: tuple[str, ...]) -> str:
    """Return why the two are not equal, in one line; empty where they are."""
    if slimmed.failure:
        return plain_line(slimmed.failure)
    if findings.differences:
        first = findings.differences[0]
        more = f" (and {len(findings.differences) - 1:,} more)" if len(findings.differences) > 1 else ""
        return plain_line(f"{first.step}: {first.place} is {first.after}, was {first.before}{more}")
    if messages:
        return plain_line(f"a new message: {messages[0]}")
    if findings.compared and findings.volatile and not findings.parts:
        return "nothing that can be compared: all answers differ from run to run of the original"
    return ""


def _told_step(key: _Key, turn: int, turns: int) -> str:
    again = f", {_ordinal(key[2])} of that name" if key[2] else ""
    return f"{key[1]}{again}{f', {_ordinal(turn)} time' if turns > 1 else ''}"


def _ordinal(index: int) -> str:
    return {0: "1st", 1: "2nd", 2: "3rd"}.get(index, f"{index + 1}th")


def _told(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return plain_line(answer.failure, 200) or _told_status(answer)


def _told_status(answer: Answer) -> str:
    return "none" if answer.status is None else str(answer.status)


def _told_code(code: int | None) -> str:
    return "killed" if code is None else str(code)
