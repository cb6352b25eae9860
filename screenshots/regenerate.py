"""Write the screenshots: the real application on sample models, at two sizes, dark and light, as SVG that needs no network."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from textual.pilot import Pilot

from inspector.tui.app import ModelpackApp
from inspector.tui.widgets import job_bar

sys.path.insert(0, str(Path(__file__).resolve().parent))
from benchmarked import (
    hold_the_clock,
    show_advice,
    show_benchmark,
    show_image,
    show_latency,
    show_measuring,
    show_saved_model,
)
from compared import show_comparison, show_same, show_saved_graph, show_saved_review, show_saved_runs
from converted import (
    forget,
    litert_file,
    show_converted,
    show_converting,
    show_pruned,
    show_without_tensorflow,
)
from optimized import show_after, show_running
from slimmed import hold_the_seconds, show_plan, show_results, show_slimming, show_tree

FOLDER = Path(__file__).resolve().parent
SAMPLES = FOLDER.parent / "sample_models"
SIZES = ((80, 24), (120, 36))
THEMES = ("dark", "light")
_WEB_FONT = re.compile(r"\s*@font-face \{[^}]*\}", re.DOTALL)


@dataclass(frozen=True)
class Shot:
    """One picture: the model opened, and the keys pressed before it is taken.

    given, where there is one, is called after the first key, then after the last.
    """

    name: str
    model: Path
    keys: tuple[str, ...]
    given: Callable[[ModelpackApp], None] | None = None
    then: Callable[[ModelpackApp], None] | None = None


def light_model(name: str) -> Path:
    """Return one of the real architectures (without their weights) that the onnx package carries."""
    spec = find_spec("onnx")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "backend" / "test" / "data" / "light" / f"light_{name}.onnx"


CNN = SAMPLES / "digits_cnn.onnx"
TRANSFORMER = SAMPLES / "digits_transformer.onnx"
KERAS = SAMPLES / "digits_keras"
LOOP = SAMPLES / "iterative_refinement.onnx"
IMAGE = SAMPLES / "digits_image.tar"
LITERT = Path("digits_keras-int8.tflite")
"""Made by steps on the sample, when a picture of it is wanted."""

SHOTS = (
    Shot("overview", TRANSFORMER, ("1",)),
    Shot("graph", CNN, ("2", "down", "down")),
    Shot("graph-transformer", TRANSFORMER, ("2", "down", "down", "down", "down")),
    Shot("graph-resnet50", light_model("resnet50"), ("2", *("down",) * 8)),
    Shot("graph-densenet121", light_model("densenet121"), ("2", *("down",) * 8)),
    Shot("operators", TRANSFORMER, ("3", "down")),
    Shot("signatures", CNN, ("4",)),
    Shot("weights", CNN, ("5", "down", "enter")),
    Shot("findings", light_model("resnet50"), ("6",)),
    Shot("saved-model", KERAS, ("1",)),
    Shot("saved-model-signatures", KERAS, ("4",)),
    Shot("saved-model-graph", KERAS, ("2", *("down",) * 6)),
    Shot("saved-model-findings", KERAS, ("6",)),
    Shot("image", IMAGE, ("1",)),
    Shot("image-files", IMAGE, ("2", "down", "right", "down", "right")),
    Shot("image-changes", IMAGE, ("2", "c")),
    Shot("image-packages", IMAGE, ("3", "down")),
    Shot("image-waste", IMAGE, ("4", *("down",) * 8)),
    Shot("image-history", IMAGE, ("5", *("down",) * 5)),
    Shot("image-findings", IMAGE, ("6",)),
    Shot("image-model-inside", IMAGE, ("1", "enter", "3", "down")),
    Shot("optimize", CNN, ("7", "down", "down", "space")),
    Shot("optimize-running", CNN, ("7",), show_running),
    Shot("optimize-results", CNN, ("7",), show_after),
    Shot("optimize-sensitivity", CNN, ("7", "n", "space"), show_after),
    Shot("optimize-graphs", CNN, ("7", "g", "down", "down"), show_after),
    Shot("optimize-saved-model", KERAS, ("7", "down", "down", "space")),
    Shot("optimize-saved-model-running", KERAS, ("7",), show_converting),
    Shot("optimize-saved-model-results", KERAS, ("7",), show_converted),
    Shot("optimize-saved-model-pruned", KERAS, ("7",), show_pruned),
    Shot("optimize-saved-model-without", KERAS, ("7",), show_without_tensorflow),
    Shot("tflite", LITERT, ("1",)),
    Shot("tflite-graph", LITERT, ("2", "Z", "down", "down")),
    Shot("tflite-signatures", LITERT, ("4",)),
    Shot("benchmark-plan", CNN, ("8", "down")),
    Shot("benchmark-running", CNN, ("7", "8"), show_after, show_measuring),
    Shot("benchmark-starts", CNN, ("7", "8"), show_after, show_benchmark),
    Shot("benchmark-latency", CNN, ("7", "8"), show_after, show_latency),
    Shot("benchmark-advice", CNN, ("8",), None, show_advice),
    Shot("benchmark-saved-model", KERAS, ("8",), None, show_saved_model),
    Shot("benchmark-image", IMAGE, ("8",), None, show_image),
    Shot("slim", IMAGE, ("7",)),
    Shot("slim-plan", IMAGE, ("7",), None, show_plan),
    Shot("slim-running", IMAGE, ("7",), None, show_slimming),
    Shot("slim-results", IMAGE, ("7",), None, show_results),
    Shot("slim-tree", IMAGE, ("7",), None, show_tree),
    Shot("compare", CNN, ("1",), None, show_comparison),
    Shot("compare-same", CNN, ("1",), None, show_same),
    Shot("review", CNN, ("1",), None, show_saved_review),
    Shot("review-benchmark", CNN, ("1",), None, show_saved_runs),
    Shot("review-graph", CNN, ("1",), None, show_saved_graph),
    Shot("help", CNN, ("2", "question_mark")),
)


async def take(shot: Shot, size: tuple[int, int], theme: str) -> str:
    """Return the SVG of one shot, taken when no job is running any more but one that only stands for work."""
    app = ModelpackApp(Path(shot.model.name))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        if theme == "light":
            app.action_toggle_theme()
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause()
            if key in ("enter", "7", "8"):
                await settle(app, pilot)
            if shot.given is not None and key == shot.keys[0]:
                shot.given(app)
                await pilot.pause()
        if shot.then is not None:
            shot.then(app)
        if shot.given not in (show_running, show_converting) and shot.then not in (show_measuring, show_slimming):
            await settle(app, pilot)
        await pilot.pause(0.5)
        svg = app.export_screenshot(title=f"modelpack-tui {shot.model.name}")
        app.jobs.cancel_all()
    return _WEB_FONT.sub("", svg)


async def settle(app: ModelpackApp, pilot: Pilot[None]) -> None:
    """Wait until jobs and what they set off are over."""
    quiet = 0
    while quiet < 5:
        await pilot.pause(0.1)
        quiet = 0 if app.jobs.running else quiet + 1


def main() -> None:
    """Write every shot, or those whose names begin as the arguments say, at every size and theme beside this file.

    The models are opened by name in a fresh folder with an empty state folder, so that no path of this machine is shown.
    """
    job_bar._SPINNER = "⠹"  # the same in every picture
    hold_the_clock()
    hold_the_seconds()
    with tempfile.TemporaryDirectory() as workplace:
        os.environ["XDG_STATE_HOME"] = workplace
        wanted = [shot for shot in SHOTS if shot.name.startswith(tuple(sys.argv[1:]) or "")]
        for shot in wanted:
            target = Path(workplace, shot.model.name)
            if shot.model == LITERT:
                shutil.copy(litert_file(), target)
            elif shot.model.is_dir():
                shutil.copytree(shot.model, target, dirs_exist_ok=True)
            else:
                shutil.copy(shot.model, target)
        os.chdir(workplace)
        for shot in wanted:
            for columns, rows in SIZES:
                for theme in THEMES:
                    svg = asyncio.run(take(shot, (columns, rows), theme))
                    path = FOLDER / f"{shot.name}-{columns}x{rows}-{theme}.svg"
                    path.write_text(svg)
                    print(path.name)
    forget()


if __name__ == "__main__":
    main()
