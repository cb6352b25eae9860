"""What a probe says, line by line, however little sense it makes, and the start it amounts to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.isolation.failure import ChildFailed
from inspector.isolation.plain_line import plain_line
from inspector.isolation.program import ProgramRun
from inspector.isolation.program_process import ProgramLine, Usage
from inspector.records.benchmark import ColdStart
from inspector.runtimes.start_stamps import cold_start_of, hear

PHASES = ("spawn", "interpreter", "imports", "read", "session", "first run", "warm-up")
MS = 1_000_000
WHOLE = [
    "phase interpreter 0 30000000 9000000 1000 50 1 4096",
    "phase imports 31000000 131000000 90000000 2000 60 0 8192",
    "phase read 132000000 133000000 100 2000 0 0 512",
    "phase session 134000000 164000000 29000000 3000 70 2 0",
    "phase first_run 180000000 190000000 9000000 3000 5 0 0",
    "phase warm-up 190500000 195500000 5000000 3001 3 0 0",
    *(f"phase warm-up {start}000000 {start + 1}000000 900000 3002 1 0 0" for start in range(196, 212, 2)),
    "file 2f6c6962",
    "done 1",
]
LATE = 100_000
"""Ns after a stamp at which its line arrives."""


def lines_of(texts: list[str]) -> tuple[ProgramLine, ...]:
    """Return lines that arrive right after what they tell of."""
    found, now = [], 0
    for text in texts:
        fields = text.split()
        if len(fields) > 3 and fields[3].isdigit() and len(fields[3]) < 18:
            now = int(fields[3]) + LATE
        found.append(ProgramLine(now, text))
    return tuple(found)


def start_of(texts: list[str], failure: ChildFailed | None = None, used: Usage | None = None) -> ColdStart:
    lines = lines_of(texts)
    run = ProgramRun(2 * MS, 5 * MS, 400 * MS, lines, 0, failure, used_before=used or Usage())
    return cold_start_of(run, hear(lines, PHASES), PHASES, lambda name, message: f"{name}! {message}", None)


def test_phases_with_what_was_used_and_nothing_between() -> None:
    start = start_of(WHOLE)
    assert start.failure == ""
    assert {phase.name: phase.milliseconds for phase in start.phases} == {
        "spawn": 3.0,
        "interpreter": 25.0,
        "imports": 100.0,
        "read": 1.0,
        "session": 30.0,
        "first run": 10.0,
        "warm-up": 6.0,
    }
    assert list(PHASES) == [phase.name for phase in start.phases]
    imports = start.phases[2]
    assert (imports.cpu_ms, imports.rss_bytes, imports.minor_faults, imports.read_bytes) == (90.0, 2000, 60, 8192)
    warm_up = start.phases[-1]
    assert (warm_up.cpu_ms, warm_up.rss_bytes, warm_up.minor_faults) == (5.9, 3002, 4)
    assert start.wall_ms == pytest.approx(sum(phase.milliseconds for phase in start.phases) + LATE / MS)


def test_the_wall_is_the_parents_own() -> None:
    """A probe whose figures are too small cannot make the sum fit."""
    short = [line.replace("phase imports 31000000", "phase imports 81000000") for line in WHOLE]
    start = start_of(short)
    assert sum(phase.milliseconds for phase in start.phases) < 130
    assert start.wall_ms < 130
    late = ProgramRun(2 * MS, 5 * MS, 400 * MS, tuple(ProgramLine(line.at_ns + 50 * MS, line.text) for line in lines_of(WHOLE)))
    assert cold_start_of(late, hear(late.lines, PHASES), PHASES, str, None).wall_ms == pytest.approx(225.1)  # type: ignore[arg-type]


def test_what_a_waiting_process_had_used_is_not_counted() -> None:
    used = Usage(cpu_ns=4 * MS, minor_faults=20, major_faults=1, read_bytes=4096)
    interpreter = start_of(WHOLE, used=used).phases[1]
    assert (interpreter.cpu_ms, interpreter.minor_faults, interpreter.major_faults, interpreter.read_bytes) == (5.0, 30, 0, 0)


@pytest.mark.parametrize("kept", range(6))
def test_a_start_that_fails_has_the_phases_it_got_to(kept: int) -> None:
    failure = ChildFailed("crashed", "starting m crashed: segmentation fault")
    start = start_of(WHOLE[:kept], failure)
    assert [phase.name for phase in start.phases] == list(PHASES[: min(kept, 5) + 1])
    assert start.failure == "starting m crashed: segmentation fault"
    assert start.wall_ms > 190


def test_a_warm_up_that_was_cut_off_is_no_phase() -> None:
    start = start_of(WHOLE[:8], ChildFailed("timed_out", "too long"))
    assert [phase.name for phase in start.phases] == list(PHASES[:-1])


def test_exceptions_are_explained_and_cleaned() -> None:
    message = b"bad \x1b[31mnode\n"
    said = f"failure {b'RuntimeError'.hex()} {message.hex()}"
    assert start_of([*WHOLE[:3], said]).failure == "RuntimeError! bad node"
    memory = f"failure {b'RuntimeError'.hex()} {b'std::bad_alloc'.hex()}"
    assert "memory" in start_of([*WHOLE[:3], memory]).failure


def test_runs_that_never_got_steady_are_said() -> None:
    assert any("not steady" in note for note in start_of([*WHOLE[:-1], "done 0"]).notes)
    assert not any("not steady" in note for note in start_of(WHOLE).notes)


def test_a_program_that_just_ends_was_not_ready() -> None:
    assert start_of(WHOLE[:-1]).failure == "its process ended before it was ready"
    assert start_of([]).failure == "its process ended before it was ready"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "phase",
        "garbage",
        "phase session 134000000 164000000 1 1 1 1",
        "phase session 134000000 164000000 1 1 1 1 1 1",
        "phase sessions 134000000 164000000 1 1 1 1 1",
        "phase imports 134000000 164000000 1 1 1 1 1",
        "phase session 132500000 164000000 1 1 1 1 1",
        "phase session 164000000 134000000 1 1 1 1 1",
        "phase session 134000000 99999999999999999999999999 1 1 1 1 1",
        "phase session 134000000 999999999999999999 1 1 1 1 1",
        "phase session -1 164000000 1 1 1 1 1",
        "file zz",
        "file 2f6",
        "failure 2f",
        "failure zz zz",
        "\x1b[31mphase",
    ],
)
def test_a_line_that_makes_no_sense_ends_what_is_believed(text: str) -> None:
    start = start_of([*WHOLE[:3], text, *WHOLE[3:]])
    assert start.failure.startswith("its process sent stamps that make no sense: ")
    assert plain_line(text) in start.failure
    assert [phase.name for phase in start.phases] == list(PHASES[:4])


def test_clocks_of_two_processors_may_disagree_a_little() -> None:
    first = ProgramLine(31 * MS, WHOLE[0])
    early = [ProgramLine(131 * MS - ahead, WHOLE[1]) for ahead in (1 * MS, 1 * MS + 1)]
    assert [hear([first, line], PHASES).senseless for line in early] == [None, WHOLE[1]]


@given(st.lists(st.one_of(st.sampled_from(WHOLE), st.text(max_size=40)), max_size=20))
def test_no_lines_whatever_break_it(texts: list[str]) -> None:
    start = start_of([text.replace("\n", "") for text in texts])
    assert start.failure or [phase.name for phase in start.phases] == list(PHASES)
    assert all(phase.milliseconds >= 0 for phase in start.phases)


def test_a_parent_that_was_kept_waiting_after_the_exec() -> None:
    """The interpreter can be up before this process gets to look at the clock again."""
    lines = lines_of(WHOLE)
    late = ProgramRun(2 * MS, 45 * MS, 400 * MS, lines)
    start = cold_start_of(late, hear(lines, PHASES), PHASES, str, None)  # type: ignore[arg-type]
    assert (start.phases[0].milliseconds, start.phases[1].milliseconds) == (28.0, 0.0)
    assert start.wall_ms == pytest.approx(sum(phase.milliseconds for phase in start.phases) + LATE / MS)
