"""Lines that programs print to say that something is wrong: those that the slimmed image prints and the original never does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from inspector.isolation.plain_line import plain_line

MOST_MESSAGES: Final = 20
_MOST_LINES: Final = 20_000
_LONGEST: Final = 2_000
_ESCAPES: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LEFT_OUT: Final = re.compile(r"^\[[0-9,]+ bytes left out\]$")
_TROUBLE: Final = re.compile(
    r"\b(?:warn(?:ing|ings)?|errors?|fatal|critical|panic|traceback|exception|failed|failure|cannot|could not|can't|unable"
    r"|not found|no such file|missing|denied|segmentation fault|abort(?:ed)?)\b|\w(?:Error|Exception|Warning)\b",
    re.IGNORECASE,
)
_CHANGING: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b0x[0-9a-f]+\b", "<address>"),
        (r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{1,2}[/ ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[/ ]\d{4}(?:[: ]\d\d:\d\d:\d\d)?", "<time>"),
        (r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* +\d{1,2},?(?: \d{4})?(?: \d\d:\d\d:\d\d)?\b", "<time>"),
        (r"\b(?:mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?\b,?", "<day>"),
        (r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b", "<time>"),
        (r"\b[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)? ?(?:ns|us|µs|ms|s|sec|secs|seconds?|minutes?|milliseconds?)\b", "<duration>"),
        (r"\b(?:pid|tid|thread|process|worker)\b[ =:#\[(-]*\d+", "<process>"),
        (r"\[\d+\]", "<process>"),
        (r"(?<=[0-9a-z\])]):\d{4,5}\b", ":<port>"),
        (r"/tmp/[^\s'\":,)]+", "<temporary>"),  # noqa: S108 - what a program prints
        (r"\b1[0-9]{9}(?:\.\d+|\d{3}|\d{6}|\d{9})?\b", "<time>"),
        (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,64}\b", "<id>"),
    )
)
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


def new_messages(before: Sequence[tuple[bytes, bytes]], after: tuple[bytes, bytes]) -> tuple[str, ...]:
    """Return lines on standard error that no run before has, and such on standard output that tell of trouble.

    Each run is its standard output and standard error. Lines are the same if they differ only in times, durations, process
    numbers, addresses, ports and identifiers, or in numbers that change from one run before to the other.
    """
    runs = [[normalized(line) for stream in streams for line in _lines(stream)] for streams in before]
    known = {line for run in runs for line in run}
    changing = _changing_templates(runs)
    found: dict[str, str] = {}
    for line in _candidates(after):
        told = normalized(line)
        if told not in known and _template(told) not in changing:
            found.setdefault(told, plain_line(line, 200))
        if len(found) == MOST_MESSAGES:
            break
    return tuple(found.values())


def normalized(line: str) -> str:
    """Return a line with names in the place of what is another in each run."""
    for pattern, name in _CHANGING:
        line = pattern.sub(name, line)
    return " ".join(line.split())


def _candidates(streams: tuple[bytes, bytes]) -> Iterator[str]:
    printed, complained = streams
    yield from _lines(complained)
    yield from (line for line in _lines(printed) if _TROUBLE.search(line))


def _lines(stream: bytes) -> list[str]:
    """Return lines that say something; where part of the output was left out, without those that it cuts."""
    lines = _ESCAPES.sub("", stream.decode("utf-8", "replace")).splitlines()
    cut = {near for index, line in enumerate(lines) if _LEFT_OUT.match(line) for near in (index - 1, index, index + 1)}
    kept = (line[:_LONGEST] for index, line in enumerate(lines) if index not in cut and line.strip())
    return [line for _, line in zip(range(_MOST_LINES), kept, strict=False)]


def _changing_templates(runs: Iterable[list[str]]) -> set[str]:
    """Return lines without their numbers, of those that are not in every run with the same ones."""
    by_run = [set(run) for run in runs]
    if len(by_run) < 2:
        return set()
    variants: dict[str, list[set[str]]] = defaultdict(lambda: [set() for _ in by_run])
    for index, run in enumerate(by_run):
        for line in run:
            variants[_template(line)][index].add(line)
    return {template for template, sets in variants.items() if "#" in template and any(one != sets[0] for one in sets)}


def _template(line: str) -> str:
    return _NUMBER.sub("#", line)
