"""The HTML report in a browser: reviews of a model made smaller and measured, of a SavedModel, and of a slimmed image."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.report.html import to_html
from tests.html_reviews import full_review, hostile_full_review

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the reports in")

SAMPLES = Path(__file__).parents[2] / "sample_models"
RULES = ("--fail-if", "size_bytes > 400KB", "--fail-if", "latency.p99.9 > 1.05x", "--fail-if", "findings.high > 0")
COMMANDS = {
    "model": ("digits_cnn.onnx", "--apply", "int8", "--bench", "--budget", "3s", *RULES),
    "SavedModel": ("digits_keras",),
    "image": ("digits_image.tar", "--apply", "slim"),
}
PLOTS = {
    "model": {"sizes", "pareto", "ratios", "waterfall", "cdf", "treemap", "graph"},
    "SavedModel": {"treemap", "graph"},
    "image": {"sizes", "treemap"},
}
CONTROLS = ".tools, .filter, .heats, .skip"
FOLDED = "details :is(table, ul, pre, dl)"
SEEN = "key => [...document.querySelectorAll(key)].filter(one => one.checkVisibility() && one.offsetHeight > 0).length"
COLORS = "() => [document.body, document.querySelector('h1'), document.querySelector('main .verdict')].map("
COLORS += "one => getComputedStyle(one).backgroundColor + getComputedStyle(one).color)"


class Opened:
    """A page of a report, with everything that it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the reports that the program writes, all of them made at the same time."""
    folder = tmp_path_factory.mktemp("reports")
    running = {}
    for name, (artifact, *options) in COMMANDS.items():
        output = ["--output", str(folder / f"small{Path(artifact).suffix}")] if options else []
        command = [sys.executable, "-m", "inspector", str(SAMPLES / artifact), *options, *output]
        command += ["--report", str(folder / f"{name}.html")]
        running[name] = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    told = {name: process.communicate()[1] for name, process in running.items()}
    assert all(process.returncode in (0, 1) for process in running.values()), told
    return {name: folder / f"{name}.html" for name in COMMANDS}


@pytest.fixture(params=COMMANDS, ids=str)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_opens_without_a_complaint_or_a_request_and_shows_its_plots(
    browser: Any, reports: dict[str, Path], name: str
) -> None:
    with Opened(browser, reports[name]) as opened:
        page = opened.page
        plots = page.locator("main figure .plot")
        kinds = {plot.get_attribute("class").split()[1] for plot in plots.all()}
        assert kinds == PLOTS[name]
        for plot in plots.all():
            plot.scroll_into_view_if_needed()
            box = plot.bounding_box()
            assert box["width"] > 400
            assert box["height"] > 60
            shapes = plot.locator("rect, path, circle, polygon").count()
            assert shapes > 3
        assert page.locator("main .verdict h2").is_visible()
        assert opened.requests == [reports[name].as_uri()]
        assert opened.complaints == []


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_nothing_sticks_out_at_the_side(browser: Any, reports: dict[str, Path], name: str, width: int) -> None:
    with Opened(browser, reports[name], viewport={"width": width, "height": 900}) as opened:
        page = opened.page
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_and_light(browser: Any, reports: dict[str, Path], name: str) -> None:
    with Opened(browser, reports[name], color_scheme="light") as opened:
        page = opened.page
        light = page.evaluate(COLORS)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(COLORS)
        assert all(one != other for one, other in zip(light, dark, strict=True))
        page.get_by_role("button", name="Light theme").click()
        assert page.evaluate(COLORS) == light
        page.get_by_role("button", name="Dark theme").press("Enter")
        assert page.evaluate(COLORS) == dark
        assert page.evaluate("document.cookie + Object.keys(localStorage)") == ""


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_on_paper_everything_is_unfolded_and_nothing_can_be_pressed(
    browser: Any, reports: dict[str, Path], name: str, script: bool
) -> None:
    with Opened(browser, reports[name], color_scheme="dark", java_script_enabled=script) as opened:
        page = opened.page
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(SEEN, CONTROLS) == 0
        assert page.evaluate(SEEN, FOLDED) == page.locator(FOLDED).count()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--plot-paper')") == "#ffffff"
        pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", print_background=True)))
        assert pages > 1


def test_without_a_script_everything_is_there_but_controls(browser: Any, reports: dict[str, Path], name: str) -> None:
    with Opened(browser, reports[name]) as with_script, Opened(browser, reports[name], java_script_enabled=False) as without:
        assert with_script.page.locator("main button").count() > 3
        assert without.page.locator("button, input, select").count() == 0
        cells, rows = "main td, main dd, main h2, main h3, main pre, main svg text", "main tbody tr"
        assert without.page.locator(cells).all_text_contents() == with_script.page.locator(cells).all_text_contents()
        assert without.page.locator(rows).count() == with_script.page.locator(rows).count()
        assert without.complaints == []


def column(page: Any, caption: str, index: int) -> list[str]:
    """Return the cells of one column of the table of that caption, as they stand, those that are filtered away left out."""
    found = page.locator("table", has=page.locator("caption", has_text=re.compile(f"^{re.escape(caption)}$")))
    rows = "table => [...table.tBodies[0].rows].filter(row => row.offsetHeight > 0)"
    return list(found.evaluate(f"{rows}.map(row => row.cells[{index}].innerText.trim())"))


def head(page: Any, caption: str, index: int) -> Any:
    """Return the head of one column."""
    found = page.locator("table", has=page.locator("caption", has_text=re.compile(f"^{re.escape(caption)}$")))
    return found.locator("th").nth(index)


@pytest.mark.parametrize(
    ("name", "caption", "words", "numbers"),
    [("model", "Operators", 0, 1), ("SavedModel", "Operators", 0, 1), ("image", "Packages, largest first", 0, 4)],
)
def test_tables_are_sorted_by_click_and_by_key(
    browser: Any, reports: dict[str, Path], name: str, caption: str, words: int, numbers: int
) -> None:
    with Opened(browser, reports[name]) as opened:
        page = opened.page
        before = column(page, caption, words)
        named, counted = head(page, caption, words), head(page, caption, numbers)
        named.get_by_role("button").click()
        assert column(page, caption, words) == sorted(before, key=str.lower)
        assert named.get_attribute("aria-sort") == "ascending"
        counted.get_by_role("button").press("Enter")
        counts = [int(text.replace(",", "")) for text in column(page, caption, numbers)]
        assert counts == sorted(counts, reverse=True)
        assert len(set(counts)) > 1
        assert (counted.get_attribute("aria-sort"), named.get_attribute("aria-sort")) == ("descending", "none")
        counted.get_by_role("button").press("Space")
        counts = [int(text.replace(",", "")) for text in column(page, caption, numbers)]
        assert counts == sorted(counts)
        assert "ascending" in page.locator("[role=status]").inner_text()
        counted.get_by_role("button").click()
        assert column(page, caption, words) == before


@pytest.mark.parametrize(
    ("name", "caption", "typed", "index", "left"),
    [("model", "Before and after", "WARM CACHE", 0, "warm cache"), ("SavedModel", "Operators", "conv", 0, "conv2d")],
)
def test_rows_are_filtered_by_what_is_typed(
    browser: Any, reports: dict[str, Path], name: str, caption: str, typed: str, index: int, left: str
) -> None:
    with Opened(browser, reports[name]) as opened:
        page = opened.page
        whole = column(page, caption, index)
        page.get_by_label(f"Filter {caption}").fill(typed)
        shown = column(page, caption, index)
        assert 0 < len(shown) < len(whole)
        assert shown == [text for text in whole if left in text.lower()]
        bar = page.locator(".filter", has=page.get_by_label(f"Filter {caption}"))
        assert bar.locator("[aria-live]").inner_text() == f"{len(shown)} of {len(whole)} rows"
        page.get_by_label(f"Filter {caption}").fill("")
        assert column(page, caption, index) == whole


def test_findings_are_chosen_by_severity(browser: Any, reports: dict[str, Path]) -> None:
    with Opened(browser, reports["image"]) as opened:
        page = opened.page
        whole = column(page, "Findings", 0)
        page.get_by_label("Show of Findings").select_option("medium")
        assert column(page, "Findings", 0) == [text for text in whole if text == "medium"] != []


def test_steps_are_chosen_by_their_verdict(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "full.html"
    path.write_text(to_html(full_review()), encoding="utf-8")
    with Opened(browser, path) as opened:
        page = opened.page
        page.get_by_label("Show of Every step, in order").select_option("accepted")
        steps = [cell.split()[0] for cell in column(page, "Every step, in order", 0)]
        assert steps == [change.optimizer for change in full_review().changes if change.verdict == "accepted"]


def test_the_graph_is_shaded_by_what_is_chosen(browser: Any, reports: dict[str, Path]) -> None:
    with Opened(browser, reports["model"]) as opened:
        page = opened.page
        by_cost, by_size = page.locator(".heat-flops").first, page.locator(".heat-parameters").first
        assert (by_cost.is_visible(), by_size.is_visible()) == (True, False)
        button = page.get_by_role("button", name="parameters", exact=True)
        button.press("Enter")
        assert (by_cost.is_visible(), by_size.is_visible()) == (False, True)
        assert button.get_attribute("aria-pressed") == "true"


def test_keys_reach_the_verdict_first_and_focus_is_seen(browser: Any, reports: dict[str, Path], name: str) -> None:
    with Opened(browser, reports[name]) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "verdict"
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_policy_stops_what_is_not_ours(browser: Any, reports: dict[str, Path]) -> None:
    with Opened(browser, reports["SavedModel"]) as opened:
        page = opened.page
        script = "const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one);"
        image = "document.body.insertAdjacentHTML('beforeend', '<img src=https://example.invalid/a.png onerror=window.ran=2>');"
        page.evaluate(f"() => {{ {script} {image} }}")
        page.wait_for_timeout(100)
        assert page.evaluate("window.ran === undefined")
        assert len([text for text in opened.complaints if "Content Security Policy" in text]) >= 2


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_texts_stay_text(browser: Any, tmp_path: Path, width: int) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(to_html(hostile_full_review()), encoding="utf-8")
    with Opened(browser, path, viewport={"width": width, "height": 900}) as opened:
        page = opened.page
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.complaints == []
        assert opened.requests == [path.as_uri()]
