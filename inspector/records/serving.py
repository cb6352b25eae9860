"""What containers do when they are exercised: what they open, answer and print, and two of them side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """What containers opened of their file system: paths, and of those the ones that were executed or listed as folders.

    lost counts what the kernel dropped since nobody read fast enough: where it is not 0, nothing can be left out.
    """

    opened: frozenset[str] = frozenset()
    executed: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    lost: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request or command gave: exercise is its index among those asked for, turn which time it was done (0, 1 …).

    An exercise of -1 is what the image brings itself: its command, where that ends by itself, and its health check.
    status is that of HTTP or an exit code, body the response or standard output, bounded; body_bytes and sha256 are of all.
    """

    exercise: int
    step: str
    """What was asked, for a person: "POST /predict", "python check.py"."""
    turn: int = 0
    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    body_bytes: int = 0
    sha256: str = ""
    errors: bytes = b""
    """Of a command: its standard error, bounded."""
    milliseconds: float = 0.0
    failure: str = ""
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Served:
    """One container from its start to its end: what it answered and printed; streams are bounded at their ends.

    failure says why it did not get ready, or that it ended while it was asked. exit_code is None where it had to be killed.
    """

    answers: tuple[Answer, ...] = ()
    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = None
    ready_ms: float | None = None
    failure: str = ""
    observation: Observation | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """Where the slimmed image answers otherwise: "POST /predict, 2nd time", "$.scores[3]", what it was and what it is."""

    step: str
    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ServingComparison:
    """What the original and the slimmed image did, side by side; equal only if nothing below but volatile holds anything.

    volatile names what differs between two runs of the original, and is therefore not compared. compared counts answers.
    """

    equal: bool
    compared: int
    differences: tuple[AnswerDifference, ...] = ()
    new_messages: tuple[str, ...] = ()
    """Lines on standard error that the original never prints."""
    volatile: tuple[str, ...] = ()
    reason: str = ""
    """Why not, in one line; empty where it is equal."""
    largest_error: float | None = None
    """Of numbers that are within tolerance: the largest absolute difference."""
