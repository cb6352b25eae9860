"""Images started on real engines: which phase a time lands in, failures of containers, and that nothing of it stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.bench.cold_start import cold_start
from inspector.errors import UnreadableArtifact
from inspector.formats.image.engine import read_engine
from inspector.formats.image.loadable import make_loadable
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.artifact import EngineReference
from inspector.records.benchmark import ColdStart, ImageStart
from inspector.records.event import Finished
from inspector.records.loadable_image import LoadableImage
from inspector.records.measurement import CacheState, Conditions
from inspector.runtimes.container.ours import remove_stale
from inspector.runtimes.container.start import image_starter, start_image
from tests.images.build import File, ImageSpec, build_layer, docker_archive
from tests.images.engine import PROJECT, EngineUnderTest
from tests.images.programs import shell_tools
from tests.images.serving import PORT, serving_images
from tests.images.starting import alone, eventually, forwarded, loadable, nothing_stays_on, ours_on, result, shared_folder

MIB = 1 << 20
LIMITS = Limits(memory_bytes=128 * MIB, wall_seconds=60)
CONFIG = {
    "Cmd": ["sh", "-c", "sleep 0.3; echo ready; sleep 60"],
    "Env": ["PATH=/bin:/usr/bin"],
    "Volumes": {"/data": {}},
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers share."""
    return shared_folder(tmp_path_factory)


@pytest.fixture(autouse=True)
def _one_at_a_time(shared: Path) -> Iterator[None]:
    """Let no two of these tests run at once: each looks at what is left on the engine."""
    with alone(shared):
        yield


@pytest.fixture
def engine(docker_engine: EngineUnderTest, monkeypatch: pytest.MonkeyPatch) -> EngineUnderTest:
    """Return a Docker engine, as the one that the environment names."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    return docker_engine


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> LoadableImage:
    """Return a small image with a shell, which is ready after 0.3 s by its first output."""
    folder = tmp_path_factory.mktemp("shell")
    layer = build_layer(shell_tools("sleep", "cat", "yes", "test", "touch"), "gzip")
    return loadable(docker_archive(folder / "image.tar", [ImageSpec([layer], CONFIG)]), folder / "loadable")


def sh(command: str) -> tuple[str, ...]:
    return ("sh", "-c", command)


def started(
    image: LoadableImage,
    start: ImageStart | None = None,
    limits: Limits = LIMITS,
    cache: CacheState = "cold",
    cpus: float | None = None,
) -> ColdStart:
    return result(start_image(image, start or ImageStart(), cache, cpus, limits))


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_phases_are_those_of_a_pull_and_add_up(
    kind: str, shell: LoadableImage, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: EngineUnderTest = request.getfixturevalue(f"{kind}_engine")
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    with nothing_stays_on(engine), image_starter(shell, ImageStart(bytes_per_second=1_000_000), LIMITS) as starter:
        cold = result(starter("cold", None, None))
        warm = result(starter("warm", None, None))
        again = result(starter("cold", None, None))
    assert (cold.failure, warm.failure, again.failure) == ("", "", "")
    phases = {phase.name: phase for phase in cold.phases}
    assert list(phases) == ["transfer", "unpack", "create", "start", "ready"]
    assert [phase.name for phase in warm.phases] == ["create", "start", "ready"]
    assert phases["transfer"].modelled
    assert phases["transfer"].milliseconds == pytest.approx(shell.pulled_bytes / 1000)
    assert sum(phase.milliseconds for phase in cold.phases if not phase.modelled) == pytest.approx(cold.wall_ms)
    assert phases["ready"].milliseconds > 200  # the sleep of 300 ms, part of it before the engine answers
    assert phases["unpack"].milliseconds > 1
    assert any("sending" in note for note in cold.notes)
    if cold.resident_before is not None:
        assert cold.resident_before < 0.05 or cold.cache_note
        assert warm.resident_before == pytest.approx(1, abs=0.05)
    else:
        assert "not controlled" in cold.cache_note


@pytest.mark.parametrize(
    ("command", "ready", "phase"),
    [
        ("sleep 0.5; echo a; sleep 60", "", "ready"),
        ("echo a; sleep 0.5; echo now b; sleep 60", "log:now b", "ready"),
        ("sleep 0.5", "exit", "ready"),
    ],
)
def test_a_planted_sleep_lands_in_the_wait_for_readiness(
    engine: EngineUnderTest, shell: LoadableImage, command: str, ready: str, phase: str
) -> None:
    start = started(shell, ImageStart(sh(command), ready))
    assert start.failure == ""
    assert {one.name: one.milliseconds for one in start.phases}[phase] > 350


@pytest.mark.parametrize(
    ("start", "limits", "failure"),
    [
        (ImageStart(sh("sleep 60")), Limits(128 * MIB, 4), r"not ready within 4 s \(waited for its first output\)"),
        (ImageStart(sh("echo hm; sleep 60"), "log:done"), Limits(128 * MIB, 4), "not ready within 4 s .*last output: hm"),
        (ImageStart(sh("echo oh no >&2; exit 1")), LIMITS, "ended with exit code 1 before it was ready: oh no"),
        (ImageStart(sh("exit 0"), "log:ready"), LIMITS, "ended with exit code 0 before it was ready"),
        (ImageStart(sh("exit 3"), "exit"), LIMITS, "ended with exit code 3"),
        (ImageStart(sh("x=aaaaaaaa; while :; do x=$x$x; done")), Limits(16 * MIB, 30), "want of memory.*16 MiB"),
        (ImageStart(("yes", "a" * 1000), "log:never"), LIMITS, "printed more than 64 MiB"),
        (ImageStart(("nosuch", "thing")), LIMITS, "cannot run its command nosuch"),
        (ImageStart(sh("sleep 60"), f"http://localhost:{PORT}/"), Limits(128 * MIB, 4), "nothing listens on that port"),
    ],
)
def test_a_container_that_fails_says_why_in_time_and_is_gone(
    engine: EngineUnderTest, shell: LoadableImage, start: ImageStart, limits: Limits, failure: str
) -> None:
    began = time.monotonic()
    with nothing_stays_on(engine):
        found = started(shell, start, limits)
    assert re.search(failure, found.failure), found.failure
    assert found.failure.isprintable()
    assert time.monotonic() - began < (limits.wall_seconds or 0) + 30
    assert "unpack" in [phase.name for phase in found.phases]


def test_a_program_for_another_platform_says_so(engine: EngineUnderTest, tmp_path: Path) -> None:
    program = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
    program[18:20] = (0xF3).to_bytes(2, "little")  # RISC-V, of the machines that ELF knows
    layer = build_layer({"program": File(bytes(program), mode=0o755)})
    spec = ImageSpec([layer], {"Cmd": ["/program"]}, platform="linux/riscv64")
    image = loadable(docker_archive(tmp_path / "image.tar", [spec]), tmp_path / "loadable")
    with nothing_stays_on(engine):
        assert "another platform" in started(image).failure


def test_flooding_after_being_ready_hurts_nobody(engine: EngineUnderTest, shell: LoadableImage) -> None:
    with nothing_stays_on(engine):
        assert started(shell, ImageStart(("yes", "a" * 1000))).failure == ""


def test_the_health_check_of_the_image_decides(engine: EngineUnderTest, tmp_path: Path) -> None:
    layer = build_layer(shell_tools("sleep", "touch", "test"), "gzip")
    config = {
        "Cmd": ["sh", "-c", "echo up; sleep 0.6; touch /tmp/well; sleep 60"],
        "Env": ["PATH=/bin:/usr/bin"],
        "Healthcheck": {"Test": ["CMD", "test", "-f", "/tmp/well"], "Interval": 30_000_000_000},
    }
    image = loadable(docker_archive(tmp_path / "image.tar", [ImageSpec([layer], config)]), tmp_path / "loadable")
    with nothing_stays_on(engine):
        start = started(image)
    assert start.failure == ""
    assert {phase.name: phase.milliseconds for phase in start.phases}["ready"] > 400


def test_a_quota_reaches_the_container(engine: EngineUnderTest, shell: LoadableImage) -> None:
    quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; sleep 60"
    assert started(shell, ImageStart(sh(quota), "log:25000"), cpus=0.25).failure == ""
    assert "CPUs" in started(shell, cpus=9999.0).failure


def test_the_users_own_image_and_its_name_stay(engine: EngineUnderTest, shell: LoadableImage, tmp_path: Path) -> None:
    name = f"image-start-{os.getpid()}:1"
    archive = docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer(shell_tools("sleep"), "gzip")], CONFIG, (name,))])
    engine.load(archive)
    client = engine.client()
    try:
        before = client.inspect_image(name)
        with nothing_stays_on(engine):
            assert started(loadable(archive, tmp_path / "loadable")).failure == ""
            of_engine = list(read_engine(EngineReference(name)))[-1]
            assert isinstance(of_engine, Finished)
            exported = result(make_loadable(of_engine.result, tmp_path / "loadable"))
            assert exported.engine == engine.host
            assert started(exported).failure == ""
        after = client.inspect_image(name)
        assert (after["Id"], after["RepoTags"], after["RootFS"]) == (before["Id"], before["RepoTags"], before["RootFS"])
    finally:
        client.remove_image(name, force=True)


def test_cancelling_leaves_nothing(engine: EngineUnderTest, shell: LoadableImage) -> None:
    cancel = CancelToken()
    with nothing_stays_on(engine):
        with image_starter(shell, ImageStart(sh("sleep 60")), LIMITS) as starter:
            steps = starter("cold", None, cancel)
            next(steps)
            assert not cancel.cancelled
            _cancel_once_something_runs(engine, cancel)
            with pytest.raises(ChildFailed, match="cancelled"):
                result(steps)
        assert ours_on(engine) == set()


def _cancel_once_something_runs(engine: EngineUnderTest, cancel: CancelToken) -> None:
    import threading

    def wait() -> None:
        eventually(lambda: any(name.startswith("/") for name in ours_on(engine)))
        cancel.cancel()

    threading.Thread(target=wait, daemon=True).start()


def test_what_a_killed_run_left_the_next_one_removes(engine: EngineUnderTest, tmp_path: Path) -> None:
    with nothing_stays_on(engine):
        process = _starting_in_a_process(tmp_path)
        assert eventually(lambda: len(ours_on(engine)) == 2 or process.poll() is not None, 60)
        process.send_signal(signal.SIGKILL)
        assert b"Traceback" not in process.communicate(timeout=60)[1]
        assert len(ours_on(engine)) == 2
        remove_stale(engine.client())
        assert ours_on(engine) == set()


def test_an_interrupt_leaves_nothing(engine: EngineUnderTest, tmp_path: Path) -> None:
    with nothing_stays_on(engine):
        process = _starting_in_a_process(tmp_path)
        assert eventually(lambda: len(ours_on(engine)) == 2 or process.poll() is not None, 60)
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate(timeout=60)[1]
        assert ours_on(engine) == set()


def _starting_in_a_process(folder: Path) -> subprocess.Popen[bytes]:
    """Return a process that starts an image and waits for it for a minute."""
    archive = docker_archive(folder / "image.tar", [ImageSpec([build_layer(shell_tools("sleep"), "gzip")], CONFIG)])
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.images.starting import *\n"
        "from inspector.runtimes.container.start import ImageStart, Limits, start_image\n"
        "image = loadable(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "result(start_image(image, ImageStart(('sleep', '60')), 'cold', None, Limits(None, 60)))\n"
    )
    command = [sys.executable, "-c", code, str(archive), str(folder / "loadable")]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=subprocess.PIPE)


def test_an_engine_behind_a_network_address(
    engine: EngineUnderTest, shell: LoadableImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarded(engine.host.removeprefix("unix://")) as port, nothing_stays_on(engine):
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        start = started(shell)
        assert start.failure == ""
        assert [phase.name for phase in start.phases] == ["transfer", "unpack", "create", "start", "ready"]
        asked = started(shell, ImageStart(sh("sleep 60"), "http://localhost:8000/"), Limits(128 * MIB, 5))
        assert asked.failure


def test_without_an_engine_it_is_one_line(shell: LoadableImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(UnreadableArtifact, match="no container engine answers"):
        started(shell)


@pytest.mark.timeout(900)  # on a busy machine most of it is waiting for the disk
def test_a_fat_and_a_lean_image_of_one_model(engine: EngineUnderTest, shared: Path, tmp_path: Path) -> None:
    images = serving_images(shared / "serving_images")
    lean, fat = loadable(images.lean, tmp_path / "lean"), loadable(images.fat, tmp_path / "fat")
    limits = Limits(1 << 30, 100)
    with nothing_stays_on(engine):
        with image_starter(fat, ImageStart(), limits) as before, image_starter(lean, ImageStart(), limits) as after:
            part = result(
                cold_start(
                    {"before": before, "after": after},
                    Conditions(cache="cold"),
                    "cpu",
                    {"before": "digits:fat", "after": "digits:lean"},
                    4,
                )
            )
        python = str(Path(sys.executable).resolve())
        http = ImageStart((python, "/srv/serve.py", "http", str(PORT)), f"http://localhost:{PORT}/predict")
        served = started(lean, http, limits)
    heavy, light = part.runs
    assert (heavy.failures, light.failures) == (0, 0)
    assert list(heavy.phases) == list(light.phases) == ["transfer", "unpack", "create", "start", "ready"]
    assert heavy.phases["transfer"].median_ms > 2 * light.phases["transfer"].median_ms
    assert heavy.phases["unpack"].median_ms > light.phases["unpack"].median_ms
    whole = next(one for one in part.comparisons if not one.phase)
    assert whole.low <= whole.ratio <= whole.high
    assert served.failure == ""
    assert [phase.name for phase in served.phases[3:]] == ["start", "listening", "ready"]
