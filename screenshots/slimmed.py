"""What the pictures of the slim tab show: the sample image, whose programs cannot run, as if it had been traced.

The survey is the real one. What goes, what is proven and how long it took are made up, of the sample's own files: no run gave
these figures, and they stand for none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Progress
from inspector.records.measurement import Comparison, ComparisonVerdict, Conditions
from inspector.records.slimming import (
    Exercise,
    KeptShare,
    SlimAttempt,
    SlimGroup,
    Slimming,
    SlimProgress,
    SlimProof,
    SlimRequest,
    SlimStep,
    Unexercised,
)
from inspector.records.written_image import ImageBytes, LayerPart
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.slim import SlimPane
from inspector.tui.widgets.slim.choices import decided
from inspector.tui.widgets.slim.level_rows import RunState
from inspector.tui.widgets.slim.runner import SlimRunner

SECONDS = 48.0
"""How long a run is said to have taken, in every picture."""

SITE = "usr/local/lib/python3.12/site-packages"
BEFORE = ImageBytes(3_468_800, 3_289_000, 78, 10)
EXERCISES = (
    Exercise("http", "predict.http", path="predict.http"),
    Exercise("command", "python3.12 /app/check.py", command=("python3.12", "/app/check.py")),
)


def _traced() -> tuple[SlimGroup, ...]:
    gcc = (("usr/lib/gcc/x86_64-linux-gnu/14/cc1", 90_000), ("usr/bin/gcc", 40_000))
    lists = (("var/lib/apt/lists/trixie_main_binary-amd64_Packages", 60_000),)
    tests = ((f"{SITE}/numlite/tests/data/matrix.npy", 24_000), (f"{SITE}/numlite/tests/test_linear.py", 9_000))
    return (
        SlimGroup("application", "/app", 2_100, 4, 705_200, 1, "/app/**", (("app/models/digits_cnn.onnx", 705_200),), "high",
                  "No package owns it. The model in it was never opened: the one in /models was."),
        SlimGroup("debian", "gcc", 0, 0, 130_000, 2, "package:deb:gcc", gcc, "low", "Nothing of it was opened."),
        SlimGroup("application", "/var", 1_400, 2, 110_000, 2, "/var/**", lists, "medium", "Opened in part."),
        SlimGroup("debian", "bash", 0, 0, 72_000, 3, "package:deb:bash", (("usr/bin/bash", 60_000),), "medium",
                  "Nothing of it was opened: the entrypoint runs without a shell."),
        SlimGroup("python", "numlite", 132_300, 6, 54_000, 10, "package:numlite", tests, "low",
                  "Its tests and headers were not opened."),
        SlimGroup("debian", "zlib1g-dev", 0, 0, 52_000, 3, "package:deb:zlib1g-dev",
                  (("usr/lib/x86_64-linux-gnu/libz.a", 40_000),), "low", "Nothing of it was opened."),
        SlimGroup("python", "pixelops", 89_300, 8, 2_100, 2, "package:pixelops", (), "low", "Bytecode of other modules."),
        SlimGroup("python", "portico", 10_400, 7, 2_100, 1, "package:portico", (), "low", "One module was not imported."),
        SlimGroup("debian", "libc6", 126_000, 2, 0, 0, "package:deb:libc6", (), "none", "All of it was opened."),
        SlimGroup("debian", "login", 0, 0, 12_000, 2, "package:deb:login", (("usr/bin/su", 8_000),), "low", "Never opened."),
        SlimGroup("debian", "base-files", 600, 2, 5_500, 1, "package:deb:base-files", (), "low", "Documents were not opened."),
        SlimGroup("model", "/models/digits_cnn.onnx", 705_200, 1, 0, 0, "/models/**", (), "none", "Opened by every request."),
        SlimGroup("system", "the rest of the system", 196_900, 9, 12_000, 2, "", (), "medium", "Links and settings stay."),
    )  # fmt: skip


KEPT = (
    KeptShare("opened", 905_400, 19),
    KeptShare("executed", 210_000, 3),
    KeptShare("library", 120_000, 2),
    KeptShare("bytecode", 24_300, 9),
    KeptShare("package metadata", 6_900, 6),
    KeptShare("settings", 1_600, 7),
)


def _start(cache: str, ratio: float, before: float, phase: str = "") -> Comparison:
    verdict: ComparisonVerdict = "faster" if ratio < 0.9 else "no difference shown"
    conditions = Conditions(cache="cold" if cache == "cold" else "warm")
    return Comparison(
        "cold_start", before, before * ratio, ratio, ratio - 0.02, ratio + 0.03, verdict, 12, 0.97, 1.03, "docker",
        conditions=conditions, phase=phase,
    )  # fmt: skip


def _proof(attempts: tuple[SlimAttempt, ...] = ()) -> SlimProof:
    starts = (_start("cold", 0.47, 1_640), _start("cold", 0.41, 780, "unpack"), _start("cold", 0.99, 310, "start"))
    return SlimProof(
        "passed",
        answers=14,
        exercises=("POST /predict, 6 images", "python3.12 /app/check.py"),
        volatile=("$.milliseconds of POST /predict",),
        largest_error=2.4e-7,
        attempts=attempts,
        starts=(*starts, _start("warm", 1.01, 862)),
    )


def _layers(sizes: tuple[int, int, int, int]) -> tuple[tuple[LayerPart, str, int], ...]:
    digests = ("8a1f63e0c4d1", "51b7d09a2e6f", "e09c417ab853", "3f6620d95c1b")
    parts: tuple[LayerPart, ...] = ("base", "dependencies", "code", "weights")
    return tuple((part, f"sha256:{digest}{'0' * 52}", size) for part, digest, size in zip(parts, digests, sizes, strict=True))


ATTEMPTS = (
    SlimAttempt((), "failed", "POST /predict: 500, not 200: No module named 'portico.json_text'", 1_190_000, 1_080_000, 6.1),
    SlimAttempt(("portico",), "passed", "", 1_272_600, 1_144_000, 6.4),
)


UNREACHED = (
    Unexercised("port", "9090/tcp"),
    Unexercised("code", "/app/preprocess.py", 1_900),
    Unexercised("program", "/app/start.sh", 105),
)


def _steps() -> tuple[SlimStep, ...]:
    flat, clean, trace = (ImageBytes(*figures) for figures in (
        (2_554_400, 2_438_500, 70, 4), (2_060_300, 1_993_000, 47, 4), (1_272_600, 1_144_000, 46, 4),
    ))  # fmt: skip
    return (
        SlimStep("flatten", "accepted", "proven", "", BEFORE, flat, proof=replace(_proof(), starts=()),
                 digest=f"sha256:{'4c' * 32}", layers=_layers((611_000, 262_000, 650_800, 914_700)), seconds=9.4),
        SlimStep("clean", "accepted", "proven", "", BEFORE, clean, "low", proof=replace(_proof(), starts=()),
                 digest=f"sha256:{'91' * 32}", layers=_layers((431_000, 212_000, 435_300, 914_700)), seconds=10.2),
        SlimStep("trace", "accepted", "proven", "", BEFORE, trace, "high",
                 _traced(), KEPT, UNREACHED,
                 "9 files of bytecode are kept (0.0 MB): smaller without, and every start slower", _proof(ATTEMPTS),
                 f"sha256:{'e7' * 32}", _layers((318_000, 176_300, 2_100, 647_600)), seconds=28.4),
    )  # fmt: skip


def show_plan(app: ModelpackApp) -> None:
    """Show the survey of the sample, one kind kept by the user, the cursor in the tree."""
    pane = _pane(app)
    pane.keep_request(SlimRequest(keep=("docs",), exercises=EXERCISES))
    pane.tree_table.focus()
    pane.tree_table.cursor = 3


def show_results(app: ModelpackApp) -> None:
    """Show every level proven."""
    pane = _pane(app)
    request = SlimRequest(keep=("docs",), exercises=EXERCISES)
    pane.keep_request(request)
    pane.runner.ran_with = request
    pane.runner.run = RunState(queue=request.levels)
    pane.runner.saved(Slimming("digits_image.tar", BEFORE, _steps()))
    pane.refresh_all()
    pane.levels.focus()
    pane.levels.cursor = 3
    pane.refresh_all()


def show_tree(app: ModelpackApp) -> None:
    """Show what goes and stays after a trace, a package opened."""
    show_results(app)
    pane = _pane(app)
    pane.tree_table.focus()
    group = next(row for row in pane.tree_table.view.shown if row.name == "numlite")
    pane.tree_table.go_to(group)
    pane.action_unfold()
    pane.keep_request(decided(pane.request, "package:numlite", "keep"))


def show_slimming(app: ModelpackApp) -> None:
    """Show a trace in the middle of it; the job only waits."""
    pane = _pane(app)
    request = SlimRequest(keep=("docs",), exercises=EXERCISES)
    pane.keep_request(request)

    def workflow(token: CancelToken) -> Iterator[Event[Slimming]]:
        yield Progress(2, 3, "slimmed once more, doing its exercises")
        while not token.cancelled:
            time.sleep(0.05)

    runner = pane.runner
    now = SlimProgress("trace", "the slimmed image does POST /predict", _steps()[:2], _traced(), KEPT, ATTEMPTS[:1], 231, 9)
    runner.ran_with = request
    runner.run = RunState({step.level: step for step in now.steps}, now, True, now.doing, request.levels)
    runner._running = app.jobs.start("slimming", workflow, pane)
    pane.refresh_all()
    pane.levels.focus()


def _pane(app: ModelpackApp) -> SlimPane:
    return app.screen.query_one(SlimPane)


def hold_the_seconds() -> None:
    """Have every run take the same time, so that pictures do."""
    SlimRunner.seconds = property(lambda _: SECONDS)  # type: ignore[assignment, method-assign]
