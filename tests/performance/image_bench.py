"""The image part of `make bench`: against dive on the same tar, and how soon an engine's image is on screen."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.images import big_image
from tests.images.build import Entries, Folder, ImageSpec, Whiteout, build_layer, legacy_docker_archive
from tests.images.engine import running_engine
from tests.performance.measuring import Row, interleave, median_ratio, median_seconds, peak_bytes, run_once
from tests.performance.terminal import Terminal

COMMAND = str(Path(sys.executable).parent / "modelpack-tui")
DIVE = str(Path(sys.executable).parent / "dive")
MB = 1_000_000
KEPT, OLD, NEW = b"0" * 10_000, b"1" * 5_000, b"2" * 5_000
TEXTBOOK: Mapping[str, Sequence[Entries]] = {
    "a file overwritten": ({"d/file": KEPT}, {"d/file": b"3" * 10_000}),
    "a file overwritten, then its folder deleted": ({"kept": KEPT, "d/file": OLD}, {"d/file": NEW}, {"d": Whiteout()}),
    "a folder deleted": ({"kept": KEPT, "d": Folder(), "d/one": OLD, "d/two": NEW}, {"d": Whiteout()}),
}
"""dive's own example and its two halves: each ships 20,000 bytes, 10,000 of them in vain."""


def report() -> Iterator[Row]:
    """A full JSON report of an image of several gigabytes against dive's analysis of the same tar."""
    path = str(big_image.big_image())
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as users run it: what pip installs comes compiled
    with tempfile.TemporaryDirectory() as folder:
        subjects = {
            "report": partial(run_once, [COMMAND, path, "--report", "-", "--format", "json"], compiled),
            "dive": partial(run_once, [DIVE, f"docker-archive://{path}", "--json", f"{folder}/dive.json"], {"CI": "true"}),
        }
        samples = interleave(subjects, rounds=5)
    said = our_report(path)["image"]
    name = f"image, {Path(path).stat().st_size / 1e9:.1f} GB, {said['file_count']:,} files"
    ratio = median_ratio(samples["report"], samples["dive"])
    seconds = f"{median_seconds(samples['report']):.2f} s against {median_seconds(samples['dive']):.2f} s"
    yield Row(f"{name}: JSON report / dive", f"{ratio:.2f}x ({seconds})", "<= 0.35x", ratio <= 0.35)
    peak = peak_bytes(samples["report"])
    yield Row("  peak memory, children included", f"{peak / MB:.0f} MB", "<= 400 MB", peak <= 400 * MB)
    yield Row("  dive of it", f"{peak_bytes(samples['dive']) / MB:.0f} MB", "for comparison", holds=True)


def textbook() -> Iterator[Row]:
    """dive's textbook case: our figure beside dive's."""
    with tempfile.TemporaryDirectory() as folder:
        for name in TEXTBOOK:
            path = write_textbook(Path(folder), name)
            ours, shipped = our_waste(path)
            figure = f"{ours:,} of {shipped:,} (dive: {dive_waste(path):,})"
            yield Row(f"{name}: reclaimable", figure, "10,000 of 20,000", (ours, shipped) == (10_000, 20_000))


def engine() -> Iterator[Row]:
    """The first screen of an image on an engine, and how much of its export had come by then."""
    path = big_image.big_image()
    with tempfile.TemporaryDirectory() as folder, running_engine("docker", Path(folder)) as running:
        running.load(path)
        total = sum(len(chunk) for chunk in running.client().get_image(big_image.NAME, chunk_size=1 << 20))
        with counting(running.host) as counter:
            environment = {"DOCKER_HOST": counter.host}
            with Terminal(
                ["env", *(f"{key}={value}" for key, value in environment.items()), COMMAND, big_image.NAME]
            ) as terminal:
                seconds = terminal.wait_for("pip install")
                streamed = counter.received
    share = streamed / total
    figure = f"{streamed / MB:.1f} MB of {total / MB:,.0f} MB ({seconds:.2f} s)"
    yield Row("image on an engine: streamed at the first screen", figure, "< 10 %", share < 0.1)


def write_textbook(folder: Path, name: str) -> Path:
    """Write one of the textbook cases as `docker save` does."""
    layers = [build_layer(layer) for layer in TEXTBOOK[name]]
    return legacy_docker_archive(folder / "textbook.tar", [ImageSpec(layers)])


def our_report(path: str) -> dict[str, Any]:
    """Return our JSON report of an image."""
    done = subprocess.run([COMMAND, path, "--report", "-", "--format", "json"], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def our_waste(path: Path) -> tuple[int, int]:
    """Return reclaimable and shipped bytes."""
    said = our_report(str(path))["image"]
    return said["reclaimable_bytes"], said["shipped_bytes"]


def dive_waste(path: Path) -> int:
    """Return what dive calls inefficient bytes."""
    with tempfile.TemporaryDirectory() as folder:
        run_once([DIVE, f"docker-archive://{path}", "--json", f"{folder}/dive.json"], {"CI": "true"})
        return int(json.loads(Path(folder, "dive.json").read_text())["image"]["inefficientBytes"])


class Counter:
    """A socket in front of an engine's, and the bytes that the engine sent through it."""

    def __init__(self, host: str, engine: str) -> None:
        self.host = host
        self.received = 0
        self._engine = engine.removeprefix("unix://")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(host.removeprefix("unix://"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._engine)
            threading.Thread(target=self._pass, args=(client, engine, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(engine, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, count: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if count:
                    self.received += len(data)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


@contextmanager
def counting(engine: str) -> Iterator[Counter]:
    """Hold a socket that passes on to the engine and counts what it sends."""
    with tempfile.TemporaryDirectory(prefix="cnt", dir="/tmp") as folder:
        counter = Counter(f"unix://{folder}/s", engine)
        try:
            yield counter
        finally:
            counter.close()
