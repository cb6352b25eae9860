"""Real stand-alone programs, ended in every way a program can end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from child_endings import await_death

from inspector.isolation.child import ChildFailed
from inspector.isolation.cpu_quota import QuotaRefused, why_no_grant
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.program import LINES, ProgramRun, run_program
from inspector.isolation.program_process import ProgramLine, ProgramProcess, usage_of

LIMITS = Limits(memory_bytes=1 << 30, wall_seconds=60)
HEAD = "import os, sys, time; say = lambda text: os.write(int(sys.argv[1]), text.encode() + b'\\n')\n"
ROOT = Path(__file__).parents[3]


def run(code: str, limits: Limits = LIMITS, **more: object) -> ProgramRun:
    """Run Python code, which may say() lines, to its end."""
    argv = [sys.executable, "-I", "-S", "-c", HEAD + code, LINES]
    program = run_program(argv, limits, title="the test", **more)  # type: ignore[arg-type]
    while True:
        try:
            assert isinstance(next(program), ProgramLine)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def test_stamps_lie_in_order_and_on_the_programs_own_clock() -> None:
    done = run("say(str(time.monotonic_ns())); time.sleep(0.05); say(str(time.monotonic_ns()))")
    assert done.failure is None
    own = [int(line.text) for line in done.lines]
    arrivals = [line.at_ns for line in done.lines]
    assert done.spawn_ns < done.exec_ns < own[0] < arrivals[0] < own[1] < arrivals[1] <= done.end_ns
    assert own[1] - own[0] >= 50_000_000
    assert done.used_before.cpu_ns == 0


def test_no_line_arrives_before_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where we are kept waiting between being told of it and reading it."""
    receive = ProgramProcess._receive

    def kept_waiting(self: ProgramProcess, fd: int) -> bytes | None:
        time.sleep(0.02)
        return receive(self, fd)

    monkeypatch.setattr(ProgramProcess, "_receive", kept_waiting)
    done = run("import time\nfor _ in range(20): say(str(time.monotonic_ns())); time.sleep(0.001)")
    assert len(done.lines) == 20
    assert all(int(line.text) <= line.at_ns for line in done.lines)


def test_what_is_given_is_read_and_what_is_printed_disturbs_nothing() -> None:
    given = os.urandom(3_000_000)
    code = (
        "data = sys.stdin.buffer.read()\n"
        "for _ in range(3000): print('x' * 1000); print('y' * 1000, file=sys.stderr)\n"
        "say(str(len(data)) + ' ' + str(sum(data)))\nsys.stdout.flush()\nos.write(2, b'\\x1b[31mlast words')"
    )
    done = run(code, given=given)
    assert [line.text for line in done.lines] == [f"{len(given)} {sum(given)}"]
    assert done.failure is None
    assert done.output.endswith(b"last words")
    assert len(done.output) <= 8192


def test_a_line_that_never_ends_is_bounded_and_those_before_it_are_kept() -> None:
    done = run("os.write(int(sys.argv[1]), b'here\\nthere\\n' + b'y' * 40000)\nwhile True: os.write(int(sys.argv[1]), b'y')")
    assert [line.text for line in done.lines] == ["here", "there"]
    assert done.failure is not None
    assert done.failure.kind == "crashed"
    assert "makes no sense" in str(done.failure)


def test_everything_said_before_the_end_is_heard() -> None:
    done = run("for number in range(20_000): say(str(number))")
    assert [line.text for line in done.lines] == [str(number) for number in range(20_000)]


def test_lines_without_end_are_bounded() -> None:
    done = run("while True: os.write(int(sys.argv[1]), b'yyyyyyy\\n' * 8000)")
    assert "makes no sense" in str(done.failure)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("sys.exit(3)", "crashed", "exit code 3"),
        ("os.abort()", "crashed", "aborted"),
        ("os.kill(os.getpid(), 9)", "out_of_memory", "killed by the system"),
        ("bytearray(3 << 30)", "out_of_memory", "1 GiB"),
        ("while True: pass", "timed_out", "longer than 0.5 s"),
        ("import signal; signal.signal(15, signal.SIG_IGN); time.sleep(60)", "timed_out", "longer than 0.5 s"),
    ],
)
def test_how_it_ended_is_data_and_what_it_said_before_is_kept(code: str, kind: str, words: str) -> None:
    limits = Limits(1 << 30, 0.5) if kind == "timed_out" else LIMITS
    done = run(f"say('here')\n{code}", limits)
    assert done.failure is not None
    assert (done.failure.kind, [line.text for line in done.lines]) == (kind, ["here"])
    assert words in str(done.failure)
    assert str(done.failure).startswith("the test ")


def test_reserved_address_space_is_not_memory() -> None:
    code = "import mmap; mmap.mmap(-1, 8 << 30, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE | 0x4000); say('reserved')"
    argv = [sys.executable, "-I", "-c", HEAD + code, LINES]
    assert [line.text for line in run_program(argv, LIMITS, title="x")] == ["reserved"]


def test_no_core_is_written() -> None:
    code = "import resource; time.sleep(0.1); say(str(resource.getrlimit(resource.RLIMIT_CORE)))"
    argv = [sys.executable, "-I", "-c", HEAD + code, LINES]
    assert [line.text for line in run_program(argv, LIMITS, title="x")] == ["(0, 0)"]


def test_a_program_that_is_not_there_is_data_too() -> None:
    with pytest.raises(StopIteration) as end:
        next(run_program(["/nowhere/program"], LIMITS, title="the test"))
    run_: ProgramRun = end.value.value
    assert run_.failure is not None
    assert str(run_.failure) == "the test could not start a process (program: No such file or directory)"


def test_cancelling_ends_it() -> None:
    token = CancelToken()
    program = run_program(
        [sys.executable, "-I", "-c", HEAD + "say(str(os.getpid())); time.sleep(60)", LINES], LIMITS, token, title="the test"
    )
    pid = int(next(program).text)
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        next(program)
    assert caught.value.kind == "cancelled"
    assert await_death(pid)
    with pytest.raises(ChildFailed):
        next(run_program(["true"], LIMITS, token, title="the test"))


def test_closing_the_generator_ends_it_and_what_it_has_started() -> None:
    code = "import subprocess; child = subprocess.Popen(['sleep', '60']); say(f'{os.getpid()} {child.pid}'); time.sleep(60)"
    program = run_program([sys.executable, "-I", "-c", HEAD + code, LINES], LIMITS, title="the test")
    pids = [int(pid) for pid in next(program).text.split()]
    program.close()
    assert all(await_death(pid) for pid in pids)


def test_what_it_leaves_running_ends_with_it() -> None:
    done = run("import subprocess; say(str(subprocess.Popen(['sleep', '60']).pid))")
    assert done.failure is None
    assert await_death(int(done.lines[0].text))


def test_it_dies_with_a_parent_that_is_killed() -> None:
    parent = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from inspector.isolation.program import LINES, run_program\n"
        "from inspector.isolation.limits import Limits\n"
        "code = 'import os, sys, time; os.write(int(sys.argv[1]), str(os.getpid()).encode() + bytes([10])); time.sleep(60)'\n"
        "for line in run_program([sys.executable, '-I', '-c', code, LINES], Limits(1 << 30, 60), title='x'):\n"
        "    print(line.text, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent, str(ROOT)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        assert await_death(pid)


def test_the_environment_is_added_to() -> None:
    done = run("say(os.environ['MODEL'] + str('PATH' in os.environ))", environment={"MODEL": "m"})
    assert done.lines[0].text == "mTrue"


def test_preparing_is_over_when_the_clock_starts() -> None:
    seen: list[int] = []

    def prepare() -> None:
        time.sleep(0.05)
        seen.append(time.monotonic_ns())

    done = run("say('x')", prepare=prepare)
    assert seen[0] <= done.spawn_ns


def test_under_a_quota_it_takes_as_long_as_that_allows() -> None:
    if why := why_no_grant(0.25):
        pytest.skip(why)
    code = "start = time.monotonic_ns()\nwhile time.process_time() < 0.2: pass\nsay(str(time.monotonic_ns() - start))"
    seen: list[int] = []
    done = run(code, cpus=0.25, prepare=lambda: seen.append(time.monotonic_ns()))
    assert done.failure is None
    assert done.notes == ("0.25 CPU by a control group (version 1)",) or "version 2" in done.notes[0]
    assert int(done.lines[0].text) > 400_000_000
    assert seen[0] <= done.spawn_ns < done.exec_ns
    assert done.used_before.cpu_ns > 0
    assert done.used_before.minor_faults > 0


def test_a_program_that_is_not_there_under_a_quota() -> None:
    if why := why_no_grant(1):
        pytest.skip(why)
    with pytest.raises(StopIteration) as end:
        next(run_program(["/nowhere/program"], LIMITS, title="the test", cpus=1))
    assert end.value.value.failure is not None


def test_a_quota_that_cannot_be_granted() -> None:
    with pytest.raises(QuotaRefused):
        run("say('x')", cpus=100_000.0)


def test_usage_of_a_process_that_is_gone() -> None:
    assert usage_of(2**22 + 1).cpu_ns == 0
    assert usage_of(os.getpid()).cpu_ns > 0
