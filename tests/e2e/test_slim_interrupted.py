"""Slimming cut off: by signals at several moments, a full disk, an engine that dies. The input stays, and nothing else does."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.images.build import File, ImageSpec, Whiteout, build_layer, docker_archive
from tests.images.engine import PROJECT, EngineUnderTest, running_engine
from tests.images.programs import shell_tools
from tests.images.starting import alone, eventually, nothing_stays_on, ours_on, shared_folder

pytestmark = pytest.mark.timeout(900)  # on a busy machine most of it is waiting for the engine

SERVE = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"
EXERCISE = "sh -c 'sleep 0.4; cat /srv/data'"
CONFIG = {"Cmd": ["sh", "-c", SERVE], "Env": ["PATH=/bin:/usr/bin"]}
MIB = 1 << 20


@dataclass(frozen=True)
class Run:
    """The command at work on an image, in folders of its own."""

    process: subprocess.Popen[str]
    image: Path
    digest: str
    temporary: Path
    target: Path

    def holds(self, pattern: str) -> bool:
        """Whether something is in the private folder that a pattern matches."""
        return any(True for _ in self.temporary.glob(f"modelpack-tui-*/{pattern}"))

    def until(self, moment: Callable[[], bool]) -> None:
        """Wait for a moment; fails where the command ends before."""
        assert eventually(lambda: moment() or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.process.communicate()

    def end(self, seconds: float = 60) -> str:
        """Wait until the command ends, and check that it left nothing; returns what it printed on standard error."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        out, err = self.process.communicate(timeout=seconds)
        assert out == ""
        assert "Traceback" not in err
        assert hashlib.sha256(self.image.read_bytes()).hexdigest() == self.digest
        assert list(self.temporary.glob("modelpack-tui-*")) == []
        assert not psutil.wait_procs(below, timeout=10)[1]
        return err


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small image with a shell that serves, waste, and two megabytes that do not compress."""
    tools = build_layer({**shell_tools("sleep", "cat"), "gone": File(bytes(100_000))}, "gzip")
    chance = b"".join(hashlib.sha256(bytes([a, b])).digest() for a in range(256) for b in range(256))
    data = build_layer({"srv/data": File(b"42\n"), "srv/large": File(chance), "gone": Whiteout()})
    return docker_archive(tmp_path_factory.mktemp("image") / "image.tar", [ImageSpec([tools, data], CONFIG)])


@pytest.fixture
def engine(docker_engine: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineUnderTest]:
    """Return a Docker engine, to no two of these tests at once: each looks at what is left on it."""
    with alone(shared_folder(tmp_path_factory)):
        yield docker_engine


def started(image: Path, folder: Path, host: str, *options: str, temporary: Path | None = None) -> Run:
    """Start the command, its output and its private folder below a folder."""
    target = folder / "out" / "slim.tar"
    temporary = temporary or folder / "tmp"
    for one in (target.parent, temporary):
        one.mkdir(exist_ok=True)
    environment = {**os.environ, "DOCKER_HOST": host, "TMPDIR": str(temporary), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "inspector", image, "--apply", "slim", "--output", target, "--budget", "4s", *options]
    report = ["--report", folder / "review.json", "--exercise", EXERCISE]
    process = subprocess.Popen([*command, *report], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    return Run(process, image, hashlib.sha256(image.read_bytes()).hexdigest(), temporary, target)


def mounts() -> set[str]:
    """Return what is mounted, by its place."""
    return {line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()}


Moment = Callable[[Run, EngineUnderTest], bool]


def reading(run: Run, engine: EngineUnderTest) -> bool:
    """Whether the image is being read, or made ready to be sent."""
    return run.holds("grounds")


def writing(run: Run, engine: EngineUnderTest) -> bool:
    """Whether a slimmed image is being written."""
    return run.holds("work/*/*")


def container(count: int) -> Moment:
    """Return what tells whether so many containers were seen, one after the other."""
    seen = set[str]()

    def is_there(run: Run, engine: EngineUnderTest) -> bool:
        seen.update(name for name in ours_on(engine) if name.startswith("/"))
        return len(seen) >= count

    return is_there


MOMENTS: dict[str, tuple[Callable[[], Moment], str, signal.Signals]] = {
    "reading": (lambda: reading, "flatten", signal.SIGTERM),
    "the original serves": (lambda: container(1), "trace", signal.SIGINT),
    "writing": (lambda: writing, "trace", signal.SIGTERM),
    "what was written serves": (lambda: container(3), "flatten", signal.SIGTERM),
    "starts are compared": (lambda: container(4), "flatten", signal.SIGINT),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_signal_leaves_nothing(engine: EngineUnderTest, image: Path, tmp_path: Path, name: str) -> None:
    moment, level, number = MOMENTS[name]
    is_now, before = moment(), mounts()
    with nothing_stays_on(engine):
        run = started(image, tmp_path, engine.host, "--slim-level", level)
        run.until(lambda: is_now(run, engine))
        run.process.send_signal(number)
        err = run.end()
    assert run.process.returncode == (130 if number == signal.SIGINT else 128 + number), err
    assert list(run.target.parent.iterdir()) == []
    assert eventually(lambda: mounts() <= before)


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_a_signal_while_saving_leaves_all_or_nothing(image: Path, tmp_path: Path, seconds: float) -> None:
    run = started(image, tmp_path, f"unix://{tmp_path}/none", "--slim-level", "flatten")
    run.until(lambda: any(run.target.parent.iterdir()))
    time.sleep(seconds)
    run.process.send_signal(signal.SIGINT)
    run.end()
    left = [path.name for path in run.target.parent.iterdir()]
    assert left in ([], ["slim.tar"])
    if left:
        opened = subprocess.run(["skopeo", "inspect", f"docker-archive:{run.target}"], capture_output=True, text=True)
        assert opened.returncode == 0, opened.stderr


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a file system that holds few bytes."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small file system can be mounted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_target_without_room_is_said_and_left_as_it_was(image: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out", MIB) as disk:
        (disk / "slim.tar").write_bytes(b"what was there")
        run = started(image, tmp_path, f"unix://{tmp_path}/none", "--slim-level", "flatten")
        err = run.end()
        assert run.process.returncode == 4, err
        assert [line for line in err.splitlines() if "error: " in line and "slim.tar" in line], err
        assert [(path.name, path.read_bytes()) for path in disk.iterdir()] == [("slim.tar", b"what was there")]


def test_no_room_to_work_in_is_said_at_once(image: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "tmp", MIB):
        run = started(image, tmp_path, f"unix://{tmp_path}/none", "--slim-level", "flatten")
        err = run.end()
    assert (run.process.returncode, err.count("\n")) == (4, 1), err
    assert "TMPDIR" in err
    assert list(run.target.parent.iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_is_said(engine: EngineUnderTest, image: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "tmp", 512 * MIB) as disk, nothing_stays_on(engine):
        run = started(image, tmp_path, engine.host, "--slim-level", "flatten")
        run.until(lambda: any(name.startswith("/") for name in ours_on(engine)))
        with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(MIB)) == MIB:
                pass
        err = run.end()
        assert run.process.returncode in (1, 4), err
    assert list(run.target.parent.iterdir()) == []


def test_an_engine_that_dies_leaves_the_input_and_no_output(image: Path, tmp_path: Path) -> None:
    with running_engine("docker", tmp_path / "own") as engine:
        run = started(image, tmp_path, engine.host, "--slim-level", "flatten")
        run.until(lambda: any(name.startswith("/") for name in ours_on(engine)))
        _kill(engine)
        err = run.end(90)
        assert run.process.returncode in (1, 4), err
    assert list(run.target.parent.iterdir()) == []
    home = str(Path(engine.host.removeprefix("unix://")).parents[1])
    assert eventually(lambda: not [place for place in mounts() if place.startswith(home)])


def _kill(engine: EngineUnderTest) -> None:
    """Kill an engine and all that it started, containers included, as a crash does."""
    home = str(Path(engine.host.removeprefix("unix://")).parent)
    own = [one for one in psutil.process_iter(["cmdline"]) if any(home in part for part in one.info["cmdline"] or ())]
    doomed = [one for one in own if Path(one.info["cmdline"][0]).name.startswith(("dockerd", "containerd"))]
    for one in list(doomed):
        with suppress(psutil.NoSuchProcess):
            doomed += one.children(recursive=True)
    for one in doomed:
        with suppress(psutil.NoSuchProcess):
            one.kill()
