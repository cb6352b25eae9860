"""Every text color can be read on every background it is used on, in both themes; nothing depends on color alone."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from inspector.tui.themes import DARK, LIGHT, THEMES
from tests.tui.driving import press, screen_text, showing
from tests.tui.inspections import small_inspection

INKS = ("ink", "soft", "accent-text", "high", "medium", "low", "info", "good", "violet", *(f"lane-{n}" for n in range(1, 7)))
BACKGROUNDS = ("page", "band", "cursor", "cursor-blurred")
READABLE = 4.5
VISIBLE = 3.0


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio of two colors."""
    lights = sorted((_luminance(Color.parse(one)), _luminance(Color.parse(other))), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(color: Color) -> float:
    channels = [value / 255 for value in color.rgb]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("ink", INKS)
def test_text_can_be_read(theme: Theme, ink: str, background: str) -> None:
    assert contrast(theme.variables[ink], theme.variables[background]) >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("shape", ["bar", "bar-alt"])
def test_bars_can_be_seen(theme: Theme, shape: str) -> None:
    assert contrast(theme.variables[shape], theme.variables["page"]) >= VISIBLE


async def test_the_theme_key_switches_and_everything_stays() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "3", "down")
        before = screen_text(app)
        assert app.theme == DARK
        await press(pilot, "t")
        assert app.theme == LIGHT
        assert screen_text(app) == before
        await press(pilot, "t")
        assert app.theme == DARK


async def test_without_color_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "6", "down")
        colored = screen_text(app)
    monkeypatch.setenv("NO_COLOR", "1")
    async with showing(small_inspection()) as (app, pilot):
        assert app.no_color
        await press(pilot, "6", "down")
        assert screen_text(app) == colored
        rows = colored.splitlines()
        assert any("▌" in row and "low" in row for row in rows)
        assert any("▲ high" in row for row in rows)
        strips = app.screen._compositor.render_strips()
        colors = {
            s.style.color.triplet for strip in strips for s in strip if s.style and s.style.color and s.style.color.triplet
        }
        assert all(max(color) - min(color) <= 1 for color in colors)
