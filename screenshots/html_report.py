"""Write pictures of HTML reports: the program on samples, in a folder of their own, and what a browser shows first of each."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).resolve().parent
SAMPLES = FOLDER.parent / "sample_models"
WIDTH, HEIGHT = 1280, 1240
LARGEST = 400_000
"""Bytes that a picture may take."""


@dataclass(frozen=True)
class Report:
    """One report: the sample it is about, with the files beside it, the options, and the themes it is shown in."""

    name: str
    files: tuple[str, ...]
    options: tuple[str, ...]
    themes: tuple[str, ...]


REPORTS = (
    Report(
        "onnx",
        ("digits_cnn.onnx", "digits_cnn.npz"),
        (
            *("--apply", "int8", "--data", "digits_cnn.npz", "--output", "digits_cnn.int8.onnx", "--bench", "--budget", "40s"),
            *("--fail-if", "size_bytes > 0.4x", "--fail-if", "latency.p90 > 1.05x", "--fail-if", "findings.high > 0"),
        ),
        ("light", "dark"),
    ),
    Report("saved-model", ("digits_keras",), ("--fail-if", "findings.high > 0", "--fail-if", "size_bytes > 1MB"), ("light",)),
    Report(
        "image",
        ("digits_image.tar",),
        ("--apply", "slim", "--output", "slim.tar", "--fail-if", "findings.high > 0", "--fail-if", "image.shipped_bytes > 3MB"),
        ("light",),
    ),
)


def written(report: Report, folder: Path) -> Path:
    """Run the program on a copy of the sample and return the page."""
    for name in report.files:
        source = SAMPLES / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    page = folder / f"{report.name}.html"
    command = [sys.executable, "-m", "inspector", report.files[0], *report.options, "--report", page.name]
    done = subprocess.run(command, cwd=folder, check=False, env={"PYTHONPATH": str(FOLDER.parent), "PATH": "/usr/bin:/bin"})
    if done.returncode not in (0, 1):
        raise SystemExit(f"{report.name}: the program ended with {done.returncode}")
    return page


def take(browser: Browser, page: Path, theme: str, target: Path) -> None:
    """Write what the browser shows first of a page."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.screenshot(path=str(target))
    finally:
        context.close()
    if target.stat().st_size > LARGEST:
        raise SystemExit(f"{target.name} has {target.stat().st_size:,} bytes; {LARGEST:,} at most")
    print(f"wrote {target.name}, {target.stat().st_size:,} bytes")


def main() -> None:
    """Write every picture, or those of the reports that are named."""
    from playwright.sync_api import sync_playwright

    wanted = sys.argv[1:] or [report.name for report in REPORTS]
    with sync_playwright() as started, tempfile.TemporaryDirectory() as folder:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for report in REPORTS:
            if report.name in wanted:
                page = written(report, Path(folder))
                for theme in report.themes:
                    take(browser, page, theme, FOLDER / f"html-{report.name}-{theme}.png")
        browser.close()


if __name__ == "__main__":
    main()
