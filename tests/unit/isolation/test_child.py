"""Real children, ended in every way a child can end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from child_endings import TEST_LIMITS, await_death, fail, finish, is_running
from child_entries import Question, Reply

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.isolation import memory
from inspector.isolation.child import ChildFailed, FinishedChild, run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.protocol import HEADER, PROGRESS, RESULT, frame
from inspector.records.event import Progress


def test_result_and_progress_cross_as_typed_data() -> None:
    question = Question("q", (1, 2, 3), b"\0" * 3_000_000)
    events = list(run_child("child_entries:answer", question, Reply, TEST_LIMITS))
    assert Progress(3, 3, "numbers") in events
    last = events[-1]
    assert isinstance(last, FinishedChild)
    assert last.result == Reply("q", 6, 3_000_000)
    assert last.peak_bytes is not None
    assert 4_000_000 < last.peak_bytes < 200_000_000
    assert last.seconds > 0


def test_progress_is_throttled() -> None:
    events = list(run_child("child_entries:flood", 50_000, int, TEST_LIMITS))
    assert events[-1].result == 50_000
    assert 1 <= len(events) - 1 < 2000


def test_noise_on_the_standard_streams_disturbs_nothing() -> None:
    assert finish("noisy", 3000).result == 3000


def test_segfault() -> None:
    error = fail("segfault")
    assert error.kind == "crashed"
    assert error.message == "the test crashed: segmentation fault"
    assert error.output == "about to read nowhere now"


def test_abort() -> None:
    error = fail("abort")
    assert error.kind == "crashed"
    assert "aborted" in error.message


@pytest.mark.parametrize("code", [0, 1, 3, 77])
def test_exit_without_answer(code: int) -> None:
    error = fail("leave", code)
    assert error.kind == "crashed"
    assert f"exit code {code}" in error.message


def test_system_exit_is_a_failure() -> None:
    assert fail("system_exit", 0).kind == "failed"


def test_memory_limit() -> None:
    error = fail("eat_memory", 1000, limits=Limits(memory_bytes=300 << 20))
    assert error.kind == "out_of_memory"
    assert "300 MiB" in error.message


def test_allocation_failure_in_native_code() -> None:
    assert fail("abort_for_want_of_memory").kind == "out_of_memory"


def test_killed_by_the_system() -> None:
    assert fail("killed_from_outside").kind == "out_of_memory"


def test_resident_memory_is_watched_where_the_kernel_sets_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "HARD_LIMIT", False)
    error = fail("eat_memory_slowly", 2000, limits=Limits(memory_bytes=200 << 20, wall_seconds=60))
    assert error.kind == "out_of_memory"
    assert error.peak_bytes is not None


def test_exception_comes_back_as_its_last_line_cleaned() -> None:
    error = fail("raise_value_error")
    assert error.kind == "failed"
    assert error.message == "the test failed: ValueError: bad node [/b] gnp.exe"


def test_public_error_comes_back_as_itself() -> None:
    with pytest.raises(UnreadableArtifact) as caught:
        finish("raise_public_error", 0)
    assert (caught.value.message, caught.value.hint) == ("model.onnx is cut short", "download it again")
    assert type(caught.value) is UnreadableArtifact


def test_private_subclass_comes_back_as_its_public_parent() -> None:
    with pytest.raises(UnreadableArtifact, match="odd"):
        finish("raise_private_error", 0)


def test_operation_failed_in_the_child_is_not_a_child_failure() -> None:
    with pytest.raises(OperationFailed) as caught:
        finish("raise_operation_failed", 0)
    assert not isinstance(caught.value, ChildFailed)


def test_wall_clock() -> None:
    error = fail("sleep", 60.0, str, Limits(wall_seconds=0.5))
    assert error.kind == "timed_out"
    assert "0.5 s" in error.message


def test_wall_clock_while_native_code_holds_the_interpreter() -> None:
    assert fail("hold_the_interpreter", limits=Limits(wall_seconds=1)).kind == "timed_out"


def test_wall_clock_holds_even_when_nobody_listens() -> None:
    events = run_child("child_entries:sleep", 60.0, str, Limits(wall_seconds=0.3))
    with closing(events):
        pid = int(next(events).note)
        assert await_death(pid)


def test_processor_time() -> None:
    error = fail("spin", limits=Limits(cpu_seconds=1, wall_seconds=60))
    assert error.kind == "timed_out"


@pytest.mark.parametrize("entry", ["sleep", "sleep_deaf"])
def test_cancel(entry: str) -> None:
    token = CancelToken()
    events = run_child(f"child_entries:{entry}", 60.0, str, TEST_LIMITS, token, title="sleeping")
    pid = int(next(events).note)
    token.cancel()
    with pytest.raises(ChildFailed, match="sleeping was cancelled") as caught:
        list(events)
    assert caught.value.kind == "cancelled"
    assert not is_running(pid)


def test_cancel_from_another_thread() -> None:
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    assert fail("sleep", 60.0, str, cancel=token).kind == "cancelled"


def test_cancelled_before_the_start() -> None:
    token = CancelToken()
    token.cancel()
    assert fail("answer", Question("", ()), Reply, cancel=token).kind == "cancelled"


def test_closing_the_generator_kills_the_child() -> None:
    events = run_child("child_entries:sleep", 60.0, str, TEST_LIMITS)
    pid = int(next(events).note)
    events.close()
    assert not is_running(pid)


def test_forgetting_the_generator_kills_the_child() -> None:
    events = run_child("child_entries:sleep", 60.0, str, TEST_LIMITS)
    pid = int(next(events).note)
    del events
    gc.collect()
    assert not is_running(pid)


def test_grandchildren_die_with_a_finished_child() -> None:
    assert await_death(finish("start_a_grandchild", 0).result)


def test_grandchildren_die_with_a_cancelled_child() -> None:
    token = CancelToken()
    events = run_child("child_entries:start_a_grandchild_and_sleep", 0, int, TEST_LIMITS, token)
    grandchild = int(next(events).note)
    token.cancel()
    with pytest.raises(ChildFailed):
        list(events)
    assert await_death(grandchild)


@pytest.mark.parametrize("entry", ["sleep", "hold_the_interpreter"])
def test_child_dies_with_its_parent(entry: str) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from inspector.isolation.child import run_child\n"
        f"for event in run_child('child_entries:{entry}', 60, object): print(event.note, flush=True)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.send_signal(signal.SIGKILL)
    assert await_death(child)


def test_child_outlives_the_thread_that_started_it() -> None:
    events = run_child("child_entries:sleep", 1.0, str, TEST_LIMITS)
    starter = threading.Thread(target=next, args=(events,))
    starter.start()
    starter.join()
    assert list(events)[-1].result == "slept"


_GARBAGE = {
    "unknown kind": b"\xff" * 64,
    "length past every bound": RESULT + b"\xff\xff\xff\xff",
    "no msgpack": frame(RESULT, b"\xc1\xc1"),
    "progress of the wrong type": frame(PROGRESS, msgspec.msgpack.encode(["a", "b", "c"])),
    "progress too long": HEADER.pack(PROGRESS, 1 << 20),
    "failure of the wrong type": frame(b"F", msgspec.msgpack.encode({"kind": 1})),
    "failure that names any class": frame(b"F", msgspec.msgpack.encode(["error", "annotations", "m", "h"])),
    "invalid text": frame(RESULT, b"\xa2\xff\xfe"),
}


@pytest.mark.parametrize("data", _GARBAGE.values(), ids=_GARBAGE.keys())
def test_garbage_on_the_pipe(data: bytes) -> None:
    assert fail("write_garbage", data, str).kind in ("crashed", "failed")


def test_child_that_closes_its_pipes_is_not_waited_for() -> None:
    assert fail("close_every_pipe").kind == "crashed"


def test_result_of_the_wrong_type() -> None:
    error = fail("wrong_type")
    assert error.kind == "crashed"
    assert "makes no sense" in error.message


def test_result_that_cannot_be_encoded() -> None:
    assert fail("no_message").kind == "failed"


def test_result_past_the_limit() -> None:
    assert fail("noisy", 1, response_type=int, result_limit=0).kind == "crashed"


@pytest.mark.parametrize("entry", ["nowhere:nothing", "child_entries:nothing"])
def test_missing_entry(entry: str) -> None:
    with pytest.raises(ChildFailed) as caught:
        list(run_child(entry, 0, int, TEST_LIMITS))
    assert caught.value.kind == "failed"


def test_limits_are_in_force() -> None:
    limits = finish("limits_in_force", 0, dict[str, tuple[int, int]], Limits(512 << 20, 60, 30)).result
    assert limits["RLIMIT_AS"] == (512 << 20, 512 << 20)
    assert limits["RLIMIT_CORE"] == (0, 0)
    assert limits["RLIMIT_CPU"][0] == 30


def test_no_limits() -> None:
    assert finish("answer", Question("", (1,)), Reply, Limits(None, None, None)).result.total == 1


def test_child_leads_a_session_of_its_own() -> None:
    pid, group, session = finish("session", 0, tuple[int, int, int]).result
    assert pid == group == session != os.getsid(0)


def test_child_inherits_no_descriptor(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        shown = finish("open_descriptors", 0, list[str]).result
    assert not [name for name in shown if "secret" in name]


def test_child_imports_only_what_its_entry_needs() -> None:
    loaded = set(finish("loaded_modules", 0, list[str]).result)
    heavy = {
        "onnx",
        "numpy",
        "onnxruntime",
        "textual",
        "rich",
        "google.protobuf",
        "psutil",
        "asyncio",
        "pickle",
        "multiprocessing",
    }
    assert not heavy & loaded
    own = {name for name in loaded if name.startswith("inspector")}
    assert own == {
        "inspector",
        "inspector.errors",
        "inspector.isolation",
        "inspector.isolation.child_main",
        "inspector.isolation.confinement",
        "inspector.isolation.memory",
        "inspector.isolation.protocol",
    }


def test_a_file_in_the_current_folder_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnx", "numpy", "msgspec", "inspector", "struct", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = finish("import_path", 0, list[str]).result
    assert str(tmp_path) not in path
    assert all(Path(entry).is_absolute() for entry in path if "__editable__" not in entry)
    assert finish("answer", Question("", (2,)), Reply).result.total == 2


def test_many_children_at_once() -> None:
    results: list[int] = []

    def work(number: int) -> None:
        results.append(finish("answer", Question("", (number,)), Reply).result.total)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(6))
